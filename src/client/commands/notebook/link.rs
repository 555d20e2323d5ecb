//! A conversation that is resumed on a new connection when the server has ended the old one for being idle: a person
//! may think for longer than a server waits.

use crate::client::commands::context::{Context, LoggedIn};
use crate::client::commands::credentials::Credentials;
use crate::client::error::Result;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Console;

/// Something that answers requests.
pub(crate) trait Asks {
    /// Runs a request and its reply.
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    fn ask<T>(&mut self, console: &mut Console, work: impl FnMut(&mut Connection) -> Result<T>) -> Result<T>;
}

/// The connection of a subcommand, which logs in again when it has to.
pub(crate) struct OwnLink<'a> {
    connector: &'a Connector,
    credentials: &'a Credentials,
    connection: Option<Connection>,
    /// The account's name.
    pub(crate) name: String,
}

impl<'a> OwnLink<'a> {
    /// Connects and logs in.
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    pub(crate) fn new(context: &mut Context<'a>) -> Result<Self> {
        let LoggedIn { connection, name } = context.log_in()?;
        let Context { connector, credentials, .. } = *context;
        Ok(Self { connector, credentials, connection: Some(connection), name })
    }

    /// Ends the conversation with `E`, if there is a connection.
    pub(crate) fn leave(self) {
        self.connection.into_iter().for_each(Connection::leave);
    }
}

impl Asks for OwnLink<'_> {
    fn ask<T>(&mut self, console: &mut Console, mut work: impl FnMut(&mut Connection) -> Result<T>) -> Result<T> {
        if let Some(mut connection) = self.connection.take()
            && !connection.is_over()
        {
            match work(&mut connection) {
                Err(error) if error.may_send_again() => {}
                outcome => {
                    self.connection = Some(connection);
                    return outcome;
                }
            }
        }
        let mut context = Context { console, connector: self.connector, credentials: self.credentials };
        let LoggedIn { mut connection, .. } = context.log_in()?;
        let outcome = work(&mut connection);
        self.connection = Some(connection);
        outcome
    }
}
