//! What was typed or pasted, made plain: one kind of blank, apostrophe and hyphen, nothing invisible, and without the
//! marks that stand around a word in a text.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_in(c, GeneralCategory::SpaceSeparator)
}

/// Soft hyphens, zero-width characters, marks of direction; and characters that only select a glyph.
pub(super) fn is_invisible(c: char) -> bool {
    is_in(c, GeneralCategory::Format) || matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{34f}')
}

/// Hyphens and dashes of all lengths, and the minus.
pub(super) fn is_dash(c: char) -> bool {
    c == '-' || c == '\u{2212}' || is_in(c, GeneralCategory::DashPunctuation)
}

/// Whether a character beyond ASCII is of a category. A lookup in Unicode's table takes longer than all other checks of
/// a character here, and most are ASCII.
fn is_in(c: char, category: GeneralCategory) -> bool {
    !c.is_ascii() && c.general_category() == category
}

/// Apostrophes, and characters that are typed for them.
pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '‘' | '’' | '‛' | '`' | '´' | 'ʼ' | 'ʻ' | 'ʹ' | 'ˈ' | '′' | '＇' | '｀' | 'ꞌ')
}

/// A text without the number of a homograph behind it: `recessus (1)`.
pub fn without_number(text: &str) -> &str {
    let stem = text.strip_suffix(')').and_then(|rest| {
        let stem = rest.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = rest.len() - stem.len();
        stem.strip_suffix('(').filter(|_| (1..=3).contains(&digits)).map(str::trim_end)
    });
    stem.filter(|stem| !stem.is_empty()).unwrap_or(text)
}

