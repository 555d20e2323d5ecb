//! What to do when the system is out of processes or descriptors: the listeners rest for a moment instead of spinning,
//! a spare descriptor makes it possible to refuse clients with a line, and the log has one line about it, not one for
//! each client.

use log::{error, info};
use nix::errno::Errno;
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

/// How long the listeners rest.
const REST: Duration = Duration::from_millis(100);
/// A scarcity that goes on is logged again after this time.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// What is scarce, and since when.
#[derive(Debug)]
pub struct Scarcity {
    spare: Option<File>,
    pause: Option<Instant>,
    descriptors_said: Option<Instant>,
    processes_said: Option<Instant>,
}

impl Scarcity {
    /// Puts a descriptor by.
    pub fn keep_spare(&mut self) {
        if self.spare.is_none() {
            self.spare = File::open("/dev/null").ok();
        }
    }

    /// Closes the spare descriptor, so that there is room for one. `false` if it was not there.
    pub fn release_spare(&mut self) -> bool {
        self.spare.take().is_some()
    }

    /// Descriptors or memory ran out: rest.
    pub fn begin(&mut self, error: &io::Error) {
        if due(&mut self.descriptors_said) {
            error!("cannot accept clients: {error}; refusing or delaying clients until descriptors are available");
        }
        self.rest();
    }

    /// Rests for a moment.
    pub fn rest(&mut self) {
        self.pause = Some(Instant::now() + REST);
    }

    /// Clients are accepted again.
    pub fn over(&mut self) {
        if self.descriptors_said.take().is_some() {
            info!("accepting clients again");
        }
    }

    /// A fork failed.
    pub fn no_process(&mut self, error: Errno) {
        if due(&mut self.processes_said) {
            error!("cannot fork a child: {error}; refusing clients until a process is available");
        }
    }

    /// When the rest is over; `None` if there is no rest.
    pub fn pause_until(&self) -> Option<Instant> {
        self.pause
    }

    /// The rest is over.
    pub fn resume(&mut self) {
        self.pause = None;
        self.keep_spare();
    }
}

impl Default for Scarcity {
    /// No scarcity yet; a descriptor is put by.
    fn default() -> Self {
        let mut scarcity = Self { spare: None, pause: None, descriptors_said: None, processes_said: None };
        scarcity.keep_spare();
        scarcity
    }
}

fn due(said: &mut Option<Instant>) -> bool {
    let now = Instant::now();
    if said.is_some_and(|at| now.duration_since(at) < SAY_AGAIN) {
        return false;
    }
    *said = Some(now);
    true
}
