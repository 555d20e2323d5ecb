//! Makes the texts of old dictionaries fit for a line of a words file: line ends, blanks, control characters, character
//! sets. It never changes a word.

use crate::text::escape_into;
use encoding_rs::WINDOWS_1252;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The note on texts of which [`decode`] could not read all.
pub(super) const NOT_UTF8: &str = "texts with bytes that are not UTF-8, shown as \u{fffd}";

/// UTF-8 as it is. A text that is mostly UTF-8 loses only its wrong bytes, each shown as U+FFFD; anything else is taken
/// for Latin-1, as Windows extends it. They are easily told apart: it takes two letters above ASCII in a row, and a rare
/// pair, for Latin-1 to look like UTF-8.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let (mut characters, mut wrong) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        characters += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    if characters > 0 && characters >= wrong {
        return String::from_utf8_lossy(bytes);
    }
    WINDOWS_1252.decode_without_bom_handling(bytes).0
}

/// The characters U+0080 to U+009F as windows-1252 has them: a text in that character set that was converted to UTF-8
/// as if it were Latin-1 is full of them (Debian's dict-de-en: U+0093 where `“` is meant). Browsers read them so, too.
pub(super) fn windows_1252(text: &str) -> Cow<'_, str> {
    if !text.contains(is_c1) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match u8::try_from(c) {
        Ok(byte) if is_c1(c) => WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or(c),
        _ => c,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

fn is_c1(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}')
}

