//! Readings: a text in pinyin, with tone marks, with numbers or with neither, against the reading at the head of an
//! article.

use super::senses::head;
use unicode_normalization::UnicodeNormalization;

/// The longest reading that is asked for, in characters.
const MOST: usize = 64;
/// The marks of the first to the fourth tone, as characters of their own.
const MARKS: [char; 4] = ['\u{304}', '\u{301}', '\u{30c}', '\u{300}'];
const DIAERESIS: char = '\u{308}';

/// A reading to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    /// Its letters, without tones.
    pub(super) letters: String,
    spelled: Spelled,
}

/// How much is known of the tones.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Spelled {
    Plain,
    /// Letters with marks.
    Marks(String),
    /// Letters with numbers; the neutral tone has none.
    Numbers(String),
}

impl Reading {
    /// A text that may be pinyin.
    pub(super) fn new(text: &str) -> Option<Self> {
        if text.chars().count() > MOST {
            return None;
        }
        let text = text.to_lowercase().replace("u:", "ü").replace('v', "ü").nfc().collect::<String>();
        let letters: String = text.chars().filter(|c| !matches!(c, ' ' | '\'' | '’' | '-' | '5')).collect();
        let plain = without_tones(&letters);
        if plain.is_empty() || !plain.chars().all(|c| c.is_ascii_lowercase() || c == 'ü') {
            return None;
        }
        let spelled = if letters.contains(|c: char| c.is_ascii_digit()) {
            Spelled::Numbers(letters)
        } else if letters == plain {
            Spelled::Plain
        } else {
            Spelled::Marks(letters)
        };
        Some(Self { letters: plain, spelled })
    }

    /// Whether it is the reading of an article.
    pub(super) fn is_of(&self, headword: &str, article: &str) -> bool {
        let Some(head) = head(article).filter(|head| head.word == headword) else { return false };
        let reading = head.reading.to_lowercase();
        let joined = joined(&reading);
        let plain = without_tones(&joined);
        if plain != self.letters && plain.replace('ü', "u") != self.letters {
            return false;
        }
        match &self.spelled {
            Spelled::Plain => true,
            Spelled::Marks(marks) => joined == *marks,
            Spelled::Numbers(numbers) => {
                let syllables: String = reading.split_whitespace().map(with_number).collect();
                syllables == *numbers
            }
        }
    }
}

/// A reading in one word, without tones.
pub(super) fn letters(reading: &str) -> String {
    without_tones(&joined(&reading.to_lowercase()))
}

fn joined(reading: &str) -> String {
    reading.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Letters without marks of tones and numbers.
fn without_tones(text: &str) -> String {
    text.nfd().filter(|c| !MARKS.contains(c) && !c.is_ascii_digit()).nfc().collect()
}

/// A syllable with its tone as a number behind it; the neutral one has none.
fn with_number(syllable: &str) -> String {
    let tone = syllable.nfd().find_map(|c| MARKS.iter().position(|mark| *mark == c));
    let letters = without_tones(syllable);
    debug_assert!(!letters.contains(DIAERESIS));
    match tone {
        Some(tone) => format!("{letters}{}", tone + 1),
        None => letters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_in_every_spelling() {
        let article = "绿苹果 lǜ píng guǒ green apple";
        for good in [
            "lǜpíngguǒ",
            "lü4ping2guo3",
            "lv4 ping2 guo3",
            "lu:4 ping2 guo3",
            "lvpingguo",
            "lupingguo",
            "LÜ PINGGUO",
            "lǜ píng guǒ",
        ] {
            assert!(Reading::new(good).unwrap().is_of("绿苹果", article), "{good}");
        }
        for bad in ["lǜpíngguó", "lü4ping2guo2", "pingguo", "lvpinggu", "lv4ping2guo"] {
            assert!(!Reading::new(bad).unwrap().is_of("绿苹果", article), "{bad}");
        }
        assert!(Reading::new("mama").unwrap().is_of("妈妈", "妈妈 mā ma mother"));
        assert!(Reading::new("ma1ma5").unwrap().is_of("妈妈", "妈妈 mā ma mother"));
        // What leads to the word is not the word.
        assert!(!Reading::new("mama").unwrap().is_of("mama", "妈妈 mā ma mother"));
        for none in ["", "苹果", "a.b", "café au lait é", "123"] {
            assert_eq!(Reading::new(none).filter(|reading| reading.is_of("x", "n. x")), None, "{none}");
        }
    }
}
