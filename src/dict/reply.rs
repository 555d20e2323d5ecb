//! Replies: status lines and texts. No line that is written here is longer than a client has to read.

use super::article::{push_broken, push_line};
use crate::text::printable;

/// Longest title in a status line, in characters.
const MAX_TITLE: usize = 200;
/// Longest name of a database: that of a dictionary.
const MAX_NAME: usize = 64;

/// Writes a status line.
pub fn push_status(out: &mut Vec<u8>, code: u16, text: &str) {
    let digits = [code / 100, code / 10 % 10, code % 10];
    out.extend_from_slice(&digits.map(|digit| b"0123456789"[usize::from(digit)]));
    for part in [" ", text, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Writes the line before a definition (151).
pub fn push_definition(out: &mut Vec<u8>, headword: &str, database: &str, title: &str) {
    out.extend_from_slice(b"151 ");
    push_quoted(out, headword);
    for part in [" ", database, " \"", title, "\"\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// A text of several lines, from its MIME header to the dot that ends it.
pub struct Text<'a> {
    out: &'a mut Vec<u8>,
}

impl<'a> Text<'a> {
    /// Begins a list: with `OPTION MIME` an empty line comes first, which stands for a header without fields.
    pub fn list(out: &'a mut Vec<u8>, mime: bool) -> Self {
        if mime {
            out.extend_from_slice(b"\r\n");
        }
        Self { out }
    }

    /// Begins a text for people.
    pub fn prose(out: &'a mut Vec<u8>, mime: bool) -> Self {
        if mime {
            push_text_header(out);
        }
        Self { out }
    }

    /// Where its lines are written to.
    pub fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Writes a line, which is broken where it is too long.
    pub fn line(&mut self, text: &str) {
        push_broken(self.out, "", text);
    }

    /// Ends the text.
    pub fn end(self) {
        self.out.extend_from_slice(b".\r\n");
    }
}

/// Writes the MIME header of a text, and the empty line behind it.
pub fn push_text_header(out: &mut Vec<u8>) {
    out.extend_from_slice(b"Content-type: text/plain; charset=utf-8\r\nContent-transfer-encoding: 8bit\r\n\r\n");
}

/// Writes a row of 152: a client that sends it back unchanged finds the headword.
pub fn push_match_row(out: &mut Vec<u8>, database: &str, headword: &str) {
    if database.starts_with('.') {
        out.push(b' ');
    }
    out.extend_from_slice(database.as_bytes());
    out.push(b' ');
    push_quoted(out, headword);
    out.extend_from_slice(b"\r\n");
}

/// Writes a row of 110 or 111: a name and its description.
pub fn push_named_row(out: &mut Vec<u8>, name: &str, description: &str) {
    push_line(out, &format!("{name} \"{description}\""));
}

/// A name for a database that every client can send back: ASCII letters, digits, `-._`. (Clients break on quotes and
/// on blanks in a name; one that begins with a dot would begin a line with it.)
pub fn database_name(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    let name: String = kept.skip_while(|c| !c.is_ascii_alphanumeric()).take(MAX_NAME).collect();
    if name.is_empty() { "words".to_owned() } else { name }
}

/// A title that every client can read: without quotes and backslashes, on one line, and not empty.
pub fn database_title(text: &str) -> String {
    let one_line: Vec<&str> = text.split_whitespace().collect();
    let shown = printable(&one_line.join(" "));
    let title: String = shown
        .chars()
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            other => other,
        })
        .take(MAX_TITLE)
        .collect();
    if title.trim().is_empty() { "Words".to_owned() } else { title }
}

/// Writes a headword in double quotes, with backslashes where RFC 2229 needs them.
fn push_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut begin = 0;
    for at in memchr::memchr2_iter(b'"', b'\\', text.as_bytes()) {
        out.extend_from_slice(&text.as_bytes()[begin..at]);
        out.push(b'\\');
        begin = at;
    }
    out.extend_from_slice(&text.as_bytes()[begin..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::super::{DictCommand, MAX_TEXT_LINE};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_titles_are_such_as_every_client_can_read() {
        assert_eq!(database_name("Oxford \"Dict\".v2"), "OxfordDict.v2");
        assert_eq!(database_name("词典"), "words");
        assert_eq!(database_name("..x-_"), "x-_");
        assert_eq!(database_title("The \"good\"\nC:\\ one\u{1b}[m"), "The 'good' C:/ one/u{1b}[m");
        assert_eq!((database_title(" "), database_title(&"x".repeat(300)).len()), ("Words".to_owned(), 200));
    }

    #[test]
    fn a_text_with_its_header() {
        let mut out = Vec::new();
        let mut text = Text::prose(&mut out, true);
        text.line(".hidden");
        text.line("");
        text.end();
        let expected =
            "Content-type: text/plain; charset=utf-8\r\nContent-transfer-encoding: 8bit\r\n\r\n .hidden\r\n\r\n.\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let mut out = Vec::new();
        let mut list = Text::list(&mut out, true);
        push_match_row(list.out(), "wn", "a\"b\\c");
        list.end();
        assert_eq!(String::from_utf8(out).unwrap(), "\r\nwn \"a\\\"b\\\\c\"\r\n.\r\n");
    }

    proptest! {
        /// The text between the quotes of a row, sent back in quotes, is the headword, both from a client that takes
        /// backslashes off and puts them back and from one that does neither.
        #[test]
        fn a_row_that_is_sent_back_is_found(headword in "[ -~词é]{1,40}") {
            let mut out = Vec::new();
            push_match_row(&mut out, "wn", &headword);
            let row = String::from_utf8(out).unwrap();
            let quoted = row.trim_end().strip_prefix("wn ").unwrap();
            let Ok(Some(DictCommand::Define { word, .. })) = DictCommand::parse(format!("DEFINE wn {quoted}").as_bytes()) else {
                panic!("{row}")
            };
            prop_assert_eq!(word.first(), headword.as_str());
        }

        #[test]
        fn status_lines_are_no_longer_than_they_may_be(headword in any::<String>(), title in any::<String>()) {
            let headword: String = headword.chars().take(256).collect();
            let mut out = Vec::new();
            push_definition(&mut out, &headword, &database_name(&title), &database_title(&title));
            prop_assert!(String::from_utf8(out).unwrap().chars().count() <= MAX_TEXT_LINE);
        }
    }
}
