//! Who it is: names and passwords from options, files and the terminal; and the subcommands about the account
//! itself. Passwords are never printed, and never stand on a command line.

use super::login;
use crate::client::error::{Error, Result};
use crate::client::files::kept::Kept;
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::own::OwnAccount;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::{Console, Password};
use crate::files::{self, Pipes};
use crate::protocol::{Request, check_name, check_passwd};
use std::io;
use std::path::{Path, PathBuf};

/// Longest first line of a password file: far above any password.
const MAX_PASSWORD_FILE: u64 = 4_096;

/// What the command line says about the account.
pub(crate) struct Who {
    /// The account's name, if it was given.
    pub(crate) user: Option<String>,
    /// Where its password is.
    pub(crate) password_file: Option<PathBuf>,
    /// Logins that were kept for this server.
    pub(crate) kept: Kept,
    /// The account of one's own, where nobody is named: with `--local`.
    pub(crate) own: Option<OwnAccount>,
}

impl Who {
    /// The account's name: given, or asked for where somebody can answer.
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
    /// As [`Who::name`].
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

    /// The same for somebody who has an account: whoever is logged in need not be named.
    ///
    /// # Errors
    /// As [`Who::name`], or the kept logins can't be read.
    fn own_name(&self, console: &mut Console) -> Result<String> {
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

    /// The own account, if nobody has logged in by another name.
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
    fn own_of(&self, name: &str) -> Result<Option<(&OwnAccount, Password)>> {
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
    /// As [`Who::password`], or [`Error::PasswordsDiffer`].
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

fn ask_twice(console: &mut Console, prompt: &Message<'_>, again: &Message<'_>) -> Result<Password> {
    let password = ask_password(console, prompt)?;
    let second = console.ask_hidden(again)?.ok_or(Error::EndOfInput)?;
    if password.as_str() == second.as_str() { Ok(password) } else { Err(Error::PasswordsDiffer) }
}

/// The first line of a file, or of a pipe, without its line end.
fn read_password(console: &Console, path: &Path) -> Result<Password> {
    let failed = |reason| Error::PasswordFile { path: path.to_owned(), reason };
    let notice = || console.notice(&Message::WaitingForPipe { path });
    let line = files::open(path, Pipes::Taken(&notice)).and_then(|file| file.first_line(MAX_PASSWORD_FILE));
    let line = line.map_err(failed)?;
    let text = std::str::from_utf8(&line).map_err(|_| failed(io::ErrorKind::InvalidData.into()))?;
    check_passwd(text).map_err(Error::Refused)?;
    Ok(Password::new(text.to_owned()))
}

/// A connection that is logged in, for one subcommand.
pub(crate) struct LoggedIn {
    pub(crate) connection: Connection,
    pub(crate) name: String,
}

/// Connects and logs in: with the token that was kept, else with the password. Asks for what is missing.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn log_in(console: &mut Console, connector: &Connector, who: &Who) -> Result<LoggedIn> {
    log_in_with(console, connector, who, |_| Vec::new()).map(|(logged_in, _)| logged_in)
}

/// The same. A kept token takes the requests that `next` makes for the name along, in one packet: they need no round
/// trip of their own. Says how many bytes of them are on their way; their replies are the next to be read.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn log_in_with(
    console: &mut Console,
    connector: &Connector,
    who: &Who,
    next: impl FnOnce(&str) -> Vec<u8>,
) -> Result<(LoggedIn, usize)> {
    if let Some(own) = who.own_account()?
        && who.kept.user()?.is_none()
    {
        return log_in_to_own(connector, who, own).map(|logged_in| (logged_in, 0));
    }
    let name = who.own_name(console)?;
    // A password that is given is the one that is meant.
    let kept = if who.password_file.is_none() { who.kept.token(&name)? } else { None };
    if let Some(token) = kept {
        let mut connection = Connection::open(connector)?;
        let ahead = next(&name);
        match connection.log_in_by_token(&name, token.as_str(), &ahead) {
            Ok(()) => return Ok((LoggedIn { connection, name }, ahead.len())),
            Err(error) if !error.is_denied() => return Err(error),
            // Without a login they were denied, too; their replies are of no use.
            Err(_) if !ahead.is_empty() => drop(connection),
            Err(_) => connection.leave(),
        }
        who.kept.forget(&name, &token)?;
        if let Some((own, _)) = who.own_of(&name)? {
            return log_in_to_own(connector, who, own).map(|logged_in| (logged_in, 0));
        }
        if !console.can_ask_hidden() {
            return Err(Error::TokenRefused { name });
        }
        console.hint(&Message::TokenRefused { name: &name });
    }
    log_in_by_password(console, connector, who, name).map(|(logged_in, _)| (logged_in, 0))
}

/// Logs in to the own account, which is made if it is not there, and keeps the login.
fn log_in_to_own(connector: &Connector, who: &Who, own: &OwnAccount) -> Result<LoggedIn> {
    let (name, password) = own.ready(connector)?;
    let mut connection = Connection::open(connector)?;
    connection.log_in(&name, password.as_str())?;
    login::keep_new_token(&mut connection, who, &name)?;
    Ok(LoggedIn { connection, name })
}

/// Asks for the password, connects, logs in.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn log_in_by_password(
    console: &mut Console,
    connector: &Connector,
    who: &Who,
    name: String,
) -> Result<(LoggedIn, Password)> {
    let password = match who.own_of(&name)? {
        Some((_, password)) => password,
        None => who.password(console)?,
    };
    let mut connection = Connection::open(connector)?;
    connection.log_in(&name, password.as_str())?;
    Ok((LoggedIn { connection, name }, password))
}

