//! What a subcommand works with, and the ways to log in.

use super::credentials::{Credentials, keep_new_token};
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::server::own::OwnAccount;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::{Console, Password};

/// What a subcommand works with.
pub(crate) struct Context<'a> {
    /// Standard input, output and error.
    pub(crate) console: &'a mut Console,
    /// Makes connections to the server.
    pub(crate) connector: &'a Connector,
    /// Whose account it is.
    pub(crate) credentials: &'a Credentials,
}

/// A connection that is logged in, for one subcommand.
pub(crate) struct LoggedIn {
    pub(crate) connection: Connection,
    pub(crate) name: String,
}

impl Context<'_> {
    /// Connects and logs in: with the token that was kept, else with the password. Asks for what is missing.
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    pub(crate) fn log_in(&mut self) -> Result<LoggedIn> {
        self.log_in_with(|_| Vec::new()).map(|(logged_in, _)| logged_in)
    }

    /// The same. A kept token takes the requests that `next` makes for the name along, in one packet: they need no
    /// round trip of their own. Returns how many bytes of them are on their way; their replies are the next to be read.
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    pub(crate) fn log_in_with(&mut self, next: impl FnOnce(&str) -> Vec<u8>) -> Result<(LoggedIn, usize)> {
        if let Some(own) = self.credentials.own_account()?
            && self.credentials.kept.user()?.is_none()
        {
            return self.log_in_to_own(own).map(|logged_in| (logged_in, 0));
        }
        let name = self.credentials.own_name(self.console)?;
        // A password that is given is the one that is meant.
        let kept = if self.credentials.password_file.is_none() { self.credentials.kept.token(&name)? } else { None };
        if let Some(token) = kept {
            let mut connection = Connection::open(self.connector)?;
            let ahead = next(&name);
            match connection.log_in_by_token(&name, token.as_str(), &ahead) {
                Ok(()) => return Ok((LoggedIn { connection, name }, ahead.len())),
                Err(error) if !error.is_denied() => return Err(error),
                // Without a login they were denied, too; their replies are of no use.
                Err(_) if !ahead.is_empty() => drop(connection),
                Err(_) => connection.leave(),
            }
            self.credentials.kept.forget(&name, &token)?;
            if let Some((own, _)) = self.credentials.own_of(&name)? {
                return self.log_in_to_own(own).map(|logged_in| (logged_in, 0));
            }
            if !self.console.can_ask_hidden() {
                return Err(Error::TokenRefused { name });
            }
            self.console.hint(&Message::TokenRefused { name: &name });
        }
        self.log_in_by_password(name).map(|(logged_in, _)| (logged_in, 0))
    }

    /// Logs in to the own account, which is made if it is not there, and keeps the login.
    fn log_in_to_own(&self, own: &OwnAccount) -> Result<LoggedIn> {
        let (name, password) = own.ready(self.connector)?;
        let mut connection = Connection::open(self.connector)?;
        connection.log_in(&name, password.as_str())?;
        keep_new_token(&mut connection, self.credentials, &name)?;
        Ok(LoggedIn { connection, name })
    }

    /// Asks for the password, connects, logs in.
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    pub(crate) fn log_in_by_password(&mut self, name: String) -> Result<(LoggedIn, Password)> {
        let password = match self.credentials.own_of(&name)? {
            Some((_, password)) => password,
            None => self.credentials.password(self.console)?,
        };
        let mut connection = Connection::open(self.connector)?;
        connection.log_in(&name, password.as_str())?;
        Ok((LoggedIn { connection, name }, password))
    }
}
