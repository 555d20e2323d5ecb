//! `cidian login` and `cidian logout`: a token from the server, kept and forgotten. What is kept is used by
//! [`crate::client::commands::account::log_in`].

use super::account::{LoggedIn, Who, log_in_by_password};
use crate::client::error::{Error, Result};
use crate::client::files::kept::Token;
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Console;
use crate::protocol::{Code, Request};

/// `cidian login`. `last` is who used the menus the last time, for a person who says nothing else.
///
/// # Errors
/// Whatever can go wrong with that; then what was kept before is as it was.
pub(crate) fn login(console: &mut Console, connector: &Connector, who: &Who, last: Option<&str>) -> Result<()> {
    // No password is asked for that could not be spared the next time.
    who.kept.prepare()?;
    let last = last.filter(|_| console.manner().asks_terminal);
    let remembered = who.kept.user()?.or_else(|| last.map(str::to_owned));
    let name = who.name_or(console, remembered)?;
    let (LoggedIn { mut connection, name }, _) = log_in_by_password(console, connector, who, name)?;
    keep_new_token(&mut connection, who, &name)?;
    connection.leave();
    console.done(&Message::LoginKept { name: &name })
}

/// `cidian logout`: forgets on both sides. A server that can't be told is no reason to go on keeping the token here.
///
/// # Errors
/// Whatever can go wrong with that. The token is forgotten here also when the server could not be told.
pub(crate) fn logout(console: &mut Console, connector: &Connector, who: &Who, address: &str) -> Result<()> {
    let name = match &who.user {
        Some(user) => Some(user.clone()),
        None => who.kept.user()?,
    };
    let token = match &name {
        Some(name) => who.kept.token(name)?,
        None => None,
    };
    let (Some(name), Some(token)) = (name, token) else {
        return console.done(&Message::NothingKept { address });
    };
    let told = tell_server(connector, &name, &token);
    who.kept.forget(&name, &token)?;
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

/// Asks for a new token on a connection that is logged in, and keeps it. One of before is of no more use, and is
/// forgotten by the server, too.
///
/// # Errors
/// Whatever can go wrong with that; then the server knows of no token that is not kept.
pub(crate) fn keep_new_token(connection: &mut Connection, who: &Who, name: &str) -> Result<()> {
    let old = who.kept.token(name)?;
    let token = connection.new_token(name)?;
    let mut forget = |token: &Token| connection.ask(&Request::ForgetToken { name, token: token.as_str() });
    if let Err(error) = who.kept.keep(name, &token) {
        let _ = forget(&token);
        return Err(error);
    }
    match old.map(|old| forget(&old)) {
        Some(Err(error)) if !error.is_denied() => Err(error),
        _ => Ok(()),
    }
}

/// After a new password, which has ended every token: whoever was logged in here stays so.
pub(crate) fn renew(console: &mut Console, connection: &mut Connection, who: &Who, name: &str) -> Result<()> {
    let renewed = match who.kept.token(name) {
        Ok(None) => Ok(()),
        Ok(Some(old)) => keep_new_token(connection, who, name).or_else(|error| {
            who.kept.forget(name, &old)?;
            Err(error)
        }),
        Err(error) => Err(error),
    };
    match renewed {
        Ok(()) => Ok(()),
        Err(error) => console.complain(&Message::LoginNotRenewed { error: &error }),
    }
}

/// After the account is gone.
pub(crate) fn drop_kept(console: &mut Console, who: &Who, name: &str) -> Result<()> {
    let dropped = who.kept.token(name).and_then(|token| token.map_or(Ok(()), |token| who.kept.forget(name, &token)));
    match dropped {
        Ok(()) => Ok(()),
        Err(error) => console.complain(&Message::Failed(&error)),
    }
}

impl Error {
    /// Whether the server has said `denied`, to a login or to anything else.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Refused(failure) | Self::LoginRefused(failure) if failure.code == Code::Denied)
    }
}
