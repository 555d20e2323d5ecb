//! The spool's file, as the parent opens it, so that no writer has to open anything. It is locked for as long as any
//! process has it open, so that the next daemon waits for a writer that outlives its own daemon for a moment.
//!
//! A spool belongs to one database, which its first bytes name. The parent opens the file when the daemon starts, and
//! again when a writer finds that the database was replaced by another one.

use super::aside;
use super::frame::{self, HEADER_SIZE, MAGIC, MAGIC_OF_OLD};
use crate::store::Identity;
use crate::sys;
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a writer of a daemon that was killed may take to end.
const PREDECESSOR_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// The file, open and locked, and how long it may become.
#[derive(Debug)]
pub struct SpoolFile {
    file: File,
    path: PathBuf,
    limit: u64,
    identity: Identity,
}

/// What a file is by its first bytes.
#[derive(Debug, PartialEq, Eq)]
enum Content {
    /// Nothing yet, or what a crash has left of the very first write.
    Nothing,
    /// Of version 1, which does not name its database.
    OfOld,
    /// Records for this database.
    Of(Identity),
}

impl SpoolFile {
    /// Opens the file `spool` of a directory for this database, and makes it if it is not there: readable by no other
    /// user. One with records for another database is put aside, and one that waits for this database is taken up. At
    /// most `limit` bytes are ever in it; with 0 nothing is put there, but what is there is still delivered.
    ///
    /// # Errors
    /// It can't be opened, is something else, or is another daemon's.
    pub fn open(directory: &Path, limit: u64, identity: Identity) -> io::Result<Self> {
        let path = directory.join("spool");
        settle(&path, identity, true, PREDECESSOR_TIMEOUT)
            .map(|file| Self { file, path: path.clone(), limit, identity })
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// The database is another one now: what is there waits for the one before, and what waited for this one is taken
    /// up.
    ///
    /// # Errors
    /// As [`SpoolFile::open`]; it stays as it was then.
    pub fn turn_to(&mut self, identity: Identity) -> io::Result<()> {
        self.replaced(|path| settle(path, identity, true, Duration::ZERO))?;
        self.identity = identity;
        Ok(())
    }

    /// Another file is opened instead of this one. The lock is given up for it: it may turn out to be the same one.
    fn replaced(&mut self, open: impl FnOnce(&Path) -> io::Result<File>) -> io::Result<()> {
        self.file.unlock()?;
        match open(&self.path) {
            Ok(file) => {
                self.file = file;
                Ok(())
            }
            Err(error) => self.file.lock().and(Err(error)),
        }
    }

    /// The database knows no account of its records: it waits, for a database that knows them.
    ///
    /// # Errors
    /// As [`SpoolFile::open`]; it stays as it was then.
    pub fn put_aside(&mut self) -> io::Result<()> {
        let aside = aside::put(&self.path, self.identity)?;
        log::warn!(
            "the database knows none of the accounts whose lookups are in the spool ({} bytes): is it an older backup? \
             The lookups were moved to {}, and are tried again when the daemon starts; remove that file to discard \
             them",
            self.size(),
            aside.display()
        );
        // What was put aside is not taken up again at once.
        let identity = self.identity;
        self.replaced(|path| settle(path, identity, false, Duration::ZERO))
    }

    /// Its name stands for another file, or for no file: what is in it is put back under that name, and what was there
    /// instead waits until the daemon is started again.
    ///
    /// # Errors
    /// As [`SpoolFile::open`]; it stays as it was then.
    pub fn put_back(&mut self) -> io::Result<()> {
        let there = open(&self.path)?;
        let (content, size) = look(&there)?;
        match content {
            Content::Of(of) if size > HEADER_SIZE as u64 => {
                aside::put(&self.path, of)?;
            }
            Content::OfOld => {
                aside::convert(&there, &self.path, self.identity)?;
                aside::put(&self.path, self.identity)?;
            }
            Content::Nothing | Content::Of(_) => std::fs::remove_file(&self.path)?,
        }
        drop(there);
        let new = lock(open(&self.path)?, Duration::ZERO)?;
        let (mut from, mut place) = (vec![0; 64 * 1024], 0);
        loop {
            match self.file.read_at(&mut from, place)? {
                0 => break,
                size => {
                    new.write_all_at(&from[..size], place)?;
                    place += size as u64;
                }
            }
        }
        new.sync_all()?;
        sync_directory(&self.path)?;
        self.file = new;
        log::warn!("{} was replaced or removed; its contents were restored", self.path.display());
        Ok(())
    }

    /// How many bytes are in it; 0 when all is delivered.
    pub fn size(&self) -> u64 {
        self.file.metadata().map_or(0, |found| found.len())
    }

    /// How many bytes may be in it.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The database that it is for.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether its name stands for another file now, or for none, in a directory that is there.
    pub(super) fn can_be_put_back(&self) -> bool {
        self.is_removed() && self.path.parent().is_some_and(Path::is_dir)
    }

    /// Whether its name stands for another file now, or for none.
    pub(super) fn is_removed(&self) -> bool {
        sys::name_number(&self.path) != sys::open_file_number(&self.file)
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

/// Opens the file at a path for a database, as described at [`SpoolFile::open`]. `takes_up`: one that waits for this
/// database.
fn settle(path: &Path, identity: Identity, takes_up: bool, patience: Duration) -> io::Result<File> {
    let mut file = lock(open(path)?, patience)?;
    let (mut content, size) = look(&file)?;
    match content {
        Content::OfOld => {
            aside::convert(&file, path, identity)?;
            file = lock(open(path)?, patience)?;
            content = look(&file)?.0;
        }
        Content::Of(other) if other != identity && size > HEADER_SIZE as u64 => {
            let aside = aside::put(path, other)?;
            log::warn!(
                "the spool ({size} bytes) belongs to another database: it was renamed to {}, and will be delivered \
                 when that database is back (this one is {identity}, the other {other})",
                aside.display()
            );
            file = lock(open(path)?, patience)?;
            content = Content::Nothing;
        }
        Content::Nothing | Content::Of(_) => {}
    }
    let has_nothing = content == Content::Nothing || file.metadata()?.len() <= HEADER_SIZE as u64;
    if let Some(waiting) = aside::find(path, identity)?.filter(|_| takes_up) {
        if has_nothing {
            std::fs::rename(&waiting, path)?;
            file = lock(open(path)?, patience)?;
            log::info!("delivering {}: its database is back", waiting.display());
        } else {
            log::warn!("{} will be delivered after a start with an empty spool", waiting.display());
        }
    }
    // So that the names are there after a power cut, too.
    sync_directory(path)?;
    Ok(file)
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

fn lock(file: File, patience: Duration) -> io::Result<File> {
    let deadline = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(io::Error::other("another cidiand's writer still uses it")),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// What it is, and how long: whether it is a spool, and of a version that is known. Nothing else is ever written to.
fn look(file: &File) -> io::Result<(Content, u64)> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    let mut begin = [0; HEADER_SIZE];
    let mut size = 0;
    while size < begin.len() {
        match file.read_at(&mut begin[size..], size as u64)? {
            0 => break,
            more => size += more,
        }
    }
    let begin = &begin[..size];
    let content = if let Some(identity) = frame::read_header(begin) {
        Content::Of(identity)
    } else if begin.starts_with(&MAGIC_OF_OLD) {
        Content::OfOld
    } else if is_begun(begin) {
        Content::Nothing
    } else {
        return Err(io::Error::other("is not a spool that this version of cidiand can read; move it away"));
    };
    Ok((content, found.len()))
}

/// The very first write may have been cut off by a crash: a part of it, or a hole in its place.
fn is_begun(begin: &[u8]) -> bool {
    let part_of = |whole: &[u8]| whole.starts_with(begin);
    let part =
        begin.strip_prefix(&MAGIC).is_some_and(|rest| rest.iter().all(|&byte| byte.is_ascii_hexdigit() || byte == 0));
    part || part_of(&MAGIC) || part_of(&MAGIC_OF_OLD) || begin.iter().all(|&byte| byte == 0)
}
