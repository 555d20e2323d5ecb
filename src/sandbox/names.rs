//! What it takes to find the address of a host name, as the C library does it: its configuration, name servers, and
//! whatever modules the machine's `nsswitch.conf` names. Only for a database that is addressed by a host name.

use super::calls::{EXECUTE, LINKS_OF_OLD, number, opening_to_read, request, socket, socket_options, stream};
use crate::sys::sandbox::{Access, Condition, Policy};
use std::path::{Path, PathBuf};

/// The C library's configuration of names. Machines keep some of it elsewhere, behind a link.
const CONFIGURATION: [&str; 6] = [
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/gai.conf",
    // Where the modules are.
    "/etc/ld.so.cache",
];

/// Where modules and what they need of libraries are, and what systemd's modules read.
const DIRECTORIES: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/run/systemd/machines"];

/// The port of name servers, where an answer that is too long for a datagram is asked for again.
const NAME_SERVER: u16 = 53;

pub(super) fn names() -> Policy {
    let anonymous = number(libc::MAP_ANONYMOUS);
    let writable = number(libc::PROT_WRITE);
    let mut policy = opening_to_read()
        .connect(NAME_SERVER)
        .and(stream(libc::AF_UNIX))
        .and(socket(libc::AF_UNIX, libc::SOCK_DGRAM))
        .and(socket(libc::AF_INET, libc::SOCK_DGRAM))
        .and(socket(libc::AF_INET6, libc::SOCK_DGRAM))
        .calls(&[
            libc::SYS_sendmmsg,
            libc::SYS_recvmmsg,
            libc::SYS_pread64,
            libc::SYS_getdents64,
            libc::SYS_faccessat,
            libc::SYS_readlinkat,
            libc::SYS_statfs,
            libc::SYS_fstatfs,
            libc::SYS_uname,
            libc::SYS_sysinfo,
            libc::SYS_getuid,
            libc::SYS_geteuid,
            libc::SYS_getgid,
            libc::SYS_getegid,
            libc::SYS_capget,
            // For a kernel socket (netlink) that lists the machine's own addresses; Landlock forbids it for TCP.
            libc::SYS_bind,
        ])
        .calls(&LINKS_OF_OLD)
        // Errors of datagrams, which the C library asks for, and how systemd's modules set their sockets up.
        .and(socket_options(libc::SOL_IP, &[libc::IP_RECVERR, libc::IP_MTU_DISCOVER, libc::IP_PKTINFO]))
        .and(socket_options(
            libc::SOL_IPV6,
            &[libc::IPV6_RECVERR, libc::IPV6_V6ONLY, libc::IPV6_MTU_DISCOVER, libc::IPV6_RECVPKTINFO],
        ))
        .and(socket_options(
            libc::SOL_NETLINK,
            &[libc::NETLINK_PKTINFO, libc::NETLINK_EXT_ACK, libc::NETLINK_GET_STRICT_CHK],
        ))
        .and(socket_options(
            libc::SOL_SOCKET,
            &[
                libc::SO_RCVBUF,
                libc::SO_SNDBUF,
                libc::SO_RCVBUFFORCE,
                libc::SO_SNDBUFFORCE,
                libc::SO_PASSCRED,
                libc::SO_RCVTIMEO,
                libc::SO_SNDTIMEO,
            ],
        ))
        .call_when(
            libc::SYS_socket,
            &[Condition::is(0, number(libc::AF_NETLINK)), Condition::is(2, number(libc::NETLINK_ROUTE))],
        )
        .call_when(libc::SYS_ioctl, &[Condition::is(1, request(libc::FIONREAD))])
        .call_when(libc::SYS_prctl, &[Condition::is(0, number(libc::PR_CAPBSET_READ))])
        // Modules are libraries: code is mapped from their files, but never from memory that can be written.
        .call_when(libc::SYS_mmap, &[Condition::has(2, EXECUTE | writable, EXECUTE), Condition::lacks(3, anonymous)]);
    for file in CONFIGURATION {
        policy = with_what_it_leads_to(policy, Path::new(file));
    }
    for directory in DIRECTORIES {
        policy = policy.file(directory, Access::Read);
    }
    match library_directory() {
        Some(directory) => policy.file(directory, Access::Read),
        None => policy,
    }
}

/// A file that is a link elsewhere is made anew there, under the same name, whenever it changes: then the directory
/// that it is in, which contains nothing else.
fn with_what_it_leads_to(policy: Policy, file: &Path) -> Policy {
    let real = file.canonicalize().ok().filter(|real| real != file);
    match real.as_deref().and_then(Path::parent).filter(|directory| directory.starts_with("/run")) {
        Some(directory) => policy.file(directory, Access::Read),
        None => policy.file(file, Access::Read),
    }
}

/// Where the C library of this process is, if not in one of the usual places.
fn library_directory() -> Option<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| &line[at..]))
        .find(|path| Path::new(path).file_name().is_some_and(|name| name.to_string_lossy().starts_with("libc.so")))?;
    Path::new(path).parent().map(Path::to_owned)
}
