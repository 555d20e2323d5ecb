//! The parent's end of the [exchange](crate::ipc::parent): it takes requests and answers them, without waiting. Which
//! child gets what is decided elsewhere.

use crate::daemon::throttle::Throttle;
use crate::ipc::parent::{GRANTED, Introduced, QUESTION_SIZE, Question, REFUSED, introduced, pair};
use crate::sys;
use log::warn;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// The control channel.
#[derive(Debug)]
pub struct ControlChannel {
    ours: OwnedFd,
    theirs: OwnedFd,
    lost_said: Throttle,
}

impl ControlChannel {
    /// A control channel.
    ///
    /// # Errors
    /// No descriptor.
    pub fn new() -> Result<Self, Errno> {
        let (ours, theirs) = pair()?;
        Ok(Self { ours, theirs, lost_said: Throttle::default() })
    }

    /// The end that every child inherits.
    pub fn for_children(&self) -> BorrowedFd<'_> {
        self.theirs.as_fd()
    }

    /// Readable when a child asks.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.ours.as_fd()
    }

    /// Takes one question, if there is one.
    pub fn next_ask(&mut self) -> Option<(Question, OwnedFd)> {
        loop {
            let mut bytes = [0; QUESTION_SIZE];
            match sys::receive_with_descriptor(self.ours.as_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT) {
                Ok((QUESTION_SIZE, Some(socket))) => {
                    if let Some(question) = Question::from_bytes(bytes) {
                        return Some((question, socket));
                    }
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                Err(error) => {
                    // The child sees its pair closed, and its client gets a refusal to try again later.
                    if let Some(more) = self.lost_said.allow(Instant::now()) {
                        warn!("lost a child's request: {error}{more}");
                    }
                    return None;
                }
            }
        }
    }

    /// Answers whether a child's client may go on.
    pub fn answer(socket: &OwnedFd, may_go_on: bool) {
        // A child that has died meanwhile needs no answer.
        let _ = say(socket, if may_go_on { &GRANTED } else { &REFUSED });
    }

    /// Answers how many microseconds a child has to wait.
    pub fn answer_with_wait(socket: &OwnedFd, microseconds: u64) {
        let _ = say(socket, &microseconds.to_ne_bytes());
    }

    /// Answers what becomes of a client that a proxy has named.
    pub fn answer_introduction(socket: &OwnedFd, answer: &Introduced) {
        let _ = say(socket, &introduced(answer));
    }

    /// Hands out the words.
    pub fn give_words(socket: &OwnedFd, generation: u64, memory: BorrowedFd<'_>) {
        let sent = sys::send_with_descriptor(socket.as_fd(), &generation.to_ne_bytes(), memory, MsgFlags::MSG_DONTWAIT);
        if let Err(error) = sent {
            warn!("cannot send the words to a child: {error}");
        }
    }
}

fn say(socket: &OwnedFd, answer: &[u8]) -> Result<usize, Errno> {
    send(socket.as_raw_fd(), answer, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)
}
