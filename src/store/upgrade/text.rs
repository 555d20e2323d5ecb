//! Text of old tables: bytes in any character set, and what has to be removed from a word or a name.

use crate::text::trim_blanks;

/// What Windows-1252, which MySQL calls latin1, has between 0x80 and 0x9F. The five that it has not are the controls of
/// the same numbers, as MySQL has them.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Bytes as text. A client that did not set its character set has left UTF-8 in columns of latin1: whatever is UTF-8
/// is taken as that, because no other text looks like it by chance; the rest is latin1.
pub fn decode(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let letter = |&byte: &u8| match byte {
            0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
            other => char::from(other),
        };
        error.as_bytes().iter().map(letter).collect()
    })
}

/// A word without what would break a line of the protocol: control characters become blanks, and blanks at the ends go.
pub fn clean(text: &str) -> String {
    let blank: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    trim_blanks(&blank).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_itself_and_the_rest_is_latin1() {
        assert_eq!(decode("苹果 é".as_bytes().to_vec()), "苹果 é");
        assert_eq!(decode(b"caf\xe9 \x80 \x93x\x94 \x81".to_vec()), "café € “x” \u{81}");
        assert_eq!(decode(Vec::new()), "");
    }

    #[test]
    fn what_breaks_a_line_goes() {
        assert_eq!(clean(" \t apple\r\n"), "apple");
        assert_eq!(clean("ice\tcream\u{1b}[2J"), "ice cream [2J");
    }
}
