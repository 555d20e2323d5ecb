//! The sandboxes of the parent's children, made ready before the fork: once for all sessions, and again when a file
//! that they may use was replaced by another of its name.

use crate::exit::{Exit, Fatal};
use crate::sandbox;
use crate::store::Location;
use crate::sys::sandbox::{Policy, Sandbox, Support};
use log::{Level, debug, info, log, warn};
use std::time::{Duration, Instant};

/// How often it is looked at most whether a file was replaced.
const LOOK: Duration = Duration::from_secs(1);

/// The sandboxes of a daemon that serves.
#[derive(Debug)]
pub struct Sandboxes {
    sessions: Sandbox,
    writer: Sandbox,
    loader: Sandbox,
    looked: Instant,
}

impl Sandboxes {
    /// Makes them ready.
    ///
    /// # Errors
    /// [`Exit::System`]: no descriptor, or a file of the database's that can't be opened.
    pub fn prepare(database: &Location, support: Support) -> Result<Self, Fatal> {
        Ok(Self {
            sessions: one(sandbox::session(database), support)?,
            writer: one(sandbox::writer(database), support)?,
            loader: one(sandbox::loader(), support)?,
            looked: Instant::now(),
        })
    }

    /// For a session that is to be forked now.
    pub fn for_session(&mut self, now: Instant) -> &Sandbox {
        if now.duration_since(self.looked) >= LOOK {
            self.looked = now;
            renew(&mut self.sessions, "sessions");
        }
        &self.sessions
    }

    /// For a writer that is to be forked now.
    pub fn for_writer(&mut self) -> &Sandbox {
        renew(&mut self.writer, "the writer");
        &self.writer
    }

    /// For a loader.
    pub fn for_loader(&self) -> &Sandbox {
        &self.loader
    }
}

fn renew(sandbox: &mut Sandbox, whose: &str) {
    if !sandbox.is_current() {
        match sandbox.renew() {
            Ok(()) => info!("files that {whose} may open were replaced; new processes may open the new ones"),
            Err(error) => warn!(
                "files that {whose} may open were replaced, but the new ones cannot be opened yet: \
                                 {error}"
            ),
        }
    }
}

/// Makes one ready.
///
/// # Errors
/// [`Exit::System`], as above.
pub fn one(policy: Policy, support: Support) -> Result<Sandbox, Fatal> {
    Sandbox::prepare(policy, support).map_err(|error| {
        Fatal::new(
            Exit::System,
            format!(
                "cannot prepare the sandbox: \
    {error}"
            ),
        )
    })
}

/// Finds out what this kernel supports, and says once what it lacks.
pub fn support() -> Support {
    let support = Support::of_this_kernel();
    // An older kernel's Landlock is what its distribution has to offer; a missing layer is worth a look.
    let level = if support.landlock().is_some() && support.seccomp() { Level::Info } else { Level::Warn };
    for lack in support.lacks() {
        log!(level, "sandbox: this kernel has {lack}");
    }
    if let Some(abi) = support.landlock() {
        debug!("sandbox: Landlock ABI {abi}");
    }
    support
}
