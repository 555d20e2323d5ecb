//! Forking the child of a client that was let in: by the fork server, or by the parent itself if there is no fork
//! server. A child is entered in the table when it reports, which is the first thing that it does.

use super::Parent;
use super::tls::Tls;
use crate::daemon::admission::{Admitted, Refusal};
use crate::daemon::children::Reserved;
use crate::daemon::fork_server::{Received, Report, With};
use crate::daemon::poller::Token;
use crate::ipc::scoreboard::SlotNumber;
use crate::session::{self, Arrival, Confinement, Inherited, Language};
use log::warn;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a request may wait for its child before the fork server is taken for dead.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client that was let in and has no child yet.
#[derive(Debug)]
pub(super) struct Entering {
    pub client: OwnedFd,
    pub arrival: Arrival,
    pub place: Admitted,
    pub reserved: Reserved,
    pub since: Instant,
}

/// Children that the fork server was asked for.
#[derive(Debug, Default)]
pub struct Births {
    expected: BTreeMap<SlotNumber, Entering>,
    /// The words that they begin with: which load.
    generation: u64,
}

impl Births {
    /// Whether no report is expected.
    pub fn are_none(&self) -> bool {
        self.expected.is_empty()
    }
}

impl Parent {
    /// Has a child forked.
    pub(super) fn fork_child(&mut self, entering: Entering) {
        match self.fork_server.ask(&entering.arrival, entering.client.as_fd()) {
            Ok(()) => {
                self.births.expected.insert(entering.arrival.slot, entering);
            }
            Err(_) => self.fork_child_here(entering),
        }
    }

    fn fork_child_here(&mut self, entering: Entering) {
        let (scoreboard, control_channel, words, session) =
            (&mut self.scoreboard, &self.control_channel, &mut self.served.words, &self.forking.session);
        let rendezvous = self.writer.for_children();
        let title = self.forking.title.as_mut();
        let (arrival, connected) = (entering.arrival.clone(), entering.since);
        let tls = self.served.tls.as_ref().filter(|_| arrival.language == Language::LinesOverTls).map(Tls::memory);
        let sandbox = self.forking.sandboxes.for_session();
        let signals = self.signals.for_sessions();
        let lines = self.reports.unlogged.lines();
        // In the child the client's socket is moved into the session; here it stays, to refuse with.
        let mut entering = Some(entering);
        let forked = self.forking.forker.fork_session(signals, |signals, origin| match entering.take() {
            Some(Entering { client, .. }) => session::run(
                Inherited {
                    client,
                    arrival,
                    tls,
                    control_channel: control_channel.for_children(),
                    rendezvous,
                    words,
                    settings: session,
                    title,
                    connected,
                    confinement: Confinement::Whole { sandbox, signals },
                    lines,
                },
                scoreboard,
                origin,
            ),
            None => crate::sys::exit_now(1),
        });
        if let Some(entering) = entering {
            self.forked(entering, forked, self.served.words.generation());
        }
    }

    fn forked(&mut self, entering: Entering, forked: Result<Pid, Errno>, words: u64) {
        let Entering { client, arrival: Arrival { peer, language, is_proxied, .. }, place, reserved, since } = entering;
        match forked {
            Ok(pid) => {
                self.children.begun(pid, reserved, (peer, language, is_proxied), place, since, words);
                self.show_many();
            }
            Err(error) => {
                self.entry.scarcity.no_process(error);
                self.children.release(reserved);
                self.entry.admission.leave(place);
                self.entry.refusals.refuse(client, language, Refusal::Overloaded, &self.poller, Instant::now());
            }
        }
    }

    /// Takes in what the fork server's children have reported: before anything else is done for a child, or of one.
    pub(super) fn take_births(&mut self) {
        if !self.births.are_none() {
            self.receive_reports();
        }
    }

    /// The same, and sees whether it has ended.
    pub(super) fn receive_reports(&mut self) {
        loop {
            match self.fork_server.receive() {
                Received::Report(Report { slot, child }) => {
                    let Some(entering) = self.births.expected.remove(&slot) else { continue };
                    let words = self.births.generation;
                    self.forked(entering, child, words);
                    if let Ok(child) = child {
                        self.tell_late_born(child, words);
                    }
                }
                Received::Nothing => return,
                Received::End => {
                    self.stop_watching_fork_server();
                    self.fork_server.lost(Instant::now());
                    // Nothing has come of these.
                    for entering in std::mem::take(&mut self.births.expected).into_values() {
                        self.fork_child_here(entering);
                    }
                    return;
                }
            }
        }
    }

    /// Sends what was sent to all others while it was not in the table.
    fn tell_late_born(&self, child: Pid, words: u64) {
        let missed = if self.stop_by.is_some() {
            Signal::SIGTERM
        } else if words < self.served.words.generation() {
            Signal::SIGHUP
        } else {
            return;
        };
        if let Err(error) = kill(child, missed) {
            warn!("cannot send {missed} to child {child}: {error}");
        }
    }

    fn stop_watching_fork_server(&self) {
        if let Some(reports) = self.fork_server.reports() {
            self.poller.forget(reports);
        }
    }

    /// Forks a fork server if it is time for one, and lets one go that is not up to date. Returns when there is
    /// something to do, if that is later.
    pub(super) fn look_after_fork_server(&mut self, now: Instant) -> Option<Instant> {
        let oldest = self.births.expected.values().map(|entering| entering.since).min();
        let overdue = oldest.map(|since| since + PATIENCE);
        if overdue.is_some_and(|overdue| overdue <= now) {
            self.fork_server.kill();
            return Some(now + PATIENCE);
        }
        let is_over = self.fork_server.is_stale() || self.stop_by.is_some();
        if is_over && self.births.are_none() {
            self.stop_watching_fork_server();
            self.fork_server.let_go(now);
        }
        let due = self.fork_server.due().filter(|_| self.stop_by.is_none());
        if due.is_some_and(|due| due <= now) {
            let with = With {
                scoreboard: &mut self.scoreboard,
                control_channel: self.control_channel.for_children(),
                rendezvous: self.writer.for_children(),
                words: &mut self.served.words,
                tls: self.served.tls.as_ref().map(Tls::memory),
                settings: &self.forking.session,
                title: self.forking.title.as_mut(),
                sandbox: self.forking.sandboxes.for_session(),
                lines: self.reports.unlogged.lines(),
            };
            self.births.generation = with.words.generation();
            self.fork_server.fork(&mut self.forking.forker, with, now);
            let watched = self.fork_server.reports().map(|reports| self.poller.watch(reports, Token::ForkServer));
            if let Some(Err(error)) = watched {
                warn!("cannot watch the fork server: {error}");
                self.fork_server.is_outdated();
            }
        }
        [overdue, self.fork_server.due().filter(|_| self.stop_by.is_none())].into_iter().flatten().min()
    }
}
