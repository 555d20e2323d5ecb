//! Signal dispositions of a forked child. The parent has its own signals blocked, and reads which have come from a
//! descriptor.

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, sigaction, sigprocmask};
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that the parent handles. Every fork sets them back to default in the child, but for a session, which
/// finds its own handlers installed.
pub const PARENT_SIGNALS: [Signal; 5] =
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1, Signal::SIGCHLD];

pub(super) fn reset_to_default() -> Result<(), Errno> {
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in PARENT_SIGNALS {
        // SAFETY: no handler of ours is installed, only the default action.
        unsafe { sigaction(signal, &default) }?;
    }
    Ok(())
}

/// Makes of a write beyond the limit of file sizes a failed write, and not the end of the process.
///
/// # Errors
/// The kernel refuses; it has no reason to.
pub fn survive_file_size_limit() -> Result<(), Errno> {
    let ignore = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(Signal::SIGXFSZ, &ignore) }.map(drop)
}

/// Lets all signals in. For a forked child that has no signals to handle itself, or has its handlers installed.
///
/// # Errors
/// The kernel refuses; it has no reason to.
pub fn let_signals_in() -> Result<(), Errno> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
}

/// Lets all signals in but those that control a daemon: TERM, INT and HUP stay blocked. For a process
/// that ends, or goes on, when its parent wants it, also when a terminal or a service manager signals all of them.
///
/// # Errors
/// The kernel refuses; it has no reason to.
pub fn let_urgent_signals_in() -> Result<(), Errno> {
    block_only([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
}

fn block_only(signals: impl IntoIterator<Item = Signal>) -> Result<(), Errno> {
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&signals.into_iter().collect()), None)
}

/// Set by a handler, which can't be handed a value: the one place for a global.
static STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn note_stop(_: libc::c_int) {
    STOP.store(true, Ordering::Relaxed);
}

extern "C" fn note_nothing(_: libc::c_int) {}

/// What a session does with its signals.
const HANDLED: [(Signal, extern "C" fn(libc::c_int)); 3] =
    [(Signal::SIGTERM, note_stop), (Signal::SIGINT, note_stop), (Signal::SIGHUP, note_nothing)];

fn install_handlers() -> Result<(), Errno> {
    for (signal, handler) in HANDLED {
        // No SA_RESTART: the wait must end.
        let action = SigAction::new(SigHandler::Handler(handler), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handlers store to an atomic, or do nothing: async-signal-safe.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

/// The handlers of sessions, installed in the process that forks them: a session inherits them, and each saves the
/// system calls. In this process they never run, because its signals are blocked.
#[derive(Debug, Clone, Copy)]
pub struct PreparedSignals {
    _private: (),
}

impl PreparedSignals {
    /// Blocks [`PARENT_SIGNALS`], lets all other signals in, and installs the handlers. Whoever reads the signals does so
    /// by a descriptor (signalfd(2)); nothing may let them in later.
    ///
    /// # Errors
    /// The kernel refuses; it has no reason to.
    pub fn install() -> Result<Self, Errno> {
        block_only(PARENT_SIGNALS)?;
        // What started this process may have ignored some of them, and the kernel drops a SIGCHLD that is ignored, and the
        // child's status with it, even where it is blocked.
        reset_to_default()?;
        install_handlers()?;
        Ok(Self { _private: () })
    }
}

/// A session's signals: TERM and INT ask it to stop, HUP wakes it to look at the scoreboard. They are blocked but while
/// it waits, so that no signal interrupts its work or is missed between looking and waiting.
#[derive(Debug, Clone, Copy)]
pub struct ChildSignals {
    _private: (),
}

impl ChildSignals {
    /// Installs the handlers, which only set a flag, blocks their signals, and lets all others in.
    ///
    /// # Errors
    /// The kernel refuses; it has no reason to.
    pub fn install() -> Result<Self, Errno> {
        install_handlers()?;
        Self::block()
    }

    /// The same in a child whose parent has [installed](PreparedSignals::install) the handlers.
    ///
    /// # Errors
    /// The kernel refuses; it has no reason to.
    pub fn take_up(_: PreparedSignals) -> Result<Self, Errno> {
        Self::block()
    }

    fn block() -> Result<Self, Errno> {
        block_only(HANDLED.map(|(signal, _)| signal))?;
        Ok(Self { _private: () })
    }

    /// Whether this child was asked to stop. It also sees a signal that is blocked and pending: a client that always
    /// has another request ready never lets the wait sleep, and `ppoll` then delivers no signal.
    pub fn stop_asked(&self) -> bool {
        STOP.load(Ordering::Relaxed) || Self::stop_pending()
    }

    fn stop_pending() -> bool {
        let mut pending = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: `sigpending` fills the set it is given; it is read only if that succeeded.
        unsafe {
            libc::sigpending(pending.as_mut_ptr()) == 0
                && [libc::SIGTERM, libc::SIGINT].iter().any(|&signal| libc::sigismember(pending.as_ptr(), signal) == 1)
        }
    }

    /// The signal mask to wait with.
    pub fn mask_while_waiting(&self) -> SigSet {
        SigSet::empty()
    }
}
