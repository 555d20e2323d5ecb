//! The driver's panics, contained. On some answers of servers `mysql` and `mysql_common` panic where an error would do:
//! an authentication plugin that they were not built for, an invalid public key, a packet that is cut short.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::mysql::{Error as Failure, Result};

/// A panic of the driver, in its own words.
#[derive(Debug)]
pub(super) struct DriverPanic(String);

impl fmt::Display for DriverPanic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the driver failed on what the server sent: {}", self.0)
    }
}

impl std::error::Error for DriverPanic {}

/// Runs work of the driver's; a panic of it becomes a failure. The connection is in an unknown state then, and must not
/// be used again.
pub(super) fn contained<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // Nothing is used afterwards that the work has left half done: the caller that gets the failure drops the connection.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Failure::IoError(io::Error::other(DriverPanic(words(panic.as_ref()))))))
}

/// The panic behind a failure, if there is one.
pub(super) fn of(failure: &Failure) -> Option<&DriverPanic> {
    match failure {
        Failure::IoError(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_failure_with_its_words() {
        let failure = contained::<()>(|| panic!("plugin {} is not built in", "x")).unwrap_err();
        assert!(of(&failure).unwrap().to_string().ends_with("sent: plugin x is not built in"));
        assert_eq!(contained(|| Ok(7)).unwrap(), 7);
        let other = contained::<()>(|| Err(Failure::IoError(io::ErrorKind::BrokenPipe.into()))).unwrap_err();
        assert!(of(&other).is_none());
    }
}
