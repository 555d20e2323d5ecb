//! Trying something in a forked child that has entered a sandbox, and observing the result.

use cidian::sys::sandbox::{CallKey, Policy, Sandbox, Support};
use cidian::sys::{Forker, close_all_but, exit_now, let_signals_in};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use std::os::fd::{AsFd, BorrowedFd};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It worked.
    Done,
    /// It was refused.
    Refused(Errno),
    /// It ended the process.
    Killed(Signal),
}

/// Exit statuses above every number of an error.
const NOT_ENTERED: i32 = 250;

/// What the kernel supports; these tests need every layer.
pub fn support() -> Support {
    let support = Support::of_this_kernel();
    assert!(support.landlock().is_some() && support.seccomp(), "the kernel has {:?}", support.lacks());
    support
}

/// Whether Landlock is new enough; prints so if it is not. Debian 12 has 2.
pub fn landlock_has(abi: u32) -> bool {
    let has = support().landlock().is_some_and(|has| has >= abi);
    if !has {
        println!("not tried: {:?}", support().lacks());
    }
    has
}

/// A policy's files, ports and signals, without its filter of system calls.
pub fn landlock_only(policy: Policy) -> Sandbox {
    Sandbox::prepare(policy, support().without_seccomp()).expect("a sandbox")
}

/// A policy's filter of system calls, without Landlock.
pub fn seccomp_only(policy: Policy) -> Sandbox {
    Sandbox::prepare(policy, support().without_landlock()).expect("a sandbox")
}

/// All layers.
pub fn whole(policy: Policy) -> Sandbox {
    Sandbox::prepare(policy, support()).expect("a sandbox")
}

/// Tries something in a child that has entered `sandbox`.
pub fn attempt(forker: &mut Forker, sandbox: &Sandbox, what: impl FnOnce() -> Result<(), Errno>) -> Outcome {
    attempt_with(forker, sandbox, &[], || {}, what)
}

/// The same, with descriptors that the child keeps, and something that it does before it enters.
pub fn attempt_with(
    forker: &mut Forker,
    sandbox: &Sandbox,
    keep: &[BorrowedFd<'_>],
    first: impl FnOnce(),
    what: impl FnOnce() -> Result<(), Errno>,
) -> Outcome {
    let child = forker.fork(|_| {
        let keep: Vec<_> = keep.iter().copied().chain(sandbox.descriptor()).collect();
        first();
        let entered = let_signals_in().and_then(|()| close_all_but(&keep)).and_then(|()| sandbox.enter());
        exit_now(match entered.map(|()| what()) {
            Ok(Ok(())) => 0,
            Ok(Err(errno)) => errno as i32,
            Err(_) => NOT_ENTERED,
        })
    });
    outcome(waitpid(child.expect("a child"), None).expect("its end"))
}

/// The same in a child that has inherited the most of `sandbox` from a process that forks such, whose sibling it is.
pub fn attempt_handed_down(
    forker: &mut Forker,
    sandbox: &Sandbox,
    keep: &[BorrowedFd<'_>],
    what: impl FnOnce() -> Result<(), Errno>,
) -> Outcome {
    let server = forker.fork(|origin| {
        let keep: Vec<_> = keep.iter().copied().chain(sandbox.descriptor()).collect();
        let ready = let_signals_in().and_then(|()| close_all_but(&keep));
        let mut key = CallKey::draw().expect("a key");
        let handed_down = ready.and_then(|()| sandbox.hand_down(&key));
        let forked = handed_down.and_then(|()| {
            origin.into_forker().fork_sibling(&mut key, |key, _| {
                exit_now(match sandbox.enter_the_rest(key).map(|()| what()) {
                    Ok(Ok(())) => 0,
                    Ok(Err(errno)) => errno as i32,
                    Err(_) => NOT_ENTERED,
                })
            })
        });
        exit_now(i32::from(forked.is_err()))
    });
    let server = server.expect("a child");
    let ends = [(); 2].map(|()| waitpid(None, None).expect("an end"));
    let (of_server, of_child): (Vec<_>, Vec<_>) = ends.into_iter().partition(|end| end.pid() == Some(server));
    assert_eq!(of_server, [WaitStatus::Exited(server, 0)], "what forks them");
    outcome(of_child[0])
}

fn outcome(end: WaitStatus) -> Outcome {
    match end {
        WaitStatus::Exited(_, 0) => Outcome::Done,
        WaitStatus::Exited(_, NOT_ENTERED) => panic!("the sandbox can't be entered"),
        WaitStatus::Exited(_, status) => Outcome::Refused(Errno::from_raw(status)),
        WaitStatus::Signaled(_, signal, _) => Outcome::Killed(signal),
        other => panic!("{other:?}"),
    }
}

/// The error of an operation of the standard library.
pub fn errno<T>(outcome: std::io::Result<T>) -> Result<(), Errno> {
    match outcome {
        Ok(_) => Ok(()),
        Err(error) => Err(Errno::from_raw(error.raw_os_error().expect("an error of the system"))),
    }
}

/// Where `openat` and the like look: here.
pub const HERE: BorrowedFd<'static> = nix::fcntl::AT_FDCWD;

/// Standard error as a descriptor.
pub fn stderr() -> impl AsFd {
    std::io::stderr()
}
