//! Reaping: each child that has ended is waited for, logged and removed from the table. The parent never waits for a
//! child that is still alive.
//!
//! When it is asked for any child that has ended, the kernel looks at every child. With thousands of idle clients that
//! would be the largest cost of a session. So while there are many children, each reports over the control channel that
//! it is about to end, and the parent waits for it by its number. A child that dies without a report is found by asking
//! for any child: at once while there are few children, and after a short while when there are many.

use super::Parent;
use crate::daemon::admission::penalties::Offence;
use crate::ipc::parent::who_asks;
use log::error;
use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// From this many children on it costs little to ask for all.
const FEW: usize = 256;
/// The longest time until all are asked for after one has ended.
const SOON: Duration = Duration::from_millis(50);

/// What is still to be reaped.
#[derive(Debug, Default)]
pub struct Reaping {
    /// Children that have reported that they are about to end, and were still alive when last waited for.
    ending: BTreeSet<Pid>,
    /// When all are asked for.
    ask_all: Option<Instant>,
}

impl Parent {
    /// Some child has ended. SIGCHLD coalesces: one signal may stand for many.
    pub(super) fn reap(&mut self, now: Instant) {
        self.take_births();
        let mut ending = std::mem::take(&mut self.reaping.ending);
        ending.retain(|&pid| match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => true,
            Ok(status) => {
                self.ended(pid, status);
                false
            }
            // Reaped before, among all.
            Err(_) => false,
        });
        self.reaping.ending = ending;
        if self.children.count() <= FEW {
            self.reap_all();
        } else {
            self.reaping.ask_all.get_or_insert(now + SOON);
        }
    }

    /// Asks for all if it is time to. Returns when it is, if that is later.
    pub(super) fn reap_if_due(&mut self, now: Instant) -> Option<Instant> {
        if self.reaping.ask_all.is_some_and(|due| due <= now) {
            self.reap_all();
        }
        self.reaping.ask_all
    }

    fn reap_all(&mut self) {
        self.reaping.ask_all = None;
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => break,
                Ok(status) => {
                    if let Some(pid) = status.pid() {
                        self.ended(pid, status);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(error) => {
                    error!("cannot wait for children: {error}");
                    break;
                }
            }
        }
    }

    /// A child announces its end. The kernel reports which child it is, so no child can speak for another; one that
    /// announces it and lives on costs one look each time that another ends.
    pub(super) fn note_ending(&mut self, socket: &OwnedFd) {
        if let Ok(pid) = who_asks(socket)
            && self.children.is_child(pid)
        {
            self.reaping.ending.insert(pid);
        }
    }

    /// Lets children know whether they should report that they are about to end.
    pub(super) fn show_many(&self) {
        self.scoreboard.show_many(self.children.count() > FEW);
    }

    fn ended(&mut self, pid: Pid, status: WaitStatus) {
        let now = Instant::now();
        self.reaping.ending.remove(&pid);
        if !self.children.is_child(pid) {
            // Since the last look it may have come, and gone.
            self.take_births();
        }
        match self.children.ended(pid, status, &self.scoreboard) {
            Some(place) => {
                if let (Some(source), Some(offence)) = (place.source(), Offence::of_end(status)) {
                    self.penalise(source, offence, now);
                }
                self.entry.admission.leave(place);
                self.show_many();
            }
            None if self.fork_server.ended(pid, status) => {}
            None => self.writer.ended(pid, status, now),
        }
    }
}
