//! The directory for everything that must last: private to the daemon's user, and used by one daemon at a time. A
//! directory that contains other files than the daemon's own is never made private, because other users may need it.

use crate::directories;
use crate::exit::{Exit, Fatal};
use crate::store::Identity;
use log::{info, warn};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc::{O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK};
use nix::unistd::{AccessFlags, access, geteuid};
use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What there may be in it of ours: the daemon's, and a client's of the same user.
const OURS: [&str; 12] = [
    "built-in-words.image",
    "cidian.db",
    "cidian.db-journal",
    "cidian.db-shm",
    "cidian.db-wal",
    "control.sock",
    "lock",
    "own-account.json",
    "spool",
    "spool.new",
    "tokens.json",
    "tokens.new",
];
/// What the names of spools begin with that wait for their database.
const SPOOL_ASIDE: &str = "spool.of-";
/// The longest line of the file `lock` that is read.
const MAX_MEMORY: u64 = 8 * 1024;
/// What others may do.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;

/// The state directory: `$STATE_DIRECTORY` (systemd sets it), else `$XDG_STATE_HOME/cidian`, else
/// `~/.local/state/cidian`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDirectory {
    path: PathBuf,
}

/// The right to be the daemon of a state directory; it ends with the process.
#[derive(Debug)]
pub struct Lock {
    _file: Flock<File>,
}

impl StateDirectory {
    /// Finds it; does not make it yet.
    ///
    /// # Errors
    /// Neither variable is set, and the user has no home directory.
    pub fn locate(environment: &impl Fn(&str) -> Option<String>) -> Result<Self, Fatal> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        // systemd separates several directories by colons; the first is ours.
        let named = variable("STATE_DIRECTORY").and_then(|list| list.split(':').next().map(PathBuf::from));
        let path = named
            .or_else(|| directories::state(|name| variable(name).map(OsString::from)))
            .ok_or_else(|| Fatal::new(Exit::System, "no state directory: set STATE_DIRECTORY or HOME"))?;
        Ok(Self { path })
    }

    /// Where the control socket is: `$RUNTIME_DIRECTORY` (systemd sets it), else here.
    pub fn for_control(&self, environment: impl Fn(&str) -> Option<String>) -> PathBuf {
        runtime_directory(environment).unwrap_or_else(|| self.path.clone())
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it, with mode 0700, if it is not there; and what is there of ours private, if it is not.
    ///
    /// # Errors
    /// It can't be made, or others can write to it and it is not ours alone.
    pub fn make(&self) -> Result<(), Fatal> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .and_then(|()| self.close_to_others())
            .and_then(|()| OURS.iter().try_for_each(|name| close_file_to_others(&self.path.join(name))))
            .map_err(|error| Fatal::new(Exit::System, format!("state directory {}: {error}", self.path.display())))
    }

    /// Whether it is there. Unlike [`make`](Self::make) it changes nothing.
    ///
    /// # Errors
    /// As of [`make`](Self::make), as far as that shows without trying.
    pub fn look(&self) -> Result<bool, Fatal> {
        let looked = match self.open_to_others() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => can_be_made(&self.path).map(|()| false),
            Err(error) => Err(error),
        };
        looked.map_err(|error| Fatal::new(Exit::System, format!("state directory {}: {error}", self.path.display())))
    }

    fn close_to_others(&self) -> io::Result<()> {
        if let Some((directory, mode)) = self.open_to_others()? {
            directory.set_permissions(Permissions::from_mode(mode & !OTHERS))?;
            let shown = self.path.display();
            info!("state directory {shown} was open to others (mode {mode:04o}); it is private now");
        }
        Ok(())
    }

    /// If it is open to others and ours alone: the directory, and its mode.
    fn open_to_others(&self) -> io::Result<Option<(File, u32)>> {
        let directory = File::options().read(true).custom_flags(O_DIRECTORY).open(&self.path)?;
        let (shown, found) = (self.path.display(), directory.metadata()?);
        let mode = found.mode() & 0o7777;
        if mode & OTHERS == 0 {
            return Ok(None);
        }
        let is_ours = |name: std::ffi::OsString| {
            OURS.iter().any(|ours| name == *ours) || name.to_str().is_some_and(|name| name.starts_with(SPOOL_ASIDE))
        };
        let ours_alone =
            std::fs::read_dir(&self.path)?.all(|entry| entry.is_ok_and(|entry| is_ours(entry.file_name())));
        let owned = geteuid().is_root() || found.uid() == geteuid().as_raw();
        // One with the sticky bit is meant for all, though nothing is in it yet.
        if ours_alone && owned && mode & 0o1000 == 0 {
            return Ok(Some((directory, mode)));
        }
        if mode & OTHERS_WRITE != 0 {
            let why = format!(
                "others can write to it (mode {mode:04o}); chmod 700 {shown}, or set STATE_DIRECTORY to a directory of \
                 this daemon's own"
            );
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        warn!(
            "state directory {shown} can be read by others (mode {mode:04o}), and contains files that are not the \
             daemon's"
        );
        Ok(None)
    }

    /// The identity of the embedded database that was used last, if it was this one.
    pub fn remembers(&self, database: &Path) -> Option<Identity> {
        let mut text = String::new();
        let file =
            File::options().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(self.path.join("lock")).ok()?;
        file.take(MAX_MEMORY).read_to_string(&mut text).ok()?;
        let (identity, path) = text.trim_end_matches('\n').split_once(' ')?;
        Identity::parse(identity).filter(|_| path == absolute(database))
    }

    /// Writes down which embedded database is used.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn remember(&self, database: &Path, identity: Identity) -> io::Result<()> {
        if self.remembers(database) == Some(identity) {
            return Ok(());
        }
        let mut options = File::options();
        options.create(true).truncate(true).write(true).mode(0o600).custom_flags(O_NOFOLLOW | O_NONBLOCK);
        let mut file = options.open(self.path.join("lock"))?;
        file.write_all(format!("{identity} {}\n", absolute(database)).as_bytes())?;
        file.sync_all()
    }

    /// Takes it for this daemon.
    ///
    /// # Errors
    /// Another daemon has it.
    pub fn lock(&self) -> Result<Lock, Fatal> {
        let path = self.path.join("lock");
        let refuse = |why: String| Fatal::new(Exit::System, format!("state directory {}: {why}", self.path.display()));
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .custom_flags(O_NONBLOCK)
            .open(&path)
            .map_err(|error| refuse(format!("{}: {error}", path.display())))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Lock { _file: file }),
            Err((_, Errno::EWOULDBLOCK)) => Err(refuse(
                "another cidiand uses it; stop that one, or set STATE_DIRECTORY to another directory".to_owned(),
            )),
            Err((_, error)) => Err(refuse(error.to_string())),
        }
    }
}

