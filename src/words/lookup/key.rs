//! The folded key: a text without everything that people leave out, add or type in different ways.

use super::typed::{is_apostrophe, is_blank, is_dash, is_invisible, without_number};
use caseless::Caseless;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Longest key, in characters; the rest is cut off. It is the width of the column `folded` of table `words`.
pub const MAX_KEY_CHARS: usize = 256;

/// The key of a headword, or of a text that is looked up: compatible characters made one (NFKC), full case folding,
/// without accents, apostrophes, hyphens, blanks, invisible characters and the number of a homograph (`(1)`). A text
/// that consists only of these is its own key, in lower case.
///
/// Two texts with one key are likely to be two spellings of one word: `e-mail` and `email`, `café` and `cafe`, `ice
/// cream` and `icecream`. Table `words` holds the keys, so a change of these rules needs `words load` again.
pub fn key(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let mut key = text.to_ascii_lowercase();
        key.truncate(MAX_KEY_CHARS);
        return key;
    }
    let text_alone = without_number(text);
    let stays = |c: char| !is_blank(c) && !is_invisible(c) && !is_dash(c) && !is_apostrophe(c);
    let mut key: String = if text_alone.is_ascii() {
        // The steps for other texts would leave it unchanged.
        text_alone.chars().filter(|&c| stays(c)).map(|c| c.to_ascii_lowercase()).take(MAX_KEY_CHARS).collect()
    } else {
        let unaccented = text_alone.nfkd().filter(|&c| !is_accent(c));
        let folded: String = unaccented.default_case_fold().nfkd().filter(|&c| !is_accent(c) && stays(c)).collect();
        latin(&folded).nfc().take(MAX_KEY_CHARS).collect()
    };
    // A number may stand at the end now that did not before: `recessus (1)'`.
    while without_number(&key).len() < key.len() {
        key.truncate(without_number(&key).len());
    }
    if key.is_empty() { text.nfkc().flat_map(char::to_lowercase).take(MAX_KEY_CHARS).collect() } else { key }
}

/// Whether a combining mark is one that people leave out: accents, stress marks, the points of Hebrew and Arabic, by
/// their classes in Unicode. Those that make another letter (the kana's voicing, India's vowels) have other classes.
fn is_accent(c: char) -> bool {
    matches!(canonical_combining_class(c), 10..=36 | 200..=240)
}

/// Latin letters that Unicode does not decompose, as they are typed without them.
fn latin(text: &str) -> Cow<'_, str> {
    if !text.contains(['æ', 'œ', 'ø', 'đ', 'ð', 'ł', 'ı', 'þ']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ł' => out.push('l'),
            'ı' => out.push('i'),
            'þ' => out.push_str("th"),
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_one_word_has_one_key() {
        let alike: [&[&str]; 26] = [
            &["email", "e-mail", "E-Mail", "e mail", "e\u{2010}mail", "e\u{2011}mail", "e–mail", "ｅ－ｍａｉｌ"],
            &[
                "ice cream",
                "icecream",
                "ice-cream",
                "Ice  Cream",
                "ice\u{a0}cream",
                "ice\u{3000}cream",
                "ice\u{200b}cream",
            ],
            &["t-shirt", "tshirt", "T-shirt", "T shirt"],
            &["café", "cafe", "cafe\u{301}", "CAFÉ", "ｃａｆé"],
            &["façade", "facade", "fac\u{327}ade"],
            &["naïve", "naive"],
            &["encyclopædia", "encyclopaedia", "ENCYCLOPÆDIA"],
            &["œuvre", "oeuvre"],
            &["smørrebrød", "smorrebrod"],
            &["don't", "don’t", "dont", "don`t", "don＇t", "donʼt", "don‘t"],
            &["o'clock", "oclock", "o’clock"],
            &["ﬁne", "fine"],
            &["ﬂoor", "floor"],
            &["straße", "strasse", "STRASSE", "STRAẞE"],
            &["за́мок", "замок", "ЗАМОК"],
            &["ёлка", "елка", "Ёлка"],
            &["σοφός", "ΣΟΦΟΣ", "σοφοσ"],
            &["soft\u{ad}ware", "software"],
            &["İstanbul", "istanbul", "ıstanbul"],
            &["łódź", "lodz"],
            &["recessus", "recessus (1)", "recessus (2)", "Recessus (12)", "'recessus (1)'", "recessus (1) (2)-(3)"],
            &["Việt Nam", "vietnam"],
            &["שָׁלוֹם", "שלום"],
            &["كِتَاب", "كتاب"],
            &["ｱｯﾌﾟﾙ", "アップル"],
            &["한국", "한국"],
        ];
        for texts in alike {
            for text in texts {
                assert_eq!(key(text), key(texts[0]), "{text:?}");
            }
        }
    }

    #[test]
    fn what_are_two_words_have_two() {
        let apart = [
            ("C", "C++"),
            ("C", "C#"),
            ("Apr", "Apr."),
            ("3.5", "35"),
            ("が", "か"),
            ("パ", "ハ"),
            ("कि", "क"),
            ("ที่", "ท"),
            ("是", "事"),
            ("-", "--"),
            ("(1)", "(2)"),
            ("-", "'"),
        ];
        for (left, right) in apart {
            assert_ne!(key(left), key(right), "{left} {right}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key_and_never_empty(text in "\\PC{1,12}") {
            let once = key(&text);
            prop_assert!(!once.is_empty());
            prop_assert!(once.chars().count() <= MAX_KEY_CHARS);
            prop_assert_eq!(key(&once), once.clone(), "{:?}", text);
        }

        /// ASCII takes a shorter way, to the same key.
        #[test]
        fn with_an_accent_or_without_any(text in "[ -~]{0,6}[a-zA-Z][ -~]{0,6}") {
            let letter = text.find(|c: char| c.is_ascii_alphabetic()).unwrap();
            let accented = format!("{}\u{301}{}", &text[..=letter], &text[letter + 1..]);
            prop_assert_eq!(key(&accented), key(&text));
        }

        #[test]
        fn composed_or_not_and_in_any_case(text in "[a-zA-Zéüñçа-яЁё' -]{1,12}") {
            prop_assume!(text.chars().any(char::is_alphabetic));
            prop_assert_eq!(key(&text.nfd().collect::<String>()), key(&text));
            prop_assert_eq!(key(&text.to_uppercase()), key(&text));
        }
    }
}
