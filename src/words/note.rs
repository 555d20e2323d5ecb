//! What a dictionary says about itself: its name, title, licence and languages.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Longest name of a dictionary, in characters: what a column of table `words` holds.
pub(super) const MAX_NAME: usize = 64;
/// A file that was changed more recently than this before it is read may change again without its times showing it: file
/// systems count time in steps, of up to two seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// What a dictionary states about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DictionaryNote {
    /// Its name: ASCII letters, digits, `-`, `.`, `_`.
    pub name: String,
    /// Its title; empty if it has none.
    pub title: String,
    /// Its licence; empty if it states none.
    pub licence: String,
    /// The language of its headwords, and of its interpretations; empty if the file does not name it.
    pub languages: [String; 2],
    /// How many headwords it has.
    pub headwords: usize,
    /// Whether nearly all its headwords begin with a capital, so that its capitals mean nothing.
    pub capitalises: bool,
    /// The rest of the comments at the head of its file, in lines.
    pub head: String,
    /// The state of its file, where it can be told apart from the next.
    pub stamp: Option<Stamp>,
}

/// Whether a text can be a dictionary's name.
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(fits)
}

/// One state of a file. Two that are equal have the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    path: PathBuf,
    /// Device, inode, size, and the times of the last change of content and of status, in seconds and nanoseconds.
    numbers: [i128; 7],
}

impl Stamp {
    /// The state of a file with this metadata; `None` if it was changed a moment ago, and could be changed again
    /// without showing it.
    pub fn of(path: &Path, metadata: &Metadata) -> Option<Self> {
        // The time of the status can't be set back, as that of the content can.
        let since = u64::try_from(metadata.ctime()).ok()?;
        let nanoseconds = u32::try_from(metadata.ctime_nsec()).ok()?;
        let changed = SystemTime::UNIX_EPOCH + Duration::new(since, nanoseconds);
        let age = SystemTime::now().duration_since(changed).ok()?;
        let numbers = [
            i128::from(metadata.dev()),
            i128::from(metadata.ino()),
            i128::from(metadata.size()),
            i128::from(metadata.mtime()),
            i128::from(metadata.mtime_nsec()),
            i128::from(metadata.ctime()),
            i128::from(metadata.ctime_nsec()),
        ];
        (age >= SETTLED).then(|| Self { path: path.to_owned(), numbers })
    }

    /// The state as a text; empty for a path that is not UTF-8.
    pub fn to_text(&self) -> String {
        let Some(path) = self.path.to_str() else { return String::new() };
        let numbers = self.numbers.map(|number| number.to_string());
        format!("{} {path}", numbers.join(" "))
    }

    /// Reads what [`Stamp::to_text`] has written.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut numbers = [0; 7];
        for number in &mut numbers {
            let (digits, after) = rest.split_once(' ')?;
            *number = digits.parse().ok()?;
            rest = after;
        }
        Some(Self { path: rest.into(), numbers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_of_one_state_of_one_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a b.txt");
        std::fs::write(&path, "x").unwrap();
        // A file written a moment ago may be written again in the same tick of the clock.
        assert_eq!(Stamp::of(&path, &path.metadata().unwrap()), None);
        let of = |path: &str| Stamp::of(Path::new(path), &Path::new(path).metadata().unwrap());
        let (manifest, readme) = ("Cargo.toml", "README.md");
        if let (Some(manifest), Some(readme)) = (of(manifest), of(readme)) {
            assert_ne!(manifest, readme);
            assert_eq!(Stamp::from_text(&manifest.to_text()), Some(manifest));
        }
        for text in ["", "1 2 3", "1 2 3 4 5 6 x /a"] {
            assert_eq!(Stamp::from_text(text), None);
        }
    }
}
