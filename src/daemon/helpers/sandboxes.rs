//! The sandboxes of the parent's children, prepared before the fork: once for all sessions, and again when a file that
//! they may use was replaced by another file of the same name.

use crate::exit::{Exit, Fatal};
use crate::sandbox;
use crate::store::{self, Location};
use crate::sys::sandbox::{Policy, Sandbox, Support};
use log::{Level, debug, info, log, warn};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
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
    /// An embedded database, whose files sessions may use, but not make.
    embedded: Option<PathBuf>,
}

/// What a look at files has shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// The sandbox of later sessions has changed.
    pub is_renewed: bool,
    /// The files of an embedded database are others than they were.
    pub is_database_new: bool,
}

impl Sandboxes {
    /// Makes them ready.
    ///
    /// # Errors
    /// [`Exit::System`]: no descriptor, or a file of the database's that can't be opened.
    pub fn prepare(database: &Location, support: Support) -> Result<Self, Fatal> {
        let embedded = match database {
            Location::Sqlite(file) => Some(file.clone()),
            Location::MySql(_) => None,
        };
        if let Some(database) = &embedded {
            make_missing(database);
        }
        Ok(Self {
            sessions: one(sandbox::session(database), support)?,
            writer: one(sandbox::writer(database), support)?,
            loader: one(sandbox::loader(), support)?,
            looked: Instant::now(),
            embedded,
        })
    }

    /// Looks whether files were replaced that sessions may use: those of an embedded database each time, others now and
    /// then.
    pub fn look(&mut self, now: Instant) -> Looked {
        let mut looked = Looked::default();
        if let Some(database) = &self.embedded {
            if !self.sessions.is_current() {
                make_missing(database);
                looked.is_renewed = renew(&mut self.sessions, "sessions");
                looked.is_database_new = true;
            }
        } else if now.duration_since(self.looked) >= LOOK {
            self.looked = now;
            looked.is_renewed = renew(&mut self.sessions, "sessions");
        }
        looked
    }

    /// For a session that is to be forked now.
    pub fn for_session(&self) -> &Sandbox {
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

/// Whether it is another one now.
fn renew(sandbox: &mut Sandbox, whose: &str) -> bool {
    if sandbox.is_current() {
        return false;
    }
    match sandbox.renew() {
        Ok(()) => {
            info!("files that {whose} may open were replaced; new processes may open the new ones");
            true
        }
        Err(error) => {
            warn!("files that {whose} may open were replaced, but the new ones cannot be opened yet: {error}");
            false
        }
    }
}

/// Makes the files beside an embedded database that are missing, empty as SQLite makes them, to which they are as good
/// as none: sessions may open only what is there when they are forked, and there is no waiting for the writer then.
fn make_missing(database: &Path) {
    let [database, log, index] = store::embedded_files(database);
    // Where there is no database there is nothing to open beside it.
    let Ok(like) = std::fs::metadata(&database) else { return };
    for path in [log, index].iter().filter(|path| !path.exists()) {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(like.mode() & 0o666);
        let made = options.open(path).and_then(|file| match like.uid() == file.metadata()?.uid() {
            true => Ok(()),
            // As root it gives what it makes to the owner of the database.
            false => fchown(&file, Some(like.uid()), Some(like.gid())),
        });
        match made {
            Ok(()) => debug!("created {} for new sessions", path.display()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => warn!("{}: {error}; sessions cannot use the database until it is there", path.display()),
        }
    }
}

/// Makes one ready.
///
/// # Errors
/// [`Exit::System`], as above.
pub fn one(policy: Policy, support: Support) -> Result<Sandbox, Fatal> {
    Sandbox::prepare(policy, support)
        .map_err(|error| Fatal::new(Exit::System, format!("cannot prepare the sandbox: {error}")))
}

/// Finds out what this kernel supports, and logs once what it lacks.
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
