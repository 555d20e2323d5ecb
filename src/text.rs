//! Text as it lies in files and on the wire: escapes, blanks, and what makes a stranger's text safe to show.
//!
//! Pure functions that several rooms share; it knows no room itself.

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
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let rest = chars.as_str();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('\\') => out.push('\\'),
            _ => {
                out.push('\\');
                chars = rest.chars();
            }
        }
    }
    out
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
