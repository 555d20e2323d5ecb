//! Where children and writer find each other: a socket pair that the parent makes once and keeps. Every child inherits
//! the end at which channels are handed in, and every writer, also one that is forked later, the end at which they are
//! taken out. Channels that are handed in while there is no writer wait for the next one.

use super::parent::pair;
use nix::errno::Errno;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How long a child waits for room in a full queue.
const ROOM_SECONDS: i64 = 5;

/// The rendezvous.
#[derive(Debug)]
pub struct Rendezvous {
    children: OwnedFd,
    writer: OwnedFd,
}

impl Rendezvous {
    /// A rendezvous.
    ///
    /// # Errors
    /// No descriptor.
    pub fn new() -> Result<Self, Errno> {
        let (children, writer) = pair()?;
        setsockopt(&children, sockopt::SendTimeout, &TimeVal::seconds(ROOM_SECONDS))?;
        Ok(Self { children, writer })
    }

    /// The end that every child inherits.
    pub fn for_children(&self) -> BorrowedFd<'_> {
        self.children.as_fd()
    }

    /// The end that every writer inherits.
    pub fn for_writer(&self) -> BorrowedFd<'_> {
        self.writer.as_fd()
    }
}
