//! Opening sources: never blocks on a FIFO, unpacks gzip (dictzip is gzip) while reading, and never holds more than one
//! buffer of the source.

use super::failure::{Failure, ReaderSays};
use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The most that a source may hold when unpacked: offsets of the snapshot are 32 bits wide.
const MAX_UNPACKED: u64 = u32::MAX as u64;
/// Longest piece that is kept whole: a line, an article. Table `words` holds no longer ones either.
pub(super) const MAX_PIECE: usize = (16 << 20) - 1;
/// A text that unpacks to more than this many times its size is not a dictionary (those reach 6, deflate can 1032) …
pub(super) const MAX_RATIO: u64 = 50;
/// The same for sources that are read as a whole and kept.
const MAX_RATIO_KEPT: u64 = 10;
/// … if it is larger than this; below, the ratio does not matter.
pub(super) const ALWAYS_UNPACKED: u64 = 64 << 20;

/// The callbacks that watch an import: one for its progress, one for whether to stop.
pub struct Watch<'a> {
    /// Whether to stop. Called often, so it should be quick.
    pub stop: &'a dyn Fn() -> bool,
    /// Called with a file, how much of it is done, and its size.
    pub progress: &'a dyn Fn(&Path, u64, u64),
}

impl std::fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watch")
    }
}

impl Watch<'_> {
    /// Opens a source, packed or not.
    pub(super) fn open<'a>(&'a self, path: &'a Path) -> Result<Box<dyn Read + 'a>, Failure> {
        self.open_up_to(path, MAX_RATIO)
    }

    fn open_up_to<'a>(&'a self, path: &'a Path, ratio: u64) -> Result<Box<dyn Read + 'a>, Failure> {
        let absent = |error| Failure::Absent(path.to_owned(), error);
        // O_NONBLOCK, or opening a FIFO would wait for a writer.
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(absent)?;
        let metadata = file.metadata().map_err(absent)?;
        if !metadata.is_file() {
            return Err(Failure::damaged("", "it is not a regular file").of(path));
        }
        let watched = Watched { file, watch: self, path, done: Cell::new(0), told: Cell::new(0), size: metadata.len() };
        let mut buffered = BufReader::with_capacity(64 << 10, watched);
        let packed = buffered.fill_buf().map_err(|error| Failure::from(error).of(path))?.starts_with(&[0x1f, 0x8b]);
        let limits = |ratio| Limits { packed: metadata.len(), ratio };
        Ok(if packed {
            Box::new(Limited { inner: MultiGzDecoder::new(buffered), limits: limits(ratio), done: 0 })
        } else {
            Box::new(Limited { inner: buffered, limits: limits(u64::MAX), done: 0 })
        })
    }

    /// Reads a whole source, for files that are searched rather than read along.
    pub(super) fn read(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        self.open_up_to(path, MAX_RATIO_KEPT)?
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::from(error).of(path))?;
        Ok(bytes)
    }
}

/// A source that ends with an error when more is read of it than is left: for parsers that keep what they read until
/// an entry is whole.
pub(super) struct Bounded<'a, R> {
    pub inner: R,
    pub left: &'a Cell<usize>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            return Err(io::Error::other(ReaderSays::LongPiece));
        }
        let size = buffer.len().min(left);
        let size = self.inner.read(&mut buffer[..size])?;
        self.left.set(left - size);
        Ok(size)
    }
}

/// The byte that ends the lines of a source: a newline, or the carriage return alone of the old Macintosh.
pub(super) fn line_end(source: &mut impl BufRead) -> Result<u8, Failure> {
    let beginning = source.fill_buf()?;
    Ok(if beginning.contains(&b'\r') && !beginning.contains(&b'\n') { b'\r' } else { b'\n' })
}

/// Reads a line into `line`, its end included; `false` at the end of the source.
pub(super) fn read_line(source: &mut impl BufRead, end: u8, line: &mut Vec<u8>, number: u64) -> Result<bool, Failure> {
    line.clear();
    let size = source.take(MAX_PIECE as u64 + 1).read_until(end, line)?;
    if size > MAX_PIECE {
        return Err(Failure::damaged(format!("line {number}"), "longer than 16 MiB"));
    }
    Ok(size > 0)
}

/// The files of a dictionary that share a name: from one of them, or the shared part, finds any.
pub(super) fn siblings(path: &Path, extensions: &[&str]) -> impl Fn(&str) -> PathBuf {
    let name = path.as_os_str().as_bytes();
    let base = extensions.iter().find_map(|extension| name.strip_suffix(extension.as_bytes())).unwrap_or(name);
    let base = base.to_owned();
    move |extension| PathBuf::from(OsStr::from_bytes(&[&base, extension.as_bytes()].concat()))
}

/// A file whose reading is watched.
struct Watched<'a> {
    file: File,
    watch: &'a Watch<'a>,
    path: &'a Path,
    done: Cell<u64>,
    told: Cell<u64>,
    size: u64,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.watch.stop)() {
            return Err(io::Error::other(ReaderSays::Stopped));
        }
        let size = self.file.read(buffer)?;
        self.done.set(self.done.get() + size as u64);
        // Called a thousand times at most.
        if size == 0 || self.done.get() - self.told.get() > self.size / 1000 {
            self.told.set(self.done.get());
            (self.watch.progress)(self.path, self.done.get(), self.size);
        }
        Ok(size)
    }
}

struct Limits {
    packed: u64,
    ratio: u64,
}

/// Ends reading when a source holds more than any dictionary does.
struct Limited<R> {
    inner: R,
    limits: Limits,
    done: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.inner.read(buffer)?;
        self.done += size as u64;
        if self.done > MAX_UNPACKED {
            return Err(io::Error::other(ReaderSays::TooLarge));
        }
        if self.done > ALWAYS_UNPACKED && self.done / self.limits.ratio > self.limits.packed {
            return Err(io::Error::other(ReaderSays::Bomb));
        }
        Ok(size)
    }
}
