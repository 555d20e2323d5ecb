//! What a child asks of its parent, over a socket pair of its own that it makes for the question.
//!
//! All children share one end of a socket pair with the parent, the hub. A child that wants something makes a new
//! pair, sends one end over the hub with one byte that says what, and talks on the other. An idle child so costs its
//! parent no descriptor, and when a child dies, whatever it held is free: its end of the pair closes.

use crate::sys;
use nix::errno::Errno;
use nix::poll::ppoll;
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, getsockopt, recv, send, socketpair};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How long to wait until a question is tried again for which too many descriptors are on their way, and how often.
const PAUSE: Duration = Duration::from_millis(5);
const MOST_TRIES: u32 = 400;

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The newest words: answered at once, with their generation and their descriptor.
    Words,
    /// Leave to hash a password: answered with one byte when it is this child's turn; held until the pair closes.
    Hashing,
    /// The same for a login, which is refused to a source that has failed too often.
    LoggingIn,
    /// The same for a new account, which is refused to a source that has registered too many.
    Registering,
    /// A login has failed: answered with one byte, which says whether the client may go on.
    FailedLogin,
    /// A failed login is taken back, because the same name was logged in: answered in the same way.
    Mended,
    /// A lease of a database connection: answered with one byte when there is one for this child, held until the pair
    /// closes; the parent may say in between that it is wanted back.
    Database,
    /// The writer has not answered for a while: nothing is answered. The parent looks whether it still moves.
    WriterSilent,
    /// This child is about to end: nothing is answered.
    Ending,
}

impl Ask {
    const fn byte(self) -> u8 {
        match self {
            Self::Words => b'w',
            Self::Hashing => b'h',
            Self::LoggingIn => b'l',
            Self::Registering => b'r',
            Self::FailedLogin => b'f',
            Self::Mended => b'm',
            Self::Database => b'd',
            Self::WriterSilent => b's',
            Self::Ending => b'e',
        }
    }

    /// What a byte asks for.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Words,
            Self::Hashing,
            Self::LoggingIn,
            Self::Registering,
            Self::FailedLogin,
            Self::Mended,
            Self::Database,
            Self::WriterSilent,
            Self::Ending,
        ]
        .into_iter()
        .find(|ask| ask.byte() == byte)
    }
}

/// The parent's answer that a turn has come, or that the client may go on.
pub const GRANTED: [u8; 1] = [b'g'];
/// The parent's answer that the client's source may do no more for now.
pub const REFUSED: [u8; 1] = [b'r'];

/// What the parent says to a holder when others wait.
pub const WANTED: [u8; 1] = [b'w'];
/// What a child says last, when what it had leave for is really over: a connection closed at its other end, too.
pub const GIVEN_BACK: [u8; 1] = [b'b'];

/// Leave to do something that only so many may do at once. It ends when it is dropped, or when its holder dies.
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
    /// The parent could not take the question: it has no descriptor left.
    pub fn granted(&self) -> io::Result<bool> {
        granted(&self.exchange)
    }

    /// Whether the parent has said since that others wait, or has gone.
    pub fn is_wanted(&self) -> bool {
        recv(self.exchange.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT).is_ok()
    }

    /// Ends it, and says that nothing of it is left.
    pub fn give_back(self) {
        // A parent that has gone needs no word.
        let _ = send(self.exchange.as_raw_fd(), &GIVEN_BACK, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
    }
}

fn granted(exchange: &OwnedFd) -> io::Result<bool> {
    let mut answer = [0; 1];
    match recv(exchange.as_raw_fd(), &mut answer, MsgFlags::empty()) {
        Ok(1) if answer == GRANTED => Ok(true),
        Ok(1) if answer == REFUSED => Ok(false),
        Ok(_) => Err(io::Error::other("the daemon is short of descriptors")),
        Err(error) => Err(error.into()),
    }
}

/// Asks for the newest words: their generation and their sealed memory.
///
/// # Errors
/// The parent has none, or is short of descriptors.
pub fn ask_for_words(hub: BorrowedFd<'_>) -> io::Result<(u64, OwnedFd)> {
    let exchange = ask(hub, Ask::Words)?;
    let mut generation = [0; 8];
    let (size, memory) = sys::receive_with_descriptor(exchange.as_fd(), &mut generation, MsgFlags::empty())?;
    match (size, memory) {
        (8, Some(memory)) => Ok((u64::from_ne_bytes(generation), memory)),
        _ => Err(io::Error::other("the daemon gave none")),
    }
}

/// Asks for leave to hash a password, and says what for. Wait until [`Permit::as_fd`] is readable, then look at
/// [`Permit::granted`].
///
/// # Errors
/// No descriptor for the question.
pub fn ask_to_hash(hub: BorrowedFd<'_>, purpose: Ask) -> io::Result<Permit> {
    Ok(Permit { exchange: ask(hub, purpose)? })
}

/// Tells the parent that a login has failed, or that a failure is mended. Whether the client may go on: when this
/// returns, the parent has counted it.
///
/// # Errors
/// No descriptor for the question, here or in the parent.
pub fn report(hub: BorrowedFd<'_>, what: Ask) -> io::Result<bool> {
    granted(&ask(hub, what)?)
}

/// The process that made a pair: the kernel's word, not the child's own.
///
/// # Errors
/// It is no Unix socket.
pub fn who_asks(exchange: &OwnedFd) -> Result<Pid, Errno> {
    getsockopt(exchange, PeerCredentials).map(|credentials| Pid::from_raw(credentials.pid()))
}

/// Asks for a lease of a database connection; otherwise as [`ask_to_hash`].
///
/// # Errors
/// No descriptor for the question.
pub fn ask_for_database(hub: BorrowedFd<'_>) -> io::Result<Permit> {
    Ok(Permit { exchange: ask(hub, Ask::Database)? })
}

/// Tells the parent that the writer does not answer. It need not be answered, and may be lost.
pub fn complain_of_writer(hub: BorrowedFd<'_>) {
    let _ = ask(hub, Ask::WriterSilent);
}

/// Tells the parent that this child is about to end. It need not be answered, and may be lost.
pub fn announce_end(hub: BorrowedFd<'_>) {
    let _ = ask(hub, Ask::Ending);
}

/// A pair of connected sockets that keep messages apart; for the hub and for each question.
///
/// # Errors
/// No descriptor left.
pub fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

fn ask(hub: BorrowedFd<'_>, ask: Ask) -> io::Result<OwnedFd> {
    let (ours, theirs) = pair()?;
    let mut tries = 0;
    loop {
        match sys::send_with_descriptor(hub, &[ask.byte()], theirs.as_fd(), MsgFlags::empty()) {
            Ok(()) => return Ok(ours),
            // Descriptors on their way count against their user, whoever of its processes sent them (unix(7)); the
            // parent will have taken some in soon.
            Err(Errno::ETOOMANYREFS) if tries < MOST_TRIES => {
                tries += 1;
                let _ = ppoll(&mut [], Some(TimeSpec::from_duration(PAUSE)), None);
            }
            Err(error) => return Err(error.into()),
        }
    }
}
