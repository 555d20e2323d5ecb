//! Signals whose meaning changes for a while.
//!
//! Ctrl-C for another program: while a program that this one has started owns the terminal, SIGINT is ignored here, as
//! in system(3). (A handler that sets a flag could run late, and then end the client after all.)

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::unistd::pipe2;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};

/// SIGINT is dropped as long as this lives; then it is what it was.
pub struct InterruptsIgnored(Option<SigAction>);

/// Has the kernel drop SIGINT. The program that Ctrl-C is for is started before: it would inherit this.
pub fn ignore_interrupts() -> InterruptsIgnored {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: to ignore a signal runs no code of ours.
    InterruptsIgnored(unsafe { sigaction(Signal::SIGINT, &ignore) }.ok())
}

impl Drop for InterruptsIgnored {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // SAFETY: what is put back is what was there, installed by the owner of that handler.
            let _ = unsafe { sigaction(Signal::SIGINT, before) };
        }
    }
}

/// Where [`SignalsCaught`] has its handler write to: a handler can't be handed a value.
static NOTES: AtomicI32 = AtomicI32::new(-1);

extern "C" fn note(signal: libc::c_int) {
    let before = Errno::last_raw();
    let byte = u8::try_from(signal).unwrap_or(0);
    // SAFETY: write(2) is async-signal-safe, reads one byte that is there, and fails if no process has the pipe any
    // more.
    unsafe { libc::write(NOTES.load(Ordering::Relaxed), (&raw const byte).cast(), 1) };
    // What was interrupted looks at its own error.
    Errno::set_raw(before);
}

/// Signals that do nothing but show in a pipe, as long as this lives; then they are what they were. Those that were
/// ignored (by `nohup`, say) stay so. There is one of these at a time.
#[derive(Debug)]
pub struct SignalsCaught {
    before: Vec<(Signal, SigAction)>,
    notes: File,
    _writer: OwnedFd,
}

/// Catches signals.
///
/// # Errors
/// No pipe, or a signal that can't be caught.
pub fn catch_signals(signals: &[Signal]) -> io::Result<SignalsCaught> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
    NOTES.store(writer.as_raw_fd(), Ordering::Relaxed);
    let mut caught = SignalsCaught { before: Vec::new(), notes: File::from(reader), _writer: writer };
    for &signal in signals.iter().filter(|&&signal| !is_ignored(signal)) {
        let action = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler writes a byte and keeps `errno`: async-signal-safe.
        let before = unsafe { sigaction(signal, &action) }?;
        caught.before.push((signal, before));
    }
    Ok(caught)
}

impl SignalsCaught {
    /// The next signal that has come.
    pub fn take(&mut self) -> Option<Signal> {
        let mut byte = [0];
        match self.notes.read(&mut byte) {
            Ok(1) => Signal::try_from(i32::from(byte[0])).ok(),
            _ => None,
        }
    }
}

impl AsFd for SignalsCaught {
    /// Readable when a signal has come.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.notes.as_fd()
    }
}

impl Drop for SignalsCaught {
    fn drop(&mut self) {
        for (signal, before) in self.before.drain(..) {
            // SAFETY: what is put back is what was there, installed by the owner of that handler.
            let _ = unsafe { sigaction(signal, &before) };
        }
        NOTES.store(-1, Ordering::Relaxed);
        // What came and was not looked at means what it means to everybody else.
        while let Some(signal) = self.take() {
            let _ = raise(signal);
        }
    }
}

/// Whether a signal is ignored by this process.
pub fn is_ignored(signal: Signal) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: without a new action nothing changes; the old one is read only if it was filled in.
    unsafe {
        libc::sigaction(signal as libc::c_int, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_comes_back() {
        let is_ignored = || {
            // SAFETY: SIGINT is asked for by being put back at once; no other test of this module touches it.
            let ignored = unsafe {
                sigaction(Signal::SIGINT, &SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty()))
            };
            let before = ignored.expect("SIGINT can be ignored");
            // SAFETY: as above.
            unsafe { sigaction(Signal::SIGINT, &before) }.expect("and back");
            matches!(before.handler(), SigHandler::SigIgn)
        };
        let before = is_ignored();
        let ignored = ignore_interrupts();
        assert!(is_ignored());
        drop(ignored);
        assert_eq!(is_ignored(), before);
    }
}
