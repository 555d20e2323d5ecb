//! The spool's file, as the parent opens it: once, when the daemon starts, so that no writer has to open anything. It
//! is locked for as long as any process has it open, so that a writer that outlives its daemon for a moment is waited
//! for by the next one. The parent never looks behind its first bytes.

use super::frame::HEADER;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a writer of a daemon that was killed may take to end.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// The file, open and locked, and how long it may become.
#[derive(Debug)]
pub struct SpoolFile {
    file: Flock<File>,
    limit: u64,
}

impl SpoolFile {
    /// Opens the file `spool` of a directory, and makes it if it is not there: readable by nobody else. At most `limit`
    /// bytes are ever in it; with 0 nothing is put there, but what is there is still delivered.
    ///
    /// # Errors
    /// It can't be opened, is something else, or is another daemon's.
    pub fn open(directory: &Path, limit: u64) -> io::Result<Self> {
        let path = directory.join("spool");
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file = options.custom_flags(O_NOFOLLOW | O_NONBLOCK).open(&path).map_err(named)?;
        let file = lock(file).map_err(named)?;
        check(&file).map_err(named)?;
        // So that the name is there after a power cut, too.
        File::open(directory)?.sync_all()?;
        Ok(Self { file, limit })
    }

    /// How many bytes are in it; none when all is delivered.
    pub fn size(&self) -> u64 {
        self.file.metadata().map_or(0, |found| found.len())
    }

    /// How many bytes may be in it.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl AsFd for SpoolFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn lock(mut file: File) -> io::Result<Flock<File>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(locked) => return Ok(locked),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) if Instant::now() < deadline => file = back,
            Err((_, Errno::EWOULDBLOCK)) => return Err(io::Error::other("another cidiand's writer still uses it")),
            Err((_, error)) => return Err(error.into()),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Whether it is a spool, and of this version: nothing else is ever written to.
fn check(file: &File) -> io::Result<()> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("is no file"));
    }
    let mut begin = [0; HEADER.len()];
    let mut size = 0;
    while size < begin.len() {
        match file.read_at(&mut begin[size..], size as u64)? {
            0 => break,
            more => size += more,
        }
    }
    let begin = &begin[..size];
    // The very first write may have been cut off by a crash: a part of it, or a hole in its place.
    if HEADER.starts_with(begin) || begin.iter().all(|&byte| byte == 0) {
        Ok(())
    } else {
        Err(io::Error::other("is no spool that this version of cidiand knows; move it away"))
    }
}
