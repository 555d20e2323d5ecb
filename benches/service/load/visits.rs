//! Short sessions: connect, one exchange or a few, close; a fixed number at a time, or all at once; and clients that
//! stay connected and send nothing.

use super::stream::{Stream, Tls};
use super::{Counting, LineHead};
use crate::Result;
use crate::figures::Measured;
use crate::stop::Stop;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::sockopt::{IpBindAddressNoPort, TcpNoDelay};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, setsockopt, socket};
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// From how many addresses silent clients come.
const HOLD_SOURCES: u8 = 32;

/// One exchange of a visit.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What is sent, when the reply to the one before is there.
    pub request: Vec<u8>,
    /// The last line of the reply begins so.
    pub last_line: &'static [u8],
    /// The reply's first line has the number of lines that follow.
    pub has_rows: bool,
    /// There is no reply: the server closes.
    pub is_end: bool,
}

impl Exchange {
    /// A request whose reply ends with a line that begins so.
    pub fn line(request: impl Into<Vec<u8>>, last_line: &'static [u8]) -> Self {
        Self { request: request.into(), last_line, has_rows: false, is_end: false }
    }

    /// A request whose reply begins with `OK` and a number of lines.
    pub fn rows(request: impl Into<Vec<u8>>) -> Self {
        Self { request: request.into(), last_line: b"OK", has_rows: true, is_end: false }
    }

    /// Nothing is sent: the server is to close.
    pub fn end_of_file() -> Self {
        Self { is_end: true, ..Self::line("", b"") }
    }
}

/// What visitors send.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The lines of each visitor; visitors go through this list in turn.
    pub scripts: Vec<Vec<Exchange>>,
    /// From how many addresses. The kernel remembers each connection for a minute after its end, and one address has
    /// only some 28,000 ports.
    pub sources: u8,
    /// How they speak TLS, if they do.
    pub tls: Option<Tls>,
}

impl Visit {
    /// All send the same single line.
    pub fn of_one_line(request: &[u8], last_line: &'static [u8], sources: u8) -> Self {
        Self { scripts: vec![vec![Exchange::line(request, last_line)]], sources, tls: None }
    }
}

#[derive(Debug)]
struct Visitor {
    stream: Stream,
    /// Which of all visitors it is.
    number: usize,
    sent: bool,
    line: LineHead,
    /// Which script, and where in it.
    script: usize,
    at: usize,
    /// Lines of the reply that are still to come after its first.
    rows: usize,
}

/// Many visitors of one server.
#[derive(Debug)]
pub struct Visitors {
    address: SockaddrIn,
    visit: Visit,
    epoll: Epoll,
    visitors: Vec<Option<Visitor>>,
    begun: usize,
    buffer: Vec<u8>,
}

/// The outcome of many visits that began at once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Burst {
    /// How many visitors had their reply.
    pub answered: usize,
    /// How many were refused, or cut off.
    pub refused: usize,
    /// How many had no reply when patience ended.
    pub hung: usize,
    /// The time until the last that was answered had its reply.
    pub took: Duration,
}

/// The state of one visitor.
enum Standing {
    Waits,
    Answered,
    Refused,
}

