//! The parent's side of the [writer](crate::writer): the parent forks one, forks another when the first dies, and ends
//! the writer last of all. It never waits for the writer, and never reads what children send to it.

use crate::ipc::channel::SILENT;
use crate::ipc::parent::pair;
use crate::ipc::rendezvous::Rendezvous;
use crate::ipc::ticket::KeyMemory;
use crate::sys::Forker;
use crate::writer::{self, Inherited, Notice, Order, SpoolFile, With};
use log::{error, warn};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// A writer that has lived this long did not die of how it was started.
const LIVED: Duration = Duration::from_secs(1);
/// The pause before the next writer is forked when one died young; twice as long the next time, and so on.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long after a session's complaint a writer that does not move is taken for stuck. With the time that the session
/// has waited before, that is 11 s: clients that were waiting when it stopped have got a refusal by then.
const STUCK: Duration = Duration::from_secs(9);
/// How long a writer may take to end that was killed, before it is taken for asleep in the kernel.
const TO_DIE: Duration = Duration::from_secs(1);

/// One that is stuck again so soon after the one before it is so for the same reason.
const RECENTLY: Duration = Duration::from_secs(60);

/// A writer at work.
#[derive(Debug)]
struct Running {
    pid: Pid,
    since: Instant,
    /// The writer finishes when this closes.
    shutdown_pipe: Option<OwnedFd>,
    /// Without the spool, because a writer that can't be ended may still have its hand on it.
    spoolless: bool,
    /// What it has asked for before it ends.
    order: Option<Order>,
}

/// Sessions wait for the writer; whether it moves is being looked at.
#[derive(Debug)]
struct Suspicion {
    /// Its turn on the scoreboard when this began.
    turn: u64,
    since: Instant,
    /// When it was killed for not moving.
    killed: Option<Instant>,
}

impl Running {
    /// Reads what it has sent: of which children it reports that they asked for what they had no right to.
    fn read_notices(&mut self) -> Vec<Pid> {
        let mut offenders = Vec::new();
        let mut message = [0; Notice::SIZE + 1];
        let Some(shutdown_pipe) = &self.shutdown_pipe else { return offenders };
        // An empty one is the end.
        while let Ok(size @ 1..) = recv(shutdown_pipe.as_raw_fd(), &mut message, MsgFlags::MSG_DONTWAIT) {
            match Notice::read(&message[..size]) {
                Some(Notice::Offender(child)) => offenders.push(child),
                Some(Notice::Order(order)) => self.order = Some(order),
                None => {}
            }
        }
        offenders
    }
}

/// The writer's place.
#[derive(Debug)]
pub struct Supervisor {
    rendezvous: Rendezvous,
    /// Where writers keep the key of tickets; never read here, or every session would inherit it.
    key: KeyMemory,
    /// Opened once, for all writers; a client's private server has no spool.
    spool: Option<SpoolFile>,
    running: Option<Running>,
    /// When the next writer is forked, if there is none.
    due: Option<Instant>,
    /// How long to wait after the next one that dies young; nothing for the first.
    pause: Duration,
    /// How many were ever forked.
    forks: u64,
    suspicion: Option<Suspicion>,
    /// What the next writer is to know: that the one before was stuck, and for how long the database is left alone.
    stuck: Option<Duration>,
    /// How many were replaced because they were stuck.
    replaced: u64,
    /// Writers that were killed and have not ended: they sleep in the kernel.
    asleep: Vec<Pid>,
    finishing: bool,
}

impl Supervisor {
    /// A place for a writer, empty at first.
    ///
    /// # Errors
    /// No descriptor.
    pub fn new(spool: Option<SpoolFile>) -> Result<Self, Errno> {
        let due = Some(Instant::now());
        Ok(Self {
            rendezvous: Rendezvous::new()?,
            key: KeyMemory::new()?,
            spool,
            running: None,
            due,
            pause: Duration::ZERO,
            forks: 0,
            suspicion: None,
            stuck: None,
            replaced: 0,
            asleep: Vec::new(),
            finishing: false,
        })
    }