/// Whether a path that is not there can be made, as far as the directory shows in which that begins.
///
/// # Errors
/// It can't be.
pub fn can_be_made(path: &Path) -> io::Result<()> {
    let path = std::path::absolute(path)?;
    let Some(above) = path.ancestors().skip(1).find(|above| above.exists()) else { return Ok(()) };
    access(above, AccessFlags::W_OK | AccessFlags::X_OK).map_err(|error| {
        io::Error::new(
            io::Error::from(error).kind(),
            format!("does not exist, and cannot be made in {}: {}", above.display(), error.desc()),
        )
    })
}

/// How a database is written down.
fn absolute(database: &Path) -> String {
    std::path::absolute(database).unwrap_or_else(|_| database.to_owned()).display().to_string()
}

/// Takes a file from others. What is not a file of its own (a link, a socket) is left alone.
fn close_file_to_others(path: &Path) -> io::Result<()> {
    let Ok(file) = File::options().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path) else { return Ok(()) };
    let found = file.metadata()?;
    if found.is_file() && found.mode() & OTHERS != 0 {
        let (mode, shown) = (found.mode() & 0o7777, path.display());
        file.set_permissions(Permissions::from_mode(mode & !OTHERS)).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("{shown} is open to others (mode {mode:04o}) and cannot be made private: {error}"),
            )
        })?;
        info!("{shown} was open to others (mode {mode:04o}); it is private now");
    }
    Ok(())
}

/// Where a running daemon's control socket may be, likeliest first. A service's own directories are not in the
/// environment of a shell; the last is where the packaged unit has it.
pub fn control_directories(environment: &impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let state = StateDirectory::locate(environment).ok().map(|directory| directory.path);
    runtime_directory(environment).into_iter().chain(state).chain([PathBuf::from("/run/cidian")]).collect()
}

fn runtime_directory(environment: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    environment("RUNTIME_DIRECTORY").and_then(|list| list.split(':').next().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_is() {
        let locate = |variables: &'static [(&str, &str)]| {
            StateDirectory::locate(&|name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
            .unwrap()
            .path
        };
        let all = &[("STATE_DIRECTORY", "/a:/b"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
        assert_eq!(locate(all), Path::new("/a"));
        assert_eq!(
            locate(&[("STATE_DIRECTORY", ""), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")]),
            Path::new("/x/cidian")
        );
        assert_eq!(locate(&[("XDG_STATE_HOME", "x"), ("HOME", "/h")]), Path::new("/h/.local/state/cidian"));
    }

    #[test]
    fn one_daemon_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory { path: directory.path().join("deep/er") };
        state.make().unwrap();
        state.make().unwrap();
        let lock = state.lock().unwrap();
        assert_eq!(state.lock().unwrap_err().exit, Exit::System);
        drop(lock);
        state.lock().unwrap();
    }
}
