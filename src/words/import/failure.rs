//! Why an import can't go on. What only costs an entry is a [`super::Refusal`], never one of these.

use std::path::PathBuf;

/// Why an import can't go on.
#[derive(Debug)]
pub enum Failure {
    /// A file is not there, or may not be read.
    Absent(PathBuf, std::io::Error),
    /// A file is damaged, or is not of this format.
    Damaged {
        /// The file, empty where the bytes came from none.
        file: PathBuf,
        /// Where in it: a line, an offset.
        place: String,
        /// What is wrong there.
        message: String,
    },
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
            other => other,
        }
    }
}

/// What a reader says through [`std::io::Error`] when it means something that is no fault of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReaderSays {
    Stopped,
    TooLarge,
    Bomb,
    LongPiece,
}

impl std::fmt::Display for ReaderSays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stopped => "stopped",
            Self::TooLarge => "it holds more than 4 GiB",
            Self::LongPiece => "an entry is longer than 16 MiB",
            Self::Bomb => "it unpacks to so many times its size as no dictionary does",
        })
    }
}

impl std::error::Error for ReaderSays {}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        if let Some(says) = error.get_ref().and_then(|inner| inner.downcast_ref::<ReaderSays>()) {
            return match says {
                ReaderSays::Stopped => Self::Stopped,
                ReaderSays::TooLarge | ReaderSays::Bomb | ReaderSays::LongPiece => Self::damaged("", says.to_string()),
            };
        }
        match error.kind() {
            // What flate2 says of bad gzip.
            UnexpectedEof => Self::damaged("", "it is cut off (truncated gzip)"),
            InvalidData | InvalidInput => Self::damaged("", format!("bad gzip: {error}")),
            _ => Self::Read(PathBuf::new(), error),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent(file, error) => write!(f, "{} can't be opened: {error}", file.display()),
            Self::Damaged { file, place, message } => {
                write!(f, "{} is damaged, or not of this format", file.display())?;
                let colon = if place.is_empty() { "" } else { ": " };
                write!(f, ": {place}{colon}{message}")
            }
            Self::Read(file, error) => write!(f, "{} can't be read: {error}", file.display()),
            Self::TooLarge => {
                f.write_str("the words file would be larger than 4 GiB, which is more than can be loaded")
            }
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for Failure {}
