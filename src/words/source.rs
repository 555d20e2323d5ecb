//! Reading a words file as a whole, whatever is at its path: never blocks, never accepts half a file.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The largest file that is read: offsets into the loaded copy are 32 bits wide.
const MOST: u64 = u32::MAX as u64;

/// Why a words file could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It does not exist, or may not be read.
    Absent(std::io::Error),
    /// It is a directory, a FIFO, a device.
    NotAFile,
    /// It is a directory, and holds no words file.
    Empty,
    /// No dictionary that large can be searched.
    TooLarge,
    /// It was written to while it was read.
    Changed,
    /// The disk failed.
    Io(std::io::Error),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent(error) => write!(f, "cannot be opened: {error}"),
            Self::NotAFile => f.write_str("is not a regular file"),
            Self::Empty => {
                f.write_str("is neither a regular file nor a directory with a file whose name ends with .txt")
            }
            Self::TooLarge => f.write_str("is larger than 4 GiB"),
            Self::Changed => f.write_str("was written to while it was read; try again when it is complete"),
            Self::Io(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads the file at `path`.
///
/// # Errors
/// See [`ReadError`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, ReadError> {
    open_file(path).and_then(read_opened)
}

/// The files that a path stands for: itself or, for a directory, all in it whose names end with `.txt`, in the order of
/// their names.
///
/// # Errors
/// [`ReadError::Absent`] if the directory can't be read, [`ReadError::Empty`] if it holds no such file.
pub fn files_of(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let listed: std::io::Result<Vec<PathBuf>> =
        std::fs::read_dir(path).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    let mut files = listed.map_err(ReadError::Absent)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    if files.is_empty() { Err(ReadError::Empty) } else { Ok(files) }
}

/// Opens the file at `path`, to be read with [`read_opened`].
///
/// # Errors
/// [`ReadError::Absent`].
pub fn open_file(path: &Path) -> Result<File, ReadError> {
    // O_NONBLOCK, or opening a FIFO would wait for a writer.
    File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(ReadError::Absent)
}

/// Reads a file as a whole.
///
/// # Errors
/// All of [`ReadError`] except [`ReadError::Absent`].
pub fn read_opened(mut file: File) -> Result<Vec<u8>, ReadError> {
    let before = file.metadata().map_err(ReadError::Io)?;
    if !before.is_file() {
        return Err(ReadError::NotAFile);
    }
    // Before any memory is taken for it.
    if before.len() > MOST {
        return Err(ReadError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0));
    // One byte more than there was shows growth without following a file that grows for ever.
    Read::by_ref(&mut file).take(before.len().saturating_add(1)).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    let after = file.metadata().map_err(ReadError::Io)?;
    let stamp = |data: &std::fs::Metadata| (data.len(), data.mtime(), data.mtime_nsec());
    if bytes.len() as u64 != before.len() || stamp(&before) != stamp(&after) {
        return Err(ReadError::Changed);
    }
    Ok(bytes)
}
