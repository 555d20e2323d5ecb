//! The table of children: which process serves which client, and in which slot of the scoreboard. Every change of a
//! child's state goes through here, and is counted and logged here. This module never forks and never waits.

pub mod control_channel;
pub mod fair;
mod free_slots;
pub mod leases;
pub mod lookup_rates;
pub mod turns;

use super::admission::Admitted;
use crate::config::networks::Source;
use crate::ipc::counters;
use crate::ipc::scoreboard::{Scoreboard, Shown, SlotNumber};
use crate::ipc::status::Clients;
use crate::session::{ExitReason, Language, Peer, State};
use free_slots::FreeSlots;
use log::{debug, error, info, warn};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicU64;
use std::time::Instant;

/// One child.
#[derive(Debug)]
struct Child {
    peer: Peer,
    language: Language,
    /// Whether a proxy's header is to name the client, and has not yet.
    is_unknown: bool,
    /// Whether, by the header, the connection is the proxy's own, such as a health check.
    is_of_proxy: bool,
    place: Admitted,
    slot: SlotNumber,
    connected: Instant,
    /// The words it was forked with.
    inherited: u64,
    /// Failed logins that it has reported and not taken back.
    failed_logins: u32,
}

impl Child {
    fn generation(&self, scoreboard: &Scoreboard) -> u64 {
        scoreboard.slot(self.slot).shown(Shown::Generation).max(self.inherited)
    }
}

/// A slot that is taken for a child that is not forked yet.
#[derive(Debug)]
#[must_use]
pub struct Reserved {
    slot: SlotNumber,
}

impl Reserved {
    /// The slot.
    pub fn slot(&self) -> SlotNumber {
        self.slot
    }
}

/// The table.
#[derive(Debug)]
pub struct Children {
    by_pid: HashMap<Pid, Child>,
    free: FreeSlots,
    forks: u64,
    reaped: u64,
    /// Sessions ended, by reason.
    endings: BTreeMap<&'static str, u64>,
    /// Dropped log lines of sessions that have ended, not reported yet.
    unlogged: u64,
    /// What sessions that have ended have counted: [`counters::SIZE`] numbers once there was one.
    counters: Vec<AtomicU64>,
    database_errors: u64,
}

impl Children {
    /// A table without children, which gives them slots of this scoreboard.
    pub fn new(scoreboard: &Scoreboard) -> Self {
        Self {
            by_pid: HashMap::new(),
            free: FreeSlots::all(scoreboard.slots()),
            forks: 0,
            reaped: 0,
            endings: BTreeMap::new(),
            unlogged: 0,
            counters: Vec::new(),
            database_errors: 0,
        }
    }

    /// Takes a slot, before the fork. `None` if the scoreboard has no more.
    pub fn reserve(&mut self, scoreboard: &Scoreboard) -> Option<Reserved> {
        let slot = self.free.take_lowest()?;
        scoreboard.slot(slot).clear();
        Some(Reserved { slot })
    }

    /// Gives a slot back: the fork failed.
    pub fn release(&mut self, reserved: Reserved) {
        self.free.insert(reserved.slot);
    }

    /// A child was forked.
    pub fn begun(
        &mut self,
        pid: Pid,
        reserved: Reserved,
        (peer, language, is_unknown): (Peer, Language, bool),
        place: Admitted,
        connected: Instant,
        words: u64,
    ) {
        self.forks += 1;
        debug!("client {peer}: child {pid} forked");
        let (slot, failed_logins) = (reserved.slot, 0);
        let is_of_proxy = false;
        let child =
            Child { peer, language, is_unknown, is_of_proxy, place, slot, connected, inherited: words, failed_logins };
        self.by_pid.insert(pid, child);
    }

