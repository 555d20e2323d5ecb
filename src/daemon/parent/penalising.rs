//! Penalties and limits of a source, as they apply to its living children: turns, budgets for costly requests, and the
//! price of a failed login.

use super::Parent;
use crate::config::networks::Source;
use crate::daemon::admission::penalties::{Budget, Offence};
use crate::daemon::children::control_channel::ControlChannel;
use crate::daemon::children::fair::Party;
use crate::daemon::children::leases::Lease;
use crate::daemon::children::turns::{Applicant, Kind, Turn};
use crate::daemon::poller::Token;
use crate::ipc::parent::{ParentRequest, Question, who_asks};
use crate::ipc::status::{Penalties, RefusedSource};
use log::{error, warn};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::fd::OwnedFd;
use std::time::Instant;

/// How many refused sources the status names.
const NAMED: usize = 10;

impl Parent {
    /// A child wants a turn: to use a processor for long, for a login among others, or to write. In its turn, if it
    /// may.
    pub(super) fn queue_for_turn(&mut self, Question { ask, account }: Question, socket: OwnedFd) {
        let now = Instant::now();
        let Some((process, source)) = self.who_asks(&socket) else { return };
        if ask == ParentRequest::LoggingIn && self.entry.admission.refuses(source, now) {
            self.entry.turned_away.logins += 1;
            return ControlChannel::answer(&socket, false);
        }
        if let Some(turn) = self.shares.turns.of(process) {
            if !self.shares.turns.is_over(turn) {
                // No session of ours does this; one that was taken over gets no second.
                return self.say_too_many(process, "turn");
            }
            self.turn_is_over(turn);
        }
        let kind = if ask == ParentRequest::Writing { Kind::Writing } else { Kind::Processor };
        let party = Party::of(source, account, process);
        // Only a login can be refused while it waits.
        let turned_away_with = source.filter(|_| ask == ParentRequest::LoggingIn);
        let turn = self.shares.turns.queue(kind, socket, Applicant { process, party, turned_away_with }, now);
        let watched = self.shares.turns.socket(turn).map(|fd| self.poller.watch_closing(fd, Token::Turn(turn)));
        if let Some(Err(error)) = watched {
            warn!("cannot watch a child's turn: {error}");
            self.shares.turns.closed(turn, now);
        }
    }

    /// A child is done with its turn, or dead.
    pub(super) fn turn_is_over(&mut self, turn: Turn) {
        if let Some(socket) = self.shares.turns.socket(turn) {
            self.poller.forget(socket);
        }
        self.shares.turns.closed(turn, Instant::now());
    }

    /// A child wants a lease of a database connection.
    pub(super) fn queue_for_lease(&mut self, account: u64, socket: OwnedFd) {
        let now = Instant::now();
        let Some((process, source)) = self.who_asks(&socket) else { return };
        if let Some(lease) = self.shares.leases.of(process) {
            if !self.shares.leases.is_over(lease) {
                return self.say_too_many(process, "lease");
            }
            self.lease_is_over(lease);
        }
        let lease = self.shares.leases.queue(socket, process, Party::of(source, account, process), now);
        let watched = self.shares.leases.exchange(lease).map(|fd| self.poller.watch_closing(fd, Token::Lease(lease)));
        if let Some(Err(error)) = watched {
            warn!("cannot watch a child's lease: {error}");
            self.shares.leases.closed(lease, now);
        }
    }

    /// A child needs its connection no more, or is dead.
    pub(super) fn lease_is_over(&mut self, lease: Lease) {
        if let Some(exchange) = self.shares.leases.exchange(lease) {
            self.poller.forget(exchange);
        }
        self.shares.leases.closed(lease, Instant::now());
    }

    /// An action for which a source has a budget is about to be done.
    pub(super) fn count_against_budget(&mut self, ask: ParentRequest, socket: &OwnedFd) {
        let Some((_, source)) = self.who_asks(socket) else { return };
        let (budget, turned_away) = match ask {
            ParentRequest::Registering => (Budget::Registrations, &mut self.entry.turned_away.registrations),
            ParentRequest::UsingToken => (Budget::TokenLogins, &mut self.entry.turned_away.token_logins),
            _ => (Budget::Changes, &mut self.entry.turned_away.changes),
        };
        let may = self.entry.admission.spend(source, budget, Instant::now());
        *turned_away += u64::from(!may);
        ControlChannel::answer(socket, may);
    }

