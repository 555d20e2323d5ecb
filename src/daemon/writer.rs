//! The parent's hand on the [writer](crate::writer): it forks one, forks another when one dies, and ends it last of
//! all. It never waits for it, and never reads what children say to it.

use crate::session::board::Board;
use crate::session::exchange::pair;
use crate::standard_error::StandardError;
use crate::store::Location;
use crate::sys::sandbox::Sandbox;
use crate::sys::{Forker, Title};
use crate::writer::{self, Door, Inherited, SpoolFile};
use log::{error, warn};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// A writer that has lived so long has not died of how it was started.
const LIVED: Duration = Duration::from_secs(1);
/// The pause before the next writer is forked when one died young; twice as long the next time, and so on.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a writer is forked with, of all that the parent has.
#[derive(Debug)]
pub struct With<'a> {
    /// Where figures are shown.
    pub board: &'a Board,
    /// The database.
    pub database: &'a Location,
    /// What `ps` shows.
    pub title: Option<&'a mut Title>,
    /// What it is confined to.
    pub sandbox: &'a Sandbox,
    /// Where the log goes.
    pub lines: &'a StandardError,
}

/// A writer at work.
#[derive(Debug)]
struct Running {
    pid: Pid,
    since: Instant,
    /// The writer finishes when this closes.
    lifeline: Option<OwnedFd>,
}

/// The writer's place.
#[derive(Debug)]
pub struct Supervisor {
    door: Door,
    /// Opened once, for all writers; a client's private server has none.
    spool: Option<SpoolFile>,
    running: Option<Running>,
    /// When the next writer is forked, if there is none.
    due: Option<Instant>,
    /// How long to wait after the next one that dies young; nothing for the first.
    pause: Duration,
    /// How many were ever forked.
    forks: u64,
    finishing: bool,
}

impl Supervisor {
    /// A place for a writer, with none in it yet.
    ///
    /// # Errors
    /// No descriptor.
    pub fn new(spool: Option<SpoolFile>) -> Result<Self, Errno> {
        let due = Some(Instant::now());
        Ok(Self { door: Door::new()?, spool, running: None, due, pause: Duration::ZERO, forks: 0, finishing: false })
    }

    /// The end of the door that every child inherits.
    pub fn for_children(&self) -> BorrowedFd<'_> {
        self.door.for_children()
    }

    /// How many bytes there may be in the spool; none without one.
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
                warn!("no writer can be forked: {error}; lookups are not recorded until there is one");
            }
        }
    }

    fn try_to_fork(&self, forker: &mut Forker, with: With<'_>) -> Result<Running, Errno> {
        let (ours, theirs) = pair()?;
        let With { board, database, title, sandbox, lines } = with;
        let (door, spool) = (&self.door, self.spool.as_ref());
        let pid = forker.fork(|origin| {
            let lifeline = theirs.as_fd();
            writer::run(Inherited { door, lifeline, board, database, title, sandbox, lines, spool }, origin)
        })?;
        Ok(Running { pid, since: Instant::now(), lifeline: Some(ours) })
    }

    fn rest(&mut self, now: Instant) {
        self.due = Some(now + self.pause);
        self.pause = (self.pause * 2).clamp(PAUSE, LONGEST_PAUSE);
    }

    /// A process ended. If it was the writer, it is logged, and another is due.
    pub fn ended(&mut self, pid: Pid, status: WaitStatus, now: Instant) {
        let Some(running) = self.running.take_if(|running| running.pid == pid) else { return };
        if self.finishing {
            return;
        }
        if now.saturating_duration_since(running.since) >= LIVED {
            self.pause = Duration::ZERO;
        }
        self.rest(now);
        match status {
            WaitStatus::Signaled(_, signal @ (Signal::SIGKILL | Signal::SIGTERM), _) => {
                warn!("writer {pid} was killed ({signal}); another takes its place");
            }
            WaitStatus::Signaled(_, signal, _) => {
                error!("writer {pid} crashed ({signal}); another takes its place; please report it");
            }
            other => error!("writer {pid}: {other:?}; another takes its place"),
        }
    }

    /// Has the writer finish: nobody is left who could send it anything. True when it has gone.
    pub fn finish(&mut self) -> bool {
        if !self.finishing {
            self.finishing = true;
            if let Some(running) = &mut self.running {
                running.lifeline = None;
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
