//! Passwords in clear text: before the first one is sent where others may read it, a person is warned, and a script is
//! refused. On a private connection (TLS, a Unix socket, loopback) nothing is asked.

use crate::client::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What becomes of a secret that others may read on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClearText {
    /// It goes: `--insecure`.
    Allowed,
    /// It is sent, after a warning: a person at the terminal can stop it.
    Warned,
    /// It is not sent: no person would read a warning.
    Refused,
}

/// The rule for all connections of this process, and whether its warning was given.
#[derive(Clone)]
pub(crate) struct Privacy {
    rule: ClearText,
    /// Prints the warning, with the server's address.
    warn: Arc<dyn Fn(&str) + Send + Sync>,
    warned: Arc<AtomicBool>,
}

impl Privacy {
    /// A rule, and how to warn.
    pub(crate) fn new(rule: ClearText, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { rule, warn: Arc::new(warn), warned: Arc::default() }
    }

    /// Whether a secret may go to `address` in clear text.
    ///
    /// # Errors
    /// [`Error::ClearText`].
    pub(crate) fn check(&self, address: &str) -> Result<()> {
        match self.rule {
            ClearText::Refused => return Err(Error::ClearText { address: address.to_owned() }),
            ClearText::Warned if !self.warned.swap(true, Ordering::Relaxed) => (self.warn)(address),
            ClearText::Warned | ClearText::Allowed => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_warning_is_given_once() {
        let count = Arc::new(AtomicUsize::new(0));
        let warnings = |rule| {
            let counted = Arc::clone(&count);
            Privacy::new(rule, move |address| {
                assert_eq!(address, "host:1");
                counted.fetch_add(1, Ordering::Relaxed);
            })
        };
        let warned = warnings(ClearText::Warned);
        assert!(warned.check("host:1").is_ok() && warned.clone().check("host:1").is_ok());
        assert_eq!(count.load(Ordering::Relaxed), 1);
        assert!(warnings(ClearText::Allowed).check("host:1").is_ok());
        assert!(matches!(warnings(ClearText::Refused).check("host:1"), Err(Error::ClearText { .. })));
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}
