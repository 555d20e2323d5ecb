//! The fork server: a small process that forks the children in the parent's stead. It enters most of a session's
//! sandbox once, before it forks, and the children inherit it: if each child had to enter a filter of system calls by
//! itself, that would cost half as much as the fork. The children are children of the parent, which waits for them, and
//! they end when the parent does.
//!
//! This file has the parent's side. The fork server is optional: without one, the parent forks each child itself, and
//! the child then enters the whole sandbox.

mod process;
mod request;

pub use process::With;
pub use request::Report;

use crate::ipc::parent::pair;
use crate::session::Arrival;
use crate::sys::{self, Forker};
use log::warn;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{MsgFlags, recv};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;
use request::{REPORT_SIZE, to_bytes};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// One that has lived this long did not die of how it was started.
const LIVED: Duration = Duration::from_secs(1);
/// The pause before the next one when one died young; children are forked without it meanwhile.
const PAUSE: Duration = Duration::from_secs(10);

/// A fork server at work.
#[derive(Debug)]
struct Running {
    pid: Pid,
    since: Instant,
    requests: OwnedFd,
    /// What it has is not what children need any more: it gets no more requests.
    is_stale: bool,
    /// It was waited for already.
    is_reaped: bool,
    /// It was killed, because it did not answer.
    is_killed: bool,
}

impl Running {
    /// It is on its way to its end.
    fn ends(self, ending: &mut Vec<Pid>) {
        if !self.is_reaped {
            ending.push(self.pid);
        }
    }
}

/// What has come from it.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// What came of a request.
    Report(Report),
    /// Nothing more for now.
    Nothing,
    /// It has ended, and every child that it has forked has reported: of other requests nothing comes.
    End,
}

/// The fork server's place.
#[derive(Debug)]
pub struct ForkServer {
    running: Option<Running>,
    /// Those that were let go, and have not been reaped.
    ending: Vec<Pid>,
    /// When the next one is forked, if there is none; never where the kernel lacks what it takes.
    due: Option<Instant>,
}

impl ForkServer {
    /// A place for one, empty at first.
    pub fn new(is_usable: bool) -> Self {
        Self { running: None, ending: Vec::new(), due: is_usable.then(Instant::now) }
    }

    /// When one is to be forked, if there is none.
    pub fn due(&self) -> Option<Instant> {
        self.due.filter(|_| self.running.is_none())
    }

    /// Forks one. On failure another time is due.
    pub fn fork(&mut self, forker: &mut Forker, with: With<'_>, now: Instant) {
        let forked = pair().and_then(|(ours, theirs)| {
            let pid = forker.fork(|origin| process::run(theirs.as_fd(), with, origin))?;
            Ok(Running { pid, since: now, requests: ours, is_stale: false, is_reaped: false, is_killed: false })
        });
        match forked {
            Ok(running) => self.running = Some(running),
            Err(error) => {
                self.due = Some(now + PAUSE);
                log::debug!("cannot fork a fork server: {error}");
            }
        }
    }

    /// Where its reports come in.
    pub fn reports(&self) -> Option<BorrowedFd<'_>> {
        self.running.as_ref().map(|running| running.requests.as_fd())
    }

    /// Asks for a child; the parent keeps its own copy of the client's socket until there is a report.
    ///
    /// # Errors
    /// There is no fork server, or it has as many requests as it can have.
    pub fn ask(&self, arrival: &Arrival, client: BorrowedFd<'_>) -> Result<(), Errno> {
        let running = self.running.as_ref().filter(|running| !running.is_stale).ok_or(Errno::ECHILD)?;
        sys::send_with_descriptor(running.requests.as_fd(), &to_bytes(arrival), client, MsgFlags::MSG_DONTWAIT)
    }

    /// Takes one report.
    pub fn receive(&self) -> Received {
        let Some(running) = &self.running else { return Received::Nothing };
        loop {
            let mut bytes = [0; REPORT_SIZE];
            match recv(running.requests.as_raw_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT) {
                Ok(REPORT_SIZE) => return Received::Report(Report::from_bytes(bytes)),
                Ok(0) | Err(Errno::ECONNRESET) => return Received::End,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(_) => return Received::Nothing,
            }
        }
    }

    /// Children need something else from now on: words, a certificate, files.
    pub fn is_outdated(&mut self) {
        if let Some(running) = &mut self.running {
            running.is_stale = true;
        }
    }

    /// Whether it is to go as soon as no request is under way.
    pub fn is_stale(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.is_stale)
    }

    /// Lets it go: it ends when it sees that. Another may be forked at once.
    pub fn let_go(&mut self, now: Instant) {
        if let Some(running) = self.running.take() {
            running.ends(&mut self.ending);
            self.due = Some(now);
        }
    }

    /// It has ended by itself, or was killed.
    pub fn lost(&mut self, now: Instant) {
        if let Some(running) = self.running.take() {
            let young = now.saturating_duration_since(running.since) < LIVED;
            warn!("fork server {} has ended; restarting it{}", running.pid, if young { " soon" } else { "" });
            running.ends(&mut self.ending);
            self.due = Some(if young { now + PAUSE } else { now });
        }
    }

    /// Ends it: requests have waited for too long.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.as_mut().filter(|running| !running.is_killed) {
            running.is_killed = true;
            warn!("fork server {} does not answer; killing it", running.pid);
            let _ = kill(running.pid, Signal::SIGKILL);
        }
    }

    /// A process ended. Whether it was a fork server.
    pub fn ended(&mut self, pid: Pid, status: WaitStatus) -> bool {
        let before = self.ending.len();
        self.ending.retain(|&ending| ending != pid);
        let running = self.running.as_mut().filter(|running| running.pid == pid);
        if before == self.ending.len() && running.is_none() {
            return false;
        }
        if let Some(running) = running {
            // Its reports show it, too, when the last of them is read.
            running.is_reaped = true;
        }
        match status {
            WaitStatus::Signaled(_, signal, _) if !matches!(signal, Signal::SIGKILL | Signal::SIGTERM) => {
                log::error!("fork server {pid} crashed ({signal}). This is a bug, please report it");
            }
            _ => {}
        }
        true
    }

    /// Whether all that were let go have been reaped, and there is none.
    pub fn has_gone(&self) -> bool {
        self.running.is_none() && self.ending.is_empty()
    }
}
