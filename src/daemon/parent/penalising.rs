//! Penalties and limits of a source, where they meet its living children: who may hash, what a failed login costs.

use super::Parent;
use crate::daemon::admission::Source;
use crate::daemon::hub::{Hub, TURN};
use crate::daemon::penalties::Offence;
use crate::daemon::poller::Token;
use crate::daemon::status::{Penalties, RefusedSource};
use crate::session::exchange::{Ask, who_asks};
use log::warn;
use nix::sys::signal::{Signal, kill};
use std::os::fd::OwnedFd;
use std::time::Instant;

/// How many refused sources the status names.
const NAMED: usize = 10;

impl Parent {
    /// A child wants to hash, for a login, a new account, or a login that is there. In its turn, if it may.
    pub(super) fn queue_to_hash(&mut self, purpose: Ask, socket: OwnedFd) {
        let now = Instant::now();
        let source = who_asks(&socket).ok().and_then(|pid| self.children.source(pid));
        let may = match purpose {
            Ask::LoggingIn if self.admission.refuses(source, now) => {
                self.turned_away.logins += 1;
                false
            }
            Ask::Registering if !self.admission.register(source, now) => {
                self.turned_away.registrations += 1;
                false
            }
            _ => true,
        };
        if !may {
            Hub::answer(&socket, false);
            return;
        }
        // Only a login can be refused while it waits.
        let turn = self.hub.queue(socket, source.filter(|_| purpose == Ask::LoggingIn));
        let watched = self.hub.socket(turn).map(|fd| self.poller.watch_closing(fd, Token::Turn(turn)));
        if let Some(Err(error)) = watched {
            warn!("a child's turn can't be watched: {error}");
            self.hub.closed(turn);
        }
    }

    /// Ends children that keep a turn to hash for longer than any hash takes: they are stopped, or asleep, and others
    /// wait. Says when to look again.
    pub(super) fn end_overdue_turns(&mut self, now: Instant) -> Option<Instant> {
        for (turn, child) in self.hub.overdue(now) {
            if let Some(child) = child.filter(|&child| self.children.is_child(child)) {
                let seconds = TURN.as_secs();
                warn!("child {child} has kept its turn to hash a password for {seconds} s, and is ended");
                let _ = kill(child, Signal::SIGKILL);
            }
            // One that sleeps in the kernel does not end yet; its turn does.
            if let Some(socket) = self.hub.socket(turn) {
                self.poller.forget(socket);
            }
            self.hub.closed(turn);
        }
        self.hub.overdue_at()
    }

    /// A login has failed, or a failure is taken back. The child is known by what the kernel says, and can only speak
    /// of its own client.
    pub(super) fn count_login(&mut self, what: Ask, socket: &OwnedFd) {
        let now = Instant::now();
        if let Ok(child) = who_asks(socket) {
            if what == Ask::FailedLogin {
                self.children.failed_login(child);
                if let Some(source) = self.children.source(child) {
                    self.penalise(source, Offence::FailedLogin, now);
                }
            } else if let (true, Some(source)) = (self.children.mended(child), self.children.source(child)) {
                self.admission.pardon(source, Offence::FailedLogin, now);
            }
            Hub::answer(socket, !self.admission.refuses(self.children.source(child), now));
        }
    }

    /// Penalises a source. If it is refused from now on, that is logged, and whoever of it waits to log in is told.
    pub(super) fn penalise(&mut self, source: Source, offence: Offence, now: Instant) {
        let Some(refused) = self.admission.penalise(source, offence, now) else { return };
        if let Some(more) = self.penalties_said.allow(now) {
            let (seconds, offence) = (refused.as_secs(), offence.as_str());
            warn!("source {source} is refused for {seconds} s: too many failures, the last: {offence}{more}");
        }
        self.turned_away.logins += self.hub.turn_away(source);
    }

    pub(super) fn describe_penalties(&self) -> Penalties {
        let now = Instant::now();
        let penalties = self.admission.penalties();
        let refused = penalties.refused(now);
        Penalties {
            sources: penalties.sources(now) as u64,
            refused_sources: refused.len() as u64,
            longest: refused
                .into_iter()
                .take(NAMED)
                .map(|(source, left)| RefusedSource { source: source.to_string(), seconds: left.as_secs() })
                .collect(),
            logins_refused: self.turned_away.logins,
            registrations_refused: self.turned_away.registrations,
        }
    }
}

/// Clients that were let in, but refused a login or an account later.
#[derive(Debug, Default)]
pub(super) struct TurnedAway {
    logins: u64,
    registrations: u64,
}
