//! The client's connection: bytes in with deadlines, bytes out with progress. It knows lines, but not what they say.

use super::Ending;
use crate::protocol::{Lines, MAX_LINE};
use crate::sys::{self, ChildSignals};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{MsgFlags, Shutdown, recv, send, shutdown};
use nix::sys::time::TimeSpec;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A reply that makes no progress for so long ends the connection, whatever the timeouts say.
const NO_PROGRESS: Duration = Duration::from_secs(60);
/// How often it is looked whether a slow client has taken anything.
const LOOK: Duration = Duration::from_secs(5);
/// Read at once: a batch of requests, and little stack for an idle child.
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
    /// What was read and not yet answered.
    pub lines: Lines,
    /// Whether the last read filled its buffer, so that more is probably waiting.
    more: bool,
}

impl Connection {
    pub fn new(socket: Rc<OwnedFd>) -> Self {
        Self { socket, lines: Lines::new(MAX_LINE), more: true }
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
    pub fn read(&mut self) -> Result<bool, Ending> {
        let mut buffer = [0; CHUNK];
        match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => Ok(false),
            Ok(size) => {
                self.more = size == buffer.len();
                self.lines.push(&buffer[..size]);
                Ok(true)
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {
                self.more = false;
                Ok(true)
            }
            Err(_) => Err(Ending::Lost),
        }
    }

    /// Writes everything, for as long as there is progress: that the client takes bytes. The kernel's buffer finds
    /// room now and then though nobody reads, and on the other hand tells nothing of one who reads slowly.
    ///
    /// `before_waiting` is called before the client is waited for: who reads slowly should keep nothing from others.
    pub fn write(&mut self, mut bytes: &[u8], mut before_waiting: impl FnMut()) -> Result<(), Ending> {
        let mut gives_up = None;
        while !bytes.is_empty() {
            match send(self.socket.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL) {
                Ok(size) => bytes = &bytes[size..],
                Err(Errno::EAGAIN) => {
                    let now = Instant::now();
                    let deadline = *gives_up.get_or_insert(now + NO_PROGRESS);
                    if deadline <= now {
                        return Err(Ending::Unread);
                    }
                    before_waiting();
                    let before = sys::not_taken(self.socket.as_fd());
                    let timeout = time_until(Some(deadline.min(now + LOOK)));
                    // Signals stay blocked: a reply that was begun is finished, or the parent loses patience.
                    let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLOUT)];
                    match ppoll(&mut sockets, timeout, None) {
                        Ok(_) | Err(Errno::EINTR) => {}
                        Err(_) => return Err(Ending::Internal),
                    }
                    if sys::not_taken(self.socket.as_fd()) < before {
                        gives_up = None;
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => return Err(Ending::Lost),
            }
        }
        Ok(())
    }

    /// Ends the stream to the client, then reads what it still sends until it closes, for a short time: unread
    /// input at the close would send a reset (lesson D13).
    pub fn close_politely(&mut self, patience: Duration) {
        if shutdown(self.socket.as_raw_fd(), Shutdown::Write).is_err() {
            return;
        }
        let deadline = Instant::now() + patience;
        let mut thrown_away = 0;
        let mut buffer = [0; CHUNK];
        while thrown_away < DRAIN_BYTES && Instant::now() < deadline {
            match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => return,
                Ok(size) => thrown_away += size,
                Err(Errno::EAGAIN) => {
                    let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
                    if ppoll(&mut sockets, time_until(Some(deadline)), None).is_err() {
                        return;
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

/// Waits until one of `sockets` is ready, the deadline has passed, or a signal has come.
pub fn wait(sockets: &mut [PollFd<'_>], deadline: Option<Instant>, signals: &ChildSignals) -> Result<Wait, Ending> {
    match ppoll(sockets, time_until(deadline), Some(signals.mask_while_waiting())) {
        Ok(0) => Ok(Wait::TimedOut),
        Ok(_) => Ok(Wait::Ready),
        Err(Errno::EINTR) => Ok(Wait::Interrupted),
        Err(_) => Err(Ending::Internal),
    }
}

fn time_until(deadline: Option<Instant>) -> Option<TimeSpec> {
    deadline.map(|deadline| TimeSpec::from_duration(deadline.saturating_duration_since(Instant::now())))
}
