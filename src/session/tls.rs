//! TLS on a session's connection: bytes to records and back. This module never waits: the
//! [connection](super::connection) does that, and the [handshake](super::handshake) decides for how long.

use crate::protocol::Lines;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send, sendmsg};
use rustls::{Error, ServerConfig, ServerConnection};
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use zeroize::Zeroize;

/// How every TLS client begins: a record of the handshake, of any version.
const CLIENT_HELLO: [u8; 2] = [0x16, 0x03];

/// The state of TLS on one connection.
#[derive(Debug)]
pub struct Tls {
    connection: Box<ServerConnection>,
    /// Why it failed. The alert for the client then waits to be sent.
    failure: Option<Error>,
    /// Whether anything has come.
    begun: bool,
    /// Whether the client has announced the end of its stream.
    ended: bool,
}

impl Tls {
    /// TLS at its beginning.
    ///
    /// # Errors
    /// The server can't speak it.
    pub fn new(server: Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(Self { connection: Box::new(ServerConnection::new(server)?), failure: None, begun: false, ended: false })
    }

    /// Whether the client has begun it.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the handshake is still under way.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Whether there is something to send.
    pub fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Receives once, and puts the decrypted bytes into `lines`. `None` at the end of the client's stream, else whether
    /// more is probably waiting.
    ///
    /// # Errors
    /// `EAGAIN` if nothing is there; `EPROTO` if it is not TLS, or not as TLS has to be.
    pub fn receive(&mut self, socket: BorrowedFd<'_>, lines: &mut Lines) -> Result<Option<bool>, Errno> {
        if self.ended {
            return Ok(None);
        }
        let mut socket = Socket { socket, filled: false };
        if self.connection.read_tls(&mut socket).map_err(|error| errno(&error))? == 0 {
            // Many close without a goodbye. Each request has its own end, so nothing hangs on it.
            return Ok(None);
        }
        self.begun = true;
        let state = self.connection.process_new_packets().map_err(|error| {
            self.failure = Some(error);
            Errno::EPROTO
        })?;
        let mut left = state.plaintext_bytes_to_read();
        let mut buffer = [0; 4_096];
        while left > 0 {
            let size = self.connection.reader().read(&mut buffer).map_err(|error| errno(&error))?;
            lines.push(&buffer[..size]);
            // As where there is no TLS: a password may be in it.
            buffer[..size].zeroize();
            left = left.saturating_sub(size.max(1));
        }
        self.ended = state.peer_has_closed();
        Ok(Some(socket.filled || self.ended))
    }

    /// Takes as many of `bytes` as there is room for, to be sent.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, Errno> {
        self.connection.writer().write(bytes).map_err(|error| errno(&error))
    }

    /// Sends once, all that was taken if the socket takes it.
    ///
    /// # Errors
    /// Those of `sendmsg(2)`.
    pub fn send(&mut self, socket: BorrowedFd<'_>) -> Result<usize, Errno> {
        self.connection.write_tls(&mut Socket { socket, filled: false }).map_err(|error| errno(&error))
    }

    /// Puts the goodbye behind what is to be sent. After a failure the alert was the last word.
    pub fn say_goodbye(&mut self) {
        if self.failure.is_none() {
            self.connection.send_close_notify();
        }
    }
}

/// The client's socket as `rustls` reads and writes it: at once, or not at all.
struct Socket<'a> {
    socket: BorrowedFd<'a>,
    /// Whether the last read filled its buffer.
    filled: bool,
}

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = recv(self.socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?;
        self.filled = size == buffer.len();
        Ok(size)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.socket.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)?)
    }

    /// The records of one batch of replies go out in one system call.
    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        Ok(sendmsg::<()>(self.socket.as_raw_fd(), parts, &[], flags, None)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EPROTO, Errno::from_raw)
}

/// Whether a client that sends this first has mistaken a TLS port for one without: a request begins so, and no
/// handshake.
pub fn is_clear_text(first: u8) -> bool {
    first.is_ascii_alphabetic() || matches!(first, b'\r' | b'\n')
}

/// Whether an unfinished first line is the beginning of a handshake.
pub fn is_handshake(line: &[u8]) -> bool {
    line.starts_with(&CLIENT_HELLO)
}
