//! The bench's directory. A shell beside the bench holds the other end of a pipe, and removes the directory when the
//! pipe closes. So it is removed however the bench ends, by SIGKILL too.

use crate::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A directory that goes with this value.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    guard: Child,
}

impl Directory {
    /// Makes one below `base`.
    pub fn make(base: &Path) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("cidian-bench-").tempdir_in(base)?;
        // A peer that runs as another user reads its configuration here; nothing is secret.
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755))?;
        // When the bench is killed its servers are, too, but not in the same instant: they may still write.
        let script = r#"trap '' INT TERM HUP PIPE; read -r word; rm -rf "$1" || { sleep 1; rm -rf "$1"; }"#;
        let mut guard = Command::new("sh");
        guard.args(["-c", script, "sh"]).arg(directory.path()).stdin(Stdio::piped());
        let guard = guard.spawn().map_err(|error| format!("sh can't be run: {error}"))?;
        Ok(Self { path: directory.keep(), guard })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}
