//! A visitor's connection, in clear text or within TLS. Nothing here waits.

use crate::Result;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use rustls::client::{ClientConnection, Resumption};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// The name in the server's certificate.
pub const SERVER_NAME: &str = "localhost";

/// How visitors speak TLS.
#[derive(Debug, Clone)]
pub struct Tls {
    /// One for each visitor in turn: each remembers its own sessions.
    configs: Vec<Arc<ClientConfig>>,
    /// Whether every visit except a visitor's first resumes the session of an earlier one.
    resumes: bool,
}

impl Tls {
    /// That many visitors, which trust these authorities, and resume their sessions or shake hands in full each time.
    pub fn new(roots: &RootCertStore, visitors: usize, resumes: bool) -> Result<Self> {
        let config = || {
            let provider = rustls::crypto::ring::default_provider();
            let builder = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions()?;
            let mut config = builder.with_root_certificates(roots.clone()).with_no_client_auth();
            if !resumes {
                config.resumption = Resumption::disabled();
            }
            Ok(Arc::new(config))
        };
        Ok(Self { configs: (0..visitors).map(|_| config()).collect::<Result<_>>()?, resumes })
    }
}

/// A connection.
#[derive(Debug)]
pub struct Stream {
    socket: OwnedFd,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    /// The connection of the visitor at this place, on its socket.
    pub fn new(socket: OwnedFd, tls: Option<&Tls>, place: usize) -> Result<Self> {
        let connect = |tls: &Tls| -> Result<_> {
            let config = Arc::clone(&tls.configs[place % tls.configs.len()]);
            Ok(Box::new(ClientConnection::new(config, SERVER_NAME.try_into()?)?))
        };
        Ok(Self { socket, tls: tls.map(connect).transpose()? })
    }

    /// Sends a request, if the socket takes it. Within TLS it follows the handshake.
    pub fn say(&mut self, request: &[u8]) -> bool {
        if self.tls.is_none() {
            return say(&self.socket, request);
        }
        // The first bytes show whether there is a connection yet.
        let written = self.flush() && self.tls.as_mut().is_some_and(|tls| tls.writer().write_all(request).is_ok());
        written && self.flush()
    }

    /// Receives the available bytes; 0 at the end.
    pub fn receive(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, Errno> {
        let size = recv(self.socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?;
        let Some(tls) = &mut self.tls else { return Ok(size) };
        if size == 0 {
            return Ok(0);
        }
        let mut records = &buffer[..size];
        while !records.is_empty() {
            tls.read_tls(&mut records).map_err(|_| Errno::EPROTO)?;
            tls.process_new_packets().map_err(|_| Errno::EPROTO)?;
        }
        if !self.flush() {
            return Err(Errno::EPROTO);
        }
        let tls = self.tls.as_mut().ok_or(Errno::EPROTO)?;
        match tls.reader().read(buffer) {
            Ok(size) => Ok(size),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(Errno::EAGAIN),
            Err(_) => Err(Errno::EPROTO),
        }
    }

    /// Whether the handshake was of the kind that these visitors are to measure.
    pub fn is_as_expected(&self, expected: &Tls) -> bool {
        let kind = self.tls.as_ref().and_then(|tls| tls.handshake_kind());
        kind.is_some_and(|kind| (kind == HandshakeKind::Resumed) == expected.resumes)
    }

    /// Sends what TLS has to send; returns whether all of it was sent.
    fn flush(&mut self) -> bool {
        let Self { socket, tls } = self;
        let Some(tls) = tls else { return true };
        while tls.wants_write() {
            if tls.write_tls(&mut Socket(socket)).is_err() {
                return false;
            }
        }
        true
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Sends bytes, if the socket takes all of them.
fn say(socket: &OwnedFd, bytes: &[u8]) -> bool {
    send(socket.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT) == Ok(bytes.len())
}

/// A socket as `rustls` writes to it.
struct Socket<'a>(&'a OwnedFd);

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.0.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