/// A text with compatible characters made one (NFKC), `'` for every apostrophe, `-` for every hyphen, one plain blank
/// for any run of blanks, and nothing invisible. Case and accents stay.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // An acute accent that stands alone would become a blank and a combining one.
    let apostrophes = text.chars().map(|c| if is_apostrophe(c) { '\'' } else { c });
    for c in apostrophes.nfkc() {
        if is_blank(c) {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_dash(c) {
            out.push('-');
        } else if !is_invisible(c) {
            out.push(if is_apostrophe(c) { '\'' } else { c });
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// What a plain text may be without the marks around it, likeliest first: a point behind it may be its own (`Apr.`),
/// or was forgotten (`apr`). Not the text itself.
pub fn without_marks(plain: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |text: &str| {
        if !text.is_empty() && text != plain && !found.iter().any(|other| other == text) {
            found.push(text.to_owned());
        }
    };
    let inner = plain.trim_start_matches(opens).trim_end_matches(closes);
    if !inner.chars().any(char::is_alphanumeric) {
        return Vec::new();
    }
    // `.net`: one point before a word is its own, more are not.
    let inner = if inner.starts_with("..") { inner.trim_start_matches('.') } else { inner };
    let bare = inner.trim_end_matches(|c| c == '.' || closes(c)).trim_end_matches(closes);
    let points = inner[bare.len()..].chars().take_while(|&c| c == '.').count();
    if points == 1 {
        add(&format!("{bare}."));
    }
    if points != 1 || inner.len() > bare.len() + 1 {
        add(inner);
    }
    add(bare);
    add(&format!("{bare}."));
    // u.s.a, a.m: letters with points between them.
    let letters: Vec<&str> = bare.split('.').collect();
    if letters.len() > 1 && letters.iter().all(|letter| letter.chars().count() == 1) {
        add(&letters.concat().to_uppercase());
    }
    found
}

/// Marks before a word. Not those that a headword may begin with: `.net`, `@`, `-able`, `&c`.
fn opens(c: char) -> bool {
    use GeneralCategory as G;
    match c {
        '@' | '&' | '%' | '.' | '/' | '\\' => false,
        _ if c.is_ascii_alphanumeric() => false,
        '\'' | '$' | '<' | '>' | '|' | '~' | '^' | '=' | '+' => c != '$',
        _ => matches!(
            c.general_category(),
            G::OpenPunctuation
                | G::ClosePunctuation
                | G::InitialPunctuation
                | G::FinalPunctuation
                | G::OtherPunctuation
                | G::ConnectorPunctuation
                | G::DashPunctuation
                | G::SpaceSeparator
        ),
    }
}

/// Marks behind a word. Not those that a headword may end with: `C#`, `C++`, `100%`.
fn closes(c: char) -> bool {
    !matches!(c, '#' | '%' | '+' | '.') && (opens(c) || matches!(c, '/' | '\\' | '&'))
}

/// The word that a plain text in lower case is a possessive or a contraction of: `apple's`, `students'`, `they'll`.
pub fn without_clitic(lower: &str) -> Option<&str> {
    let stem = ["'s", "'re", "'ll", "'ve", "'d", "'m"].iter().find_map(|end| lower.strip_suffix(end));
    stem.or_else(|| lower.strip_suffix('\'').filter(|stem| stem.ends_with(['s', 'x', 'z'])))
        .filter(|stem| !stem.is_empty() && !stem.ends_with('\''))
}

/// Whether a plain text holds a contraction or a possessive, so that a headword without an apostrophe is another word:
/// `we're` is not `were`, `it's` is not `its`, `she'll` is not `shell`.
pub fn has_clitic(plain: &str) -> bool {
    plain.split([' ', '-']).any(|word| {
        let lower = word.to_lowercase();
        lower.ends_with("n't") || without_clitic(&lower).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_texts() {
        let cases = [
            ("ice \u{a0}\u{3000} cream", "ice cream"),
            ("ｉｃｅ　ｃｒｅａｍ", "ice cream"),
            ("soft\u{ad}ware", "software"),
            ("\u{200b}zero\u{200d}width\u{feff}", "zerowidth"),
            ("don’t", "don't"),
            ("don＇t", "don't"),
            ("don´t", "don't"),
            ("e\u{2011}mail – x", "e-mail - x"),
            ("Café", "Café"),
            ("cafe\u{301}", "café"),
            ("ﬁne…", "fine..."),
            ("  ", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn marks_around_a_word() {
        let cases: [(&str, &[&str]); 24] = [
            ("apple", &["apple."]),
            ("apple,", &["apple", "apple."]),
            ("“apple”", &["apple", "apple."]),
            ("(apple)", &["apple", "apple."]),
            ("(Apr.)", &["Apr.", "Apr"]),
            ("Apr.,", &["Apr.", "Apr"]),
            ("Apr.", &["Apr"]),
            ("apple。", &["apple", "apple."]),
            ("《apple》", &["apple", "apple."]),
            ("apple...", &["apple", "apple."]),
            ("...apple", &["apple", "apple."]),
            ("'apple'", &["apple", "apple."]),
            ("¿qué?", &["qué", "qué."]),
            ("*apple*", &["apple", "apple."]),
            ("_apple_", &["apple", "apple."]),
            ("#apple", &["apple", "apple."]),
            ("C#,", &["C#", "C#."]),
            ("C++", &["C++."]),
            (".net", &[".net."]),
            ("u.s.a", &["u.s.a.", "USA"]),
            ("a.m.", &["a.m", "AM"]),
            ("-- apple --", &["apple", "apple."]),
            ("「苹果」", &["苹果", "苹果."]),
            ("?!", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(without_marks(text), expected, "{text}");
        }
    }

    #[test]
    fn clitics_and_numbers() {
        assert_eq!(without_clitic("apple's"), Some("apple"));
        assert_eq!(without_clitic("students'"), Some("students"));
        assert_eq!(without_clitic("they'll"), Some("they"));
        assert_eq!(without_clitic("o'clock"), None);
        assert_eq!(without_clitic("'s"), None);
        assert!(has_clitic("we're") && has_clitic("don't") && has_clitic("let's go"));
        assert!(!has_clitic("o'clock") && !has_clitic("rock 'n' roll"));
        assert_eq!(without_number("recessus (1)"), "recessus");
        assert_eq!(without_number("recessus(12)"), "recessus");
        for text in ["(1)", "f(x)", "recessus (1234)", "x 1)", ""] {
            assert_eq!(without_number(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics_and_nothing_is_empty(text in "[\\PC.'“ \u{ad}-]{0,10}") {
            let plain = plain(&text);
            for text in without_marks(&plain) {
                assert!(!text.trim().is_empty(), "{plain:?}");
            }
            let _ = (without_clitic(&plain), has_clitic(&plain), without_number(&plain));
        }
    }
}
