//! How text from the server is made safe to print, for a terminal or as JSON. Pure; it never writes.

use crate::protocol::{printable, safe_json};
use serde::Serialize;
use std::convert::Infallible;
use std::io::{self, Write};

/// Text of several lines, safe to show: newlines and TABs stay, every other control character is made visible.
pub(crate) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        let plain = part.trim_end_matches(['\n', '\t']);
        out.push_str(&printable(plain));
        out.push_str(&part[plain.len()..]);
    }
    out
}

/// What `lookup --json` prints for one word.
#[derive(Debug, Serialize)]
pub(crate) struct LookupLine<'a> {
    /// The word as it was asked for.
    pub(crate) word: &'a str,
    /// Whether there is such a headword.
    pub(crate) found: bool,
    /// The headword as the dictionary spells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headword: Option<&'a str>,
    /// How it was found, if it is not what was asked for: a name of [`How`](crate::words::lookup::How), or `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<&'a str>,
    /// The interpretation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interpretation: Option<String>,
    /// The pronunciation that the interpretation begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phonetic: Option<String>,
    /// The tags that it ends with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// The articles of each dictionary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) entries: Vec<EntryLine<'a>>,
    /// What may have been meant, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suggestions: Option<&'a [String]>,
}

/// The article of one dictionary, in what `lookup --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct EntryLine<'a> {
    pub(crate) dictionary: &'a str,
    pub(crate) headword: &'a str,
    pub(crate) interpretation: &'a str,
}

/// What `search --json` prints for one entry.
#[derive(Debug, Serialize)]
pub(crate) struct SearchLine<'a> {
    pub(crate) headword: &'a str,
    pub(crate) interpretation: &'a str,
}

/// What `history --json` prints for one row.
#[derive(Debug, Serialize)]
pub(crate) struct HistoryLine<'a> {
    pub(crate) name: &'a str,
    pub(crate) word: &'a str,
    pub(crate) time: &'a str,
}

/// What `history --top --json` prints for one headword.
#[derive(Debug, Serialize)]
pub(crate) struct TopLine<'a> {
    pub(crate) word: &'a str,
    /// How often it was looked up.
    pub(crate) count: u64,
    /// When last.
    pub(crate) last: &'a str,
    /// What it means; `null` if it is in the dictionary no more.
    pub(crate) interpretation: Option<&'a str>,
}

/// What `export --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct ExportLine {
    pub(crate) ok: bool,
    /// How many headwords were written.
    pub(crate) words: u64,
}

/// What `--json` prints if there is nothing to report but that it was done.
#[derive(Debug, Serialize)]
pub(crate) struct DoneLine {
    pub(crate) ok: bool,
}

/// Pairs as one object, in their order.
pub(crate) struct Pairs<'a>(pub(crate) &'a [(String, String)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Hands a value on as one line of JSON, with its newline, in parts that are not safe for a terminal yet.
///
/// # Errors
/// What `take` fails with.
pub(crate) fn json_to<E>(value: &impl Serialize, take: &mut impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    struct Parts<'a, T, E> {
        take: &'a mut T,
        failure: Option<E>,
    }
    impl<T: FnMut(&str) -> Result<(), E>, E> Write for Parts<'_, T, E> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Strings are cut where something has to be escaped, never within a character.
            let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
            (self.take)(text).map_err(|failure| {
                self.failure = Some(failure);
                io::Error::other("the page takes no more")
            })?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut parts = Parts { take, failure: None };
    // Strings and maps of strings can always be serialized.
    let _ = serde_json::to_writer(&mut parts, value);
    match parts.failure {
        Some(failure) => Err(failure),
        None => (parts.take)("\n"),
    }
}

/// A value as one line of JSON, with its newline, and safe for a terminal.
pub(crate) fn json(value: &impl Serialize) -> String {
    let mut out = String::new();
    let Ok(()) = json_to::<Infallible>(value, &mut |text| {
        out.push_str(&safe_json(text));
        Ok(())
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newlines_and_tabs_stay_and_nothing_else() {
        assert_eq!(shown("a\n\n\tb词\n"), "a\n\n\tb词\n");
        assert_eq!(shown("\u{1b}[2Jx\r\n"), "\\u{1b}[2Jx\\u{d}\n");
    }

    #[test]
    fn json_is_one_line_and_safe_for_a_terminal() {
        let line = LookupLine {
            word: "a",
            found: true,
            headword: Some("A"),
            form: Some("case"),
            interpretation: Some("x\n\u{9b}2J\u{202e}词\u{7f}".into()),
            phonetic: None,
            tags: Vec::new(),
            entries: Vec::new(),
            suggestions: None,
        };
        let text = json(&line);
        assert_eq!(
            text,
            "{\"word\":\"a\",\"found\":true,\"headword\":\"A\",\"form\":\"case\",\"interpretation\":\"x\\n\\u009b2J\\u202e词\\u007f\"}\n"
        );
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["interpretation"], "x\n\u{9b}2J\u{202e}词\u{7f}");
        let pairs = [("b".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        assert_eq!(json(&Pairs(&pairs)), "{\"b\":\"1\",\"a\":\"2\"}\n");
    }
}
