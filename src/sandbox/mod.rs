//! What each confined process may do: its system calls, files, TCP ports. Lists with their reasons, and nothing else;
//! [`sys::sandbox`](crate::sys::sandbox) enforces them.
//!
//! A session may do what [`session()`] allows, the helpers what [`probe()`], [`loader()`] and [`writer()`] allow. The
//! policy of a new kind of process is put together from [`process()`], [`database()`], [`files_in()`] and what it needs
//! besides.

#![forbid(unsafe_code)]

mod calls;
mod database;
mod names;

pub use database::{database, directory, files_in};

use crate::store::Location;
use crate::sys::sandbox::{Access, Condition, Policy};
use calls::{EXECUTE, file_control, nearest_directory, number, request, socket_options, waits};
use database::database_of_session;

/// How many descriptors a confined process may have: a session uses about a dozen.
const OPEN_FILES: u64 = 64;

/// What every confined process does: memory, time, chance, signals to itself, talking over the sockets that it has,
/// logging to standard error, ending.
pub fn process() -> Policy {
    Policy::new(OPEN_FILES)
        .calls(&[
            // What is open already: sockets, standard error, what a parent hands over.
            libc::SYS_read,
            libc::SYS_write,
            libc::SYS_readv,
            libc::SYS_writev,
            // A log line to what others have open, too: without waiting.
            libc::SYS_pwritev2,
            libc::SYS_close,
            libc::SYS_recvfrom,
            libc::SYS_recvmsg,
            libc::SYS_sendto,
            libc::SYS_sendmsg,
            libc::SYS_shutdown,
            libc::SYS_ppoll,
            libc::SYS_lseek,
            libc::SYS_fstat,
            libc::SYS_newfstatat,
            libc::SYS_statx,
            // Memory. (What may be mapped how, see below.)
            libc::SYS_brk,
            libc::SYS_munmap,
            libc::SYS_mremap,
            libc::SYS_madvise,
            libc::SYS_futex,
            libc::SYS_getrandom,
            // Time: the kernel's page for it may be missing, and then the calls are made.
            libc::SYS_clock_gettime,
            libc::SYS_gettimeofday,
            libc::SYS_nanosleep,
            libc::SYS_clock_nanosleep,
            libc::SYS_sched_yield,
            // Signals. The second last goes on with a wait after the process was stopped and continued.
            libc::SYS_rt_sigaction,
            libc::SYS_rt_sigprocmask,
            libc::SYS_rt_sigpending,
            libc::SYS_rt_sigreturn,
            libc::SYS_sigaltstack,
            libc::SYS_restart_syscall,
            // Who it is, for log lines and for `abort`.
            libc::SYS_getpid,
            libc::SYS_gettid,
            // The end.
            libc::SYS_exit,
            libc::SYS_exit_group,
        ])
        .calls(OF_OLD)
        // Nothing that can be executed: no code but what the program came with.
        .call_when(libc::SYS_mmap, &[Condition::lacks(2, EXECUTE)])
        .call_when(libc::SYS_mprotect, &[Condition::lacks(2, EXECUTE)])
        // `abort` after a panic: so that it is reported as one.
        .call_when(libc::SYS_tgkill, &[Condition::is_own_process(0), Condition::is(2, number(libc::SIGABRT))])
        .and(file_control(&[
            libc::F_GETFD,
            libc::F_SETFD,
            libc::F_GETFL,
            libc::F_SETFL,
            libc::F_DUPFD_CLOEXEC,
            libc::F_GET_SEALS,
        ]))
}

/// A session: it answers its client, asks its parent over socket pairs of its own, and uses the database.
pub fn session(location: &Location) -> Policy {
    process()
        // Growing a mapping is a way to the shared pages behind it, which are other sessions'. The C library's
        // `realloc` copies where it can't have it.
        .refuse(&[libc::SYS_mremap])
        .call_when(libc::SYS_socketpair, &[Condition::is(0, number(libc::AF_UNIX))])
        // How much of a reply the client has not taken.
        .call_when(libc::SYS_ioctl, &[Condition::is(1, request(libc::TIOCOUTQ))])
        // How long to wait for the parent and the helpers; how soon the client's kernel is answered.
        .and(waits())
        .and(socket_options(libc::IPPROTO_TCP, &[libc::TCP_QUICKACK]))
        .and(database_of_session(location))
}

/// The writer: it lives as long as the daemon, uses the database for sessions, and waits for many of them at once, each
/// with a descriptor: for as many as the daemon may have.
pub fn writer(location: &Location) -> Policy {
    process()
        .and(Policy::new(u64::MAX))
        .calls(&[libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait])
        .calls(WAIT_OF_OLD)
        // The spool, which its parent has opened.
        .calls(&[libc::SYS_pread64, libc::SYS_pwrite64, libc::SYS_fdatasync, libc::SYS_ftruncate])
        // Which child a channel is from.
        .call_when(
            libc::SYS_getsockopt,
            &[Condition::is(1, number(libc::SOL_SOCKET)), Condition::is(2, number(libc::SO_PEERCRED))],
        )
        .and(waits())
        .and(database(location))
}

/// The probe: it uses the database as a session does, and makes an embedded one where there is none. That it works is
/// a test of what sessions are confined to, too.
pub fn probe(location: &Location) -> Policy {
    let policy = process().and(database(location));
    match location {
        Location::Sqlite(file) => {
            policy.calls(&[libc::SYS_mkdirat]).calls(MKDIR_OF_OLD).file(nearest_directory(file), Access::Make)
        }
        Location::MySql(_) => policy,
    }
}

/// The loader: it has the words file open when it is confined, and makes a sealed memory file of it.
pub fn loader() -> Policy {
    process().calls(&[libc::SYS_memfd_create]).and(file_control(&[libc::F_ADD_SEALS]))
}

/// Calls that newer machines never had, and older C libraries still make.
#[cfg(target_arch = "x86_64")]
const OF_OLD: &[libc::c_long] = &[libc::SYS_poll, libc::SYS_stat, libc::SYS_lstat];
#[cfg(not(target_arch = "x86_64"))]
const OF_OLD: &[libc::c_long] = &[];

#[cfg(target_arch = "x86_64")]
const WAIT_OF_OLD: &[libc::c_long] = &[libc::SYS_epoll_wait];
#[cfg(not(target_arch = "x86_64"))]
const WAIT_OF_OLD: &[libc::c_long] = &[];

#[cfg(target_arch = "x86_64")]
const MKDIR_OF_OLD: &[libc::c_long] = &[libc::SYS_mkdir];
#[cfg(not(target_arch = "x86_64"))]
const MKDIR_OF_OLD: &[libc::c_long] = &[];
