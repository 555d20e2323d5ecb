//! The process's environment, changed while there is one thread.

use super::origin::Forker;
use std::ffi::OsString;

/// Takes a variable out of the environment, so that no child inherits it.
pub fn take_variable(name: &str, _one_thread: &Forker) -> Option<OsString> {
    let value = std::env::var_os(name)?;
    // SAFETY: a `Forker` exists only in a program with one thread, so nobody reads the environment meanwhile.
    unsafe { std::env::remove_var(name) };
    Some(value)
}
