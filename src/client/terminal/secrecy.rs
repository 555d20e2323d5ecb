//! A process that knows a password is nobody else's to look into: no core dump, no debugger, no `/proc/PID/mem`. What
//! the system does not grant is no reason to end; it never fails.

use nix::sys::prctl;

/// From now on other processes of the same user can't look in either. Not before the password is there:
/// afterwards `/proc/self/fd` belongs to root, and `--password-file <(pass show cidian)` is read there.
pub(crate) fn begin() {
    let _ = prctl::set_dumpable(false);
}
