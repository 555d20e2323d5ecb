//! `cidian login` and `cidian logout`: a token from the server, kept and forgotten. What is kept is used by
//! [`Context::log_in`].

use super::context::{Context, LoggedIn};
use super::credentials::keep_new_token;
use crate::client::error::Result;
use crate::client::files::kept::Token;
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::protocol::Request;

/// `cidian login`. `last` is the user of the menus the last time, which is taken if the person names no other.
///
/// # Errors
/// Whatever can go wrong with that; then what was kept before is as it was.
pub(crate) fn login(context: &mut Context<'_>, last: Option<&str>) -> Result<()> {
    // No password is asked for that could not be spared the next time.
    context.credentials.kept.prepare()?;
    let last = last.filter(|_| context.console.manner().asks_terminal);
    let remembered = context.credentials.kept.user()?.or_else(|| last.map(str::to_owned));
    let name = context.credentials.name_or(context.console, remembered)?;
    let (LoggedIn { mut connection, name }, _) = context.log_in_by_password(name)?;
    keep_new_token(&mut connection, context.credentials, &name)?;
    connection.leave();
    context.console.done(&Message::LoginKept { name: &name })
}

/// `cidian logout`: forgets on both sides. The token is removed here even if the server can't be reached.
///
/// # Errors
/// Whatever can go wrong with that. The token is removed here even then.
pub(crate) fn logout(context: &mut Context<'_>, address: &str) -> Result<()> {
    let name = match &context.credentials.user {
        Some(user) => Some(user.clone()),
        None => context.credentials.kept.user()?,
    };
    let token = match &name {
        Some(name) => context.credentials.kept.token(name)?,
        None => None,
    };
    let (Some(name), Some(token)) = (name, token) else {
        return context.console.done(&Message::NothingKept { address });
    };
    let told = tell_server(context.connector, &name, &token);
    context.credentials.kept.forget(&name, &token)?;
    match told {
        Ok(()) => context.console.done(&Message::LoginForgotten { name: &name }),
        Err(error) => {
            context.console.hint(&Message::LoginForgottenHere { name: &name });
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
