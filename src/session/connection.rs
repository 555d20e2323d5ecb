//! The client's connection: bytes in with deadlines, bytes out with progress. It knows lines, but not their meaning.

use super::ExitReason;
use super::tls::{Tls, is_clear_text};
use crate::protocol::Lines;
use crate::sys::{self, ChildSignals};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, shutdown};
use nix::sys::time::TimeSpec;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};
use zeroize::Zeroize;

/// A reply that makes no progress for this long ends the connection, whatever the timeouts say.
const NO_PROGRESS: Duration = Duration::from_secs(60);
/// How often it is looked whether a slow client has taken anything.
const LOOK: Duration = Duration::from_secs(5);
/// Read at once, at first: a few requests. It fits into the page of the stack that a child has touched already.
const FEW: usize = 1_024;
/// Read at once from a client that has sent more than that at a time.
const CHUNK: usize = 4_096;
/// The most that is thrown away of what a client sends after the last line.
const DRAIN_BYTES: usize = 1 << 20;

/// What a wait ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// There is something to read, or the connection has ended.
    Ready,
    /// The deadline has passed.
    TimedOut,
    /// A signal came.
    Interrupted,
}

/// A non-blocking connection and the lines that have come in on it.
#[derive(Debug)]
pub struct Connection {
    socket: Rc<OwnedFd>,
    /// What is between the socket and the lines; nothing in clear text.
    tls: Option<Tls>,
    /// What was read and not yet answered.
    pub lines: Lines,
    /// Whether the last read filled its buffer, so that more is probably waiting.
    more: bool,
    /// Whether a read has ever filled the smaller buffer.
    sends_much: bool,
}

impl Connection {
    /// A connection whose lines have at most `max_line` bytes.
    pub fn new(socket: Rc<OwnedFd>, tls: Option<Tls>, max_line: usize) -> Self {
        Self { socket, tls, lines: Lines::new(max_line), more: true, sends_much: false }
    }

    /// Whether nobody on the way can read the traffic.
    pub fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Whether TLS is still at its beginning.
    pub fn is_handshaking(&self) -> bool {
        self.tls.as_ref().is_some_and(Tls::is_handshaking)
    }

    /// Why TLS failed, if it did.
    pub fn tls_failure(&self) -> Option<&rustls::Error> {
        self.tls.as_ref().and_then(Tls::failure)
    }

    /// Goes on in clear text, with a client that never began TLS.
    pub fn give_up_tls(&mut self) {
        self.tls = None;
    }

    /// Takes the next step of the handshake, when the client has.
    ///
    /// # Errors
    /// [`ExitReason::ClearText`], or as [`Connection::read`].
    pub fn shake_hands(&mut self, deadline: Instant, signals: &ChildSignals) -> Result<Wait, ExitReason> {
        let Some(tls) = &mut self.tls else { return Ok(Wait::Ready) };
        let wanted = if tls.wants_write() { PollFlags::POLLIN | PollFlags::POLLOUT } else { PollFlags::POLLIN };
        let waited = wait(&mut [PollFd::new(self.socket.as_fd(), wanted)], Some(deadline), signals)?;
        if waited != Wait::Ready {
            return Ok(waited);
        }
        let mut first = [0; 1];
        if !tls.has_begun()
            && recv(self.socket.as_raw_fd(), &mut first, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK) == Ok(1)
            && is_clear_text(first[0])
        {
            return Err(ExitReason::ClearText);
        }
        // The goodbye may come before the end of the handshake, and is one all the same.
        if !self.read()? {
            return Err(ExitReason::Closed);
        }
        match self.tls.as_mut().map(|tls| if tls.wants_write() { tls.send(self.socket.as_fd()) } else { Ok(0) }) {
            Some(Err(error)) if !matches!(error, Errno::EAGAIN | Errno::EINTR) => Err(ExitReason::Lost),
            _ => Ok(Wait::Ready),
        }
    }

    /// The socket, to watch while waiting for something else.
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Whether a read is worth trying before waiting.
    pub fn has_input(&self) -> bool {
        self.more
    }

    /// Reads what is there. `false` is the end of the client's stream.
    pub fn read(&mut self) -> Result<bool, ExitReason> {
        if self.tls.is_some() {
            return self.read_tls();
        }
        if self.sends_much {
            return self.read_at_once::<CHUNK>();
        }
        let is_open = self.read_at_once::<FEW>()?;
        // The same read goes on: what a client sends at a time belongs together, and what has been read is answered when
        // the server stops. An end is found again by the next read, behind these lines.
        if self.sends_much && !self.read_at_once::<CHUNK>()? {
            self.more = true;
        }
        Ok(is_open)
    }

    // Never a part of its caller, which would keep the buffer's page on the stack while it waits for the client.
    #[inline(never)]
    fn read_at_once<const SIZE: usize>(&mut self) -> Result<bool, ExitReason> {
        let mut buffer = [0; SIZE];
        match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => Ok(false),
            Ok(size) => {
                self.more = size == buffer.len();
                self.sends_much |= self.more;
                self.lines.push(&buffer[..size]);
                // A password may be in it, and the stack would keep it.
                buffer[..size].zeroize();
                Ok(true)
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {
                self.more = false;
                Ok(true)
            }
            Err(_) => Err(ExitReason::Lost),
        }
    }

