//! A client that sends lines, and returns exactly the bytes that come back.

use super::certificates::Authority;
use super::setup::PASSWD;
use super::{PATIENCE, Patience};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use rustls::{ClientConnection, StreamOwned};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

enum Stream {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Unix(UnixStream),
}

/// A connection to a daemon. Reading waits for as long as [`Patience`] does, then panics; for as long as
/// [`Connection::set_patience`] sets, if that is less than usual.
pub struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
    at: usize,
}

impl Connection {
    /// Connects to a port of 127.0.0.1.
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the daemon's port takes a client");
        Self::over_tcp(stream)
    }

    /// Connects from another address of this machine, such as 127.0.0.2.
    pub fn open_from(source: Ipv4Addr, port: u16) -> Self {
        let client = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
        bind(client.as_raw_fd(), &SockaddrIn::from(std::net::SocketAddrV4::new(source, 0))).expect("a source address");
        let server = SockaddrIn::from(std::net::SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
        connect(client.as_raw_fd(), &server).expect("the daemon's port takes a client");
        Self::over_tcp(TcpStream::from(client))
    }

    /// Speaks TLS of one version with a server that `authority` vouches for as `localhost`, over an existing
    /// connection. The handshake is over afterwards.
    ///
    /// # Errors
    /// The handshake fails.
    pub fn try_tls(
        stream: TcpStream,
        authority: &Authority,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(10 * PATIENCE))?;
        let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_protocol_versions(&[version])
            .expect("a version of TLS")
            .with_root_certificates(authority.roots())
            .with_no_client_auth();
        let connection = ClientConnection::new(config.into(), "localhost".try_into().expect("a name"));
        let mut tls = StreamOwned::new(connection.expect("a client of TLS"), stream);
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock)?;
        }
        Ok(Self { stream: Stream::Tls(Box::new(tls)), buffer: Vec::new(), at: 0 })
    }

    /// The same with a new connection to a port of 127.0.0.1.
    pub fn open_tls(port: u16, authority: &Authority) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the daemon's port takes a client");
        Self::try_tls(stream, authority, &rustls::version::TLS13).expect("a handshake")
    }

    /// The server's own certificate.
    pub fn certificate(&self) -> Vec<u8> {
        match &self.stream {
            Stream::Tls(tls) => tls.conn.peer_certificates().expect("a certificate")[0].to_vec(),
            Stream::Tcp(_) | Stream::Unix(_) => panic!("this connection is in clear text"),
        }
    }

    /// Takes an existing TCP connection.
    pub fn over_tcp(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("TCP_NODELAY");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(10 * PATIENCE)).expect("a timeout");
        Self { stream: Stream::Tcp(stream), buffer: Vec::new(), at: 0 }
    }

    /// Connects to a Unix socket.
    pub fn open_unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("the daemon's socket takes a client");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(10 * PATIENCE)).expect("a timeout");
        Self { stream: Stream::Unix(stream), buffer: Vec::new(), at: 0 }
    }

    /// The TCP socket, for what only it can do.
    pub fn tcp(&self) -> &TcpStream {
        match &self.stream {
            Stream::Tcp(stream) => stream,
            Stream::Tls(tls) => &tls.sock,
            Stream::Unix(_) => panic!("this connection is over a Unix socket"),
        }
    }

    /// How long reading waits from now on.
    pub fn set_patience(&self, patience: Duration) {
        match &self.stream {
            Stream::Tcp(stream) => stream.set_read_timeout(Some(patience)),
            Stream::Tls(tls) => tls.sock.set_read_timeout(Some(patience)),
            Stream::Unix(stream) => stream.set_read_timeout(Some(patience)),
        }
        .expect("a timeout");
    }

    /// How long one read waits.
    fn patience(&self) -> Duration {
        let timeout = match &self.stream {
            Stream::Tcp(stream) => stream.read_timeout(),
            Stream::Tls(tls) => tls.sock.read_timeout(),
            Stream::Unix(stream) => stream.read_timeout(),
        };
        timeout.expect("a timeout").unwrap_or(PATIENCE)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the daemon takes bytes");
    }

    /// Sends bytes to a server that may have gone.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write_all(bytes.as_ref()),
            // Only `rustls` buffers what the socket does not take.
            Stream::Tls(tls) => tls.write_all(bytes.as_ref()).and_then(|()| tls.flush()),
            Stream::Unix(stream) => stream.write_all(bytes.as_ref()),
        }
    }

    /// Shuts down this side: nothing more will be sent.
    pub fn finish_sending(&mut self) {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Stream::Tls(tls) => {
                tls.conn.send_close_notify();
                tls.flush()
            }
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
        .expect("a half-closed connection");
    }

    /// The next line without its newline; `None` at the end of the stream. A reset is an error.
    pub fn try_line(&mut self) -> std::io::Result<Option<String>> {
        let mut searched = self.at;
        let mut patience = Patience::new(self.patience());
        loop {
            if let Some(end) = self.buffer[searched..].iter().position(|&byte| byte == b'\n') {
                let end = searched + end;
                let line = String::from_utf8(self.buffer[self.at..end].to_vec()).expect("replies are UTF-8");
                self.at = end + 1;
                if self.at == self.buffer.len() {
                    self.buffer.clear();
                    self.at = 0;
                }
                return Ok(Some(line));
            }
            searched = self.buffer.len();
            let mut chunk = [0; 16 * 1024];
            let read = match &mut self.stream {
                Stream::Tcp(stream) => stream.read(&mut chunk),
                Stream::Tls(tls) => tls.read(&mut chunk),
                Stream::Unix(stream) => stream.read(&mut chunk),
            };
            let size = match read {
                // This process was stopped and continued.
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    // A test that sets a shorter wait means it.
                    if self.patience() < PATIENCE || patience.is_over() {
                        return Err(error);
                    }
                    continue;
                }
                read => read?,
            };
            if size == 0 {
                if self.at < self.buffer.len() {
                    let rest = String::from_utf8_lossy(&self.buffer[self.at..]);
                    return Err(std::io::Error::other(format!("the stream ends within a line: {rest:?}")));
                }
                return Ok(None);
            }
            self.buffer.extend_from_slice(&chunk[..size]);
        }
    }

    /// The next line; panics at the end of the stream.
    pub fn line(&mut self) -> String {
        match self.try_line() {
            Ok(Some(line)) => line,
            Ok(None) => panic!("the daemon closed where a line was expected"),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("the daemon is silent where a line was expected")
            }
            Err(error) => panic!("no line: {error}"),
        }
    }

    /// Every line up to the end of the stream.
    pub fn lines_to_end(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.try_line().expect("an orderly end of the stream") {
            lines.push(line);
        }
        lines
    }

    /// Whether the server has closed, in an orderly way, with nothing more to come.
    pub fn at_eof(&mut self) -> bool {
        self.try_line().expect("an orderly end of the stream").is_none()
    }

    /// Reads the reply to `request`: all its lines.
    pub fn reply_to(&mut self, request: &str) -> Vec<String> {
        let mut lines = vec![self.line()];
        let verb = request.strip_prefix("G ").and_then(|rest| rest.split(' ').nth(1));
        let has_lines = matches!(request.as_bytes().first(), Some(b'H' | b'S' | b'I' | b'M' | b'B' | b'A'))
            || matches!(verb, Some("list" | "due" | "import"));
        if has_lines && let Some(count) = lines[0].strip_prefix("OK ") {
            let count: usize = count.parse().expect("OK and the number of lines");
            lines.extend((0..count).map(|_| self.line()));
        }
        lines
    }

    /// Sends one request and reads its whole reply.
    pub fn ask(&mut self, request: &str) -> Vec<String> {
        self.send(format!("{request}\n"));
        self.reply_to(request)
    }

    /// Sends many requests in one stream, while it reads their replies, as a pipelining client does.
    pub fn ask_all(&mut self, requests: &[String]) -> Vec<Vec<String>> {
        let mut bytes = requests.join("\n").into_bytes();
        bytes.push(b'\n');
        let mut writer = self.tcp().try_clone().expect("another handle");
        std::thread::scope(|scope| {
            scope.spawn(move || writer.write_all(&bytes).expect("the daemon takes requests"));
            requests.iter().map(|request| self.reply_to(request)).collect()
        })
    }

    /// Sends one request whose reply is one line.
    pub fn ask_line(&mut self, request: &str) -> String {
        self.send(format!("{request}\n"));
        self.line()
    }

    /// The code of the refusal of a request; panics if it was not refused.
    pub fn refused(&mut self, request: &str) -> String {
        let reply = self.ask_line(request);
        code(&reply).unwrap_or_else(|| panic!("{request:?} is refused, but the reply is {reply:?}")).to_owned()
    }

    /// Sends one request that must be answered with a bare `OK`.
    pub fn ok(&mut self, request: &str) {
        let reply = self.ask_line(request);
        assert_eq!(reply, "OK", "the reply to {request:?}");
    }

    /// Registers an account with [`PASSWD`].
    pub fn register(&mut self, name: &str) {
        self.ok(&format!("R {name} {PASSWD}"));
    }

    /// Logs in with [`PASSWD`].
    pub fn login(&mut self, name: &str) {
        self.ok(&format!("L {name} {PASSWD}"));
    }

    /// The words of the whole history, newest first.
    pub fn history(&mut self, name: &str) -> Vec<String> {
        let reply = self.ask(&format!("H {name} all"));
        assert!(reply[0].starts_with("OK "), "H {name} all: {}", reply[0]);
        reply[1..].iter().map(|row| row.split('\t').nth(1).expect("name, word, time").to_owned()).collect()
    }
}

/// The code of a `FAIL` line; `None` for any other line, and for one without a message.
pub fn code(reply: &str) -> Option<&str> {
    let (code, message) = reply.strip_prefix("FAIL ")?.split_once(' ')?;
    (!message.is_empty()).then_some(code)
}
