//! `cidiand user`: the operator's account tools. They work on the database itself, beside a daemon or without one, and
//! print no password.

mod table;
mod terminal;

pub(crate) use self::table::instant;
pub use crate::config::users::{NewPasswd, User, UserAction};

use super::tools::{fatal, open, say};
use crate::config::settings::Settings;
use crate::exit::{Exit, Fatal};
use crate::files::{self, Pipes};
use crate::protocol::{Failure, check_new_name, check_passwd};
use crate::store::{self, AccountId, Location, Operator, Registration, passwd as hashing};
use crate::sys::Origin;
use crate::text::printable;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest first line of a password file: far above any password.
const MAX_PASSWORD_FILE: u64 = 4_096;

/// Does what is asked.
///
/// # Errors
/// As the help says.
pub(crate) fn run(settings: &Settings, action: UserAction, origin: Origin) -> Result<Exit, Fatal> {
    let mut tool = Tool { database: &settings.session.database, store: open(settings, origin)? };
    match action {
        UserAction::Add(NewPasswd { name, password_file }) => tool.add(&name, password_file.as_deref()),
        UserAction::List { name, json } => tool.list(name.as_deref(), json),
        UserAction::Lock { name } => tool.set_locked(&name, true),
        UserAction::Unlock { name } => tool.set_locked(&name, false),
        UserAction::Passwd(NewPasswd { name, password_file }) => tool.change_passwd(&name, password_file.as_deref()),
        UserAction::Delete { name, yes } => tool.delete(&name, yes),
    }
}

/// An open database in the operator's hands.
struct Tool<'a> {
    database: &'a Location,
    store: Box<dyn Operator>,
}

impl Tool<'_> {
    fn with<T>(&mut self, work: impl FnOnce(&mut dyn Operator) -> Result<T, store::Error>) -> Result<T, Fatal> {
        work(&mut *self.store).map_err(|error| fatal(self.database, &error))
    }

    fn account(&mut self, name: &str) -> Result<AccountId, Fatal> {
        let account = self.with(|store| store.account(name))?;
        account.map(|account| account.id).ok_or_else(|| unknown(name))
    }

    fn add(&mut self, name: &str, password_file: Option<&Path>) -> Result<Exit, Fatal> {
        check_new_name(name).map_err(impossible)?;
        let taken = || Fatal::new(Exit::Taken, format!("the name {name} is taken"));
        if self.with(|store| store.account(name))?.is_some() {
            return Err(taken());
        }
        let hash = new_hash(name, password_file)?;
        match self.with(|store| store.register(name, &hash))? {
            Registration::Made(_) => say(&format!("account {} was created", printable(name))),
            Registration::NameTaken => Err(taken()),
        }
    }

    fn list(&mut self, name: Option<&str>, json: bool) -> Result<Exit, Fatal> {
        let mut accounts = self.with(|store| store.accounts())?;
        if let Some(name) = name {
            accounts.retain(|account| account.name == name);
            if accounts.is_empty() {
                return Err(unknown(name));
            }
        }
        let text = if json { table::json(&accounts) } else { table::text(&accounts) };
        if text.is_empty() { Ok(Exit::Success) } else { say(text.trim_end_matches('\n')) }
    }

    fn set_locked(&mut self, name: &str, locked: bool) -> Result<Exit, Fatal> {
        let account = self.account(name)?;
        if !self.with(|store| store.set_locked(account, locked))? {
            return Err(unknown(name));
        }
        say(&format!("account {} is {}", printable(name), if locked { "locked" } else { "not locked" }))
    }

    fn change_passwd(&mut self, name: &str, password_file: Option<&Path>) -> Result<Exit, Fatal> {
        // Before a password is asked for.
        let account = self.account(name)?;
        let hash = new_hash(name, password_file)?;
        if !self.with(|store| store.reset_passwd(account, &hash))? {
            return Err(unknown(name));
        }
        say(&format!("account {} has a new password; its tokens were revoked", printable(name)))
    }

    fn delete(&mut self, name: &str, sure: bool) -> Result<Exit, Fatal> {
        let account = self.account(name)?;
        if !sure {
            let shown = printable(name);
            let prompt = format!("Account {shown} and its whole history will be deleted. Type its name to confirm: ");
            match terminal::ask(&prompt) {
                Some(typed) if typed == name => {}
                Some(_) => return Err(Fatal::new(Exit::Data, "not deleted: the name does not match")),
                None => {
                    return Err(Fatal::new(Exit::Usage, "not deleted: no terminal to confirm on; pass --yes"));
                }
            }
        }
        if !self.with(|store| store.remove_account(account))? {
            return Err(unknown(name));
        }
        say(&format!("account {} was deleted", printable(name)))
    }
}

fn unknown(name: &str) -> Fatal {
    Fatal::new(Exit::Data, format!("there is no account {name}"))
}

/// An invalid name or password, reported without the protocol's code.
fn impossible(failure: Failure) -> Fatal {
    Fatal::new(Exit::Data, failure.message)
}

/// The hash of a new password: from the file, or asked for twice.
fn new_hash(name: &str, password_file: Option<&Path>) -> Result<String, Fatal> {
    let passwd = match password_file {
        Some(path) => first_line(path)?,
        None => terminal::ask_passwd(name)?,
    };
    check_passwd(&passwd).map_err(impossible)?;
    hashing::hash(&passwd).map_err(|error| Fatal::new(Exit::System, error.message))
}

/// The first line of a file, without its line end, as `cidian --password-file` reads it.
fn first_line(path: &Path) -> Result<Zeroizing<String>, Fatal> {
    let failed = |why: io::Error| Fatal::new(Exit::NoInput, format!("password file {}: {why}", path.display()));
    let notice = || eprintln!("waiting for a password from the pipe {}", printable(&path.to_string_lossy()));
    let line = files::open(path, Pipes::Taken(&notice)).and_then(|file| file.first_line(MAX_PASSWORD_FILE));
    let line = line.map_err(failed)?;
    let text = std::str::from_utf8(&line).map_err(|_| {
        Fatal::new(Exit::Data, format!("password file {}: its first line is not UTF-8", path.display()))
    })?;
    Ok(Zeroizing::new(text.to_owned()))
}
