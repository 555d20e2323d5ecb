//! Helpers: short-lived children that do for the parent what it must not do itself (open a database, read and check
//! a words file) and answer over a socket pair. The parent never waits for one while it serves.

pub mod certificate;
pub mod loader;
pub mod probe;
pub mod sandboxes;
pub mod writer;

use crate::ipc::parent::pair;
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Forker, Origin};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::MsgFlags;
use nix::unistd::Pid;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The longest answer, in bytes: a number and a message.
const ANSWER: usize = 4_096;

/// A helper at work.
#[derive(Debug)]
pub struct Helper {
    pid: Pid,
    answers: OwnedFd,
}

/// A helper's answer: one byte that the parent and it agree on, a message, and perhaps descriptors.
#[derive(Debug)]
pub struct Answer {
    /// What came of it.
    pub outcome: u8,
    /// In words.
    pub message: String,
    /// What it made, in an order that both know.
    pub made: Vec<OwnedFd>,
}

impl Helper {
    /// Forks a helper that does `first`, enters its sandbox, does `work` with what `first` has made, and answers with
    /// what that returns. `first` is for opening what the sandbox has no way to; it looks at no content.
    ///
    /// # Errors
    /// No process, or no descriptor.
    pub fn start<T>(
        forker: &mut Forker,
        sandbox: &Sandbox,
        first: impl FnOnce() -> T,
        work: impl FnOnce(Origin, T) -> Answer,
    ) -> Result<Self, Errno> {
        let (ours, theirs) = pair()?;
        let pid = forker.fork(|origin| {
            // Whatever it inherited, a listener above all, is not a helper's to keep open.
            let keep: Vec<_> = [theirs.as_fd()].into_iter().chain(sandbox.descriptor()).collect();
            let ready = sys::let_signals_in().and_then(|()| sys::close_all_but(&keep));
            let confined = ready.and_then(|()| {
                let made = first();
                sandbox.enter().map(|()| made)
            });
            if let Err(error) = &confined {
                log::error!("cannot set up a helper: {error}");
            }
            let sent = confined.and_then(|made| send(theirs.as_fd(), &work(origin, made)));
            sys::exit_now(i32::from(sent.is_err()))
        })?;
        Ok(Self { pid, answers: ours })
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Readable when it has answered, or ended without an answer.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.answers.as_fd()
    }

    /// Takes its answer, and waits for it if necessary. `None` if it ended without one.
    pub fn answer(&self) -> Option<Answer> {
        let mut buffer = [0; ANSWER];
        loop {
            match sys::receive_with_descriptors(self.answers.as_fd(), &mut buffer, MsgFlags::empty()) {
                Ok((0, _)) => return None,
                Ok((size, made)) => {
                    let (outcome, message) = buffer[..size].split_first()?;
                    return Some(Answer {
                        outcome: *outcome,
                        message: String::from_utf8_lossy(message).into_owned(),
                        made,
                    });
                }
                Err(Errno::EINTR) => {}
                Err(_) => return None,
            }
        }
    }

    /// Ends it: its answer is not wanted any more.
    pub fn give_up(self) {
        let _ = kill(self.pid, Signal::SIGKILL);
    }
}

fn send(socket: BorrowedFd<'_>, answer: &Answer) -> Result<(), Errno> {
    let mut message = vec![answer.outcome];
    let end = answer.message.floor_char_boundary(ANSWER - 1);
    message.extend_from_slice(&answer.message.as_bytes()[..end]);
    let made: Vec<_> = answer.made.iter().map(AsFd::as_fd).collect();
    sys::send_with_descriptors(socket, &message, &made, MsgFlags::empty())
}