    /// A process ended. If it was a child of this table, it is logged and forgotten, and its client's place is given
    /// back to the caller.
    pub fn ended(&mut self, pid: Pid, status: WaitStatus, scoreboard: &Scoreboard) -> Option<Admitted> {
        let child = self.by_pid.remove(&pid)?;
        self.reaped += 1;
        let slot = scoreboard.slot(child.slot);
        let (peer, user, requests) = (&child.peer, slot.user(), slot.shown(Shown::Requests));
        let user = if user.is_empty() { "-" } else { &user };
        self.unlogged = self.unlogged.saturating_add(slot.shown(Shown::Unlogged).min(MOST_UNLOGGED));
        self.database_errors = self.database_errors.saturating_add(slot.database_errors());
        if self.counters.is_empty() {
            self.counters = counters::none();
        }
        slot.counters().add_to(&self.counters);
        let seconds = child.connected.elapsed().as_secs_f64();
        let plural = if requests == 1 { "" } else { "s" };
        // Not on the heap: the parent would write to a page of it that its latest child shares.
        let who = format_args!("client {peer} user {user}: {requests} request{plural} in {seconds:.3} s");
        *self.endings.entry(name_of(status)).or_default() += 1;
        let is_check = child.is_unknown || child.is_of_proxy && requests == 0;
        match status {
            WaitStatus::Exited(_, status) => match ExitReason::from_exit_status(status) {
                Some(ExitReason::Internal) => error!("{who}: child {pid}: {}", ExitReason::Internal.as_str()),
                // GoldenDict connects at every key: how such a session ends is worth a line only where something is
                // wrong. And a proxy checks every few seconds whether the server is up.
                Some(ending) if (child.language == Language::Dict || is_check) && !ending.is_failure() => {
                    debug!("{who}: {}", ending.as_str());
                }
                // The child has logged what is wrong with the header.
                Some(ExitReason::NoProxyHeader) => debug!("{who}: {}", ExitReason::NoProxyHeader.as_str()),
                Some(ending) => info!("{who}: {}", ending.as_str()),
                None => error!("{who}: child {pid} exited with unexpected status {status}"),
            },
            WaitStatus::Signaled(_, Signal::SIGKILL | Signal::SIGTERM, _) => warn!("{who}: child {pid} was killed"),
            WaitStatus::Signaled(_, signal, _) => {
                error!("{who}: child {pid} crashed ({signal}). This is a bug, please report it");
            }
            other => error!("{who}: child {pid}: {other:?}"),
        }
        self.free.insert(child.slot);
        Some(child.place)
    }

    /// Whether a process is a child of this table.
    pub fn is_child(&self, pid: Pid) -> bool {
        self.by_pid.contains_key(&pid)
    }

    /// The source of a child's client, if limits and penalties are for it. `None`: there is no such child.
    pub fn source(&self, pid: Pid) -> Option<Option<Source>> {
        self.by_pid.get(&pid).map(|child| child.place.source())
    }

    /// The address of a child's connection, if its proxy's header is to name the client; not twice.
    pub fn unknown(&self, pid: Pid) -> Option<(&Peer, Language)> {
        self.by_pid.get(&pid).filter(|child| child.is_unknown).map(|child| (&child.peer, child.language))
    }

    /// The proxy's header has named it; a client that is let in is counted under a source.
    pub fn introduced(&mut self, pid: Pid, peer: Peer, source: Option<Source>) {
        if let Some(child) = self.by_pid.get_mut(&pid) {
            child.is_unknown = false;
            child.is_of_proxy = child.peer == peer;
            child.peer = peer;
            child.place.count_under(source);
        }
    }

    /// A child reports a failed login.
    pub fn failed_login(&mut self, pid: Pid) {
        if let Some(child) = self.by_pid.get_mut(&pid) {
            child.failed_logins += 1;
        }
    }

    /// A child takes a failed login back; `false` if it has not reported one.
    pub fn mended(&mut self, pid: Pid) -> bool {
        match self.by_pid.get_mut(&pid) {
            Some(child) if child.failed_logins > 0 => {
                child.failed_logins -= 1;
                true
            }
            _ => false,
        }
    }

