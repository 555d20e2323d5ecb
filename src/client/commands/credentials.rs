//! Names and passwords from options, files and the terminal, and the ways to log in. Passwords are never
//! printed, and never stand on a command line.

use crate::client::error::{Error, Result};
use crate::client::files::kept::{KeptLogins, Token};
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::own::OwnAccount;
use crate::client::terminal::console::{Console, Password};
use crate::files::{self, Pipes};
use crate::protocol::{Request, check_name, check_passwd};
use std::io;
use std::path::{Path, PathBuf};

/// Longest first line of a password file: far above any password.
const MAX_PASSWORD_FILE: u64 = 4_096;

/// The command line's options for the account.
pub(crate) struct Credentials {
    /// The account's name, if it was given.
    pub(crate) user: Option<String>,
    /// Where its password is.
    pub(crate) password_file: Option<PathBuf>,
    /// Logins that were kept for this server.
    pub(crate) kept: KeptLogins,
    /// The user's own account, if no account is named: with `--local`.
    pub(crate) own: Option<OwnAccount>,
}

impl Credentials {
    /// The account's name: given, or asked for if a person can answer.
    ///
    /// # Errors
    /// [`Error::NoUser`], or a name that can't be.
    pub(crate) fn name(&self, console: &mut Console) -> Result<String> {
        let name = match &self.user {
            Some(user) => user.clone(),
            None if console.manner().asks_terminal => console.ask(&Message::AskName)?.ok_or(Error::NoUser)?,
            None => return Err(Error::NoUser),
        };
        check_name(&name).map_err(Error::Refused)?;
        Ok(name)
    }

    /// The same, where Enter alone means a name that is known.
    ///
    /// # Errors
    /// As [`Credentials::name`].
    pub(crate) fn name_or(&self, console: &mut Console, known: Option<String>) -> Result<String> {
        let Some(known) = known.filter(|_| self.user.is_none()) else { return self.name(console) };
        if !console.manner().asks_terminal {
            return Ok(known);
        }
        let typed = console.ask(&Message::AskNameOr { name: &known })?.ok_or(Error::NoUser)?;
        let name = if typed.trim().is_empty() { known } else { typed };
        check_name(&name).map_err(Error::Refused)?;
        Ok(name)
    }

    /// The same for a command that needs an account: a user who is logged in need not be named.
    ///
    /// # Errors
    /// As [`Credentials::name`], or the kept logins can't be read.
    pub(crate) fn own_name(&self, console: &mut Console) -> Result<String> {
        if self.user.is_none() {
            if let Some(remembered) = self.kept.user()? {
                return Ok(remembered);
            }
            if let Some((name, _)) = self.own.as_ref().map(OwnAccount::stored).transpose()?.flatten() {
                return Ok(name);
            }
        }
        self.name(console)
    }

    /// The login that was saved for the account that is named, else for the user who logged in last. A password that is
    /// given is the one that is meant.
    ///
    /// # Errors
    /// The kept logins can't be read.
    pub(crate) fn saved_login(&self) -> Result<Option<(String, Token)>> {
        if self.password_file.is_some() {
            return Ok(None);
        }
        let name = match &self.user {
            Some(user) => Some(user.clone()),
            None => self.kept.user()?,
        };
        let Some(name) = name else { return Ok(None) };
        Ok(self.kept.token(&name)?.map(|token| (name, token)))
    }

    /// The user's own account, if no login by another name is saved.
    ///
    /// # Errors
    /// The kept logins, or the account's file, can't be read.
    pub(crate) fn own_account(&self) -> Result<Option<&OwnAccount>> {
        let Some(own) = &self.own else { return Ok(None) };
        let other = match self.kept.user()? {
            Some(user) => own.stored()?.is_none_or(|(name, _)| name != user),
            None => false,
        };
        Ok((!other).then_some(own))
    }

    /// The own account, if it is the one of this name.
    pub(crate) fn own_of(&self, name: &str) -> Result<Option<(&OwnAccount, Password)>> {
        let Some(own) = self.own_account()? else { return Ok(None) };
        Ok(own.stored()?.filter(|(own_name, _)| own_name == name).map(|(_, password)| (own, password)))
    }

