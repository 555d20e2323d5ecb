//! Limits of this process.

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Leaves no core from now on: it would hold passwords. A limit of one byte, not of zero: the kernel then gives no core
/// to a program that takes cores through a pipe either, which a limit of 0 does not keep from it (`fs/coredump.c`).
///
/// # Errors
/// Those of `setrlimit(2)`.
pub fn leave_no_core() -> Result<(), Errno> {
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE)?;
    setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard)
}