    /// The child that asks, and its client's source if that is limited. The kernel reports which child it is. Only a
    /// child can ask; one that has been reaped needs no answer.
    fn who_asks(&self, socket: &OwnedFd) -> Option<(Pid, Option<Source>)> {
        let process = who_asks(socket).ok()?;
        Some((process, self.children.source(process)?))
    }

    fn say_too_many(&mut self, process: Pid, what: &str) {
        if let Some(more) = self.entry.penalties_said.allow(Instant::now()) {
            warn!("child {process} requested a second {what} while it has one: refused{more}");
        }
    }

    /// Ends children that keep a turn to hash for longer than any hash takes: they are stopped, or asleep, and others
    /// wait. Returns when to look again.
    pub(super) fn end_overdue_turns(&mut self, now: Instant) -> Option<Instant> {
        for (turn, child, longest) in self.shares.turns.overdue(now) {
            if self.children.source(child).is_some() {
                let seconds = longest.as_secs();
                warn!("killing child {child}, which has kept its turn for {seconds} s");
                let _ = kill(child, Signal::SIGKILL);
            }
            // One that sleeps in the kernel does not end yet; its turn does.
            self.turn_is_over(turn);
        }
        self.shares.turns.overdue_at()
    }

    /// A login has failed, or a failure is taken back. The kernel reports which child it is, so it can only speak
    /// of its own client.
    pub(super) fn count_login(&mut self, what: ParentRequest, socket: &OwnedFd) {
        let now = Instant::now();
        let Some((child, source)) = self.who_asks(socket) else { return };
        if what == ParentRequest::FailedLogin {
            self.children.failed_login(child);
            if let Some(source) = source {
                self.penalise(source, Offence::FailedLogin, now);
            }
        } else if let (true, Some(source)) = (self.children.mended(child), source) {
            self.entry.admission.pardon(source, Offence::FailedLogin, now);
        }
        ControlChannel::answer(socket, !self.entry.admission.refuses(source, now));
    }

    /// The writer reports sessions that asked it for accounts that were not logged in there. No session of ours does
    /// this: each was taken over by its client, and ends. Its source pays as for a crash.
    pub(super) fn end_offenders(&mut self) {
        let offenders = self.writer.read_messages();
        self.take_births();
        for child in offenders {
            let Some(source) = self.children.source(child) else { continue };
            let now = Instant::now();
            if let Some(more) = self.entry.penalties_said.allow(now) {
                error!(
                    "child {child} asked the writer for an account that was not logged in there: its client may have \
                     taken it over; killing it{more}"
                );
            }
            let _ = kill(child, Signal::SIGKILL);
            if let Some(source) = source {
                self.penalise(source, Offence::Intrusion, now);
            }
        }
    }

    /// Penalises a source. If it is refused from now on, that is logged, and its sessions that wait to log in are
    /// refused.
    pub(super) fn penalise(&mut self, source: Source, offence: Offence, now: Instant) {
        let Some(refused) = self.entry.admission.penalise(source, offence, now) else { return };
        if let Some(more) = self.entry.penalties_said.allow(now) {
            let (seconds, offence) = (refused.as_secs(), offence.as_str());
            warn!("source {source} is refused for {seconds} s: too many failures, the last one: {offence}{more}");
        }
        self.entry.turned_away.logins += self.shares.turns.turn_away(source);
    }

    pub(super) fn describe_penalties(&self) -> Penalties {
        let now = Instant::now();
        let penalties = self.entry.admission.penalties();
        let refused = penalties.refused(now);
        Penalties {
            sources: penalties.sources(now) as u64,
            refused_sources: refused.len() as u64,
            longest: refused
                .into_iter()
                .take(NAMED)
                .map(|(source, left)| RefusedSource { source: source.to_string(), seconds: left.as_secs() })
                .collect(),
            logins_refused: self.entry.turned_away.logins,
            registrations_refused: self.entry.turned_away.registrations,
            changes_refused: self.entry.turned_away.changes,
            token_logins_refused: self.entry.turned_away.token_logins,
        }
    }
}

/// Requests that were refused to clients that had been let in, for what their sources had done before.
#[derive(Debug, Default)]
pub(super) struct TurnedAway {
    logins: u64,
    registrations: u64,
    changes: u64,
    token_logins: u64,
}
