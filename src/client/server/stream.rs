//! The stream of bytes to the server: TCP, TLS over it, a Unix socket, or the private server of `--local`. This module
//! never looks at the bytes.

use super::address::Address;
use super::pace::Paced;
use super::privacy::Privacy;
use super::tls::{self, TlsStream, Trust};
use crate::client::error::{Error, Result};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The private server of `--local`: each call gives a new socket that is connected to it.
pub type LocalServer = Box<dyn Fn() -> io::Result<UnixStream> + Send>;

/// How long one address of a host may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes connections to one server.
pub(crate) struct Connector {
    address: Address,
    local: Option<LocalServer>,
    /// The authorities that may vouch for the server, if TLS is wanted.
    trust: Option<Trust>,
    privacy: Privacy,
    /// How long the server may be silent, or take nothing, before it counts as lost.
    patience: Duration,
    /// The names of the dictionaries to be asked; all without any.
    dictionaries: Vec<String>,
}

impl Connector {
    /// Nothing is connected yet. `local` is what stands behind [`Address::Local`].
    pub(crate) fn new(address: Address, local: Option<LocalServer>, trust: Option<Trust>, privacy: Privacy) -> Self {
        Self { address, local, trust, privacy, patience: Duration::from_secs(60), dictionaries: Vec::new() }
    }

    /// The same for asking some dictionaries only.
    pub(crate) fn asking(self, dictionaries: Vec<String>) -> Self {
        Self { dictionaries, ..self }
    }

    /// The names of the dictionaries to be asked; all without any.
    pub(crate) fn dictionaries(&self) -> &[String] {
        &self.dictionaries
    }

    /// What decides whether a secret may be sent on a stream of this connector's; `None` if no one else can read it.
    pub(crate) fn exposed(&self, stream: &Stream) -> Option<(Privacy, String)> {
        matches!(stream, Stream::Clear { is_private: false, .. })
            .then(|| (self.privacy.clone(), self.address.to_string()))
    }

    /// The same with another patience.
    #[cfg(test)]
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A new connection.
    ///
    /// # Errors
    /// [`Error::Unreachable`] or [`Error::Tls`], with the address.
    pub(crate) fn connect(&self) -> Result<Stream> {
        let unreachable = |reason| Error::Unreachable { address: self.address.to_string(), reason };
        let mut stream = match (&self.address, &self.trust) {
            (Address::Tcp { host, port }, None) => {
                let socket = connect_tcp(host, *port).map_err(unreachable)?;
                // The address that was really reached, whatever its name was.
                let is_private = socket.peer_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback());
                Stream::Clear { socket: Paced::new(socket), is_private }
            }
            (Address::Tcp { host, port }, Some(trust)) => {
                let socket = connect_tcp(host, *port).map_err(unreachable)?;
                let shaken = tls::shake_hands(socket, host, trust);
                Stream::Tls(Box::new(shaken.map_err(|fault| Error::Tls { address: self.address.to_string(), fault })?))
            }
            (Address::Unix(path), _) => Stream::over(UnixStream::connect(path).map_err(unreachable)?),
            (Address::Local, _) => match &self.local {
                Some(server) => Stream::over(server().map_err(unreachable)?),
                None => return Err(unreachable(io::ErrorKind::Unsupported.into())),
            },
        };
        stream.socket().set_patience(self.patience).map_err(unreachable)?;
        Ok(stream)
    }
}

/// Every address of the host is tried, in the resolver's order; the last one's error is returned.
fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                // Requests are small and written whole: waiting for more to send costs 40 ms each.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// A connected stream of bytes.
pub(crate) enum Stream {
    Clear {
        socket: Paced,
        /// Whether nobody on the way can read what is sent.
        is_private: bool,
    },
    Tls(Box<TlsStream>),
}

impl Stream {
    fn over(socket: UnixStream) -> Self {
        Self::Clear { socket: Paced::new(socket), is_private: true }
    }

    /// The socket itself.
    pub(crate) fn socket(&mut self) -> &mut Paced {
        match self {
            Self::Clear { socket, .. } => socket,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    /// Announces the end in the stream's own way.
    pub(crate) fn end(&mut self) {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            // The answer is not waited for.
            let _ = stream.conn.write_tls(&mut stream.sock);
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear { socket, .. } => socket.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear { socket, .. } => socket.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear { .. } => Ok(()),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
