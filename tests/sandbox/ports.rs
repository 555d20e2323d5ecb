//! Landlock: TCP ports, signals, abstract sockets, without any help from the filter.

use crate::attempt::Outcome::{Done, Refused};
use crate::attempt::{attempt, attempt_with, errno, landlock_has, landlock_only};
use crate::policies;
use cidian::sys::Forker;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

/// Linux 6.7, and 6.12.
const LIMITS_TCP: u32 = 4;
const LIMITS_SIGNALS: u32 = 6;

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

fn connect_to(port: u16) -> Result<(), Errno> {
    errno(TcpStream::connect((Ipv4Addr::LOCALHOST, port)))
}

pub fn only_the_database_s_port_is_connected_to(forker: &mut Forker) {
    if !landlock_has(LIMITS_TCP) {
        return;
    }
    let (_database, port) = listener();
    let (_other, other) = listener();
    for policy in [policies::by_address(port), policies::by_name(port)] {
        let sandbox = landlock_only(policy);
        assert_eq!(attempt(forker, &sandbox, || connect_to(port)), Done);
        assert_eq!(attempt(forker, &sandbox, || connect_to(other)), Refused(Errno::EACCES));
        let listen = || errno(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        assert_eq!(attempt(forker, &sandbox, listen), Refused(Errno::EACCES));
    }
}

pub fn an_embedded_database_has_no_network(forker: &mut Forker) {
    if !landlock_has(LIMITS_TCP) {
        return;
    }
    let (_listener, port) = listener();
    let directory = tempfile::tempdir().expect("a directory");
    let socket = directory.path().join("s");
    for policy in [policies::sqlite(directory.path()), policies::by_socket(&socket), cidian::sandbox::loader()] {
        assert_eq!(attempt(forker, &landlock_only(policy), || connect_to(port)), Refused(Errno::EACCES));
    }
    // The way to a server over its Unix socket is open.
    let _server = UnixListener::bind(&socket).expect("a socket");
    let sandbox = landlock_only(policies::by_socket(&socket));
    assert_eq!(attempt(forker, &sandbox, || errno(UnixStream::connect(&socket))), Done);
}

pub fn the_parent_gets_no_signal_and_no_abstract_socket_is_reached(forker: &mut Forker) {
    if !landlock_has(LIMITS_SIGNALS) {
        return;
    }
    let name = format!("cidian-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("an address");
    let _server = UnixListener::bind_addr(&address).expect("an abstract socket");
    let us = nix::unistd::getpid();
    for (kind, policy) in policies::all() {
        let sandbox = landlock_only(policy);
        for signal in [None, Some(Signal::SIGUSR1), Some(Signal::SIGKILL)] {
            let outcome = attempt(forker, &sandbox, || kill(us, signal));
            assert_eq!(outcome, Refused(Errno::EPERM), "{kind}: {signal:?}");
        }
        let client = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
        let address = UnixAddr::new_abstract(name.as_bytes()).expect("an address");
        let tried = || connect(client.as_raw_fd(), &address);
        let keep = std::os::fd::AsFd::as_fd(&client);
        assert_eq!(attempt_with(forker, &sandbox, &[keep], || {}, tried), Refused(Errno::EPERM), "{kind}");
    }
}
