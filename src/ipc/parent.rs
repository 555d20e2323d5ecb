//! Requests of a child to its parent, each over a socket pair that the child makes for it.
//!
//! All children share one end of a socket pair with the parent, the control channel. A child that wants something makes
//! a new pair, sends one end over the control channel with a few bytes that name the request, and talks on the other
//! end. So an idle child costs its parent no descriptor, and when a child dies, its end of the pair closes, which frees
//! whatever it held.

use crate::sys;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, socketpair};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How long to wait until a question is tried again for which too many descriptors are on their way, and how often.
const PAUSE: Duration = Duration::from_millis(5);
const MOST_TRIES: u32 = 400;
/// How long the descriptors of a parent that has ended take to be closed, at most.
const PARENT_ENDS: Duration = Duration::from_millis(100);
/// How long the kernel takes to end the children of a parent that has ended, at most.
const KILLED: Duration = Duration::from_secs(1);

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ParentRequest {
    /// The newest words: answered at once, with their generation and their descriptor.
    Words = b'w',
    /// Leave to use a processor for long, as hashing a password does: answered with one byte when it is this child's
    /// turn; held until the pair closes.
    Working = b'h',
    /// The same to check the password of a login, which is refused to a source that has failed too often.
    LoggingIn = b'l',
    /// Leave to write to the embedded database, in the same way.
    Writing = b'x',
    /// A registration is about to be tried: answered with one byte, whether the client may.
    Registering = b'r',
    /// The same for a change of the account: a password, a token, a cleared history.
    Changing = b'c',
    /// The same for a login by token.
    UsingToken = b't',
    /// A login has failed: answered with one byte, whether the client may go on.
    FailedLogin = b'f',
    /// A failed login is taken back, because the same name was logged in: answered in the same way.
    Mended = b'm',
    /// A lease of a database connection: answered with one byte when there is one for this child, held until the pair
    /// closes; the parent may ask for it back in between.
    Database = b'd',
    /// The writer has not answered for a while: nothing is answered. The parent looks whether it still moves.
    WriterSilent = b's',
    /// This child is about to end: nothing is answered.
    ExitReason = b'e',
    /// A lookup of an account whose lookups are limited: answered with how long to wait before it.
    LookingUp = b'q',
    /// The proxy's header has named the client: answered with what the source of that is to the writer, or why it
    /// is refused. The address is the first message of the pair.
    Introducing = b'i',
}

impl ParentRequest {
    const ALL: [Self; 14] = [
        Self::ExitReason,
        Self::Words,
        Self::Working,
        Self::LoggingIn,
        Self::Writing,
        Self::Registering,
        Self::Changing,
        Self::UsingToken,
        Self::FailedLogin,
        Self::Mended,
        Self::Database,
        Self::LookingUp,
        Self::WriterSilent,
        Self::Introducing,
    ];
}

/// The size of a question on the control channel.
pub const QUESTION_SIZE: usize = 9;

/// What a child asks, and for which account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// What it asks.
    pub ask: ParentRequest,
    /// A number for the account that it acts for, see [`account_number`]; 0 without one.
    pub account: u64,
}

impl Question {
    /// As it goes over the control channel.
    pub fn to_bytes(self) -> [u8; QUESTION_SIZE] {
        let mut bytes = [self.ask as u8; QUESTION_SIZE];
        bytes[1..].copy_from_slice(&self.account.to_ne_bytes());
        bytes
    }

    /// The request that came over the control channel. `None` for an unknown one.
    pub fn from_bytes(bytes: [u8; QUESTION_SIZE]) -> Option<Self> {
        let [byte, account @ ..] = bytes;
        let ask = ParentRequest::ALL.into_iter().find(|ask| *ask as u8 == byte)?;
        Some(Self { ask, account: u64::from_ne_bytes(account) })
    }
}

/// A number that stands for an account of this name, whether there is one or not: the same in all sessions, never 0.
pub fn account_number(name: &str) -> u64 {
    number_of(name)
}

