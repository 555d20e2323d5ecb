//! The headword as a text spells it: dictd's indexes are folded (lower case, often without punctuation), and the text
//! repeats the headword in its first line. Nothing is guessed: the letters must be the same.

use crate::text::unescape;

/// How far into a text the headword is looked for, in lines and in bytes of a line.
const LINES: usize = 16;
const LINE_BYTES: usize = 1024;
/// Programs that fill lines break them where the next word would stand behind this column, or one further to the right.
const FILLED: usize = 60;

/// How a text's first lines repeat its headword.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// The headword as it is spelled there.
    pub spelling: Option<String>,
    /// How many bytes of the text only repeat it.
    pub skip: usize,
}

/// Looks for the headword at the beginning of an escaped text: alone in its first line, or there before a pronunciation
/// or grammar (`/…/`, `[…]`, `<…>`, `(…)`), or alone in one of the next lines, as with synonyms; or in the first lines
/// together, where `dictfmt` has broken a long one. A `folded` headword
/// matches any spelling with the same letters; another one matches only itself.
pub(super) fn fit(headword: &str, folded: bool, text: &str) -> Fit {
    let same_word =
        |line: &str| if folded { same_letters(headword, line) } else { headword.trim() == unescape(line).trim() };
    let nothing = Fit { spelling: None, skip: 0 };
    let mut rest = text;
    // The first lines, as long as each is filled.
    let mut filled = Some(String::new());
    let mut width = 0;
    for number in 0..LINES {
        let Some((line, after)) = split_line(rest).filter(|(line, _)| !line.is_empty() && !line.starts_with(' '))
        else {
            return nothing;
        };
        if same_word(line) {
            let skip = if number == 0 { skip_newlines(text, text.len() - after.len()) } else { 0 };
            return Fit { spelling: Some(unescape(line)), skip };
        }
        filled = filled.and_then(|before| continued(before, width, line));
        width = line.chars().count();
        if let Some(whole) = filled.as_ref().filter(|whole| number > 0 && same_word(whole)) {
            return Fit { spelling: Some(unescape(whole)), skip: skip_newlines(text, text.len() - after.len()) };
        }
        if number == 0 && folded && headword.is_empty() {
            // FreeDict has a sign as another spelling of its name: `smily /smˈaɪli/ (:-))`.
            let within = |piece: &str| piece.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).map(unescape);
            let sign = line.split(' ').filter_map(within).find(|sign| !sign.is_empty() && same_letters("", sign));
            if sign.is_some() {
                return Fit { spelling: sign, skip: 0 };
            }
        }
        if number == 0 {
            let ends = line.match_indices(' ').map(|(at, _)| at);
            for end in ends.filter(|&end| line[end + 1..].starts_with(['/', '[', '<', '('])) {
                if same_word(&line[..end]) {
                    return Fit { spelling: Some(unescape(&line[..end])), skip: end + 1 };
                }
            }
        }
        rest = after;
    }
    nothing
}

/// Lines as one, if the last of them (`width` characters) had no room for the first word of the next.
fn continued(mut before: String, width: usize, line: &str) -> Option<String> {
    if !before.is_empty() {
        let first_word = line.split(' ').next().unwrap_or("").chars().count();
        if width + 1 + first_word <= FILLED {
            return None;
        }
        before.push(' ');
    }
    before.push_str(line);
    Some(before)
}

/// The line, and what follows its escaped newline; `None` if the line is too long to be a headword's.
fn split_line(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && at <= LINE_BYTES {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'n')) => return Some((&text[..at], &text[at + 2..])),
            // Any other escape is two bytes of ASCII.
            (b'\\', Some(_)) => at += 2,
            _ => at += 1,
        }
    }
    (at >= bytes.len()).then_some((text, ""))
}

/// The place behind escaped newlines and blanks.
fn skip_newlines(text: &str, from: usize) -> usize {
    let mut rest = &text[from..];
    while let Some(after) = rest.strip_prefix("\\n").or_else(|| rest.strip_prefix(' ')) {
        rest = after;
    }
    text.len() - rest.len()
}

/// Whether two spellings have the same letters and digits; where one has none, whether they are the same.
///
/// An index that knows only letters and digits has nothing left of a headword without any (`!?`): then a line without
/// any matches it.
fn same_letters(left: &str, right: &str) -> bool {
    let letters =
        |word: &str| -> String { word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let (left_letters, right_letters) = (letters(left), letters(right));
    let right = unescape(right);
    left_letters == right_letters
        && (!left_letters.is_empty() || left.trim() == right.trim() || (left.is_empty() && !right.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_lines_say() {
        let cases: [(&str, &str, Option<&str>, &str); 19] = [
            (
                "of the goods which customs seized and confiscated in the last year 34 were cigarettes",
                r"Of the goods which customs seized and confiscated in the last year 34%\nwere cigarettes.\n\n   Von den Waren",
                Some("Of the goods which customs seized and confiscated in the last year 34% were cigarettes."),
                "Von den Waren",
            ),
            ("peripheral device", r"peripheral\ndevice\n\n   hardware", None, r"peripheral\ndevice\n\n   hardware"),
            ("", r"„…“ <abbr>\nquotation", Some("„…“"), r"<abbr>\nquotation"),
            ("", r"word\ntext", None, r"word\ntext"),
            (
                "",
                r"right parenthesis /pəɹˈɛnθəsˌɪs/ ())\nKlammer",
                Some(")"),
                r"right parenthesis /pəɹˈɛnθəsˌɪs/ ())\nKlammer",
            ),
            ("", r"smily /smˈaɪli/ (:-))\nSmiley", Some(":-)"), r"smily /smˈaɪli/ (:-))\nSmiley"),
            ("hawkins", r"Hawkins\nn 1: a privateer", Some("Hawkins"), "n 1: a privateer"),
            (
                "dumbbellshaped",
                r"dumbbell-shaped /dˈʌm/\nhantelförmig",
                Some("dumbbell-shaped"),
                r"/dˈʌm/\nhantelförmig",
            ),
            ("relational", "relational <adj>", Some("relational"), "<adj>"),
            (
                "mrda",
                r"Mandy Rice-Davis Applies\nMRDA\n\n<chat>",
                Some("MRDA"),
                r"Mandy Rice-Davis Applies\nMRDA\n\n<chat>",
            ),
            ("cts", r"CTS\n\n1. clear to send", Some("CTS"), "1. clear to send"),
            ("Salt", r"Salt \\Salt\\, n. [AS. sealt]", None, r"Salt \\Salt\\, n. [AS. sealt]"),
            ("flower bird", r"Flower\nAn organ", None, r"Flower\nAn organ"),
            ("&", r"&\nampersand", Some("&"), "ampersand"),
            ("&", r")\nclosing", None, r")\nclosing"),
            ("\\", r"\\\nbackslash", Some("\\"), "backslash"),
            ("word", "word", Some("word"), ""),
            ("word", "", None, ""),
            ("new", r"n\new", None, r"n\new"),
        ];
        for (headword, text, spelling, rest) in cases {
            let fit = fit(headword, true, text);
            assert_eq!((fit.spelling.as_deref(), &text[fit.skip..]), (spelling, rest), "{headword} in {text}");
        }
        // A text that is only a cross-reference in other letters must not be lost.
        assert_eq!(fit("ex libris", false, "exlibris"), Fit { spelling: None, skip: 0 });
        assert_eq!(fit("word", false, r"word\nn. text").skip, 6);
    }
}
