//! A command line cut into its arguments, with every way of quoting that clients have.

/// How a backslash within single quotes is read. By RFC 2229 it quotes the next character there, too; GNOME Dictionary
/// quotes as a shell does, where it stands for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SingleQuotes {
    Shell,
    Rfc,
}

/// Room for most arguments, so that nearly none is moved while it is read.
const SHORT: usize = 32;

/// One argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument {
    /// Its content, without quotes and backslashes.
    pub bytes: Vec<u8>,
    /// Where it begins in the line.
    pub start: usize,
}

/// Splits a line at blanks. An argument consists of adjacent pieces: bare, `"…"`, `'…'`; a backslash takes the next
/// byte as it is (curl puts one before each byte of a character, so bytes are unquoted before anything requires UTF-8).
/// A quote that is not closed ends with the line.
pub(super) fn arguments(line: &[u8], single: SingleQuotes) -> Vec<Argument> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].iter().take_while(|&&byte| is_blank(byte)).count();
        if at == line.len() {
            return found;
        }
        let (start, mut bytes, mut quote) = (at, Vec::with_capacity(SHORT), None);
        loop {
            // What needs no look at the quotes, in one piece.
            let plain = line[at..].iter().take_while(|&&byte| !is_special(byte)).count();
            bytes.extend_from_slice(&line[at..at + plain]);
            at += plain;
            let Some(&byte) = line.get(at) else { break };
            match (quote, byte) {
                (None, byte) if is_blank(byte) => break,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if byte == open => quote = None,
                (Some(b'\''), b'\\') if single == SingleQuotes::Shell => bytes.push(byte),
                (_, b'\\') if at + 1 < line.len() => {
                    at += 1;
                    bytes.push(line[at]);
                }
                (_, byte) => bytes.push(byte),
            }
            at += 1;
        }
        found.push(Argument { bytes, start });
    }
}

/// Whether a byte may end a piece, begin one, or be something other than itself.
fn is_special(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'"' | b'\'' | b'\\')
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// What a word in a command may mean, likeliest first; never empty. The first reading that finds something counts, and
/// if none does, the first of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings(Vec<String>);

impl Readings {
    /// The word that is argument `number` (from zero) and the last of its line. `None` if there is no such argument, if
    /// others follow it, or if it is not UTF-8.
    ///
    /// Three readings: with single quotes as in a shell, as in RFC 2229, and everything unchanged between the outer
    /// quotes, for clients that put quotes around whatever the user typed (dict, xfce4-dict, GoldenDict, Emacs).
    ///
    /// `shell` holds the line's [`arguments`] by the shell's rules.
    pub(super) fn of(line: &[u8], shell: &[Argument], number: usize) -> Option<Self> {
        // Only text in single quotes can be read differently.
        let rfc = if line.contains(&b'\'') { arguments(line, SingleQuotes::Rfc) } else { Vec::new() };
        let mut readings: Vec<String> = Vec::new();
        let mut add = |bytes: &[u8]| {
            if let Ok(text) = std::str::from_utf8(bytes)
                && !readings.iter().any(|reading| reading == text)
            {
                readings.push(text.to_owned());
            }
        };
        for arguments in [shell, &rfc] {
            if arguments.len() == number + 1 {
                add(&arguments[number].bytes);
            }
        }
        let rest = line.get(shell.get(number)?.start..)?.trim_ascii_end();
        match rest {
            [open @ (b'"' | b'\''), inside @ .., close] if open == close => add(inside),
            // Several bare words are a mistake, one with an apostrophe is a word.
            _ if shell.len() == number + 1 => add(rest),
            _ => {}
        }
        (!readings.is_empty()).then_some(Self(readings))
    }

    /// Each reading.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The likeliest reading.
    pub fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(line: &str) -> Vec<String> {
        arguments(line.as_bytes(), SingleQuotes::Shell)
            .into_iter()
            .map(|argument| String::from_utf8(argument.bytes).unwrap())
            .collect()
    }

