//! The subcommands about the account itself.

use super::context::{Context, LoggedIn};
use super::credentials::{ask_twice, drop_kept, read_password, renew};
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::protocol::Request;
use std::path::Path;

/// `cidian register`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn register(context: &mut Context<'_>) -> Result<()> {
    let name = context.credentials.name(context.console)?;
    let password = context.credentials.new_password(context.console)?;
    let mut connection = Connection::open(context.connector)?;
    connection.ask(&Request::Register { name: &name, passwd: password.as_str() })?;
    connection.leave();
    context.console.done(&Message::Registered { name: &name })
}

/// `cidian passwd`: the old password is checked before the new one is asked for.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn change_password(context: &mut Context<'_>, new_password_file: Option<&Path>) -> Result<()> {
    // A script's mistake shows before anything is sent.
    let given = new_password_file.map(|path| read_password(context.console, path)).transpose()?;
    let name = context.credentials.own_name(context.console)?;
    let (LoggedIn { mut connection, name }, _) = context.log_in_by_password(name)?;
    let console = &mut *context.console;
    let password = match given {
        Some(password) => password,
        None => ask_twice(console, &Message::AskNewPassword, &Message::AskNewPasswordAgain)?,
    };
    connection.ask(&Request::ChangePasswd { name: &name, passwd: password.as_str() })?;
    if let Some((own, _)) = context.credentials.own_of(&name)? {
        own.store(&name, password.as_str())?;
    }
    console.done(&Message::PasswordChanged)?;
    renew(console, &mut connection, context.credentials, &name)?;
    connection.leave();
    Ok(())
}

/// `cidian dict-key`: a key is as good as a password for looking up by DICT, so the password is asked for, even if a
/// user is logged in here.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn new_dict_key(context: &mut Context<'_>) -> Result<()> {
    let name = context.credentials.own_name(context.console)?;
    let (LoggedIn { mut connection, name }, _) = context.log_in_by_password(name)?;
    let console = &mut *context.console;
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
pub(crate) fn delete(context: &mut Context<'_>, sure: bool) -> Result<()> {
    if !sure && !context.console.manner().asks_terminal {
        return Err(Error::NotConfirmable);
    }
    let name = context.credentials.own_name(context.console)?;
    let (LoggedIn { mut connection, name }, password) = context.log_in_by_password(name)?;
    let console = &mut *context.console;
    if !sure {
        let answer = console.ask(&Message::AskDeletion { name: &name })?;
        if answer.as_deref().map(str::trim) != Some(name.as_str()) {
            connection.leave();
            return Err(Error::NotConfirmed);
        }
    }
    connection.ask(&Request::DeleteAccount { name: &name, passwd: password.as_str() })?;
    connection.leave();
    if let Some((own, _)) = context.credentials.own_of(&name)? {
        own.forget()?;
    }
    console.done(&Message::AccountDeleted { name: &name })?;
    drop_kept(console, context.credentials, &name)
}
