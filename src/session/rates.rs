//! The rate limit of an account's lookups: a session over it is slowed down, never refused.

use super::connection::{Wait, wait};
use super::{ExitReason, Session};
use crate::ipc::parent::{account_number, ask_for_wait};
use crate::protocol::Request;
use nix::poll::{PollFd, PollFlags};
use std::time::{Duration, Instant};

impl Session<'_> {
    /// Before each request: waits until the account may look something up again, if this is a lookup and there is a
    /// limit. The client has the replies to what it asked before by then.
    ///
    /// # Errors
    /// The client has gone, or does not read.
    pub(super) fn wait_for_rate(&mut self, request: &Request<'_>) -> Result<(), ExitReason> {
        let (Request::Lookup { name, .. } | Request::LookupApart { name, .. } | Request::Define { name, .. }) = request
        else {
            return Ok(());
        };
        // A session without a login is refused without a lookup.
        if self.logged_in_as(name).is_err() { Ok(()) } else { self.wait_for_rate_of(name) }
    }

    /// The same for a lookup of this account.
    ///
    /// # Errors
    /// The same.
    pub(super) fn wait_for_rate_of(&mut self, name: &str) -> Result<(), ExitReason> {
        if self.settings.lookup_rate == 0 {
            return Ok(());
        }
        let asked = ask_for_wait(self.parent.control_channel, account_number(name)).unwrap_or_else(|error| {
            log::warn!("client {}: cannot count lookups: {error}", self.face.peer());
            Duration::ZERO
        });
        if asked.is_zero() {
            return Ok(());
        }
        let until = Instant::now() + asked;
        self.write_replies()?;
        self.parent.turn = None;
        // What was read is answered before the server stops, and then without a wait.
        while !self.signals.stop_asked() {
            let mut watched = vec![PollFd::new(self.client.connection.socket(), PollFlags::empty())];
            watched.extend(self.stores.lease().map(|lease| PollFd::new(lease, PollFlags::POLLIN)));
            match wait(&mut watched, Some(until), &self.signals)? {
                Wait::TimedOut => break,
                Wait::Interrupted => {}
                Wait::Ready if watched[0].any() == Some(true) => return Err(ExitReason::Lost),
                Wait::Ready => self.stores.close(),
            }
        }
        Ok(())
    }
}
