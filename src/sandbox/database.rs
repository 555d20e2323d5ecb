//! What a database needs of the system. Each kind gets only its own.

use super::calls::{
    LINKS_OF_OLD, file_control, nearest_directory, opening_to_read, request, socket_options, stream, waits,
};
use super::names::names;
use crate::store::{Location, Server, SslMode};
use crate::sys::sandbox::{Access, Condition, Policy};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// What is needed to use the database at a location.
pub fn database(location: &Location) -> Policy {
    match location {
        Location::Sqlite(file) => sqlite(file),
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
        .calls(&[
            libc::SYS_openat,
            libc::SYS_pread64,
            libc::SYS_pwrite64,
            libc::SYS_fsync,
            libc::SYS_fdatasync,
            libc::SYS_ftruncate,
            libc::SYS_unlinkat,
        ])
        .calls(FILES_OF_OLD)
}

/// The file, and what SQLite keeps beside it: `-wal`, `-shm`, temporary files. Beside the file that a link leads to.
fn sqlite(file: &Path) -> Policy {
    files_in(directory_of(file))
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

#[cfg(target_arch = "x86_64")]
const FILES_OF_OLD: &[libc::c_long] = &[libc::SYS_open, libc::SYS_unlink];
#[cfg(not(target_arch = "x86_64"))]
const FILES_OF_OLD: &[libc::c_long] = &[];
