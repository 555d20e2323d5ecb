//! Converting a database of the classroom schema to ours: what becomes of each row. Tables `user` with passwords in
//! plain text, `hist` with times as `ctime` writes them, `words` perhaps; without numbers or unique names, in any
//! character set.
//!
//! This module never talks to a database, and never drops a row because of its contents: a value that can't be read is
//! replaced and reported.

mod accounts;
mod text;
mod times;

pub(super) use accounts::{NewAccount, NewAccounts, OldUser};
pub(super) use text::{clean, decode};

use super::{MAX_WORD_CHARS, Microseconds};
use crate::text::printable;

/// The time of a lookup whose own can't be read: the beginning of 1970, before any real one.
pub const UNREADABLE_TIME: Microseconds = Microseconds(0);
/// The headword of a lookup without a word.
pub const UNREADABLE_WORD: &str = "?";

/// Which rows are being converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Accounts, whose passwords are hashed.
    Accounts,
    /// Lookups.
    Lookups,
    /// Headwords.
    Words,
}

/// What the upgrade has to know, and where it reports to.
pub struct Terms<'a> {
    /// Seconds that the old program's local time was ahead of UTC at an instant.
    pub local_offset: &'a dyn Fn(i64) -> Option<i32>,
    /// A headword in lower case, as lookups fold it.
    pub fold: &'a dyn Fn(&str) -> String,
    /// Whether a client can send this as a password.
    pub possible_passwd: &'a dyn Fn(&str) -> bool,
    /// Called for each row that could not be kept as it was.
    pub notice: &'a mut dyn FnMut(&str),
    /// Called with the number of rows that are done, and of all rows.
    pub progress: &'a mut dyn FnMut(Step, u64, u64),
}

/// What the upgrade has done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upgraded {
    /// Accounts that are there now.
    pub accounts: u64,
    /// Lookups.
    pub lookups: u64,
    /// Headwords.
    pub headwords: u64,
    /// The names that the old tables have now.
    pub kept: Vec<String>,
}

/// A row, named so that a person can find it.
pub(super) fn row(table: &str, number: u64, id: Option<u64>) -> String {
    match id {
        Some(id) => format!("table {table}, row {number} (id {id})"),
        None => format!("table {table}, row {number}"),
    }
}

/// Text of an old row, fit to be shown, and not at length.
pub(super) fn shown(text: Option<&str>) -> String {
    const MOST: usize = 60;
    match text {
        None => "NULL".to_owned(),
        Some(text) if text.chars().count() > MOST => {
            format!("'{}…'", printable(&text.chars().take(MOST).collect::<String>()))
        }
        Some(text) => format!("'{}'", printable(text)),
    }
}

/// The moment of an old row's time. In a column that the server itself keeps in UTC, `in_utc` holds.
pub(super) fn moment(text: Option<&str>, in_utc: bool, terms: &mut Terms<'_>, row: &str) -> Microseconds {
    let read = text.and_then(times::parse).and_then(|time| time.moment(in_utc, terms.local_offset));
    read.unwrap_or_else(|| {
        let text = shown(text);
        (terms.notice)(&format!("{row}: the time {text} is unreadable; it is now 1970-01-01T00:00:00Z"));
        UNREADABLE_TIME
    })
}

/// The headword of an old lookup.
pub(super) fn past_word(text: Option<&str>, notice: &mut dyn FnMut(&str), row: &str) -> String {
    let word = text.map(clean).unwrap_or_default();
    let mut kept: String = word.chars().take(MAX_WORD_CHARS).collect();
    if kept.is_empty() {
        kept = UNREADABLE_WORD.to_owned();
    }
    if text.map(str::trim) != Some(&*kept) {
        notice(&format!("{row}: the word {} is not valid; it is now '{}'", shown(text), printable(&kept)));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_old_lookups() {
        let mut notices = Vec::new();
        let mut notice = |text: &str| notices.push(text.to_owned());
        let long = "词".repeat(MAX_WORD_CHARS + 1);
        assert_eq!(past_word(Some(" ice cream \r\n"), &mut notice, "r"), "ice cream");
        assert_eq!(past_word(Some("ice\tcream"), &mut notice, "r0"), "ice cream");
        assert_eq!(past_word(None, &mut notice, "r1"), "?");
        assert_eq!(past_word(Some(" \n"), &mut notice, "r2"), "?");
        assert_eq!(past_word(Some(&long), &mut notice, "r3"), "词".repeat(MAX_WORD_CHARS));
        assert_eq!(notices.len(), 4, "{notices:?}");
        assert!(notices[1].starts_with("r1: the word NULL ") && notices[3].contains('…'), "{notices:?}");
    }
}
