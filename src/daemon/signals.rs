//! The parent's signals. They are blocked for good and read from a descriptor: no handler interrupts the parent anywhere
//! (OpenSSH's CVE-2024-6387 was a handler that did too much), none costs a turn of the loop, and none writes to memory that
//! a child shares. The loop decides what a signal means.

use crate::sys::{PARENT_SIGNALS, PreparedSignals};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::read;
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes of what the descriptor gives for each signal; its number comes first (signalfd(2)).
const RECORD: usize = 128;

/// The signals that have come.
#[derive(Debug)]
pub struct Signals {
    descriptor: SignalFd,
    prepared: PreparedSignals,
    came: [bool; PARENT_SIGNALS.len()],
}

impl Signals {
    /// Blocks the signals, and lets all others in: a private server was forked with all of them blocked.
    ///
    /// # Errors
    /// No descriptor.
    pub fn install() -> Result<Self, Errno> {
        let prepared = PreparedSignals::install()?;
        let wanted = PARENT_SIGNALS.into_iter().collect();
        let descriptor = SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { descriptor, prepared, came: [false; PARENT_SIGNALS.len()] })
    }

    /// Readable when a signal has come.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// What sessions are forked with.
    pub fn for_sessions(&self) -> PreparedSignals {
        self.prepared
    }

    /// Reads which signals have come. The kernel keeps one of each, so that one call reads all.
    pub fn drain(&mut self) {
        let mut records = [0; RECORD * PARENT_SIGNALS.len()];
        // It fails where none has come.
        let size = read(&self.descriptor, &mut records).unwrap_or(0);
        for record in records[..size].chunks_exact(RECORD) {
            let number = record.first_chunk().map(|number| i32::from_ne_bytes(*number));
            for (came, signal) in self.came.iter_mut().zip(PARENT_SIGNALS) {
                *came |= number == Some(signal as i32);
            }
        }
    }

    /// Whether a signal has come since it was last asked.
    pub fn take(&mut self, signal: Signal) -> bool {
        let came = self.came.iter_mut().zip(PARENT_SIGNALS).find(|(_, known)| *known == signal);
        came.is_some_and(|(came, _)| std::mem::take(came))
    }
}
