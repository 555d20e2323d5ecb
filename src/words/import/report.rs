//! The result of importing a source: how much was taken, and what was refused and why, with examples.

use crate::text::printable;
use std::collections::BTreeMap;
use std::fmt;

/// How many examples are kept of each reason.
const EXAMPLES: usize = 10;
/// An example is cut to this many characters.
const EXAMPLE_CHARS: usize = 40;

/// Why an entry is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// There is no headword.
    NoHeadword,
    /// There is no text, or none that can be shown.
    NoText,
    /// The headword is longer than [`crate::words::MAX_HEADWORD_CHARS`] characters.
    LongHeadword,
    /// A newline, TAB or other control character is in the headword.
    ControlInHeadword,
    /// Not UTF-8.
    NotUtf8,
    /// The line is not of this format.
    BadLine,
    /// It only points at a headword that does not exist.
    DanglingLink,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LongHeadword => {
                return write!(f, "with a headword of more than {} characters", crate::words::MAX_HEADWORD_CHARS);
            }
            Self::NoHeadword => "without a headword",
            Self::NoText => "without a text",
            Self::ControlInHeadword => "with a control character in the headword",
            Self::NotUtf8 => "not UTF-8 (convert the file with: iconv -f GB18030 -t UTF-8)",
            Self::BadLine => "not of this format",
            Self::DanglingLink => "that only refer to a missing headword",
        })
    }
}

/// How many were refused for a reason, and some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refused {
    /// How many.
    pub count: u64,
    /// The first of them, with their places.
    pub examples: Vec<String>,
}

/// The result of importing a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The source's title.
    pub title: String,
    /// Its name, in ASCII; empty if neither it nor its file has one.
    pub name: String,
    /// Entries that were read.
    pub read: u64,
    /// Entries that were taken.
    pub taken: u64,
    /// Entries that were refused.
    pub refused: BTreeMap<Refusal, Refused>,
    /// Oddities of the source as a whole, though it was taken.
    pub warnings: Vec<String>,
    /// Omissions and repairs in entries that were taken, each with its count.
    pub notes: BTreeMap<String, u64>,
}

impl Report {
    pub(super) fn refuse(&mut self, refusal: Refusal, headword: &str, place: fmt::Arguments<'_>) {
        let refused = self.refused.entry(refusal).or_default();
        refused.count += 1;
        if refused.examples.len() < EXAMPLES {
            let mut chars = headword.chars();
            let mut example: String = chars.by_ref().take(EXAMPLE_CHARS).collect();
            if chars.next().is_some() {
                example.push('…');
            }
            refused.examples.push(if example.is_empty() {
                place.to_string()
            } else {
                format!("{} ({place})", printable(&example))
            });
        }
    }

    pub(super) fn note(&mut self, what: &str) {
        if let Some(count) = self.notes.get_mut(what) {
            *count += 1;
        } else {
            self.notes.insert(what.to_owned(), 1);
        }
    }
}
