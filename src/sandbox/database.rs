//! What a database needs of the system. Each kind gets only its own.

use super::calls::{
    LINKS_OF_OLD, file_control, nearest_directory, opening_to_read, request, socket_options, stream, waits,
};
use super::names::names;
use crate::store::{Location, Server, SslMode, embedded_files};
use crate::sys::sandbox::{Access, Condition, Policy};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// What is needed to use the database at a location, and to make what is missing of an embedded one.
pub fn database(location: &Location) -> Policy {
    match location {
        Location::Sqlite(file) => sqlite().and(files_in(directory_of(file))),
        Location::MySql(server) => mysql(server),
    }
}

/// What a session needs of it: the files of an embedded database that are there, and no others in their directory, where
/// the spool is, too, and perhaps keys and words.
pub(super) fn database_of_session(location: &Location) -> Policy {
    match location {
        Location::Sqlite(file) => embedded_files(file)
            .into_iter()
            .fold(sqlite().calls(FILES).calls(FILES_OF_OLD), |policy, file| policy.file(file, Access::Change))
            // SQLite has a new log's name on the disk before it counts on it.
            .file(directory_of(file), Access::List)
            // What it would remove is there for others: they are as good to it when they stay.
            .refuse(&[libc::SYS_unlinkat])
            .refuse(UNLINK_OF_OLD),
        Location::MySql(server) => mysql(server),
    }
}

/// Where SQLite may keep files: beside an embedded database, which is also the place for temporary ones.
pub fn directory(location: &Location) -> Option<PathBuf> {
    match location {
        Location::Sqlite(file) => Some(directory_of(file)),
        Location::MySql(_) => None,
    }
}

fn directory_of(file: &Path) -> PathBuf {
    match file.canonicalize() {
        Ok(file) => nearest_directory(&file),
        Err(_) => nearest_directory(file),
    }
}

/// Making, reading, writing and removing files below a directory.
pub fn files_in(directory: impl Into<PathBuf>) -> Policy {
    Policy::default()
        .file(directory, Access::Change)
        .calls(FILES)
        .calls(FILES_OF_OLD)
        .calls(&[libc::SYS_unlinkat])
        .calls(UNLINK_OF_OLD)
}

/// What SQLite does besides reading, writing, making and removing files.
fn sqlite() -> Policy {
    Policy::default()
        // For the salt of a journal.
        .file("/dev/urandom", Access::Read)
        .calls(&[
            libc::SYS_faccessat,
            libc::SYS_readlinkat,
            libc::SYS_getcwd,
            // As root, it gives what it makes to the owner of the database.
            libc::SYS_geteuid,
            libc::SYS_fchown,
            libc::SYS_fchmod,
        ])
        .calls(&LINKS_OF_OLD)
        .and(file_control(&[libc::F_SETLK, libc::F_GETLK]))
}

fn mysql(server: &Server) -> Policy {
    let policy = Policy::default()
        .calls(&[libc::SYS_connect, libc::SYS_getsockopt, libc::SYS_getsockname, libc::SYS_getpeername])
        .call_when(libc::SYS_ioctl, &[Condition::is(1, request(libc::FIONBIO))])
        .and(waits())
        // What the driver sets when it connects.
        .and(socket_options(libc::SOL_SOCKET, &[libc::SO_KEEPALIVE]))
        .and(socket_options(
            libc::IPPROTO_TCP,
            &[libc::TCP_NODELAY, libc::TCP_KEEPIDLE, libc::TCP_KEEPINTVL, libc::TCP_KEEPCNT, libc::TCP_USER_TIMEOUT],
        ));
    let policy = match server.tls.as_ref().and_then(|tls| tls.ca.as_ref()) {
        // Read whenever a connection is made.
        Some(ca) => policy.and(opening_to_read()).file(ca, Access::Read),
        None => policy,
    };
    if server.socket.is_some() {
        // Connecting to a Unix socket is not opening a file: the socket's own permissions decide.
        return policy.and(stream(libc::AF_UNIX));
    }
    // The driver has to be bound to a family of addresses when it verifies a host's name.
    let binds = server.tls.as_ref().is_some_and(|tls| tls.mode == SslMode::VerifyIdentity);
    server.hosts.iter().fold(policy, |policy, host| {
        let policy = policy.connect(host.port);
        match host.address() {
            Some(IpAddr::V4(_)) => policy.and(stream(libc::AF_INET)),
            Some(IpAddr::V6(_)) => policy.and(stream(libc::AF_INET6)),
            None => {
                let policy = policy.and(stream(libc::AF_INET)).and(stream(libc::AF_INET6)).and(names());
                if binds { policy.bind_own_port() } else { policy }
            }
        }
    })
}

/// Opening, reading and writing files.
const FILES: &[libc::c_long] = &[
    libc::SYS_openat,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
];

#[cfg(target_arch = "x86_64")]
const FILES_OF_OLD: &[libc::c_long] = &[libc::SYS_open];
#[cfg(not(target_arch = "x86_64"))]
const FILES_OF_OLD: &[libc::c_long] = &[];

#[cfg(target_arch = "x86_64")]
const UNLINK_OF_OLD: &[libc::c_long] = &[libc::SYS_unlink];
#[cfg(not(target_arch = "x86_64"))]
const UNLINK_OF_OLD: &[libc::c_long] = &[];
