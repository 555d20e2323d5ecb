//! Where the person's files are, as the XDG specification says: state and configuration. It opens none of them.

use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The state directory: `$XDG_STATE_HOME/cidian`, else `~/.local/state/cidian`.
pub(crate) fn state() -> Option<PathBuf> {
    of("XDG_STATE_HOME", ".local/state", |name| std::env::var_os(name))
}

/// The configuration directory: `$XDG_CONFIG_HOME/cidian`, else `~/.config/cidian`.
pub(crate) fn configuration() -> Option<PathBuf> {
    of("XDG_CONFIG_HOME", ".config", |name| std::env::var_os(name))
}

fn of(variable: &str, below_home: &str, environment: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    // A relative path is to be ignored, says the specification.
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))?;
    Some(base.join("cidian"))
}

/// Makes a directory that only its owner can look into, with those above it; one that is there is left as it is.
///
/// # Errors
/// It can't be made.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_set_and_absolute() {
        let at = |set: &[(&str, &str)]| {
            of("XDG_STATE_HOME", ".local/state", |name| {
                set.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.into())
            })
        };
        assert_eq!(at(&[("XDG_STATE_HOME", "/x"), ("HOME", "/h")]), Some("/x/cidian".into()));
        assert_eq!(at(&[("XDG_STATE_HOME", "x"), ("HOME", "/h")]), Some("/h/.local/state/cidian".into()));
        assert_eq!(at(&[("HOME", "")]), None);
    }
}