    /// The password: from the file, or asked for once.
    ///
    /// # Errors
    /// No file, no terminal, or a password that can't be.
    pub(crate) fn password(&self, console: &mut Console) -> Result<Password> {
        match &self.password_file {
            Some(path) => read_password(console, path),
            None => ask_password(console, &Message::AskPassword),
        }
    }

    /// A password for a new account: from the file, or asked for twice.
    ///
    /// # Errors
    /// As [`Credentials::password`], or [`Error::PasswordsDiffer`].
    pub(crate) fn new_password(&self, console: &mut Console) -> Result<Password> {
        match &self.password_file {
            Some(path) => read_password(console, path),
            None => ask_twice(console, &Message::AskPassword, &Message::AskPasswordAgain),
        }
    }
}

fn ask_password(console: &mut Console, prompt: &Message<'_>) -> Result<Password> {
    let password = console.ask_hidden(prompt)?.ok_or(Error::EndOfInput)?;
    check_passwd(password.as_str()).map_err(Error::Refused)?;
    Ok(password)
}

/// A new password, asked for twice.
///
/// # Errors
/// As [`Credentials::new_password`].
pub(crate) fn ask_twice(console: &mut Console, prompt: &Message<'_>, again: &Message<'_>) -> Result<Password> {
    let password = ask_password(console, prompt)?;
    let second = console.ask_hidden(again)?.ok_or(Error::EndOfInput)?;
    if password.as_str() == second.as_str() { Ok(password) } else { Err(Error::PasswordsDiffer) }
}

/// The first line of a file, or of a pipe, without its line end.
///
/// # Errors
/// It can't be read, or is not a valid password.
pub(crate) fn read_password(console: &Console, path: &Path) -> Result<Password> {
    let failed = |reason| Error::PasswordFile { path: path.to_owned(), reason };
    let notice = || console.notice(&Message::WaitingForPipe { path });
    let line = files::open(path, Pipes::Taken(&notice)).and_then(|file| file.first_line(MAX_PASSWORD_FILE));
    let line = line.map_err(failed)?;
    let text = std::str::from_utf8(&line).map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
    check_passwd(text).map_err(Error::Refused)?;
    Ok(Password::new(text.to_owned()))
}

/// Asks for a new token on a connection that is logged in, and keeps it. An earlier token is of no more use, and is
/// forgotten by the server, too.
///
/// # Errors
/// Whatever can go wrong with that; then the server knows of no token that is not kept.
pub(crate) fn keep_new_token(connection: &mut Connection, credentials: &Credentials, name: &str) -> Result<()> {
    let old = credentials.kept.token(name)?;
    let token = connection.new_token(name)?;
    let mut forget = |token: &Token| connection.ask(&Request::ForgetToken { name, token: token.as_str() });
    if let Err(error) = credentials.kept.keep(name, &token) {
        let _ = forget(&token);
        return Err(error);
    }
    match old.map(|old| forget(&old)) {
        Some(Err(error)) if !error.is_denied() => Err(error),
        _ => Ok(()),
    }
}

/// After a new password, which has ended every token: a user who was logged in here stays logged in.
pub(crate) fn renew(
    console: &mut Console,
    connection: &mut Connection,
    credentials: &Credentials,
    name: &str,
) -> Result<()> {
    let renewed = credentials.kept.token(name).and_then(|old| match old {
        None => Ok(()),
        Some(old) => keep_new_token(connection, credentials, name).or_else(|error| {
            credentials.kept.forget(name, &old)?;
            Err(error)
        }),
    });
    renewed.or_else(|error| console.complain(&Message::LoginNotRenewed { error: &error }))
}

/// After the account is gone.
pub(crate) fn drop_kept(console: &mut Console, credentials: &Credentials, name: &str) -> Result<()> {
    let dropped = credentials
        .kept
        .token(name)
        .and_then(|token| token.map_or(Ok(()), |token| credentials.kept.forget(name, &token)));
    dropped.or_else(|error| console.complain(&Message::Failed(&error)))
}
