//! The process's environment, changed while there is one thread.

use super::origin::{Forker, Origin};
use std::ffi::{OsStr, OsString};

/// Takes a variable out of the environment, so that no child inherits it.
pub fn take_variable(name: &str, _one_thread: &Forker) -> Option<OsString> {
    let value = std::env::var_os(name)?;
    // SAFETY: a `Forker` exists only in a program with one thread, so no thread reads the environment meanwhile.
    unsafe { std::env::remove_var(name) };
    Some(value)
}

/// Sets a variable of the environment, for every child.
pub fn set_variable(name: &str, value: &OsStr, _one_thread: &Forker) {
    // SAFETY: as above.
    unsafe { std::env::set_var(name, value) };
}

/// Sets the time zone that local times are in, for the rest of this process.
pub fn set_time_zone(zone: &str, _nothing_decided: &Origin) {
    // SAFETY: an `Origin` is given up before a program starts to work: until then it has one thread.
    unsafe { std::env::set_var("TZ", zone) };
}
