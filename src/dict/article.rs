//! Articles as clients show them: the headword's line, then the interpretation, indented. No line begins with a dot
//! unless it has to: GoldenDict, GNOME Dictionary, Emacs and dicoclient do not remove the second dot that the protocol
//! then adds.

use super::MAX_TEXT_LINE;
use unicode_width::UnicodeWidthChar;

/// The indentation of the interpretation's lines.
const INDENT: &str = "  ";

/// Writes an article: headword and interpretation as people read them, without the escapes of the words file.
pub fn push_article(out: &mut Vec<u8>, headword: &str, interpretation: &str) {
    push_broken(out, "", headword);
    let mut begin = 0;
    let ends = memchr::memchr_iter(b'\n', interpretation.as_bytes()).chain([interpretation.len()]);
    for end in ends {
        push_broken(out, INDENT, interpretation[begin..end].trim_end());
        begin = end + 1;
    }
}

/// Writes one line of text as one line or, where it is too long, as several: cut between words if that is possible.
/// Each begins with `indent`.
pub(super) fn push_broken(out: &mut Vec<u8>, indent: &str, text: &str) {
    let most = MAX_TEXT_LINE - indent.len() - 1;
    // Nearly every line: no character takes more columns than bytes.
    // (All bytes are looked at, without a branch for each: the compiler then takes many at a time.)
    if !text.is_empty() && text.len() <= most && text.bytes().fold(true, |shown, byte| shown & is_surely_shown(byte)) {
        return push_parts(out, indent, text);
    }
    let mut rest = text;
    loop {
        let end = fitting(rest, most);
        let (line, after) = rest.split_at(end);
        if line.is_empty() {
            // Nothing to indent.
            out.extend_from_slice(b"\r\n");
        } else {
            let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            push_parts(out, indent, if after.is_empty() { &line } else { line.trim_end() });
        }
        rest = after.trim_start_matches(' ');
        if rest.is_empty() {
            return;
        }
    }
}

/// Whether a byte is certainly not part of a control character; those above ASCII begin with 0xc2.
fn is_surely_shown(byte: u8) -> bool {
    byte >= 0x20 && byte != 0x7f && byte != 0xc2
}

fn push_parts(out: &mut Vec<u8>, indent: &str, line: &str) {
    if indent.is_empty() {
        return push_line(out, line);
    }
    // A blank comes first, so it can't begin with a dot.
    for part in [indent, line, "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Writes one line as it is. One that begins with a dot gets a blank before it instead of RFC 2229's second dot: a
/// client that removes the second dot loses nothing, and one that does not shows no extra dot.
pub(super) fn push_line(out: &mut Vec<u8>, line: &str) {
    if line.starts_with('.') {
        out.push(b' ');
    }
    out.extend_from_slice(line.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// How many bytes of a text fit into the given columns and characters; a wide character takes two columns.
/// One character always fits.
fn fitting(text: &str, most: usize) -> usize {
    let (mut columns, mut blank) = (0, None);
    for (at, c) in text.char_indices() {
        columns += c.width().unwrap_or(1).max(1);
        if columns > most && at > 0 {
            return blank.filter(|&blank| blank > 0).unwrap_or(at);
        }
        if c == ' ' {
            blank = Some(at);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn article(headword: &str, interpretation: &str) -> String {
        let mut out = Vec::new();
        push_article(&mut out, headword, interpretation);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn headword_and_indented_lines() {
        assert_eq!(article("apple", "n. 苹果\n\nv. \tx"), "apple\r\n  n. 苹果\r\n\r\n  v.  x\r\n");
        assert_eq!(article(".NET", ".x"), " .NET\r\n  .x\r\n");
    }

    #[test]
    fn long_lines_are_cut_between_words() {
        let text = format!("{} {}", "a".repeat(1_000), "b".repeat(100));
        let expected = format!("w\r\n  {}\r\n  {}\r\n", "a".repeat(1_000), "b".repeat(100));
        assert_eq!(article("w", &text), expected);
        let wide = article("w", &"词".repeat(600));
        let lines: Vec<usize> = wide.lines().map(|line| line.chars().count()).collect();
        assert_eq!(lines, [1, 511, 93]);
    }

    /// The assumption behind the fast path.
    #[test]
    fn columns_are_never_more_than_bytes() {
        for c in '\0'..=char::MAX {
            assert!(c.width().unwrap_or(1).max(1) <= c.len_utf8(), "{c:?}");
            let is_shown = c.encode_utf8(&mut [0; 4]).bytes().all(is_surely_shown);
            assert!(!c.is_control() || !is_shown, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_too_long(
            headword in "[ -~词]{1,256}",
            interpretation in proptest::collection::vec("([a-z词.]{1,1200}| |\n|\u{301}){0,6}", 0..3),
        ) {
            let text = interpretation.concat();
            let article = article(&headword, &text);
            for line in article.split_inclusive("\r\n") {
                prop_assert!(line.ends_with("\r\n") && line.chars().count() <= 1_024);
                prop_assert!(!line.starts_with('.'));
            }
            let without_blanks = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(without_blanks(&article), without_blanks(&format!("{headword}{text}")));
        }
    }
}
