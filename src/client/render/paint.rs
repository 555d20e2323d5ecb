//! Bold headwords, coloured parts of speech and sense numbers. It only adds escape sequences of its own to text without
//! any; what it does not recognise stays as it is.

use crate::words::fields;

/// Parts of speech as dictionaries abbreviate them, without their full stop.
const PARTS_OF_SPEECH: [&str; 45] = [
    "n", "v", "vt", "vi", "v.t", "v.i", "adj", "adv", "a", "ad", "abbr", "prep", "pron", "num", "int", "interj",
    "conj", "art", "aux", "det", "pl", "pref", "suf", "prefix", "suffix", "phr", "phrase", "comb", "modal", "excl",
    "prp", "imp", "p", "p.p", "na", "quant", "part", "link", "linkv", "vbl", "un", "cn", "s", "r", "idiom",
];

const BOLD: &str = "\u{1b}[1m";
const PART_OF_SPEECH: &str = "\u{1b}[36m";
const PRONUNCIATION: &str = "\u{1b}[32m";
const DIM: &str = "\u{1b}[2m";
const NUMBER: &str = "\u{1b}[35m";
const END: &str = "\u{1b}[0m";

/// The text in bold.
pub(crate) fn bold(text: &str) -> String {
    format!("{BOLD}{text}{END}")
}

/// The text with its markers coloured: at the beginning of each line, and behind each ` | `.
pub(crate) fn painted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let (line, tags) = line.split_at(fields::tags(line).unwrap_or(line.len()));
        let sound = if number == 0 { fields::phonetic(line).unwrap_or_default() } else { "" };
        let line = &line[sound.len()..];
        if !sound.is_empty() {
            out.extend([PRONUNCIATION, sound, END]);
        }
        for (number, part) in line.split(" | ").enumerate() {
            if number > 0 {
                out.push_str(" | ");
            }
            paint_part(&mut out, part);
        }
        if !tags.is_empty() {
            out.extend([DIM, tags, END]);
        }
    }
    out
}

fn paint_part(out: &mut String, part: &str) {
    let mut rest = part;
    loop {
        let body = rest.trim_start_matches([' ', '\t']);
        out.push_str(&rest[..rest.len() - body.len()]);
        rest = body;
        let Some((marker, colour)) = marker(rest) else { break };
        out.extend([colour, marker, END]);
        rest = &rest[marker.len()..];
    }
    out.push_str(rest);
}

/// How many columns the markers at the beginning take up, with the blanks behind them.
pub(super) fn marker_width(line: &str) -> usize {
    let mut rest = line;
    while let Some((marker, _)) = marker(rest) {
        rest = rest[marker.len()..].trim_start_matches(' ');
    }
    // Markers and blanks are ASCII.
    line.len() - rest.len()
}

/// The marker that a text begins with, and its colour. A blank or the end follows it.
fn marker(text: &str) -> Option<(&str, &'static str)> {
    let token = text.split([' ', '\t']).next().filter(|token| !token.is_empty() && token.is_ascii())?;
    if is_number(token) {
        return Some((token, NUMBER));
    }
    let abbreviation = token.strip_suffix('.');
    let known = |word: &str| PARTS_OF_SPEECH.contains(&word);
    let is_part = match abbreviation {
        Some(word) => word.split(['/', '&', ',']).all(|word| known(word.trim_end_matches('.'))),
        // WordNet writes `n 1: …`.
        None => known(token) && text[token.len()..].trim_start().split(' ').next().is_some_and(is_number),
    };
    is_part.then_some((token, PART_OF_SPEECH))
}

/// `1.`, `1)`, `(1)`, `1:`; `①` is not recognised.
fn is_number(token: &str) -> bool {
    let inner = token.strip_prefix('(').unwrap_or(token);
    let Some(digits) = inner.strip_suffix(['.', ')', ':']) else { return false };
    (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorthand(text: &str) -> String {
        painted(text).replace(PART_OF_SPEECH, "<").replace(NUMBER, "#").replace(END, ">")
    }

    #[test]
    fn markers_are_coloured_and_nothing_else() {
        for (text, expected) in [
            ("n. 苹果", "<n.> 苹果"),
            ("adj. 美国的 | n. 美国人", "<adj.> 美国的 | <n.> 美国人"),
            ("n. a | b | v. c", "<n.> a | b | <v.> c"),
            ("  1. one\n  2) vt. two", "  #1.> one\n  #2)> <vt.> two"),
            ("n 1: fruit", "<n> #1:> fruit"),
            ("vt./vi. 跑", "<vt./vi.> 跑"),
            ("n more words", "n more words"),
            ("Dr. Smith", "Dr. Smith"),
            ("1914. A year", "1914. A year"),
            ("a word", "a word"),
            ("", ""),
            ("n.", "<n.>"),
        ] {
            assert_eq!(shorthand(text), expected);
        }
        assert_eq!(marker_width("1. n. words"), 6);
        assert_eq!(marker_width("words"), 0);
    }
}