/// A number that stands for a value, the same in all processes of a daemon, never 0.
pub fn number_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().max(1)
}

/// The parent's answer that a turn has come, or that the client may go on.
pub const GRANTED: [u8; 1] = [b'g'];
/// The parent's answer that the client's source may do no more for now.
pub const REFUSED: [u8; 1] = [b'r'];

/// What the parent sends to a holder when others wait.
pub const WANTED: [u8; 1] = [b'w'];
/// What a child sends last, when what it had a permit for is really over: a connection closed at its other end, too.
pub const GIVEN_BACK: [u8; 1] = [b'b'];

/// Permission to do something that only a limited number may do at once. It ends when it is dropped, or when its holder
/// dies.
#[derive(Debug)]
pub struct Permit {
    exchange: OwnedFd,
}

impl Permit {
    /// Readable when the parent has granted it, or has gone.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.exchange.as_fd()
    }

    /// Reads the parent's answer: whether it grants what was asked, or refuses it.
    ///
    /// # Errors
    /// The parent could not take the question: it has no descriptor left, or has gone.
    pub fn granted(&self, control_channel: BorrowedFd<'_>) -> io::Result<bool> {
        granted(control_channel, &self.exchange)
    }

    /// Whether the parent has reported since that others wait, or has gone.
    pub fn is_wanted(&self) -> bool {
        recv(self.exchange.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT).is_ok()
    }

    /// Ends it, and reports that nothing of it is left.
    pub fn give_back(self) {
        // A parent that has gone needs no word.
        let _ = send(self.exchange.as_raw_fd(), &GIVEN_BACK, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
    }
}

fn granted(control_channel: BorrowedFd<'_>, exchange: &OwnedFd) -> io::Result<bool> {
    let mut answer = [0; 1];
    match take_answer(exchange, &mut answer)? {
        1 if answer == GRANTED => Ok(true),
        1 if answer == REFUSED => Ok(false),
        _ => Err(unanswered(control_channel)),
    }
}

/// Asks for the newest words: their generation and their sealed memory.
///
/// # Errors
/// The parent has no words, or is short of descriptors.
pub fn ask_for_words(control_channel: BorrowedFd<'_>) -> io::Result<(u64, OwnedFd)> {
    let exchange = ask(control_channel, Question { ask: ParentRequest::Words, account: 0 }, None)?;
    let mut generation = [0; 8];
    let (size, memory) = sys::receive_with_descriptor(exchange.as_fd(), &mut generation, MsgFlags::empty())?;
    match (size, memory) {
        (8, Some(memory)) => Ok((u64::from_ne_bytes(generation), memory)),
        (0, None) => Err(unanswered(control_channel)),
        _ => Err(io::Error::other("the daemon sent no words")),
    }
}

/// Asks for a turn or a lease. Wait until [`Permit::as_fd`] is readable, then look at [`Permit::granted`]. Another turn
/// must not be asked for while there is one.
///
/// # Errors
/// No descriptor for the question.
pub fn ask_for(control_channel: BorrowedFd<'_>, question: Question) -> io::Result<Permit> {
    Ok(Permit { exchange: ask(control_channel, question, None)? })
}

/// Reports to the parent what the client has done, or is about to do. Whether the client may go on: when this returns,
/// the parent has counted it.
///
/// # Errors
/// No descriptor for the question, here or in the parent.
pub fn report(control_channel: BorrowedFd<'_>, question: Question) -> io::Result<bool> {
    granted(control_channel, &ask(control_channel, question, None)?)
}

/// Asks how long to wait before the account's next lookup.
///
/// # Errors
/// No descriptor for the question, here or in the parent.
pub fn ask_for_wait(control_channel: BorrowedFd<'_>, account: u64) -> io::Result<Duration> {
    let exchange = ask(control_channel, Question { ask: ParentRequest::LookingUp, account }, None)?;
    let mut answer = [0; 8];
    match take_answer(&exchange, &mut answer)? {
        8 => Ok(Duration::from_micros(u64::from_ne_bytes(answer))),
        _ => Err(unanswered(control_channel)),
    }
}

