//! The subcommands about the account itself.

use super::credentials::{Credentials, LoggedIn, ask_twice, drop_kept, log_in_by_password, read_password, renew};
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Console;
use crate::protocol::Request;
use std::path::Path;

/// `cidian register`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn register(console: &mut Console, connector: &Connector, credentials: &Credentials) -> Result<()> {
    let name = credentials.name(console)?;
    let password = credentials.new_password(console)?;
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
    credentials: &Credentials,
    new_password_file: Option<&Path>,
) -> Result<()> {
    // A script's mistake shows before anything is sent.
    let given = new_password_file.map(|path| read_password(console, path)).transpose()?;
    let name = credentials.own_name(console)?;
    let (LoggedIn { mut connection, name }, _) = log_in_by_password(console, connector, credentials, name)?;
    let password = match given {
        Some(password) => password,
        None => ask_twice(console, &Message::AskNewPassword, &Message::AskNewPasswordAgain)?,
    };
    connection.ask(&Request::ChangePasswd { name: &name, passwd: password.as_str() })?;
    if let Some((own, _)) = credentials.own_of(&name)? {
        own.store(&name, password.as_str())?;
    }
    console.done(&Message::PasswordChanged)?;
    renew(console, &mut connection, credentials, &name)?;
    connection.leave();
    Ok(())
}

/// `cidian dict-key`: a key is as good as a password for looking up by DICT, so the password is asked for, whoever is logged
/// in here.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn new_dict_key(console: &mut Console, connector: &Connector, credentials: &Credentials) -> Result<()> {
    let name = credentials.own_name(console)?;
    let (LoggedIn { mut connection, name }, _) = log_in_by_password(console, connector, credentials, name)?;
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
pub(crate) fn delete(
    console: &mut Console,
    connector: &Connector,
    credentials: &Credentials,
    sure: bool,
) -> Result<()> {
    if !sure && !console.manner().asks_terminal {
        return Err(Error::NotConfirmable);
    }
    let name = credentials.own_name(console)?;
    let (LoggedIn { mut connection, name }, password) = log_in_by_password(console, connector, credentials, name)?;
    if !sure {
        let answer = console.ask(&Message::AskDeletion { name: &name })?;
        if answer.as_deref().map(str::trim) != Some(name.as_str()) {
            connection.leave();
            return Err(Error::NotConfirmed);
        }
    }
    connection.ask(&Request::DeleteAccount { name: &name, passwd: password.as_str() })?;
    connection.leave();
    if let Some((own, _)) = credentials.own_of(&name)? {
        own.forget()?;
    }
    console.done(&Message::AccountDeleted { name: &name })?;
    drop_kept(console, credentials, &name)
}
