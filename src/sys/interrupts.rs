//! Ctrl-C for somebody else: while a program that this one has started owns the terminal, the kernel drops it here, as
//! system(3) does. (A handler with a flag could be late, and then end the client after all.)

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

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
            // SAFETY: what is put back is what was there, installed by whoever answers for its handler.
            let _ = unsafe { sigaction(Signal::SIGINT, before) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_comes_back() {
        let is_ignored = || {
            // SAFETY: SIGINT is asked for by being put back at once; no other test of this room touches it.
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
