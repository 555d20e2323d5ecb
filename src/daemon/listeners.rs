//! The listening sockets, on which clients connect. Accepts one client at a time; never reads, never blocks.

use crate::config::address::Address;
use crate::exit::{Exit, Fatal};
use crate::session::{Language, Peer};
use crate::sys;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::sockopt::{self, Ipv6V6Only, KeepAlive, PeerCredentials, ReuseAddr, TcpNoDelay};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, SockaddrLike, SockaddrStorage, UnixAddr, bind, getsockname,
    getsockopt, listen, setsockopt, socket,
};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// What its clients speak.
    pub language: Language,
}

#[derive(Debug)]
enum Socket {
    /// Over TCP.
    Internet(TcpListener, SocketAddr),
    /// Over a Unix socket, whose file goes when the listener goes.
    Unix(UnixListener, SocketFile),
    /// A client's private server: connections come as descriptors over a socket pair that no other process has.
    Private(OwnedFd),
}

/// The file of a Unix socket.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// `None` for one that systemd has made: it stays.
    identity: Option<(u64, u64)>,
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Only ours: another daemon may have put its own in its place.
        if self.identity.is_some_and(|ours| identity(&self.path).is_ok_and(|there| there == ours)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|data| (data.dev(), data.ino()))
}

/// What an accept gave.
#[derive(Debug)]
pub enum Accepted {
    /// A client.
    Client(OwnedFd, Peer),
    /// No client is waiting.
    Nobody,
    /// That client is gone already, or its network is; the next one may be well.
    Lost(io::Error),
    /// This process, or the system, has no descriptor or no memory left.
    Scarce(io::Error),
    /// The private server's one client has ended.
    Ended,
}

impl Listener {
    /// Takes an address without letting clients in yet: that is [`Listener::start`]. A host's name may stand for
    /// several. `language` is what its clients speak.
    ///
    /// # Errors
    /// [`Exit::System`], naming the address.
    pub fn open(address: &Address, language: Language) -> Result<Vec<Self>, Fatal> {
        let taken: io::Result<Vec<Socket>> = match address {
            Address::Internet(text) => text.to_socket_addrs().and_then(|found| found.map(take).collect()),
            Address::Unix(path) => take_path(path).map(|socket| vec![socket]),
        };
        let taken = taken.map_err(|error| Fatal::new(Exit::System, format!("cannot listen on {address}: {error}")))?;
        Ok(taken.into_iter().map(|socket| Self { socket, language }).collect())
    }

    /// A client's private server's end of its socket pair.
    pub fn private(socket: OwnedFd) -> Self {
        Self { socket: Socket::Private(socket), language: Language::Lines }
    }

    /// Lets clients in, from now on; one that another process has opened does so already.
    ///
    /// # Errors
    /// [`Exit::System`], naming the address: another process has taken it meanwhile.
    pub fn start(&self) -> Result<(), Fatal> {
        let begun = match &self.socket {
            Socket::Internet(listener, _) => listen(listener, Backlog::MAXALLOWABLE).map_err(io::Error::from),
            Socket::Unix(_, SocketFile { identity: None, .. }) | Socket::Private(_) => Ok(()),
            Socket::Unix(listener, file) => match identity(&file.path) {
                Ok(there) if Some(there) == file.identity => {
                    listen(listener, Backlog::MAXALLOWABLE).map_err(io::Error::from)
                }
                _ => Err(io::Error::from_raw_os_error(libc::EADDRINUSE)),
            },
        };
        begun.map_err(|error| Fatal::new(Exit::System, format!("cannot listen on {self}: {error}")))
    }

    /// Takes over a socket that another process has opened. `language` is what its clients speak.
    ///
    /// # Errors
    /// It does not listen, or not for streams of a known family.
    pub fn passed(socket: OwnedFd, language: Language) -> io::Result<Self> {
        let unfit = |why| io::Error::new(io::ErrorKind::InvalidInput, why);
        if getsockopt(&socket, sockopt::SockType)? != SockType::Stream || !getsockopt(&socket, sockopt::AcceptConn)? {
            return Err(unfit("it is not a listening stream socket"));
        }
        let fd = std::os::fd::AsRawFd::as_raw_fd(&socket);
        fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        let socket = match getsockname::<SockaddrStorage>(fd)?.family() {
            Some(AddressFamily::Inet | AddressFamily::Inet6) => {
                set_for_clients(&socket)?;
                let listener = TcpListener::from(socket);
                listener.set_nonblocking(true)?;
                let address = listener.local_addr()?;
                Socket::Internet(listener, address)
            }
            Some(AddressFamily::Unix) => {
                let listener = UnixListener::from(socket);
                listener.set_nonblocking(true)?;
                let path = listener.local_addr()?.as_pathname().map(Path::to_owned).unwrap_or_default();
                Socket::Unix(listener, SocketFile { path, identity: None })
            }
            _ => return Err(unfit("it is neither a TCP nor a Unix socket")),
        };
        Ok(Self { socket, language })
    }