impl Visitors {
    /// No visitors yet.
    pub fn new(address: SocketAddrV4, visit: Visit) -> Result<Self> {
        Ok(Self {
            address: SockaddrIn::from(address),
            visit,
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
            visitors: Vec::new(),
            begun: 0,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Visits without a pause, `at_once` at a time.
    pub fn keep_visiting(&mut self, at_once: usize, mut counting: Counting<'_>) -> Result<Measured> {
        let mut events = vec![EpollEvent::empty(); at_once.max(1)];
        let (mut done, mut failures) = (0_u64, 0_u64);
        self.visitors.clear();
        let first = self.begun;
        for place in 0..at_once {
            self.visitors.push(None);
            self.begin(place)?;
        }
        while let Some(left) = counting.turn(done)? {
            for place in self.wait(&mut events, left)? {
                match self.attend_to(place)? {
                    Standing::Waits => continue,
                    Standing::Answered if self.is_other_than_expected(place, first + at_once) => failures += 1,
                    Standing::Answered => done += 1,
                    Standing::Refused => failures += 1,
                }
                self.visitors[place] = None;
                self.begin(place)?;
            }
        }
        let mut measured = counting.finish(done)?;
        self.visitors.clear();
        measured.failures = failures;
        let failure = "a visitor was refused or cut off, or resumed a session where that is not measured, or did not";
        measured.failure = (failures > 0).then(|| failure.to_owned());
        Ok(measured)
    }

    /// Whether a visit within TLS began with another kind of handshake than is measured. The first ones have nothing to
    /// resume.
    fn is_other_than_expected(&self, place: usize, first: usize) -> bool {
        let (Some(tls), Some(visitor)) = (&self.visit.tls, &self.visitors[place]) else { return false };
        visitor.number > first && !visitor.stream.is_as_expected(tls)
    }

    /// `count` visits, all at once.
    pub fn burst(&mut self, count: usize, patience: Duration, stop: &Stop) -> Result<Burst> {
        let mut events = vec![EpollEvent::empty(); 256];
        let mut burst = Burst::default();
        let began = Instant::now();
        self.visitors.clear();
        for place in 0..count {
            self.visitors.push(None);
            self.begin(place)?;
        }
        let mut waiting = count;
        while waiting > 0 && began.elapsed() < patience {
            stop.check()?;
            for place in self.wait(&mut events, Duration::from_millis(100))? {
                match self.attend_to(place)? {
                    Standing::Waits => continue,
                    Standing::Answered => {
                        burst.answered += 1;
                        burst.took = began.elapsed();
                    }
                    Standing::Refused => burst.refused += 1,
                }
                self.visitors[place] = None;
                waiting -= 1;
            }
        }
        self.visitors.clear();
        burst.hung = waiting;
        Ok(burst)
    }

    fn wait(&self, events: &mut [EpollEvent], left: Duration) -> Result<Vec<usize>> {
        match self.epoll.wait(events, timeout(left)) {
            Ok(count) => Ok(events[..count].iter().filter_map(|event| usize::try_from(event.data()).ok()).collect()),
            Err(Errno::EINTR) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn begin(&mut self, place: usize) -> Result<()> {
        self.begun += 1;
        let (socket, connected) = begin_to_connect(self.begun, self.visit.sources, self.address)?;
        let script = place % self.visit.scripts.len();
        let mut stream = Stream::new(socket, self.visit.tls.as_ref(), place)?;
        let sent = connected && stream.say(&self.visit.scripts[script][0].request);
        let interest = if sent { EpollFlags::EPOLLIN } else { EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT };
        self.epoll.add(&stream, EpollEvent::new(interest, u64::try_from(place)?))?;
        let number = self.begun;
        self.visitors[place] =
            Some(Visitor { stream, number, sent, line: LineHead::default(), script, at: 0, rows: 0 });
        Ok(())
    }

    fn attend_to(&mut self, place: usize) -> Result<Standing> {
        let Some(visitor) = &mut self.visitors[place] else { return Ok(Standing::Waits) };
        let script = &self.visit.scripts[visitor.script];
        if !visitor.sent {
            if !visitor.stream.say(&script[0].request) {
                // Not connected yet, or never: a refused connection shows when it is read from.
                return Ok(match visitor.stream.receive(&mut self.buffer) {
                    Err(Errno::EAGAIN | Errno::ENOTCONN) => Standing::Waits,
                    _ => Standing::Refused,
                });
            }
            visitor.sent = true;
            let event = &mut EpollEvent::new(EpollFlags::EPOLLIN, u64::try_from(place)?);
            self.epoll.modify(&visitor.stream, event)?;
        }
        let size = match visitor.stream.receive(&mut self.buffer) {
            Ok(0) if script.get(visitor.at).is_some_and(|exchange| exchange.is_end) => return Ok(Standing::Answered),
            Ok(0) => return Ok(Standing::Refused),
            Ok(size) => size,
            Err(Errno::EAGAIN | Errno::EINTR) => return Ok(Standing::Waits),
            Err(_) => return Ok(Standing::Refused),
        };
        let Visitor { line, at, rows, .. } = visitor;
        let (mut refused, mut done) = (false, false);
        line.follow(&self.buffer[..size], |head| {
            let exchange = &script[(*at).min(script.len() - 1)];
            if *rows > 0 {
                *rows -= 1;
                done |= *rows == 0;
            } else if head.starts_with(exchange.last_line) {
                *rows = if exchange.has_rows { number_in(&head) } else { 0 };
                done |= *rows == 0;
            } else if head.starts_with(b"FAI") {
                refused = true;
            }
        });
        if refused {
            return Ok(Standing::Refused);
        }
        if done {
            *at += 1;
            match script.get(*at) {
                None => return Ok(Standing::Answered),
                Some(next) if !visitor.stream.say(&next.request) => return Ok(Standing::Refused),
                Some(_) => {}
            }
        }
        Ok(Standing::Waits)
    }
}

/// The number in `OK 10`.
fn number_in(head: &[u8]) -> usize {
    let digits = head.iter().skip(3).take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
}

/// Connects `count` clients that send nothing. They come in portions that `come` waits for, so that no queue of the
/// server's overflows.
pub fn hold(address: SocketAddrV4, count: usize, mut come: impl FnMut(usize) -> Result<()>) -> Result<Vec<OwnedFd>> {
    let mut held = Vec::with_capacity(count);
    while held.len() < count {
        for _ in 0..(count - held.len()).min(500) {
            let client = client_socket(held.len(), HOLD_SOURCES, SockFlag::empty())?;
            connect(client.as_raw_fd(), &SockaddrIn::from(address))?;
            held.push(client);
        }
        come(held.len())?;
    }
    Ok(held)
}

/// A socket of one of several loopback addresses, beginning with 127.0.0.1.
fn client_socket(number: usize, sources: u8, flags: SockFlag) -> Result<OwnedFd> {
    let client = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC | flags, None)?;
    // The port is chosen when it connects, for that connection alone.
    setsockopt(&client, IpBindAddressNoPort, &true)?;
    // Within TLS a request follows the end of the handshake, and would wait 40 ms for its acknowledgement.
    setsockopt(&client, TcpNoDelay, &true)?;
    let last = u8::try_from(number % usize::from(sources.max(1)))?;
    bind(client.as_raw_fd(), &SockaddrIn::new(127, 0, 0, last + 1, 0))?;
    Ok(client)
}

/// A socket that is connected, or about to be.
fn begin_to_connect(number: usize, sources: u8, address: SockaddrIn) -> Result<(OwnedFd, bool)> {
    let client = client_socket(number, sources, SockFlag::SOCK_NONBLOCK)?;
    match connect(client.as_raw_fd(), &address) {
        Ok(()) => Ok((client, true)),
        Err(Errno::EINPROGRESS) => Ok((client, false)),
        Err(error) => Err(format!("no connection to {address}: {error}").into()),
    }
}

/// At least a millisecond, so that the end of a wait is not spun for.
pub(super) fn timeout(left: Duration) -> EpollTimeout {
    EpollTimeout::try_from(left.as_millis().clamp(1, 1_000)).unwrap_or(EpollTimeout::NONE)
}
