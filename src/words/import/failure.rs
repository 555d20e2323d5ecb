//! Why an import can't go on. A fault that costs only one entry is a [`super::Refusal`] instead.

use std::path::PathBuf;

/// Why an import can't go on.
#[derive(Debug)]
pub enum Failure {
    /// A file does not exist, or may not be read.
    Absent(PathBuf, std::io::Error),
    /// A file is damaged, or is not of this format.
    Damaged {
        /// The file, empty if the bytes came from no file.
        file: PathBuf,
        /// Where in it: a line, an offset.
        place: String,
        /// What is wrong there.
        message: String,
    },
    /// A file that can only be read with its user's key.
    Locked(PathBuf),
    /// The disk failed.
    Read(PathBuf, std::io::Error),
    /// The words file would be larger than the daemon can load.
    TooLarge,
    /// The user asked to stop.
    Stopped,
}

impl Failure {
    /// Damage at a place of a file that the caller will name.
    pub(super) fn damaged(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Damaged { file: PathBuf::new(), place: place.into(), message: message.into() }
    }

    /// Names the file, where none is named yet.
    pub(super) fn of(self, path: &std::path::Path) -> Self {
        match self {
            Self::Damaged { file, place, message } if file.as_os_str().is_empty() => {
                Self::Damaged { file: path.to_owned(), place, message }
            }
            Self::Read(file, error) if file.as_os_str().is_empty() => Self::Read(path.to_owned(), error),
            Self::Locked(file) if file.as_os_str().is_empty() => Self::Locked(path.to_owned()),
            other => other,
        }
    }
}

/// A failure that is no fault of the disk, as a reader reports it through [`std::io::Error`].
#[derive(Debug)]
pub(super) enum ReaderSays {
    Stopped,
    TooLarge,
    Bomb,
    LongPiece,
    Failed(Box<Failure>),
}

impl std::fmt::Display for ReaderSays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Failed(failure) => return write!(f, "{failure}"),
            Self::Stopped => "stopped",
            Self::TooLarge => "it holds more than 4 GiB",
            Self::LongPiece => "an entry is longer than 16 MiB",
            Self::Bomb => "it unpacks to an implausible multiple of its size",
        })
    }
}

impl std::error::Error for ReaderSays {}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let error = match error.downcast::<ReaderSays>() {
            Ok(ReaderSays::Stopped) => return Self::Stopped,
            Ok(ReaderSays::Failed(failure)) => return *failure,
            Ok(says) => return Self::damaged("", says.to_string()),
            Err(error) => error,
        };
        match error.kind() {
            // flate2's errors for bad gzip.
            UnexpectedEof => Self::damaged("", "it is truncated (gzip)"),
            InvalidData | InvalidInput => Self::damaged("", format!("bad gzip: {error}")),
            _ => Self::Read(PathBuf::new(), error),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent(file, error) => write!(f, "cannot open {}: {error}", file.display()),
            Self::Damaged { file, place, message } => {
                write!(f, "{} is damaged, or not of this format", file.display())?;
                let colon = if place.is_empty() { "" } else { ": " };
                write!(f, ": {place}{colon}{message}")
            }
            Self::Read(file, error) => write!(f, "cannot read {}: {error}", file.display()),
            Self::Locked(file) => {
                let why = "is encrypted with the key of the user it was made for";
                write!(f, "{} {why}; only a copy without a key can be imported", file.display())
            }
            Self::TooLarge => f.write_str("the words file would exceed 4 GiB, the most that can be loaded"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Failure {}