    /// The end of the rendezvous that every child inherits.
    pub fn for_children(&self) -> BorrowedFd<'_> {
        self.rendezvous.for_children()
    }

    /// How many bytes there may be in the spool; `None` without one.
    pub fn spool_limit(&self) -> Option<u64> {
        self.spool.as_ref().map(SpoolFile::limit)
    }

    /// The writer's process, if there is one.
    pub fn pid(&self) -> Option<Pid> {
        self.running.as_ref().map(|running| running.pid)
    }

    /// How many were ever forked.
    pub fn forks(&self) -> u64 {
        self.forks
    }

    /// How many were replaced because they did not move while lookups waited.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// For how long lookups have waited for a writer that does not move.
    pub fn silent(&self, now: Instant) -> Option<Duration> {
        self.suspicion.as_ref().map(|suspicion| now.saturating_duration_since(suspicion.since) + SILENT)
    }

    /// Where the writer's messages come in.
    pub fn messages(&self) -> Option<BorrowedFd<'_>> {
        self.running.as_ref()?.shutdown_pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads the writer's messages: the children of which it reports that they asked for what they had no right to.
    pub fn read_messages(&mut self) -> Vec<Pid> {
        self.running.as_mut().map(Running::read_notices).unwrap_or_default()
    }

    /// Has the writer look at the database, and move.
    pub fn wake(&self) {
        if let Some(shutdown_pipe) = self.running.as_ref().and_then(|running| running.shutdown_pipe.as_ref()) {
            // Where there is no room it was asked often enough.
            let _ = send(shutdown_pipe.as_raw_fd(), b"?", MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
        }
    }

    /// A session reports that the writer does not answer. It is asked for a sign of life: one that is idle moves then,
    /// and no child can have it killed by complaining. `turn` is its turn counter on the scoreboard.
    pub fn suspect(&mut self, turn: u64, now: Instant) {
        if self.finishing || self.suspicion.is_some() {
            return;
        }
        if self.running.as_ref().is_some_and(|running| running.shutdown_pipe.is_some()) {
            self.wake();
            self.suspicion = Some(Suspicion { turn, since: now, killed: None });
        }
    }

    /// Looks whether a suspected writer has moved; kills it if it has not for too long. Returns when to look again.
    pub fn look(&mut self, turn: impl FnOnce() -> u64, now: Instant) -> Option<Instant> {
        let suspicion = self.suspicion.as_mut()?;
        let running = self.running.as_ref().map(|running| (running.pid, now.saturating_duration_since(running.since)));
        let Some((pid, lived)) = running else {
            self.suspicion = None;
            return None;
        };
        match suspicion.killed {
            None if turn() != suspicion.turn => {
                self.suspicion = None;
                None
            }
            None if now < suspicion.since + STUCK => Some(suspicion.since + STUCK),
            None => {
                let seconds = (STUCK + SILENT).as_secs();
                error!(
                    "writer {pid} has made no progress for {seconds} s while lookups wait; killing and restarting it"
                );
                let _ = kill(pid, Signal::SIGKILL);
                suspicion.killed = Some(now);
                self.replaced += 1;
                // A second one so soon is stuck for the same reason: the database gets time.
                let again = self.stuck.is_some() && lived < RECENTLY;
                self.stuck = Some(if again { STUCK + SILENT } else { Duration::ZERO });
                Some(now + TO_DIE)
            }
            Some(killed) if now < killed + TO_DIE => Some(killed + TO_DIE),
            Some(_) => {
                error!(
                    "writer {pid} does not die: it is blocked in the kernel; until it ends, lookups cannot be \
                        spooled"
                );
                self.asleep.push(pid);
                self.running = None;
                self.suspicion = None;
                self.due = Some(now);
                None
            }
        }
    }

    /// When a writer is to be forked, if there is none.
    pub fn due(&self) -> Option<Instant> {
        self.due.filter(|_| !self.finishing)
    }

    /// Forks a writer. On failure another time is due.
    pub fn fork(&mut self, forker: &mut Forker, with: With<'_>, now: Instant) {
        match self.try_to_fork(forker, with) {
            Ok(running) => {
                self.forks += 1;
                self.due = None;
                self.running = Some(running);
            }
            Err(error) => {
                self.rest(now);
                warn!("cannot fork a writer: {error}; lookups are not recorded until there is one");
            }
        }
    }

    fn try_to_fork(&self, forker: &mut Forker, with: With<'_>) -> Result<Running, Errno> {
        let (ours, theirs) = pair()?;
        // One that sleeps in a write to the spool would write over what the next has put there.
        let spool = self.spool.as_ref().filter(|_| self.asleep.is_empty());
        let (rendezvous, key) = (&self.rendezvous, &self.key);
        let (stuck, spoolless) = (self.stuck, !self.asleep.is_empty());
        let pid = forker.fork(|origin| {
            let shutdown_pipe = theirs.as_fd();
            writer::run(Inherited { rendezvous, shutdown_pipe, key, with, spool, stuck }, origin)
        })?;
        Ok(Running { pid, since: Instant::now(), shutdown_pipe: Some(ours), spoolless, order: None })
    }

    fn rest(&mut self, now: Instant) {
        self.due = Some(now + self.pause);
        self.pause = (self.pause * 2).clamp(PAUSE, LONGEST_PAUSE);
    }

    /// A process ended. If it was the writer, it is logged, and another is due.
    pub fn ended(&mut self, pid: Pid, status: WaitStatus, now: Instant) {
        if self.asleep.contains(&pid) {
            self.asleep.retain(|&asleep| asleep != pid);
            warn!("writer {pid}, which was blocked in the kernel, has ended");
            if let Some(running) = self.running.as_mut().filter(|running| running.spoolless && self.asleep.is_empty()) {
                // It finishes, and the next one has the spool.
                running.shutdown_pipe = None;
            }
            return;
        }
        let Some(mut running) = self.running.take_if(|running| running.pid == pid) else { return };
        let suspicion = self.suspicion.take();
        if self.finishing {
            return;
        }
        let lived = now.saturating_duration_since(running.since);
        if suspicion.is_some_and(|suspicion| suspicion.killed.is_some()) || running.shutdown_pipe.is_none() {
            // Already logged, and not caused by how it was started.
            self.due = Some(now);
            return;
        }
        if lived >= LIVED {
            self.pause = Duration::ZERO;
        }
        self.stuck = None;
        self.rest(now);
        running.read_notices();
        if let Some(order) = running.order {
            self.carry_out(order);
            return;
        }
        match status {
            WaitStatus::Signaled(_, signal @ (Signal::SIGKILL | Signal::SIGTERM), _) => {
                warn!("writer {pid} was killed ({signal}); restarting it");
            }
            WaitStatus::Signaled(_, signal, _) => {
                error!("writer {pid} crashed ({signal}); restarting it. This is a bug, please report it");
            }
            other => error!("writer {pid}: {other:?}; restarting it"),
        }
    }

    /// Does what a writer has asked for before it ended.
    fn carry_out(&mut self, order: Order) {
        let Some(spool) = &mut self.spool else { return };
        let done = match order {
            Order::TurnTo(identity) => {
                warn!("the database was replaced by another one; the spool is kept for the previous one");
                spool.turn_to(identity)
            }
            Order::PutAside => spool.put_aside(),
            Order::PutBack => spool.put_back(),
            Order::Renew => Ok(()),
        };
        if let Err(error) = done {
            // It is asked for again by the next writer.
            error!("the spool: {error}; refusing lookups until this is fixed");
        }
    }

    /// Has the writer finish: no process is left that could send it anything. True when it has gone.
    pub fn finish(&mut self) -> bool {
        if !self.finishing {
            self.finishing = true;
            if let Some(running) = &mut self.running {
                running.shutdown_pipe = None;
            }
        }
        self.running.is_none()
    }

    /// Ends the writer at once.
    pub fn kill(&self) {
        if let Some(running) = &self.running {
            let _ = kill(running.pid, Signal::SIGKILL);
        }
    }
}
