//! A process that knows a password is nobody else's to look into: no core dump, no debugger, no `/proc/PID/mem`. What
//! the system does not grant is no reason to end; it never fails.

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// No core from now on. (With a limit of one byte the kernel gives none to a program that takes them through a pipe
/// either, which a limit of 0 does not keep from it.)
pub(crate) fn leave_no_core() {
    let _ = getrlimit(Resource::RLIMIT_CORE).and_then(|(_, hard)| setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard));
}

/// From now on other processes of the same user can't look in either. Not before the password is there:
/// afterwards `/proc/self/fd` belongs to root, and `--password-file <(pass show cidian)` is read there.
pub(crate) fn begin() {
    let _ = prctl::set_dumpable(false);
}
