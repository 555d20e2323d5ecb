//! Replies: written by the daemon, read by the client.

use super::failure::{Code, Failure};
use super::limits::check_name;
use crate::text::{escape_into, trim_blanks, unescape};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// One line of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow<'a> {
    /// The account's name.
    pub name: &'a str,
    /// The headword that was found.
    pub word: &'a str,
    /// When; written in UTC with microseconds.
    pub time: OffsetDateTime,
}

/// Writes `OK`.
pub fn push_ok(out: &mut Vec<u8>) {
    out.extend_from_slice(b"OK\n");
}

/// Writes `OK text`: a count, a token.
pub fn push_ok_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(b"OK ");
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

/// Writes `OK headword<TAB>interpretation`. The interpretation must already have its escapes, as it has in the
/// words file: a lookup then copies it as it stands.
pub fn push_entry(out: &mut Vec<u8>, headword: &str, escaped: &str) {
    out.extend_from_slice(b"OK ");
    push_pair(out, headword, escaped);
}

/// Writes `key<TAB>value`, a line of `I`. The value must already have its escapes.
pub fn push_pair(out: &mut Vec<u8>, key: &str, escaped: &str) {
    out.extend_from_slice(key.as_bytes());
    out.push(b'\t');
    out.extend_from_slice(escaped.as_bytes());
    out.push(b'\n');
}

/// Writes `FAIL code message`.
pub fn push_failure(out: &mut Vec<u8>, failure: &Failure) {
    let mut message = String::new();
    escape_into(&failure.message, &mut message);
    out.extend_from_slice(format!("FAIL {} {message}\n", failure.code.as_str()).as_bytes());
}

pub(super) const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Writes a line of `H`: `name<TAB>word<TAB>time`.
pub fn push_history_row(out: &mut Vec<u8>, row: &HistoryRow<'_>) {
    out.extend_from_slice(row.name.as_bytes());
    out.push(b'\t');
    out.extend_from_slice(row.word.as_bytes());
    out.push(b'\t');
    // Years outside 0..=9999 can't be stored, so formatting into memory can't fail; the line stays whole anyway.
    let time = row.time.to_offset(UtcOffset::UTC).format(TIME).unwrap_or_else(|_| "-".to_owned());
    out.extend_from_slice(time.as_bytes());
    out.push(b'\n');
}

/// The first line of a reply, as a client reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status<'a> {
    /// `OK`, and what follows it on the line.
    Ok(&'a str),
    /// `FAIL`.
    Fail(Failure),
}

/// Not a valid reply: the other end does not speak this protocol, or a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusError {
    /// The line begins with neither `OK` nor `FAIL`, or its parts are missing.
    NotAReply,
    /// A code that this version does not know, with its message.
    UnknownCode(String, String),
}

/// Reads the first line of a reply (without its line end).
///
/// # Errors
/// The line is not a reply of this protocol.
pub fn parse_status(line: &str) -> Result<Status<'_>, StatusError> {
    if line == "OK" {
        return Ok(Status::Ok(""));
    }
    if let Some(rest) = line.strip_prefix("OK ") {
        return Ok(Status::Ok(rest));
    }
    let rest = line.strip_prefix("FAIL ").ok_or(StatusError::NotAReply)?;
    let (word, message) = rest.split_once(' ').unwrap_or((rest, ""));
    let message = unescape(message);
    match Code::from_word(word) {
        Some(code) => Ok(Status::Fail(Failure { code, message })),
        None => Err(StatusError::UnknownCode(word.to_owned(), message)),
    }
}

/// Reads `headword<TAB>interpretation` (also `key<TAB>value`); the second part keeps its escapes.
pub fn parse_entry(text: &str) -> Option<(&str, &str)> {
    text.split_once('\t').filter(|(headword, _)| !headword.is_empty())
}

/// Reads a line of `H`.
pub fn parse_history_row(line: &str) -> Option<HistoryRow<'_>> {
    let mut parts = line.split('\t');
    let (name, word, time) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || check_name(name).is_err() || trim_blanks(word).is_empty() {
        return None;
    }
    let time = PrimitiveDateTime::parse(time, TIME).ok()?.assume_utc();
    Some(HistoryRow { name, word, time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn a_history_row_reads_as_it_is_written() {
        let row = HistoryRow { name: "ann", word: "ice cream", time: datetime!(2026-11-23 05:32:10.123456 UTC) };
        let mut out = Vec::new();
        push_history_row(&mut out, &row);
        assert_eq!(out, b"ann\tice cream\t2026-11-23T05:32:10.123456Z\n");
        let text = std::str::from_utf8(&out).unwrap().trim_end_matches('\n');
        assert_eq!(parse_history_row(text), Some(row));
        for bad in [
            "",
            "ann",
            "ann\tw",
            "ann\tw\tnow",
            "ann\tw\t2026-11-23T05:32:10.123456Z\tx",
            "\tw\t2026-11-23T05:32:10.123456Z",
        ] {
            assert_eq!(parse_history_row(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn every_code_reads_as_it_is_written() {
        for code in Code::ALL {
            let failure = Failure::new(code, "two\nlines");
            let mut out = Vec::new();
            push_failure(&mut out, &failure);
            let line = std::str::from_utf8(&out).unwrap().strip_suffix('\n').unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(parse_status(line), Ok(Status::Fail(failure)));
        }
        assert_eq!(
            parse_status("FAIL later not yet").unwrap_err(),
            StatusError::UnknownCode("later".into(), "not yet".into())
        );
        assert_eq!(parse_status("OKAY").unwrap_err(), StatusError::NotAReply);
    }

    proptest! {
        #[test]
        fn any_line_is_a_reply_or_an_error(line in any::<String>()) {
            let _ = parse_status(&line);
            let _ = parse_history_row(&line);
            let _ = parse_entry(&line);
        }
    }
}