    /// Sends a signal to every child. A child that has just ended is still ours to reap, so no other process can have
    /// its pid.
    pub fn signal_all(&self, signal: Signal) {
        for pid in self.by_pid.keys() {
            if let Err(error) = kill(*pid, signal) {
                warn!("cannot send {signal} to child {pid}: {error}");
            }
        }
    }

    /// The oldest generation of words that a child answers from, up to `newest`. One that was forked after the words
    /// were loaded has them, even before it reports so.
    pub fn slowest(&self, scoreboard: &Scoreboard, newest: u64) -> u64 {
        self.by_pid
            .values()
            .map(|child| child.generation(scoreboard))
            .min()
            .map_or(newest, |slowest| slowest.min(newest))
    }

    /// What the children are doing, by their own reports.
    pub fn clients(&self, scoreboard: &Scoreboard) -> Clients {
        let mut clients = Clients { total: self.by_pid.len() as u64, ..Clients::default() };
        for child in self.by_pid.values() {
            *match State::of_number(scoreboard.slot(child.slot).shown(Shown::State)) {
                None => &mut clients.starting,
                Some(State::LoginAwaited) => &mut clients.awaiting_login,
                Some(State::Idle) => &mut clients.idle,
                Some(State::Busy) => &mut clients.busy,
                Some(State::Hashing) => &mut clients.hashing,
                Some(State::Closing) => &mut clients.closing,
            } += 1;
        }
        clients
    }

    /// How many answer from older words than `newest`.
    pub fn lagging(&self, scoreboard: &Scoreboard, newest: u64) -> u64 {
        self.by_pid.values().filter(|child| child.generation(scoreboard) < newest).count() as u64
    }

    /// What all sessions have counted since the start: numbers for [`counters::Counters`].
    pub fn counters(&self, scoreboard: &Scoreboard) -> Vec<AtomicU64> {
        let sums = counters::none();
        counters::Counters::of(&self.counters).add_to(&sums);
        self.by_pid.values().for_each(|child| scoreboard.slot(child.slot).counters().add_to(&sums));
        sums
    }

    /// How many requests of sessions the database has failed.
    pub fn database_errors(&self, scoreboard: &Scoreboard) -> u64 {
        let living = self.by_pid.values().map(|child| scoreboard.slot(child.slot).database_errors());
        living.fold(self.database_errors, u64::saturating_add)
    }

    /// How many log lines of sessions were dropped since this was last asked.
    pub fn take_unlogged(&mut self) -> u64 {
        std::mem::take(&mut self.unlogged)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_pid.len()
    }

    /// How many were ever forked.
    pub fn forks(&self) -> u64 {
        self.forks
    }

    /// How many were ever reaped.
    pub fn reaped(&self) -> u64 {
        self.reaped
    }

    /// Of these, how many ended in each way that there is.
    pub fn endings(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = ExitReason::ALL.into_iter().map(ExitReason::name).chain([KILLED, CRASHED, UNKNOWN]);
        names.map(|name| (name, self.endings.get(name).copied().unwrap_or(0)))
    }
}

/// No session is logged with more than this, whatever it reports.
const MOST_UNLOGGED: u64 = 1 << 32;

/// Names of endings that no session gives itself.
const KILLED: &str = "killed";
const CRASHED: &str = "crashed";
const UNKNOWN: &str = "unknown";

/// The name in counters of how a session ended.
fn name_of(status: WaitStatus) -> &'static str {
    match status {
        WaitStatus::Exited(_, status) => ExitReason::from_exit_status(status).map_or(UNKNOWN, ExitReason::name),
        WaitStatus::Signaled(_, Signal::SIGKILL | Signal::SIGTERM, _) => KILLED,
        WaitStatus::Signaled(..) => CRASHED,
        _ => UNKNOWN,
    }
}
