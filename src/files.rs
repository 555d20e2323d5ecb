//! Reading the small files that a person or an operator names, whatever is at the path: only regular files (or pipes,
//! where secrets may be handed over by one), only up to a limit, and never waiting without end.
//!
//! Several modules share it; it knows nothing of them.

#![forbid(unsafe_code)]

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{major, minor};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a pipe may take until all has come: a person may have to unlock a store of passwords first.
const PIPE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait before that is reported.
const NOTICE: Duration = Duration::from_secs(1);
/// `/dev/null`, as the kernel numbers it (Documentation/admin-guide/devices.txt): an empty file by custom.
const NULL_DEVICE: (u64, u64) = (1, 3);

/// Why a file is not read; carried by an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is a directory, a device, a socket or, where no pipe is accepted, a pipe.
    NotRegular,
    /// It holds more than this many bytes.
    TooLarge(u64),
    /// The pipe did not end in time.
    Silent,
}

impl Refused {
    /// The reason that an error carries, if it is one of these.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotRegular => f.write_str("it is not a regular file; name one that is"),
            Self::TooLarge(most) => write!(f, "it is larger than {} KiB; name the right file", most >> 10),
            Self::Silent => {
                write!(f, "the pipe did not end within {} s; is anything writing to it?", PIPE_TIMEOUT.as_secs())
            }
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Silent => ErrorKind::TimedOut,
            Refused::NotRegular | Refused::TooLarge(_) => ErrorKind::InvalidInput,
        };
        Self::new(kind, refused)
    }
}

/// What becomes of a pipe.
#[derive(Clone, Copy)]
pub enum Pipes<'a> {
    /// It is not a regular file.
    Refused,
    /// It is read to its end, if that comes in time. What is given is called once, if nothing comes for a while.
    Taken(&'a dyn Fn()),
}

/// An open file that may be read.
pub struct Opened<'a> {
    file: File,
    metadata: Metadata,
    /// Of a pipe.
    notice: Option<&'a dyn Fn()>,
}

/// Opens a file, and sees what it is. It never waits.
///
/// # Errors
/// The system's, or [`Refused::NotRegular`].
pub fn open<'a>(path: &Path, pipes: Pipes<'a>) -> io::Result<Opened<'a>> {
    // O_NONBLOCK, or opening a FIFO would wait for a writer.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    let notice = match pipes {
        Pipes::Taken(notice) if kind.is_fifo() => Some(notice),
        _ => None,
    };
    let device = metadata.rdev();
    let is_null = kind.is_char_device() && (major(device), minor(device)) == NULL_DEVICE;
    if kind.is_file() || is_null || notice.is_some() {
        Ok(Opened { file, metadata, notice })
    } else {
        Err(Refused::NotRegular.into())
    }
}

/// Reads a regular file of at most `most` bytes as text.
///
/// # Errors
/// The system's, [`Refused`], or [`ErrorKind::InvalidData`] for what is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let bytes = open(path, Pipes::Refused)?.read(most)?;
    std::str::from_utf8(&bytes)
        .map(str::to_owned)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