    fn readings_of(line: &[u8], number: usize) -> Option<Readings> {
        Readings::of(line, &arguments(line, SingleQuotes::Shell), number)
    }

    fn readings(line: &[u8]) -> Vec<String> {
        readings_of(line, 2).map(|readings| readings.0).unwrap_or_default()
    }

    #[test]
    fn every_way_of_quoting() {
        let cases: [(&str, &[&str]); 12] = [
            ("define * word", &["define", "*", "word"]),
            ("  define\t*  word  ", &["define", "*", "word"]),
            (r#"DEFINE "!" "ice cream""#, &["DEFINE", "!", "ice cream"]),
            (r"DEFINE ! 'don'\''t'", &["DEFINE", "!", "don't"]),
            (r#"DEFINE ! 'a"b\c'"#, &["DEFINE", "!", r#"a"b\c"#]),
            (r#""a\"b\\c""#, &[r#"a"b\c"#]),
            (r"ice\ cream don\'t", &["ice cream", "don't"]),
            (r#"a"b c"'d e'f"#, &["ab cd ef"]),
            (r#""" '' x"#, &["", "", "x"]),
            (r#""never closed"#, &["never closed"]),
            (r"ends in \", &["ends", "in", r"\"]),
            ("", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(cut(line), expected, "{line}");
        }
    }

    #[test]
    fn a_character_that_backslashes_split() {
        let line = b"DEFINE ! \\\xe8\\\xaf\\\x8d";
        assert_eq!(readings(line), ["词", "\\\u{fffd}"][..1]);
        assert!(readings(b"DEFINE ! \xe8\xaf").is_empty());
    }

    #[test]
    fn what_a_word_may_mean() {
        let cases: [(&str, &[&str]); 9] = [
            ("DEFINE * word", &["word"]),
            (r"DEFINE ! 'a\b'", &[r"a\b", "ab"]),
            // Only quotes around what was typed.
            (r#"define * "5" disk""#, &[r#"5" disk"#]),
            (r#"define * "a"b""#, &["ab", r#"a"b"#]),
            (r#"define * "C:\dir""#, &["C:dir", r"C:\dir"]),
            ("define * don't", &["dont", "don't"]),
            ("define * ice cream", &[]),
            (r#"define * """#, &[""]),
            ("define *", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(readings(line.as_bytes()), expected, "{line}");
        }
    }

    fn first(line: &[u8]) -> String {
        readings_of(line, 2).unwrap().first().to_owned()
    }

    proptest! {
        /// Any word, quoted as dico, GNOME Dictionary and curl quote it.
        #[test]
        fn whatever_is_quoted_is_read(word in any::<String>().prop_filter("a line", |word| !word.contains(['\n', '\r']))) {
            let double = format!("D * \"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""));
            prop_assert_eq!(first(double.as_bytes()), word.clone());
            let single = format!("D * '{}'", word.replace('\'', "'\\''"));
            prop_assert_eq!(first(single.as_bytes()), word.clone());
            let mut curl = b"D * ".to_vec();
            curl.extend(word.bytes().flat_map(|byte| [b'\\', byte]));
            if !word.is_empty() {
                prop_assert_eq!(first(&curl), word.clone());
            }
            // And as by clients that only put quotes around it.
            let plain = format!("D * \"{word}\"");
            prop_assert!(readings_of(plain.as_bytes(), 2).unwrap().iter().any(|reading| reading == word), "{}", plain);
        }

        #[test]
        fn any_bytes_are_cut_somehow(line in proptest::collection::vec(any::<u8>(), 0..60), number in 0usize..4) {
            let cut = arguments(&line, SingleQuotes::Rfc);
            prop_assert!(cut.windows(2).all(|pair| pair[0].start < pair[1].start));
            if let Some(readings) = readings_of(&line, number) {
                prop_assert!((1..=3).contains(&readings.0.len()));
            }
        }
    }
}
