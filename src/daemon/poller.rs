//! What the parent waits for: one epoll instance in which each descriptor has a name.

use super::children::leases::Lease;
use super::children::turns::Turn;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// A client of the control socket, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ControlClient(pub u32);

/// The name of a descriptor that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A signal has come.
    Signal,
    /// A child asks.
    ControlChannel,
    /// The loader has answered.
    Loader,
    /// A client waits at the listener of this number.
    Listener(u32),
    /// A child's turn is over.
    Turn(Turn),
    /// A child's lease is over.
    Lease(Lease),
    /// A refused client has closed.
    Refused(u32),
    /// A client waits at the control socket.
    Control,
    /// A client of the control socket has sent something, or has gone.
    ControlClient(ControlClient),
    /// The writer has sent a message, or has ended.
    Writer,
    /// A child of the fork server has reported, or it has ended.
    ForkServer,
}

impl Token {
    fn number(self) -> u64 {
        let (kind, number) = match self {
            Self::Signal => (0, 0),
            Self::ControlChannel => (1, 0),
            Self::Loader => (2, 0),
            Self::Listener(number) => (3, number),
            Self::Turn(Turn(number)) => (4, number),
            Self::Refused(number) => (5, number),
            Self::Control => (6, 0),
            Self::ControlClient(ControlClient(number)) => (7, number),
            Self::Lease(Lease(number)) => (8, number),
            Self::Writer => (9, 0),
            Self::ForkServer => (10, 0),
        };
        (kind << 32) | u64::from(number)
    }

    fn of(number: u64) -> Option<Self> {
        let low = number as u32;
        Some(match number >> 32 {
            0 => Self::Signal,
            1 => Self::ControlChannel,
            2 => Self::Loader,
            3 => Self::Listener(low),
            4 => Self::Turn(Turn(low)),
            5 => Self::Refused(low),
            6 => Self::Control,
            7 => Self::ControlClient(ControlClient(low)),
            8 => Self::Lease(Lease(low)),
            9 => Self::Writer,
            10 => Self::ForkServer,
            _ => return None,
        })
    }
}

/// The epoll.
#[derive(Debug)]
pub struct Poller {
    epoll: Epoll,
}

impl Poller {
    /// An epoll that waits for nothing yet.
    ///
    /// # Errors
    /// No descriptor.
    pub fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)? })
    }

    /// Waits for something to read.
    ///
    /// # Errors
    /// No memory.
    pub fn watch(&self, fd: BorrowedFd<'_>, token: Token) -> Result<(), Errno> {
        self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, token.number()))
    }

    /// Waits for the other end's closing only.
    ///
    /// # Errors
    /// No memory.
    pub fn watch_closing(&self, fd: BorrowedFd<'_>, token: Token) -> Result<(), Errno> {
        self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLRDHUP, token.number()))
    }

    /// Waits no longer for this one. A closed descriptor needs it too when a child still holds a copy.
    pub fn forget(&self, fd: BorrowedFd<'_>) {
        let _ = self.epoll.delete(fd);
    }

    /// Waits until something has happened or the deadline has passed. What has happened is not on the heap: the parent
    /// would write to a page of it that its latest child shares.
    ///
    /// # Errors
    /// Those of `epoll_wait(2)` but for EINTR, which is nothing.
    pub fn wait(&self, deadline: Option<Instant>) -> Result<impl Iterator<Item = Token> + Clone + use<>, Errno> {
        let timeout = deadline.map_or(EpollTimeout::NONE, |deadline| {
            // Rounded up: waking a moment early would spin.
            let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
            EpollTimeout::try_from(left).unwrap_or(EpollTimeout::MAX)
        });
        let mut events = [EpollEvent::empty(); 64];
        let count = match self.epoll.wait(&mut events, timeout) {
            Err(Errno::EINTR) => 0,
            waited => waited?,
        };
        Ok(events.into_iter().take(count).filter_map(|event| Token::of(event.data())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_kernel() {
        for token in [
            Token::Signal,
            Token::ControlChannel,
            Token::Loader,
            Token::Listener(3),
            Token::Turn(Turn(u32::MAX)),
            Token::Refused(7),
            Token::Control,
            Token::ControlClient(ControlClient(9)),
            Token::Lease(Lease(u32::MAX - 1)),
            Token::Writer,
            Token::ForkServer,
        ] {
            assert_eq!(Token::of(token.number()), Some(token));
        }
    }
}
