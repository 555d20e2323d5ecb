//! The folded key: a text without everything that people leave out, add or type in different ways.

use super::typed::{is_apostrophe, is_blank, is_dash, is_invisible, without_number};
use caseless::Caseless;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Longest key, in characters. It is the width of the column `folded` of table `words`.
pub const MAX_KEY_CHARS: usize = 256;
/// Bytes of a digest that stand in a key, as hexadecimal digits, for all that it has no room for.
const DIGEST_BYTES: usize = 8;

/// The key of a headword, or of a text that is looked up: compatible characters made one (NFKC), full case folding,
/// without accents, apostrophes, hyphens, blanks, invisible characters and the number of a homograph (`(1)`). A text
/// that consists only of these is its own key, in lower case.
///
/// Two texts with one key are likely to be two spellings of one word: `e-mail` and `email`, `café` and `cafe`, `ice
/// cream` and `icecream`. Table `words` holds the keys, so a change of these rules needs `words load` again. What is too
/// long for a key differs from all that only begins like it.
pub fn key(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return bounded(text.to_ascii_lowercase());
    }
    let text_alone = without_number(text);
    let stays = |c: char| !is_blank(c) && !is_invisible(c) && !is_dash(c) && !is_apostrophe(c);
    let mut key: String = if text_alone.is_ascii() {
        // The steps for other texts would leave it unchanged.
        text_alone.chars().filter(|&c| stays(c)).map(|c| c.to_ascii_lowercase()).collect()
    } else {
        let unaccented = text_alone.nfkd().filter(|&c| !is_accent(c));
        let folded: String = unaccented.default_case_fold().nfkd().filter(|&c| !is_accent(c) && stays(c)).collect();
        latin(&folded).nfc().collect()
    };
    // A number may stand at the end now that did not before: `recessus (1)'`.
    while without_number(&key).len() < key.len() {
        key.truncate(without_number(&key).len());
    }
    bounded(if key.is_empty() { text.nfkc().flat_map(char::to_lowercase).collect() } else { key })
}

/// A key that fits: of a longer one the beginning, and a digest of the whole.
fn bounded(mut key: String) -> String {
    if key.len() <= MAX_KEY_CHARS || key.chars().nth(MAX_KEY_CHARS).is_none() {
        return key;
    }
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    let beginning = key.char_indices().nth(MAX_KEY_CHARS - 2 * DIGEST_BYTES).map_or(key.len(), |(at, _)| at);
    key.truncate(beginning);
    for byte in &digest[..DIGEST_BYTES] {
        let _ = write!(key, "{byte:02x}");
    }
    key
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

    #[test]
    fn what_is_too_long_has_a_key_of_its_own() {
        for letter in ["m", "词", "é", "M "] {
            let fits = letter.repeat(MAX_KEY_CHARS);
            for more in [letter, "xyz", " and so on"] {
                let longer = format!("{fits}{more}");
                assert_ne!(key(&longer), key(&fits), "{longer}");
                assert_eq!(key(&longer).chars().count(), MAX_KEY_CHARS);
                assert_eq!(key(&longer.to_uppercase()), key(&longer));
                assert_eq!(key(&key(&longer)), key(&longer));
            }
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
