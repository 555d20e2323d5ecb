//! `cidian login` and `cidian logout`: a token from the server, kept and forgotten. What is kept is used by
//! [`super::credentials::log_in`].

use super::credentials::{Credentials, LoggedIn, keep_new_token, log_in_by_password};
use crate::client::error::Result;
use crate::client::files::kept::Token;
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Console;
use crate::protocol::Request;

/// `cidian login`. `last` is who used the menus the last time, for a person who says nothing else.
///
/// # Errors
/// Whatever can go wrong with that; then what was kept before is as it was.
pub(crate) fn login(
    console: &mut Console,
    connector: &Connector,
    credentials: &Credentials,
    last: Option<&str>,
) -> Result<()> {
    // No password is asked for that could not be spared the next time.
    credentials.kept.prepare()?;
    let last = last.filter(|_| console.manner().asks_terminal);
    let remembered = credentials.kept.user()?.or_else(|| last.map(str::to_owned));
    let name = credentials.name_or(console, remembered)?;
    let (LoggedIn { mut connection, name }, _) = log_in_by_password(console, connector, credentials, name)?;
    keep_new_token(&mut connection, credentials, &name)?;
    connection.leave();
    console.done(&Message::LoginKept { name: &name })
}

/// `cidian logout`: forgets on both sides. A server that can't be told is no reason to go on keeping the token here.
///
/// # Errors
/// Whatever can go wrong with that. The token is forgotten here also when the server could not be told.
pub(crate) fn logout(
    console: &mut Console,
    connector: &Connector,
    credentials: &Credentials,
    address: &str,
) -> Result<()> {
    let name = match &credentials.user {
        Some(user) => Some(user.clone()),
        None => credentials.kept.user()?,
    };
    let token = match &name {
        Some(name) => credentials.kept.token(name)?,
        None => None,
    };
    let (Some(name), Some(token)) = (name, token) else {
        return console.done(&Message::NothingKept { address });
    };
    let told = tell_server(connector, &name, &token);
    credentials.kept.forget(&name, &token)?;
    match told {
        Ok(()) => console.done(&Message::LoginForgotten { name: &name }),
        Err(error) => {
            console.hint(&Message::LoginForgottenHere { name: &name });
            Err(error)
        }
    }
}

fn tell_server(connector: &Connector, name: &str, token: &Token) -> Result<()> {
    let mut connection = Connection::open(connector)?;
    let forgotten = connection
        .log_in_by_token(name, token.as_str(), &[])
        .and_then(|()| connection.ask(&Request::ForgetToken { name, token: token.as_str() }).map(drop));
    match forgotten {
        // It has expired, or was ended by a new password: then there is nothing left to forget.
        Err(error) if !error.is_denied() => Err(error),
        _ => {
            connection.leave();
            Ok(())
        }
    }
}
