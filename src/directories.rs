//! Where a person's files are, by the XDG base directory specification: state, configuration, data. Both programs use
//! this module, so that they agree on the places. It opens no files.

#![forbid(unsafe_code)]

use nix::unistd::{User, getuid};
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The state directory: `$XDG_STATE_HOME/cidian`, else `~/.local/state/cidian`; `None` for a user without a home
/// directory.
pub fn state(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    of("XDG_STATE_HOME", ".local/state", environment)
}

/// The configuration directory: `$XDG_CONFIG_HOME/cidian`, else `~/.config/cidian`.
pub fn configuration(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    of("XDG_CONFIG_HOME", ".config", environment)
}

/// The directory of data: `$XDG_DATA_HOME/cidian`, else `~/.local/share/cidian`.
pub fn data(environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    of("XDG_DATA_HOME", ".local/share", environment)
}

fn of(variable: &str, below_home: &str, environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // By the specification a relative path is to be ignored.
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let of_user = || User::from_uid(getuid()).ok().flatten().map(|user| user.dir);
    let home = || absolute("HOME").or_else(of_user).map(|home| home.join(below_home));
    Some(absolute(variable).or_else(home)?.join("cidian"))
}

/// Makes a directory that only its owner can look into, with those above it; one that is there is left as it is.
///
/// # Errors
/// It can't be made.
pub fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_and_absolute() {
        let at = |set: &[(&str, &str)]| {
            state(|name| set.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.into()))
        };
        assert_eq!(at(&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")]), Some("/x/cidian".into()));
        for ignored in ["x", "./x", "~/x", ""] {
            let found = at(&[("XDG_STATE_HOME", ignored), ("HOME", "/h")]);
            assert_eq!(found, Some("/h/.local/state/cidian".into()), "{ignored:?}");
        }
        let of_user = User::from_uid(getuid()).unwrap().map(|user| user.dir.join(".local/state/cidian"));
        assert_eq!(at(&[("HOME", "h")]), of_user);
    }
}