    fn read_tls(&mut self) -> Result<bool, ExitReason> {
        let Some(tls) = &mut self.tls else { return Ok(false) };
        match tls.receive(self.socket.as_fd(), &mut self.lines) {
            Ok(Some(more)) => {
                self.more = more;
                // An answer that TLS itself has to give, such as new keys for new keys.
                if tls.wants_write() && !tls.is_handshaking() {
                    self.write(&[], || {}).map(|()| true)
                } else {
                    Ok(true)
                }
            }
            Ok(None) => Ok(false),
            Err(Errno::EAGAIN | Errno::EINTR) => {
                self.more = false;
                Ok(true)
            }
            Err(Errno::EPROTO) => Err(ExitReason::TlsFailed),
            Err(_) => Err(ExitReason::Lost),
        }
    }

    /// Writes everything, for as long as there is progress: that the client takes bytes. The kernel's buffer finds
    /// room now and then though the client does not read, and on the other hand shows nothing of a slow reader.
    ///
    /// `before_waiting` is called before the session waits for the client: a slow reader should hold nothing that
    /// others need.
    pub fn write(&mut self, mut bytes: &[u8], mut before_waiting: impl FnMut()) -> Result<(), ExitReason> {
        let Self { socket, tls, .. } = self;
        let socket = socket.as_fd();
        match tls {
            None => deliver(socket, None, &mut before_waiting, || {
                if !bytes.is_empty() {
                    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                    bytes = &bytes[send(socket.as_raw_fd(), bytes, flags)?..];
                }
                Ok(bytes.is_empty())
            }),
            Some(tls) => deliver(socket, None, &mut before_waiting, || {
                if !tls.wants_write() && !bytes.is_empty() {
                    bytes = &bytes[tls.take(bytes)?..];
                }
                if tls.wants_write() {
                    tls.send(socket)?;
                }
                Ok(bytes.is_empty() && !tls.wants_write())
            }),
        }
    }

    /// Ends the stream to the client. Within TLS it sends a `close_notify` first, so that nobody else can have cut it
    /// short; where there is no room for that, `patience` is the time to make some.
    pub fn end(&mut self, patience: Duration) -> Result<(), ExitReason> {
        let Self { socket, tls, .. } = self;
        if let Some(tls) = tls {
            tls.say_goodbye();
            deliver(socket.as_fd(), Some(Instant::now() + patience), &mut || {}, || {
                if tls.wants_write() {
                    tls.send(socket.as_fd())?;
                }
                Ok(!tls.wants_write())
            })?;
        }
        shutdown(socket.as_raw_fd(), Shutdown::Write).map_err(|_| ExitReason::Lost)
    }

    /// Ends the stream to the client, then reads what it still sends until it closes, for a short time: unread
    /// input at the close would send a reset. `still_waiting` is called when it has waited for as long as `soon`.
    // As for `read`.
    #[inline(never)]
    pub fn close_politely(&mut self, patience: Duration, soon: Duration, still_waiting: impl FnOnce()) {
        if self.end(patience).is_err() {
            return;
        }
        let begun = Instant::now();
        let deadline = begun + patience;
        let mut still_waiting = Some(still_waiting);
        let mut thrown_away = 0;
        let mut buffer = [0; FEW];
        // Nearly no client has closed already: a read that is tried first is a call for nothing.
        let mut is_ready = false;
        while thrown_away < DRAIN_BYTES && Instant::now() < deadline {
            if !is_ready {
                let until = if still_waiting.is_some() { deadline.min(begun + soon) } else { deadline };
                let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
                match ppoll(&mut sockets, time_until(Some(until)), None) {
                    Ok(0) => {
                        still_waiting.take().into_iter().for_each(|call| call());
                        continue;
                    }
                    Ok(_) => is_ready = true,
                    Err(_) => return,
                }
            }
            match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => return,
                Ok(size) => thrown_away += size,
                Err(Errno::EAGAIN) => is_ready = false,
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

/// Calls `send` until it reports that all is sent, for as long as there is progress, and no longer than to the
/// deadline.
fn deliver(
    socket: BorrowedFd<'_>,
    deadline: Option<Instant>,
    before_waiting: &mut dyn FnMut(),
    mut send: impl FnMut() -> Result<bool, Errno>,
) -> Result<(), ExitReason> {
    let mut gives_up = None;
    loop {
        match send() {
            Ok(true) => return Ok(()),
            Ok(false) | Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let now = Instant::now();
                let patience = *gives_up.get_or_insert(now + NO_PROGRESS);
                let until = deadline.map_or(patience, |deadline| deadline.min(patience));
                if until <= now {
                    return Err(ExitReason::Unread);
                }
                before_waiting();
                let before = sys::not_taken(socket);
                let timeout = time_until(Some(until.min(now + LOOK)));
                // Signals stay blocked: a reply that was begun is finished, or the parent loses patience.
                match ppoll(&mut [PollFd::new(socket, PollFlags::POLLOUT)], timeout, None) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(_) => return Err(ExitReason::Internal),
                }
                if sys::not_taken(socket) < before {
                    gives_up = None;
                }
            }
            Err(_) => return Err(ExitReason::Lost),
        }
    }
}

/// Waits until one of `sockets` is ready, the deadline has passed, or a signal has come.
pub fn wait(sockets: &mut [PollFd<'_>], deadline: Option<Instant>, signals: &ChildSignals) -> Result<Wait, ExitReason> {
    match ppoll(sockets, time_until(deadline), Some(signals.mask_while_waiting())) {
        Ok(0) => Ok(Wait::TimedOut),
        Ok(_) => Ok(Wait::Ready),
        Err(Errno::EINTR) => Ok(Wait::Interrupted),
        Err(_) => Err(ExitReason::Internal),
    }
}

fn time_until(deadline: Option<Instant>) -> Option<TimeSpec> {
    deadline.map(|deadline| TimeSpec::from_duration(deadline.saturating_duration_since(Instant::now())))
}
