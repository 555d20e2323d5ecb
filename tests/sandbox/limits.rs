//! Resource limits, `no_new_privs`, and being closed to other processes: the layers that also work on kernels without
//! Landlock and seccomp.

use crate::attempt::Outcome::{Done, Refused};
use crate::attempt::{attempt, attempt_with, errno, stderr, support};
use crate::policies;
use cidian::sys::sandbox::Sandbox;
use cidian::sys::{Forker, exit_now};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Uid, pipe, read, setuid};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

/// A user without any rights: limits of processes do not bind root.
const NOBODY: u32 = 65_534;

fn become_nobody() {
    if Uid::effective().is_root() && setuid(Uid::from_raw(NOBODY)).is_err() {
        exit_now(249);
    }
}

fn bare() -> Sandbox {
    let support = support().without_landlock().without_seccomp();
    Sandbox::prepare(policies::sqlite(Path::new("/tmp")), support).expect("a sandbox")
}

pub fn descriptors_processes_and_core_dumps(forker: &mut Forker) {
    let limits = || {
        let limits = [Resource::RLIMIT_NPROC, Resource::RLIMIT_CORE].map(getrlimit);
        let files = getrlimit(Resource::RLIMIT_NOFILE)?;
        let free = [Resource::RLIMIT_CPU, Resource::RLIMIT_FSIZE].map(getrlimit);
        let unlimited = nix::sys::resource::RLIM_INFINITY;
        if limits != [Ok((0, 0)), Ok((0, 0))]
            || files != (64, 64)
            || free.iter().any(|&f| f.map(|f| f.0) != Ok(unlimited))
        {
            return Err(Errno::EIO);
        }
        if prctl::get_no_new_privs() == Ok(true) { Ok(()) } else { Err(Errno::EPERM) }
    };
    assert_eq!(attempt(forker, &bare(), limits), Done);
    let hoard = || {
        let mut held = Vec::new();
        loop {
            held.push(stderr().as_fd().try_clone_to_owned().map_err(|error| {
                let few = held.len() <= 64;
                if few { Errno::from_raw(error.raw_os_error().unwrap_or(0)) } else { Errno::EIO }
            })?);
        }
    };
    assert_eq!(attempt(forker, &bare(), hoard), Refused(Errno::EMFILE));
    let sandbox = bare();
    let fork_again = || {
        // SAFETY: this child has one thread, and a second one, if there were any, would end at once.
        match unsafe { nix::unistd::fork() }? {
            nix::unistd::ForkResult::Child => exit_now(0),
            nix::unistd::ForkResult::Parent { .. } => Ok(()),
        }
    };
    assert_eq!(attempt_with(forker, &sandbox, &[], become_nobody, fork_again), Refused(Errno::EAGAIN));
}

pub fn no_other_process_of_the_user_looks_into_it(forker: &mut Forker) {
    for confined in [true, false] {
        let (ready, say_ready) = pipe().expect("a pipe");
        let (wait, go) = pipe().expect("a pipe");
        let sandbox = bare();
        let victim = forker
            .fork(|_| {
                become_nobody();
                // Changing its user has closed it already.
                let open = prctl::set_dumpable(true);
                let entered = open.and_then(|()| if confined { sandbox.enter() } else { Ok(()) });
                let said = entered.and_then(|()| nix::unistd::write(&say_ready, b"x"));
                let mut byte = [0];
                let _ = nix::unistd::close(std::os::fd::AsRawFd::as_raw_fd(&go));
                exit_now(i32::from(said.and_then(|_| read(&wait, &mut byte)).is_err()))
            })
            .expect("a child");
        drop(say_ready);
        assert_eq!(read(&ready, &mut [0]), Ok(1));
        let memory = format!("/proc/{victim}/mem");
        let looker = forker
            .fork(|_| {
                become_nobody();
                exit_now(match errno(File::open(&memory)) {
                    Ok(()) => 0,
                    Err(errno) => errno as i32,
                })
            })
            .expect("a child");
        let seen = if confined { Errno::EACCES as i32 } else { 0 };
        assert_eq!(waitpid(looker, None), Ok(WaitStatus::Exited(looker, seen)), "confined: {confined}");
        drop(go);
        assert_eq!(waitpid(victim, None), Ok(WaitStatus::Exited(victim, 0)));
    }
}

pub fn without_the_kernel_s_help_a_session_still_starts(forker: &mut Forker) {
    assert!(bare().descriptor().is_none());
    assert_eq!(attempt(forker, &bare(), || errno(File::open("/etc/passwd"))), Done);
}