/// `cidian register`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn register(console: &mut Console, connector: &Connector, who: &Who) -> Result<()> {
    let name = who.name(console)?;
    let password = who.new_password(console)?;
    let mut connection = Connection::open(connector)?;
    connection.ask(&Request::Register { name: &name, passwd: password.as_str() })?;
    connection.leave();
    console.done(&Message::Registered { name: &name })
}

/// `cidian passwd`: the old password is checked before the new one is asked for.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn change_password(
    console: &mut Console,
    connector: &Connector,
    who: &Who,
    new_password_file: Option<&Path>,
) -> Result<()> {
    // A script's mistake shows before anything is sent.
    let given = new_password_file.map(|path| read_password(console, path)).transpose()?;
    let name = who.own_name(console)?;
    let (LoggedIn { mut connection, name }, _) = log_in_by_password(console, connector, who, name)?;
    let password = match given {
        Some(password) => password,
        None => ask_twice(console, &Message::AskNewPassword, &Message::AskNewPasswordAgain)?,
    };
    connection.ask(&Request::ChangePasswd { name: &name, passwd: password.as_str() })?;
    if let Some((own, _)) = who.own_of(&name)? {
        own.store(&name, password.as_str())?;
    }
    console.done(&Message::PasswordChanged)?;
    login::renew(console, &mut connection, who, &name)?;
    connection.leave();
    Ok(())
}

/// `cidian dict-key`: a key is as good as a password for looking up by DICT, so the password is asked for, whoever is logged
/// in here.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn new_dict_key(console: &mut Console, connector: &Connector, who: &Who) -> Result<()> {
    let name = who.own_name(console)?;
    let (LoggedIn { mut connection, name }, _) = log_in_by_password(console, connector, who, name)?;
    let key = connection.new_dict_key(&name)?;
    connection.leave();
    if console.manner().json {
        return console.write_json(&serde_json::json!({ "name": name, "key": key.as_str() }));
    }
    console.write(key.as_str())?;
    console.write("\n")
}

/// `cidian delete-account`: `sure` is `--yes`; without it the name has to be typed once more.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn delete(console: &mut Console, connector: &Connector, who: &Who, sure: bool) -> Result<()> {
    if !sure && !console.manner().asks_terminal {
        return Err(Error::NotConfirmable);
    }
    let name = who.own_name(console)?;
    let (LoggedIn { mut connection, name }, password) = log_in_by_password(console, connector, who, name)?;
    if !sure {
        let answer = console.ask(&Message::AskDeletion { name: &name })?;
        if answer.as_deref().map(str::trim) != Some(name.as_str()) {
            connection.leave();
            return Err(Error::NotConfirmed);
        }
    }
    connection.ask(&Request::DeleteAccount { name: &name, passwd: password.as_str() })?;
    connection.leave();
    if let Some((own, _)) = who.own_of(&name)? {
        own.forget()?;
    }
    console.done(&Message::AccountDeleted { name: &name })?;
    login::drop_kept(console, who, &name)
}