/// The parent's answer about a client that a proxy has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Introduced {
    /// It may come in.
    Welcome {
        /// A number for the source whose turns its lookups take at the writer; 0 if its account's are.
        source: u64,
    },
    /// It may not: the refusal.
    Refused(String),
}

/// The size of an address, as a child sends it.
const ADDRESS_SIZE: usize = 19;
/// The longest answer to it.
const MAX_INTRODUCED: usize = 256;

/// Reports to the parent the client that a proxy has named: at which address, or over a Unix socket.
///
/// # Errors
/// No descriptor for the question, here or in the parent.
pub fn introduce(control_channel: BorrowedFd<'_>, address: Option<SocketAddr>) -> io::Result<Introduced> {
    let question = Question { ask: ParentRequest::Introducing, account: 0 };
    let exchange = ask(control_channel, question, Some(&address_to_bytes(address)))?;
    let mut answer = [0; MAX_INTRODUCED];
    let size = take_answer(&exchange, &mut answer)?;
    match &answer[..size] {
        [b'g', source @ ..] => match source.try_into() {
            Ok(source) => Ok(Introduced::Welcome { source: u64::from_ne_bytes(source) }),
            Err(_) => Err(unanswered(control_channel)),
        },
        [b'r', message @ ..] => Ok(Introduced::Refused(String::from_utf8_lossy(message).into_owned())),
        _ => Err(unanswered(control_channel)),
    }
}

/// The address that a child has named, if it has named one. It does not wait.
///
/// # Errors
/// There is no such message.
pub fn introduction(exchange: &OwnedFd) -> Result<Option<SocketAddr>, Errno> {
    let mut bytes = [0; ADDRESS_SIZE];
    match recv(exchange.as_raw_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT)? {
        ADDRESS_SIZE => address_from_bytes(bytes).ok_or(Errno::EBADMSG),
        _ => Err(Errno::EBADMSG),
    }
}

/// The parent's answer.
pub fn introduced(answer: &Introduced) -> Vec<u8> {
    match answer {
        Introduced::Welcome { source } => [&GRANTED[..], &source.to_ne_bytes()].concat(),
        Introduced::Refused(message) => {
            let end = message.floor_char_boundary(MAX_INTRODUCED - 1);
            [&REFUSED[..], &message.as_bytes()[..end]].concat()
        }
    }
}

fn address_to_bytes(address: Option<SocketAddr>) -> [u8; ADDRESS_SIZE] {
    let mut bytes = [0; ADDRESS_SIZE];
    if let Some(address) = address {
        bytes[1..3].copy_from_slice(&address.port().to_be_bytes());
        match address.ip() {
            IpAddr::V4(ip) => {
                bytes[0] = 4;
                bytes[3..7].copy_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                bytes[0] = 6;
                bytes[3..].copy_from_slice(&ip.octets());
            }
        }
    }
    bytes
}

/// What [`address_to_bytes`] has written; `None` if it is nothing of the kind.
fn address_from_bytes([family, high, low, ip @ ..]: [u8; ADDRESS_SIZE]) -> Option<Option<SocketAddr>> {
    let port = u16::from_be_bytes([high, low]);
    match family {
        0 => Some(None),
        4 => Some(Some((<[u8; 4]>::try_from(&ip[..4]).ok()?, port).into())),
        6 => Some(Some((ip, port).into())),
        _ => None,
    }
}

/// The process that made a pair: the kernel's word, not the child's own.
///
/// # Errors
/// It is no Unix socket.
pub fn who_asks(exchange: &OwnedFd) -> Result<Pid, Errno> {
    getsockopt(exchange, PeerCredentials).map(|credentials| Pid::from_raw(credentials.pid()))
}