impl Opened<'_> {
    /// Of the very file that is read: it cannot be exchanged in between.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Reads all of it, into memory that is wiped.
    ///
    /// # Errors
    /// The system's, [`Refused::TooLarge`] or [`Refused::Silent`].
    pub fn read(mut self, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let bytes = self.read_up_to(most, |_| false)?;
        if bytes.len() as u64 > most { Err(Refused::TooLarge(most).into()) } else { Ok(bytes) }
    }

    /// Reads the first line, without its LF or CRLF: what follows may be anything, and need not have come.
    ///
    /// # Errors
    /// The system's, [`Refused::Silent`], or [`Refused::TooLarge`] for a line that is longer than `most` bytes.
    pub fn first_line(mut self, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = self.read_up_to(most, |bytes| bytes.contains(&b'\n'))?;
        let end = bytes.iter().position(|&byte| byte == b'\n');
        if end.is_none() && bytes.len() as u64 > most {
            return Err(Refused::TooLarge(most).into());
        }
        let end = end.unwrap_or(bytes.len());
        bytes.truncate(end);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Ok(bytes)
    }

    /// At most one byte more than `most`: so it shows that there are more.
    fn read_up_to(&mut self, most: u64, enough: impl Fn(&[u8]) -> bool) -> io::Result<Zeroizing<Vec<u8>>> {
        let size = if self.notice.is_some() { most } else { self.metadata.len().min(most) };
        // Room for all of it at once: a vector that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0).saturating_add(1)));
        let mut buffer = Zeroizing::new([0; 4_096]);
        let begin = Instant::now();
        loop {
            let left = (most + 1).saturating_sub(bytes.len() as u64);
            let room = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if room == 0 || enough(&bytes) {
                return Ok(bytes);
            }
            self.wait(begin)?;
            match self.file.read(&mut buffer[..room]) {
                Ok(0) => return Ok(bytes),
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until a pipe has something, or has ended. (To read from one that no writer has opened yet would look like
    /// its end; to wait for it does not, see poll(2) and pipe_poll in the kernel's fs/pipe.c.)
    fn wait(&mut self, begin: Instant) -> io::Result<()> {
        let Some(notice) = self.notice else { return Ok(()) };
        for (until, notice) in [(NOTICE, Some(notice)), (PIPE_TIMEOUT, None)] {
            loop {
                let left = until.saturating_sub(begin.elapsed());
                let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
                let mut wait = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
                match poll(&mut wait, timeout) {
                    Ok(0) if begin.elapsed() >= until => break,
                    Ok(0) | Err(nix::errno::Errno::EINTR) => {}
                    Ok(_) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            }
            if let Some(notice) = notice {
                notice();
                self.notice = Some(&nothing);
            }
        }
        Err(Refused::Silent.into())
    }
}

/// A notice is given only once.
fn nothing() {}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;
    use std::io::Write;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;

    fn refused<T>(outcome: io::Result<T>) -> Option<Refused> {
        Refused::of(&outcome.err()?)
    }

    #[test]
    fn regular_files_within_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "first\r\nsecond").unwrap();
        assert_eq!(read_text(&path, 13).unwrap(), "first\r\nsecond");
        assert_eq!(refused(read_text(&path, 12)), Some(Refused::TooLarge(12)));
        let line = |most| open(&path, Pipes::Refused).unwrap().first_line(most);
        assert_eq!(**line(7).unwrap(), *b"first");
        assert_eq!(refused(line(4)), Some(Refused::TooLarge(4)));
        std::fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text(&path, 12).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read_text(&directory.path().join("none"), 1).unwrap_err().kind(), ErrorKind::NotFound);
        let fifo = directory.path().join("fifo");
        mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        for path in [Path::new("/dev/zero"), directory.path(), &fifo] {
            assert_eq!(refused(read_text(path, 12)), Some(Refused::NotRegular), "{path:?}");
        }
        assert_eq!(read_text(Path::new("/dev/null"), 12).unwrap(), "");
        let taken = open(Path::new("/dev/zero"), Pipes::Taken(&nothing));
        assert_eq!(refused(taken), Some(Refused::NotRegular));
    }

    #[test]
    fn a_pipe_is_read_to_its_end_or_its_first_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fifo");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        let said = AtomicU32::new(0);
        let notice = || {
            said.fetch_add(1, Ordering::Relaxed);
        };
        // Its writer comes when it was opened, and a while later.
        let opened = open(&path, Pipes::Taken(&notice)).unwrap();
        let writer = path.clone();
        let writes = thread::spawn(move || {
            let mut pipe = File::options().write(true).open(writer).unwrap();
            thread::sleep(NOTICE + Duration::from_millis(200));
            pipe.write_all(b"sec").unwrap();
            pipe.write_all(b"ret\nmore\n").unwrap();
        });
        assert_eq!(**opened.read(100).unwrap(), *b"secret\nmore\n");
        writes.join().unwrap();
        assert_eq!(said.load(Ordering::Relaxed), 1);
        // There is no writer, and there was none.
        let mut opened = open(&path, Pipes::Taken(&nothing)).unwrap();
        let long_ago = Instant::now().checked_sub(PIPE_TIMEOUT).unwrap();
        assert_eq!(refused(opened.wait(long_ago)), Some(Refused::Silent));
        // One that goes on and on, and one that stays open.
        let opened = open(&path, Pipes::Taken(&nothing)).unwrap();
        let mut pipe = File::options().write(true).open(&path).unwrap();
        pipe.write_all(&[b'x'; 200]).unwrap();
        assert_eq!(refused(opened.read(100)), Some(Refused::TooLarge(100)));
        let opened = open(&path, Pipes::Taken(&nothing)).unwrap();
        // What was left of the one before is this one's beginning.
        pipe.write_all(b"secret\n").unwrap();
        assert!(opened.first_line(300).unwrap().ends_with(b"xsecret"));
    }
}
