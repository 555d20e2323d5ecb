//! The menus' connection: made when there is something to send, made again when the server has ended it, with the
//! login repeated. A request is sent again only if it was certainly not carried out, and only once.

use crate::client::error::{Error, Result};
use crate::client::files::kept::Token;
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Password;
use crate::protocol::Request;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the server may take for completions.
const TYPING_TIMEOUT: Duration = Duration::from_secs(2);
/// How often, and after what pause, a server that does not listen is tried again.
const RETRIES: u32 = 4;
const RETRY_PAUSE: Duration = if cfg!(fuzzing) { Duration::ZERO } else { Duration::from_millis(250) };

/// What proves who logs in.
pub(super) enum Secret {
    Password(Password),
    /// A saved login's.
    Token(Token),
}

/// Who is logged in, and what it takes to log in again.
struct Account {
    name: String,
    secret: Secret,
}

impl Account {
    fn log_in(&self, connection: &mut Connection) -> Result<()> {
        match &self.secret {
            Secret::Password(password) => connection.log_in(&self.name, password.as_str()),
            Secret::Token(token) => connection.log_in_by_token(&self.name, token.as_str(), &[]),
        }
    }
}

/// A connection that comes and goes.
pub(super) struct Link {
    connector: Connector,
    connection: Option<Connection>,
    account: Option<Account>,
}

/// A link that the prompt's completions use, too, while words are typed.
#[derive(Clone)]
pub(super) struct SharedLink(Arc<Mutex<Link>>);

impl SharedLink {
    /// Nothing is connected yet.
    pub(super) fn new(connector: Connector) -> Self {
        Self(Arc::new(Mutex::new(Link { connector, connection: None, account: None })))
    }

    /// The link, when no other thread uses it.
    pub(super) fn get(&self) -> MutexGuard<'_, Link> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// Makes the account.
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    pub(super) fn register(&mut self, name: &str, password: &Password) -> Result<()> {
        self.exchange(|connection| connection.ask(&Request::Register { name, passwd: password.as_str() })).map(drop)
    }

    /// Logs in, and remembers how.
    ///
    /// # Errors
    /// Whatever can go wrong with that; no user is logged in then.
    pub(super) fn log_in(&mut self, name: String, secret: Secret) -> Result<()> {
        let account = Account { name, secret };
        let kept = self.connection.is_some();
        let mut outcome = self.exchange(|connection| account.log_in(connection));
        // The server may have closed a connection of before in this very moment; a login sent twice is one login.
        if kept && matches!(outcome, Err(Error::Lost { .. })) {
            outcome = self.exchange(|connection| account.log_in(connection));
        }
        if let Err(error) = outcome {
            // After several failures the server hangs up; the next attempt must not run into that.
            self.log_out();
            return Err(error);
        }
        self.account = Some(account);
        Ok(())
    }

    /// Logs out: ends the conversation if there is a connection, and forgets the password or token.
    pub(super) fn log_out(&mut self) {
        self.account = None;
        if let Some(mut connection) = self.connection.take()
            && !connection.is_over()
        {
            connection.leave();
        }
    }

    /// Headwords near a text, for a person who is typing: only over a connection that is there, and quick. Whatever
    /// is wrong with it is the next request's to find out.
    pub(super) fn suggest_quickly(&mut self, name: &str, text: &str) -> Option<Vec<String>> {
        let mut connection = self.connection.take()?;
        if connection.is_over() {
            return None;
        }
        let found = connection.complete_within(TYPING_TIMEOUT, name, text);
        if !matches!(&found, Err(error) if error.ends_connection()) {
            self.connection = Some(connection);
        }
        found.ok()
    }

    /// Connects again. A server that was there a moment ago may be starting again: a second is worth waiting.
    fn connect(&self, mut pause: impl FnMut()) -> Result<Connection> {
        let mut outcome = Connection::open(&self.connector);
        for _ in 0..RETRIES {
            match &outcome {
                Err(Error::Unreachable { reason, .. })
                    if self.account.is_some()
                        && matches!(reason.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => {}
                _ => break,
            }
            pause();
            outcome = Connection::open(&self.connector);
        }
        outcome
    }

    /// Runs a request and its reply on a connection that is logged in (if a user is).
    ///
    /// # Errors
    /// Whatever can go wrong with that.
    pub(super) fn exchange<T>(&mut self, mut work: impl FnMut(&mut Connection) -> Result<T>) -> Result<T> {
        if let Some(mut connection) = self.connection.take()
            && !connection.is_over()
        {
            match self.run(connection, &mut work) {
                Err(error) if error.may_send_again() => {}
                outcome => return outcome,
            }
        }
        let mut connection = self.connect(|| thread::sleep(RETRY_PAUSE))?;
        if let Some(account) = &self.account {
            account.log_in(&mut connection)?;
        }
        self.run(connection, &mut work)
    }

    /// Keeps the connection if it is of any further use.
    fn run<T>(&mut self, mut connection: Connection, work: &mut impl FnMut(&mut Connection) -> Result<T>) -> Result<T> {
        let outcome = work(&mut connection);
        if !matches!(&outcome, Err(error) if error.ends_connection()) {
            self.connection = Some(connection);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::server::address::Address;
    use crate::client::server::privacy::{ClearText, Privacy};
    use std::os::unix::net::UnixListener;

    fn link(address: Address) -> Link {
        let connector = Connector::new(address, None, None, Privacy::new(ClearText::Refused, |_| {}));
        Link { connector, connection: None, account: None }
    }

    /// Waits a moment for a server that is restarting, if a user was logged in.
    #[test]
    fn a_server_may_come_back() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let mut link = link(Address::Unix(path.clone()));
        let mut pauses = 0;
        assert!(matches!(link.connect(|| pauses += 1), Err(Error::Unreachable { .. })));
        assert_eq!(pauses, 0, "nobody is logged in: nothing was there a moment ago");
        let secret = Secret::Password(Password::new("horse".into()));
        link.account = Some(Account { name: "ann".into(), secret });
        assert!(matches!(link.connect(|| pauses += 1), Err(Error::Unreachable { .. })));
        assert_eq!(pauses, RETRIES);
        let mut listener = None;
        pauses = 0;
        let connected = link.connect(|| {
            pauses += 1;
            if pauses == 3 {
                listener = Some(UnixListener::bind(&path).unwrap());
            }
        });
        assert!(connected.is_ok());
        assert_eq!(pauses, 3);
    }
}