/// Reports to the parent that the writer does not answer. This is not answered, and may be lost.
pub fn complain_of_writer(control_channel: BorrowedFd<'_>) {
    let _ = ask(control_channel, Question { ask: ParentRequest::WriterSilent, account: 0 }, None);
}

/// Reports to the parent that this child is about to end. This is not answered, and may be lost.
pub fn announce_end(control_channel: BorrowedFd<'_>) {
    let _ = ask(control_channel, Question { ask: ParentRequest::ExitReason, account: 0 }, None);
}

/// A pair of connected sockets that keep messages apart; for the control channel and for each question.
///
/// # Errors
/// No descriptor left.
pub fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

/// A message that waits at the pair's other end may go with the question.
fn ask(control_channel: BorrowedFd<'_>, question: Question, message: Option<&[u8]>) -> io::Result<OwnedFd> {
    let (ours, theirs) = pair()?;
    if let Some(message) = message {
        send(ours.as_raw_fd(), message, MsgFlags::MSG_NOSIGNAL)?;
    }
    let mut tries = 0;
    loop {
        match sys::send_with_descriptor(control_channel, &question.to_bytes(), theirs.as_fd(), MsgFlags::empty()) {
            Ok(()) => return Ok(ours),
            // Descriptors on their way count against their user, whichever of its processes sent them (unix(7)); the
            // parent will have taken some in soon.
            Err(Errno::ETOOMANYREFS) if tries < MOST_TRIES => {
                tries += 1;
                let _ = ppoll(&mut [], Some(TimeSpec::from_duration(PAUSE)), None);
            }
            Err(Errno::EPIPE | Errno::ECONNRESET | Errno::ECONNREFUSED) => return Err(unanswered(control_channel)),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads the parent's answer; how many bytes it has, 0 if the parent has closed its end instead.
fn take_answer(exchange: &OwnedFd, buffer: &mut [u8]) -> Result<usize, Errno> {
    match recv(exchange.as_raw_fd(), buffer, MsgFlags::empty()) {
        // As it is if the parent had not read all that was sent.
        Err(Errno::ECONNRESET) => Ok(0),
        answered => answered,
    }
}

/// Why the parent has closed a question's pair without an answer.
///
/// A parent that has ended closes its descriptors before the kernel ends its children: a child that sees the one waits
/// here for the other, so that it reports nothing about a daemon that is no more.
fn unanswered(control_channel: BorrowedFd<'_>) -> io::Error {
    // No event is requested: that the other end has hung up is always reported. The descriptors of a process are closed
    // one after the other.
    let mut watched = [PollFd::new(control_channel, PollFlags::empty())];
    if ppoll(&mut watched, Some(TimeSpec::from_duration(PARENT_ENDS)), None) == Ok(1) {
        let _ = ppoll(&mut [], Some(TimeSpec::from_duration(KILLED)), None);
        return io::Error::new(io::ErrorKind::BrokenPipe, "the daemon has ended");
    }
    io::Error::other("the daemon is short of descriptors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_they_are_written() {
        for text in ["192.0.2.7:1", "[2001:db8::7]:65535", "[::ffff:192.0.2.7]:0"] {
            let address: Option<SocketAddr> = Some(text.parse().unwrap());
            assert_eq!(address_from_bytes(address_to_bytes(address)), Some(address));
        }
        assert_eq!(address_from_bytes(address_to_bytes(None)), Some(None));
        assert_eq!(address_from_bytes([5; ADDRESS_SIZE]), None);
        let long = introduced(&Introduced::Refused("词".repeat(200)));
        assert!(long.len() <= MAX_INTRODUCED && std::str::from_utf8(&long).is_ok());
    }

    #[test]
    fn questions_read_as_they_are_written() {
        for ask in ParentRequest::ALL {
            let question = Question { ask, account: account_number("ann") };
            assert_eq!(Question::from_bytes(question.to_bytes()), Some(question));
        }
        assert_eq!(Question::from_bytes([b'?'; QUESTION_SIZE]), None);
        assert_ne!(account_number("ann"), account_number("bob"));
    }
}
