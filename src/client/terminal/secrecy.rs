//! No other process can look into one that knows a password: no core dump, no debugger, no `/proc/PID/mem`. If the
//! system refuses any of this, the client goes on without it: nothing here returns an error.

use nix::sys::prctl;

/// From now on other processes of the same user can't look in either. Not before the password is there:
/// afterwards `/proc/self/fd` belongs to root, and `--password-file <(pass show cidian)` is read there.
pub(crate) fn begin() {
    let _ = prctl::set_dumpable(false);
}
