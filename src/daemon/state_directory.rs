//! Where what lasts is kept, private to the daemon's user, and used by one daemon at a time.

use super::exit::{Exit, Fatal};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
        let home = || {
            variable("HOME")
                .map(PathBuf::from)
                .or_else(|| nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.dir))
        };
        let path = named
            .or_else(|| variable("XDG_STATE_HOME").map(|directory| Path::new(&directory).join("cidian")))
            .or_else(|| home().map(|home| home.join(".local/state/cidian")))
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

    /// Makes it, with mode 0700, if it is not there.
    ///
    /// # Errors
    /// It can't be made.
    pub fn make(&self) -> Result<(), Fatal> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(|error| Fatal::new(Exit::System, format!("state directory {}: {error}", self.path.display())))
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
            .open(&path)
            .map_err(|error| refuse(format!("{}: {error}", path.display())))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Lock { _file: file }),
            Err((_, Errno::EWOULDBLOCK)) => Err(refuse(
                "another cidiand uses it; stop that one, or set STATE_DIRECTORY to a directory of this one's own"
                    .to_owned(),
            )),
            Err((_, error)) => Err(refuse(error.to_string())),
        }
    }
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
        assert_eq!(locate(&[("HOME", "/h")]), Path::new("/h/.local/state/cidian"));
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
