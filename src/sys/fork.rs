//! Forking, in one function.

use super::origin::{Forker, Origin};
use super::sandbox::CallKey;
use super::signals::{self, PreparedSignals};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{Pid, getpid, getppid};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Forker {
    /// Forks. The child has default signal dispositions (SIGPIPE stays ignored), with all signals still blocked, and is
    /// killed when its parent ends; it runs `child` and never returns from here. It may open stores, or fork in its
    /// turn, but not both. The parent gets its pid.
    ///
    /// # Errors
    /// `EAGAIN` or `ENOMEM` when the system has no process to give; nothing has happened then.
    pub fn fork(&mut self, child: impl FnOnce(Origin) -> Infallible) -> Result<Pid, Errno> {
        let parent = getpid();
        // Between the fork and the child's own dispositions a signal would run the parent's handler in the child.
        let mut before = SigSet::empty();
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before))?;
        let forked = bare_fork(|| {
            become_child(parent);
            child(Origin::of_child())
        });
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
        forked
    }

    /// Forks a session, with fewer system calls: it inherits the mask of this process, whose own signals are blocked,
    /// and the handlers, which are a session's. Otherwise as [`Forker::fork`].
    ///
    /// # Errors
    /// As [`Forker::fork`].
    pub fn fork_session(
        &mut self,
        signals: PreparedSignals,
        child: impl FnOnce(PreparedSignals, Origin) -> Infallible,
    ) -> Result<Pid, Errno> {
        let parent = getpid();
        bare_fork(|| {
            die_with(parent, prctl::set_pdeathsig(Signal::SIGKILL));
            child(signals, Origin::of_child())
        })
    }

    /// Forks on behalf of this process's parent: the new process is a child of the parent, which gets its signal and
    /// waits for it, and is killed when the parent ends. For a process whose signal dispositions are its children's.
    /// The child gets the key, to forget it.
    ///
    /// # Errors
    /// As [`Forker::fork`].
    pub fn fork_sibling(
        &mut self,
        key: &mut CallKey,
        child: impl FnOnce(&mut CallKey, Origin) -> Infallible,
    ) -> Result<(), Errno> {
        // SAFETY: without arguments it touches no memory of ours.
        let parent = unsafe { key.call(libc::SYS_getppid, [0; 5]) }?;
        let flags = usize::try_from(libc::CLONE_PARENT | libc::SIGCHLD).map_err(|_| Errno::EINVAL)?;
        // SAFETY: as `bare_fork`: this process has one thread, and the child goes on with a copy of its memory and its
        // stack. The C library is not informed; it asks the kernel for the number of a process where it needs it.
        if unsafe { key.call(libc::SYS_clone, [flags, 0, 0, 0, 0]) }? != 0 {
            return Ok(());
        }
        let kill = usize::try_from(libc::SIGKILL).unwrap_or(0);
        let asked = usize::try_from(libc::PR_SET_PDEATHSIG).unwrap_or(0);
        // SAFETY: neither touches memory of ours.
        let is_theirs = unsafe {
            key.call(libc::SYS_prctl, [asked, kill, 0, 0, 0]).is_ok()
                && key.call(libc::SYS_getppid, [0; 5]) == Ok(parent)
        };
        // A parent that died before sends no signal any more.
        if !is_theirs {
            exit_now(0);
        }
        run(|| child(key, Origin::of_child()))
    }
}

/// What a child does. A panic must not unwind into the parent's code; the parent sees SIGABRT and logs it.
fn run(child: impl FnOnce() -> Infallible) -> ! {
    match catch_unwind(AssertUnwindSafe(child)) {
        Ok(never) => match never {},
        Err(_) => std::process::abort(),
    }
}

unsafe extern "C" {
    /// `fork` without what is for programs with threads: no `pthread_atfork` handlers, no locks of the allocator and of
    /// standard streams taken before and made anew after. POSIX.1-2024; the C library has it since glibc 2.34.
    fn _Fork() -> libc::pid_t;
}

/// Forks, and writes to fewer pages than `fork` does: each would be copied, for the child and again for the parent.
fn bare_fork(child: impl FnOnce() -> Infallible) -> Result<Pid, Errno> {
    // SAFETY: this process has one thread: a `Forker` exists only in a program that starts no threads, so no lock
    // can be held by a thread that the child does not have. `_Fork` takes nothing, and returns -1 if it has failed.
    match Errno::result(unsafe { _Fork() })? {
        0 => run(child),
        number => Ok(Pid::from_raw(number)),
    }
}

fn become_child(parent: Pid) {
    // The mask stays as it is: a signal that comes now (a reload signals every child) would end the child by its
    // default action. The child lets signals in when it is ready for them.
    die_with(parent, prctl::set_pdeathsig(Signal::SIGKILL).and_then(|()| signals::reset_to_default()));
}

/// Ends this child if it could not be prepared, or its parent died before PR_SET_PDEATHSIG took effect: that sends no
/// signal any more.
fn die_with(parent: Pid, prepared: Result<(), Errno>) {
    if prepared.is_err() || getppid() != parent {
        exit_now(i32::from(prepared.is_err()));
    }
}

/// Ends the process at once: no destructors, no `atexit` handlers, no flushing of what the parent had buffered.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: `_exit` takes any number, touches no memory of ours, and does not return.
    unsafe { libc::_exit(status) }
}
