//! Clients that are not let in: each gets one line, in one write that never waits, and a moment to read it. The parent
//! reads nothing that they send.

use super::Refusal;
use crate::daemon::poller::{Poller, Token};
use crate::daemon::throttle::{Throttle, Unsaid};
use crate::protocol::{Code, Failure};
use crate::session::Language;
use nix::sys::socket::{MsgFlags, Shutdown, send, shutdown};
use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a refused client has to read its line and close. A close with its bytes unread sends a reset, which can
/// overtake the line.
const MOMENT: Duration = Duration::from_secs(1);
/// The most refused clients that are kept for that moment.
const MOST: usize = 64;

/// Refused clients that have not closed yet, the oldest first.
#[derive(Debug, Default)]
pub struct Refusals {
    lingering: VecDeque<(u32, OwnedFd, Instant)>,
    next: u32,
    counts: [u64; Refusal::ALL.len()],
    said: Throttle,
}

impl Refusals {
    /// Refuses a client. One that speaks TLS could not read a line, because the parent does not speak
    /// it: it is hung up on.
    pub fn refuse(&mut self, client: OwnedFd, language: Language, refusal: Refusal, poller: &Poller, now: Instant) {
        self.refuse_at_once(&client, language, refusal);
        if self.lingering.len() >= MOST
            && let Some((_, oldest, _)) = self.lingering.pop_front()
        {
            poller.forget(oldest.as_fd());
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        if poller.watch_closing(client.as_fd(), Token::Refused(number)).is_ok() {
            self.lingering.push_back((number, client, now + MOMENT));
        }
    }

    /// A client was refused whose child sends the line.
    pub fn count_one(&mut self, refusal: Refusal) {
        self.counts[refusal as usize] += 1;
    }

    /// A refused client has closed.
    pub fn closed(&mut self, number: u32, poller: &Poller) {
        if let Some(at) = self.lingering.iter().position(|(known, _, _)| *known == number)
            && let Some((_, client, _)) = self.lingering.remove(at)
        {
            poller.forget(client.as_fd());
        }
    }

    /// Closes those whose moment is over; returns when the next one's is.
    pub fn close_due(&mut self, poller: &Poller, now: Instant) -> Option<Instant> {
        while let Some((_, client, until)) = self.lingering.front() {
            if *until > now {
                return Some(*until);
            }
            poller.forget(client.as_fd());
            self.lingering.pop_front();
        }
        None
    }

    /// How many were ever refused.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many were refused for this reason.
    pub fn count_of(&self, refusal: Refusal) -> u64 {
        self.counts[refusal as usize]
    }

    /// Whether one more refusal may be logged now.
    pub fn may_be_said(&mut self, now: Instant) -> Option<Unsaid> {
        self.said.allow(now)
    }

    /// Refuses a client for whom there is no descriptor to spare: it is closed next.
    pub fn refuse_at_once(&mut self, client: &OwnedFd, language: Language, refusal: Refusal) {
        self.count_one(refusal);
        if language == Language::LinesOverTls {
            let _ = shutdown(client.as_raw_fd(), Shutdown::Write);
            return;
        }
        let mut line = Vec::new();
        language.push_failure(&mut line, &Failure::new(Code::Busy, refusal.message()));
        // A new connection's buffer takes a line, or the client is gone.
        let _ = send(client.as_raw_fd(), &line, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
        let _ = shutdown(client.as_raw_fd(), Shutdown::Write);
    }
}