    /// Whether only this machine reaches it.
    pub fn is_on_this_machine(&self) -> bool {
        match &self.socket {
            Socket::Internet(_, address) => address.ip().to_canonical().is_loopback(),
            Socket::Unix(..) | Socket::Private(_) => true,
        }
    }

    /// Whether it listens at this address, as it is written.
    pub fn is_at(&self, address: &Address) -> bool {
        match (&self.socket, address) {
            (Socket::Internet(_, here), Address::Internet(text)) => text.parse() == Ok(*here),
            (Socket::Unix(_, file), Address::Unix(path)) => file.path == *path,
            _ => false,
        }
    }

    /// Accepts one client.
    pub fn accept(&self) -> Accepted {
        let accepted = match &self.socket {
            Socket::Internet(listener, _) => {
                let peer = if self.language == Language::LinesOverTls { Peer::Tls } else { Peer::Internet };
                listener.accept().map(|(stream, address)| (stream.into(), peer(address)))
            }
            Socket::Unix(listener, _) => listener.accept().and_then(|(stream, _)| {
                let user = getsockopt(&stream, PeerCredentials)?.uid();
                Ok((stream.into(), Peer::Local { user }))
            }),
            Socket::Private(socket) => {
                match sys::receive_with_descriptor(socket.as_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT) {
                    Ok((0, _)) => return Accepted::Ended,
                    Ok((_, Some(stream))) => Ok((stream, Peer::Local { user: nix::unistd::getuid().as_raw() })),
                    Ok((_, None)) => return Accepted::Nobody,
                    Err(error) => Err(error.into()),
                }
            }
        };
        accepted.map_or_else(classify, |(stream, peer)| Accepted::Client(stream, peer))
    }

    /// The socket to watch.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Internet(listener, _) => listener.as_fd(),
            Socket::Unix(listener, _) => listener.as_fd(),
            Socket::Private(socket) => socket.as_fd(),
        }
    }
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.socket {
            Socket::Internet(_, address) => write!(f, "{address}"),
            Socket::Unix(_, file) => write!(f, "unix:{}", file.path.display()),
            Socket::Private(_) => f.write_str("a private socket"),
        }?;
        f.write_str(match self.language {
            Language::Lines => "",
            Language::LinesOverTls => " (TLS)",
            Language::Dict => " (DICT)",
        })
    }
}

/// No accept error ends the daemon: accept(2) passes on the network's error of that one connection.
fn classify(error: io::Error) -> Accepted {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EAGAIN) => Accepted::Nobody,
        Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM) => Accepted::Scarce(error),
        _ => Accepted::Lost(error),
    }
}

fn take(address: SocketAddr) -> io::Result<Socket> {
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let socket = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    // A restart must not wait for the connections of the last run to be forgotten.
    setsockopt(&socket, ReuseAddr, &true)?;
    set_for_clients(&socket)?;
    if address.is_ipv6() {
        // [::] and 0.0.0.0 can then be listened on side by side, whatever the system's default.
        setsockopt(&socket, Ipv6V6Only, &true)?;
    }
    bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &SockaddrStorage::from(address))?;
    let listener = TcpListener::from(socket);
    let address = listener.local_addr()?;
    Ok(Socket::Internet(listener, address))
}

/// Inherited by every accepted connection (tcp(7)), at no cost for each: replies go out at once, and a
/// client whose machine is gone is noticed even where no idle timeout is set.
fn set_for_clients(socket: &OwnedFd) -> nix::Result<()> {
    setsockopt(socket, TcpNoDelay, &true)?;
    setsockopt(socket, KeepAlive, &true)
}

fn take_path(path: &Path) -> io::Result<Socket> {
    if std::fs::symlink_metadata(path).is_ok_and(|data| data.file_type().is_socket()) {
        // A socket without a listener was left by a daemon that was killed.
        match UnixStream::connect(path) {
            Ok(_) => return Err(io::Error::from_raw_os_error(libc::EADDRINUSE)),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path)?,
            Err(error) => return Err(error),
        }
    }
    let socket = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &UnixAddr::new(path)?)?;
    let file = SocketFile { path: path.to_owned(), identity: Some(identity(path)?) };
    // Anyone who can reach the directory may connect, as with TCP; accounts are what protects.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
    Ok(Socket::Unix(UnixListener::from(socket), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accept_error_has_a_place() {
        let of = |errno: Errno| classify(io::Error::from(errno));
        assert!(matches!(of(Errno::EAGAIN), Accepted::Nobody));
        for errno in [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::ENOBUFS] {
            assert!(matches!(of(errno), Accepted::Scarce(_)), "{errno}");
        }
        for errno in [Errno::ECONNABORTED, Errno::EPROTO, Errno::EPERM, Errno::ENETDOWN, Errno::EINVAL] {
            assert!(matches!(of(errno), Accepted::Lost(_)), "{errno}");
        }
    }
}
