//! Text as it is in files and on the wire: escapes, blanks, and making text from outside safe to show.
//!
//! Pure functions that several modules share; it knows nothing of them.

#![forbid(unsafe_code)]

/// Writes `text` with newline, TAB and backslash escaped, so that it fits on one line between TABs.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

/// As [`escape`], onto the end of `out`.
pub fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
}

/// Undoes [`escape`]. A backslash before anything but `n`, `t` or `\` stands for itself: dictionaries made by
/// hand hold such backslashes, and dropping them would lose text.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // From one backslash to the next: most of a text has none.
    let mut begin = 0;
    for at in memchr::memchr_iter(b'\\', text.as_bytes()) {
        // The second one of a pair is done already.
        if at < begin {
            continue;
        }
        let escaped = match text.as_bytes().get(at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'\\') => '\\',
            _ => continue,
        };
        out.push_str(&text[begin..at]);
        out.push(escaped);
        begin = at + 2;
    }
    out.push_str(&text[begin..]);
    out
}

/// As [`unescape`], in the text's own memory: a long text is never there twice.
pub fn unescape_in_place(text: String) -> String {
    let mut bytes = text.into_bytes();
    let (mut read, mut written) = (0, 0);
    while read < bytes.len() {
        let escaped = match (bytes[read], bytes.get(read + 1)) {
            (b'\\', Some(b'n')) => Some(b'\n'),
            (b'\\', Some(b't')) => Some(b'\t'),
            (b'\\', Some(b'\\')) => Some(b'\\'),
            _ => None,
        };
        bytes[written] = escaped.unwrap_or(bytes[read]);
        read += 1 + usize::from(escaped.is_some());
        written += 1;
    }
    bytes.truncate(written);
    // ASCII was taken out of UTF-8 between its characters: it is UTF-8 still.
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Cuts a text into pieces of at most `most` bytes (and of one character at least), for what would need its whole
/// length again otherwise.
pub fn pieces(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.floor_char_boundary(most.max(4));
        let (piece, left) = rest.split_at(end);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Makes text from outside safe for a log line, a process title or a terminal: every control character becomes
/// `\u{…}` (sudo's CVE-2023-28486 was their absence), and so do the marks that reorder a line on a terminal.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let reorders =
            matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let breaks = matches!(c, '\u{2028}' | '\u{2029}');
        if c.is_control() || reorders || breaks {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Makes JSON safe for a terminal: what JSON would let through raw (C1 controls, marks that reorder a line) is written
/// `\u….`, which is the same string to every reader.
pub fn safe_json(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        let mut buffer = [0; 4];
        let text: &str = c.encode_utf8(&mut buffer);
        if c.is_ascii() && c != '\u{7f}' || printable(text) == text {
            out.push(c);
        } else {
            // All of them are below U+10000: no surrogate pairs.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    out
}

/// What stands before the first of these characters, and what behind it, if it is there.
pub fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

/// Takes the blanks (space and TAB) off both ends, as the protocol does with every word and the words file with
/// every headword. It matters twice: MariaDB's `utf8mb4_bin` compares `'a'` equal to `'a '`.
pub fn trim_blanks(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn unescape_undoes_escape(text in any::<String>()) {
            let wire = escape(&text);
            prop_assert!(!wire.contains(['\n', '\t']));
            prop_assert_eq!(unescape(&wire), text);
        }

        #[test]
        fn in_place_or_not_is_the_same(text in r"[\\\\nt词é ]{0,20}") {
            prop_assert_eq!(unescape_in_place(text.clone()), unescape(&text));
        }

        #[test]
        fn pieces_are_the_text(text in any::<String>(), most in 0usize..20) {
            prop_assert_eq!(pieces(&text, most).collect::<String>(), text.as_str());
            prop_assert!(pieces(&text, most).all(|piece| !piece.is_empty() && piece.len() <= most.max(4)));
        }

        #[test]
        fn unescape_takes_anything(text in r"[\\nt词 ]{0,20}") {
            let plain = unescape(&text);
            prop_assert_eq!(unescape(&escape(&plain)), plain);
        }

        #[test]
        fn printable_holds_no_control_characters(text in any::<String>()) {
            prop_assert!(!printable(&text).chars().any(char::is_control));
        }
    }

    #[test]
    fn a_lone_backslash_stands_for_itself() {
        assert_eq!(unescape(r"a\b \\n \"), "a\\b \\n \\");
    }
}