/// A headword as it looks: letters composed with their marks, one plain blank for blanks of any kind and number, and
/// nothing invisible. Where two sources have one word in different bytes, it would be two entries otherwise, and a lookup
/// would show one of them. Joiners stay, since Persian is spelled with them; so do control characters, which give a
/// broken entry away.
pub(super) fn headword(raw: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_whitespace();
    if raw.split(' ').all(|word| !word.is_empty() && word.bytes().all(is_plain)) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars().filter(|&c| !spells_nothing(c)) {
        if c == ' ' || (c.is_whitespace() && !c.is_control()) {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    // Only marks are composed: single characters that Unicode replaces (a compatible ideograph, the sign for ohm) stay.
    if out.contains(|c| is_combining_mark(c) || matches!(c, '\u{1160}'..='\u{11ff}')) {
        out = out.nfc().collect();
    }
    if out.is_empty() { Cow::Borrowed(raw) } else { Cow::Owned(out) }
}

/// Characters that no reader sees and that spell nothing: soft hyphens, blanks of no width, marks of direction, and
/// byte-order marks of files that were joined. Fewer than those that a lookup disregards: joiners and selectors of glyphs
/// are part of a spelling.
fn spells_nothing(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

/// A transcription as it is shown: in brackets, if it does not come in brackets or slashes of its own.
pub(super) fn transcription(text: &str) -> String {
    let text = text.trim();
    let has_own = ['[', '/'].iter().any(|&mark| text.starts_with(mark)) && text.ends_with([']', '/']);
    if has_own { text.to_owned() } else { format!("[{}]", text.trim_matches(['[', ']'])) }
}

/// The treatment of blanks at the beginnings of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indentation {
    /// Those that all lines but the first have in common are removed.
    Common,
    /// Those that all lines have in common are removed: the text was laid out here, and no line hangs out.
    Kept,
}

/// Appends a text as it must stand in a words file, escapes and all: without blanks at the ends of lines, without empty
/// lines at either end, one empty line where there were several, and without the indentation that all lines but the
/// first have in common (the first one often hangs out).
pub(super) fn tidy_into(raw: &str, indentation: Indentation, out: &mut String) {
    let raw = windows_1252(raw);
    let clean = clean(&raw);
    let lines = || clean.split('\n').map(str::trim_end).skip_while(|line| line.is_empty());
    let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let measured = usize::from(indentation == Indentation::Common);
    let common = lines().skip(measured).filter(|line| !line.is_empty()).map(blanks).min().unwrap_or(0);
    let mut empty_before = false;
    for (at, line) in lines().enumerate() {
        if at == 0 {
            escape_into(line.trim_start(), out);
        } else if line.is_empty() {
            empty_before = true;
        } else {
            out.push_str(if empty_before { "\\n\\n" } else { "\\n" });
            empty_before = false;
            escape_into(&line[common..], out);
        }
    }
}

/// Newlines as `\n`, no TABs where they indent, no other control characters, no byte-order marks.
fn clean(raw: &str) -> Cow<'_, str> {
    if !raw.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        return Cow::Borrowed(raw);
    }
    let mut clean = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    // How many blanks the line began with; none when it has begun.
    let mut indentation = Some(0_usize);
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                clean.push('\n');
                indentation = Some(0);
            }
            '\t' => match &mut indentation {
                Some(blanks) => {
                    let next = *blanks / 8 * 8 + 8;
                    clean.extend(std::iter::repeat_n(' ', next - *blanks));
                    *blanks = next;
                }
                None => clean.push('\t'),
            },
            '\u{feff}' => {}
            control if control.is_control() => {}
            ' ' => {
                clean.push(' ');
                indentation = indentation.map(|blanks| blanks + 1);
            }
            other => {
                clean.push(other);
                indentation = None;
            }
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::unescape;
    use proptest::prelude::*;

    fn tidy(raw: &str) -> String {
        let mut out = String::new();
        tidy_into(raw, Indentation::Common, &mut out);
        unescape(&out)
    }

    #[test]
    fn blanks_and_line_ends() {
        let cases = [
            ("", ""),
            (" \n\t\n", ""),
            ("a\r\nb\rc\x0cd", "a\nb\nc\nd"),
            ("\n\n  word  \n    n 1: one\n         more\n\n\n\n    2: two\n\n", "word\nn 1: one\n     more\n\n2: two"),
            ("a\n\tb\n        c", "a\nb\nc"),
            ("a\n \tb\tc\n  d", "a\n      b\tc\nd"),
            ("a\u{1b}[1mb\0\u{9d}", "a[1mb"),
            ("\u{93}Centre\u{94} \u{80}\u{85} don\u{92}t", "“Centre” €… don’t"),
            ("C:\\new", "C:\\new"),
            ("\u{feff}a \u{feff}\n\u{feff} b", "a\nb"),
        ];
        for (raw, expected) in cases {
            assert_eq!(tidy(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_text_that_is_indented_as_a_whole_is_not() {
        for (raw, expected) in
            [("  a\n  b\n\n    c", "a\nb\n\n  c"), ("  a\nb", "a\nb"), ("a\n  b\n  c", "a\n  b\n  c")]
        {
            let mut out = String::new();
            tidy_into(raw, Indentation::Kept, &mut out);
            assert_eq!(unescape(&out), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_transcription_has_brackets_once() {
        for (text, shown) in [("ə", "[ə]"), (" [ə] ", "[ə]"), ("/ə/", "/ə/"), ("[ə] /e/", "[ə] /e/"), ("[ə", "[ə]")]
        {
            assert_eq!(transcription(text), shown, "{text}");
        }
    }

    #[test]
    fn headwords_are_spelled_as_they_look() {
        let cases = [
            ("ice cream", "ice cream"),
            ("ice\u{a0}cream", "ice cream"),
            (" ice \u{3000} cream\u{2009}", "ice cream"),
            ("cafe\u{301}", "café"),
            ("soft\u{ad}ware\u{200b}", "software"),
            ("\u{feff}word", "word"),
            ("\u{200f}שלום", "שלום"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("\u{fa19}\u{2126}", "\u{fa19}\u{2126}"),
            ("a\n\tb", "a\n\tb"),
            ("\u{ad}", "\u{ad}"),
            ("", ""),
        ];
        for (raw, expected) in cases {
            assert_eq!(headword(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn latin_1_is_read_where_it_is_not_utf_8() {
        assert_eq!(decode("été".as_bytes()), "été");
        assert_eq!(decode(b"\xe9t\xe9 market\x92s"), "été market’s");
        assert_eq!(decode(b"\xc3\xa9, \xe9, \xe8"), "Ã©, é, è");
    }

    #[test]
    fn wrong_bytes_do_not_spoil_the_text_around_them() {
        assert_eq!(decode(b"\xe4\xb8\xad\xe6\x96\x87 caf\xff"), "中文 caf\u{fffd}");
        // Cut off within a character.
        assert_eq!(decode(b"\xe4\xb8\xad\xe6\x96\x87\xe8\xaf"), "中文\u{fffd}");
    }

    proptest! {
        #[test]
        fn a_tidy_text_stays_as_it_is(raw in any::<String>()) {
            let once = tidy(&raw);
            prop_assert_eq!(once.trim(), once.as_str());
            prop_assert_eq!(tidy(&once), once);
        }

        #[test]
        fn the_same_of_texts_that_look_like_some(raw in "[ ab\\\\\t\r\n\u{3000}]{0,40}") {
            let once = tidy(&raw);
            prop_assert_eq!(once.trim(), once.as_str());
            // The first line hung out before and may not now; a second pass must not eat into the text.
            prop_assert_eq!(tidy(&once).replace([' ', '\n'], ""), once.replace([' ', '\n'], ""));
        }
    }
}
