//! Turns, which the parent gives, for using a processor for some time: to hash a password, to find spellings, to answer
//! a long run of requests. Work that takes only a moment needs no turn.

use super::connection::{Wait, wait};
use super::work::Work;
use super::{ExitReason, Session};
use crate::ipc::parent::{ParentRequest, Permit, ask_for};
use crate::protocol::{Code, Failure};
use nix::poll::{PollFd, PollFlags};
use std::time::{Duration, Instant};

/// A session that has answered for this long without a wait goes on by turns.
const LONG: Duration = Duration::from_millis(2);
/// A turn is given back after this time, when the request is done.
const QUANTUM: Duration = Duration::from_millis(10);

/// A turn that lasts from one request to the next.
#[derive(Debug)]
pub struct Working {
    _permit: Permit,
    since: Instant,
}

impl Session<'_> {
    /// Before each request: takes a turn if there is much to do, and gives it back when it has lasted long enough or is
    /// of no use. `begun` is since when requests have been answered without a wait.
    ///
    /// # Errors
    /// The client has gone.
    pub(super) fn take_turn(&mut self, work: Work, begun: Instant) -> Result<(), ExitReason> {
        let waits = self.dictionaries.words.are_in_table() || work == Work::Waits;
        if waits || self.parent.turn.as_ref().is_some_and(|turn| turn.since.elapsed() >= QUANTUM) {
            self.parent.turn = None;
        }
        let long = work == Work::Long || begun.elapsed() >= LONG;
        if waits || !long || self.parent.turn.is_some() {
            return Ok(());
        }
        if work == Work::Long {
            // What was sent ahead by a client that has gone need not be worked on: a reply shows whether it has.
            self.write_replies()?;
        }
        match self.wait_for_turn(ParentRequest::Working) {
            Ok(permit) => self.parent.turn = Some(Working { _permit: permit, since: Instant::now() }),
            // Without a turn it is slower for others, and no worse.
            Err(_) => return self.requests.ends.take().map_or(Ok(()), Err),
        }
        Ok(())
    }

    /// Waits until the parent grants this child its turn.
    pub(super) fn wait_for_turn(&mut self, purpose: ParentRequest) -> Result<Permit, Failure> {
        let peer = self.face.peer().clone();
        let failed = |error: &dyn std::fmt::Display| {
            log::warn!("client {peer}: cannot get a turn from the daemon: {error}");
            Failure::new(Code::Unavailable, "the server is overloaded; try again later")
        };
        let permit =
            ask_for(self.parent.control_channel, self.stores.question(purpose)).map_err(|error| failed(&error))?;
        loop {
            // No event is requested for the client's socket; that it has hung up is always reported.
            let mut watched = vec![
                PollFd::new(permit.as_fd(), PollFlags::POLLIN),
                PollFd::new(self.client.connection.socket(), PollFlags::empty()),
            ];
            // A database connection is not kept from others meanwhile.
            watched.extend(self.stores.lease().map(|lease| PollFd::new(lease, PollFlags::POLLIN)));
            match wait(&mut watched, None, &self.signals) {
                Ok(Wait::Ready) if watched[0].any() == Some(true) => break,
                Ok(Wait::Ready) if watched.get(2).is_some_and(|lease| lease.any() == Some(true)) => self.stores.close(),
                Ok(Wait::Ready) => {
                    self.requests.ends = Some(ExitReason::Lost);
                    return Err(Failure::new(Code::Unavailable, "the client is gone"));
                }
                Ok(Wait::Interrupted | Wait::TimedOut) => {}
                Err(_) => return Err(failed(&"the wait failed")),
            }
        }
        if permit.granted(self.parent.control_channel).map_err(|error| failed(&error))? {
            return Ok(permit);
        }
        self.requests.ends = Some(ExitReason::Refused);
        Err(Failure::new(Code::Busy, "too many failures from your address"))
    }
}
