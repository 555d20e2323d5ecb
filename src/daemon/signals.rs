//! The parent's signals. Handlers only set a flag and write to a pipe (OpenSSH's CVE-2024-6387 was a handler that did
//! more); the loop decides what a signal means.

use crate::sys::PARENT_SIGNALS;
use nix::sys::signal::Signal;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that have come.
#[derive(Debug)]
pub struct Signals {
    flags: [(Signal, Arc<AtomicBool>); PARENT_SIGNALS.len()],
    wake: UnixStream,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// No descriptor for the pipe.
    pub fn install() -> io::Result<Self> {
        let (wake, written) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let flags = PARENT_SIGNALS.map(|signal| (signal, Arc::new(AtomicBool::new(false))));
        for (signal, flag) in &flags {
            // In this order: when the pipe wakes the loop, the flag is set.
            signal_hook::flag::register(*signal as i32, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(*signal as i32, written.try_clone()?)?;
        }
        Ok(Self { flags, wake })
    }

    /// Readable when a signal has come.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Empties the pipe; the flags show what came.
    pub fn drain(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.wake).read(&mut bytes), Ok(size) if size > 0) {}
    }

    /// Whether a signal has come since it was last asked.
    pub fn take(&self, signal: Signal) -> bool {
        // Nothing is written unless one has come: this is asked all the time, and what the parent writes after a fork
        // leaves its child with a copy of the whole page.
        self.flags
            .iter()
            .any(|(known, flag)| *known == signal && flag.load(Ordering::Acquire) && flag.swap(false, Ordering::AcqRel))
    }
}
