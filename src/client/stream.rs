//! The bytes' way to the server: TCP, a Unix socket, or the private server of `--local`. (TLS will be one more.)
//! It never looks at the bytes.

use super::LocalServer;
use super::address::Address;
use super::error::{Error, Result};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long one address of a host may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes connections to one server.
pub(crate) struct Connector {
    address: Address,
    local: Option<LocalServer>,
    /// How long the server may be silent, or take nothing, before it counts as lost.
    patience: Duration,
}

impl Connector {
    /// Nothing is connected yet. `local` is what stands behind [`Address::Local`].
    pub(crate) fn new(address: Address, local: Option<LocalServer>) -> Self {
        Self { address, local, patience: Duration::from_secs(60) }
    }

    /// The same with another patience.
    #[cfg(test)]
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A new connection.
    ///
    /// # Errors
    /// [`Error::Unreachable`], with the address.
    pub(crate) fn connect(&self) -> Result<Stream> {
        self.try_connect().map_err(|reason| Error::Unreachable { address: self.address.to_string(), reason })
    }

    fn try_connect(&self) -> io::Result<Stream> {
        let stream = match &self.address {
            Address::Tcp { host, port } => Stream::Tcp(connect_tcp(host, *port)?),
            Address::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
            Address::Local => match &self.local {
                Some(server) => Stream::Unix(server()?),
                None => return Err(io::ErrorKind::Unsupported.into()),
            },
        };
        stream.set_patience(self.patience)?;
        Ok(stream)
    }
}

/// Every address of the host is tried, in the resolver's order; the last one's error is told.
fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(stream) => {
                // Requests are small and written whole: waiting for more to send costs 40 ms each (lesson D14).
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
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// How long reading and writing may take before they fail.
    pub(crate) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => {
                stream.set_read_timeout(Some(patience)).and_then(|()| stream.set_write_timeout(Some(patience)))
            }
            Self::Unix(stream) => {
                stream.set_read_timeout(Some(patience)).and_then(|()| stream.set_write_timeout(Some(patience)))
            }
        }
    }

    /// How long reading may take.
    pub(crate) fn patience(&self) -> io::Result<Option<Duration>> {
        match self {
            Self::Tcp(stream) => stream.read_timeout(),
            Self::Unix(stream) => stream.read_timeout(),
        }
    }

    /// Whether reading waits when there is nothing to read.
    pub(crate) fn set_waiting(&self, waits: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(!waits),
            Self::Unix(stream) => stream.set_nonblocking(!waits),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
