//! Standard error as a log that never blocks: if a pipe that is not read, a terminal that was stopped (Ctrl-S) or a
//! slow journal does not take a line at once, the line is dropped and counted.
//!
//! `O_NONBLOCK` belongs to the open file, not to the descriptor: set on an inherited standard error, it would be set
//! for the shell and for every other process that shares it. So the daemon opens the pipe or the terminal anew, for
//! itself.

#![forbid(unsafe_code)]

use crate::sys;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::sys::termios::tcgetsid;
use nix::unistd::{dup2_stderr, getsid, write};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The longest line, in bytes with its newline: what a pipe takes as a whole or not at all (pipe(7), `PIPE_BUF`).
const LONGEST: usize = 4_096;
/// What a line that was cut ends with.
const CUT: &[u8] = b"...\n";

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As any file: it waits for a disk at most; or as a program that a person started waits for that person.
    Plain,
    /// To a socket, without waiting.
    Send,
    /// To what this process could not open anew, when it is ready.
    WhenReady,
}

impl Way {
    const ALL: [Self; 3] = [Self::Plain, Self::Send, Self::WhenReady];
}

#[derive(Debug, Default)]
struct Inner {
    /// A [`Way`].
    way: AtomicU8,
    dropped: AtomicU64,
    /// The rest of a line that a terminal has taken in part.
    rest: Mutex<Vec<u8>>,
    has_rest: AtomicBool,
}

/// Standard error; each write is one line. A write never fails: a logger has nowhere to report it.
#[derive(Debug, Clone, Default)]
pub struct StandardError {
    inner: Arc<Inner>,
}

impl StandardError {
    /// From now on no line is waited for. For a process that serves, before it has children: they inherit it.
    pub fn never_wait(&self) {
        self.inner.way.store(choose() as u8, Ordering::Relaxed);
    }

    /// Forgets what the parent of this process has dropped. For a forked child.
    pub fn begin_process(&self) {
        // Usually there is nothing, and a write would cost each child a page of its own.
        self.take_dropped();
        if self.inner.has_rest.load(Ordering::Relaxed) {
            self.rest().clear();
            self.inner.has_rest.store(false, Ordering::Relaxed);
        }
    }

    /// How many lines of this process were dropped since this was last asked.
    pub fn take_dropped(&self) -> u64 {
        match self.inner.dropped.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.inner.dropped.swap(0, Ordering::Relaxed),
        }
    }

    /// Writes a line; `false` if it was dropped, which is not counted here.
    fn put(&self, line: &[u8]) -> bool {
        let cut: Vec<u8>;
        let line = if line.len() <= LONGEST {
            line
        } else {
            let mut end = LONGEST - CUT.len();
            // Not within a character.
            while end > 0 && line[end] & 0xC0 == 0x80 {
                end -= 1;
            }
            cut = [&line[..end], CUT].concat();
            &cut
        };
        let mut rest = self.rest();
        while !rest.is_empty() {
            match self.write_some(&rest) {
                Some(size) if size > 0 => {
                    let taken = size.min(rest.len());
                    rest.drain(..taken);
                }
                _ => return false,
            }
        }
        match self.write_some(line) {
            Some(size) if size > 0 => {
                rest.extend_from_slice(line.get(size..).unwrap_or_default());
                self.inner.has_rest.store(!rest.is_empty(), Ordering::Relaxed);
                true
            }
            _ => false,
        }
    }

    /// How much was taken, if anything was.
    fn write_some(&self, bytes: &[u8]) -> Option<usize> {
        let way = Way::ALL.into_iter().find(|way| *way as u8 == self.inner.way.load(Ordering::Relaxed));
        let error = io::stderr();
        loop {
            let written = match way.unwrap_or(Way::Plain) {
                Way::Plain => write(&error, bytes),
                Way::Send => send(error.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL),
                Way::WhenReady => sys::write_when_ready(error.as_fd(), bytes),
            };
            if written != Err(Errno::EINTR) {
                return written.ok();
            }
        }
    }

    fn rest(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.inner.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for StandardError {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if !self.put(line) {
            self.inner.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Finds the way for what standard error is, and opens it anew where that helps.
fn choose() -> Way {
    let error = io::stderr();
    let Ok(data) = fstat(&error) else { return Way::Plain };
    let kind = SFlag::from_bits_truncate(data.st_mode) & SFlag::S_IFMT;
    if kind == SFlag::S_IFSOCK {
        return Way::Send;
    }
    if kind != SFlag::S_IFIFO && kind != SFlag::S_IFCHR {
        return Way::Plain;
    }
    let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let by_descriptor = || open("/proc/self/fd/2", flags, Mode::empty());
    // Another user's terminal, after `su`: this name leads to it, too, if it is the one that controls this process.
    let by_name = |error| match (tcgetsid(io::stderr()), getsid(None)) {
        (Ok(session), Ok(ours)) if session == ours => open("/dev/tty", flags, Mode::empty()),
        _ => Err(error),
    };
    match by_descriptor().or_else(by_name).and_then(dup2_stderr) {
        Ok(()) => Way::Plain,
        Err(_) => Way::WhenReady,
    }
}
