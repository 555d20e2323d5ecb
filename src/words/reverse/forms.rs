//! Finding a text whose characters may have several forms each (upper and lower case, both scripts) in many bytes.
//!
//! Two bytes of the text are looked for at once, at their distance from each other, in a block of bytes at a time; the
//! compiler makes a few vector instructions of that. The whole text is compared only where both are. The two bytes are
//! chosen by a sample of the bytes that are searched: the more rarely they occur together, the fewer comparisons.

mod pair;

use crate::words::BUILT_IN;
use pair::{Byte, Pair, Sample};
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
use std::ops::Range;

/// How much of the built-in dictionary stands for a text that is not known: from its middle.
const KNOWN: usize = 1 << 10;
/// For how many of a run's rarest bytes all pairs are counted, and for how many runs.
const MOST_PAIRED: usize = 6;
const MOST_RUNS: usize = 3;

/// A text and the forms of its characters. It is not empty.
#[derive(Debug)]
pub(super) struct Forms {
    characters: Vec<Character>,
    /// For unknown texts.
    anchor: Anchor,
}

/// A character.
#[derive(Debug)]
struct Character {
    forms: Vec<Form>,
    /// Where the forms are one byte in upper and lower case, which differ in one bit: that bit, and a form with it.
    letter: Option<(u8, u8)>,
}

impl Character {
    fn new(forms: &[char]) -> Self {
        let forms: Vec<Form> = forms.iter().copied().map(Form::new).collect();
        let letter = match forms[..] {
            [only] if only.length == 1 => Some((0, only.bytes[0])),
            [one, other] if one.length == 1 && other.length == 1 => {
                let bit = one.bytes[0] ^ other.bytes[0];
                (bit.count_ones() == 1).then_some((bit, one.bytes[0] | bit))
            }
            _ => None,
        };
        Self { forms, letter }
    }

    /// Where a form that begins at a place ends.
    #[inline]
    fn end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        match self.letter {
            Some((bit, letter)) => (bytes.get(at).is_some_and(|byte| byte | bit == letter)).then_some(at + 1),
            None => self.forms.iter().find(|form| form.is_at(bytes, at)).map(|form| at + form.length),
        }
    }

    /// Where a form that ends at a place begins.
    fn begin(&self, bytes: &[u8], at: usize) -> Option<usize> {
        self.forms.iter().find_map(|form| at.checked_sub(form.length).filter(|&begin| form.is_at(bytes, begin)))
    }

    /// Whether all forms have the same number of bytes.
    fn is_even(&self) -> bool {
        self.forms.windows(2).all(|pair| pair[0].length == pair[1].length)
    }

    /// The fewest bytes that it takes.
    fn least(&self) -> usize {
        self.forms.iter().map(|form| form.length).min().unwrap_or(0)
    }
}

/// A form of a character in UTF-8, as a number, so that it is compared in one step.
#[derive(Debug, Clone, Copy)]
struct Form {
    bytes: [u8; 4],
    length: usize,
    /// Which bits of four bytes are its own.
    mask: u32,
}

impl Form {
    fn new(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        let mask = u32::from_le_bytes(std::array::from_fn(|at| if at < length { u8::MAX } else { 0 }));
        Self { bytes, length, mask }
    }

    /// Whether it stands at a place.
    #[inline]
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        match bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
            Some(four) => u32::from_le_bytes(*four) & self.mask == u32::from_le_bytes(self.bytes),
            None => bytes.get(at..).is_some_and(|rest| rest.starts_with(&self.bytes[..self.length])),
        }
    }
}

/// Two bytes, and the character from which on their places are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Anchor {
    character: usize,
    /// The fewest bytes that the characters before that one take.
    least_before: usize,
    pair: Pair,
}

impl Forms {
    /// A text whose characters have the forms that `forms` returns; `None` without characters.
    pub(super) fn new(text: &str, forms: impl Fn(char) -> Vec<char>) -> Option<Self> {
        let characters: Vec<Character> = text.chars().map(|c| Character::new(&forms(c))).collect();
        let middle = BUILT_IN.len() / 2;
        let known = Sample::of_bytes(&BUILT_IN.as_bytes()[middle..middle + KNOWN.min(BUILT_IN.len() - middle)]);
        Some(Self { anchor: best_anchor(&characters, &known)?, characters })
    }

    /// The best anchor for a search of these bytes.
    pub(super) fn anchor_for(&self, bytes: &[u8]) -> Anchor {
        best_anchor(&self.characters, &Sample::of(bytes)).unwrap_or(self.anchor)
    }

    /// The first place in some bytes, from one on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        self.find_by(&self.anchor, bytes, from)
    }

    /// The same by an anchor from [`Forms::anchor_for`].
    pub(super) fn find_by(&self, anchor: &Anchor, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        let (before, behind) = self.characters.split_at(anchor.character);
        anchor.pair.find_map(bytes, from + anchor.least_before, |at| {
            let end = behind.iter().try_fold(at, |at, character| character.end(bytes, at))?;
            let begin = before.iter().try_rfold(at, |at, character| character.begin(bytes, at))?;
            (begin >= from).then_some(begin..end)
        })
    }
}

/// These characters and all that differ from them in case only, by Unicode's simple case folding.
pub(super) fn in_either_case(chars: &[char]) -> Vec<char> {
    let mut class = ClassUnicode::new(chars.iter().map(|&c| ClassUnicodeRange::new(c, c)));
    // It fails only without its table, which Cargo.toml asks for.
    let _ = class.try_case_fold_simple();
    class.iter().flat_map(|range| range.start()..=range.end()).collect()
}

/// Bytes whose distances from each other are known, with how often each is in the sample.
struct Run {
    /// The character that they begin with, and the fewest bytes that those before it take.
    character: usize,
    least_before: usize,
    bytes: Vec<(usize, Byte)>,
}

/// The two bytes that occur together most rarely, of those whose distance from each other is known.
fn best_anchor(characters: &[Character], sample: &Sample<'_>) -> Option<Anchor> {
    let mut runs: Vec<Run> = Vec::new();
    let (mut begin, mut before) = (0, 0);
    while begin < characters.len() {
        // A run: characters whose forms are of one length, and one more, whose first byte's place is known.
        let even = characters[begin..].iter().take_while(|character| character.is_even()).count();
        let end = (begin + even + 1).min(characters.len());
        let mut run = Run { character: begin, least_before: before, bytes: Vec::new() };
        let mut offset = 0;
        for character in &characters[begin..end] {
            let known = if character.is_even() { character.least() } else { 1 };
            for at in 0..known {
                let mut values: Vec<u8> = character.forms.iter().map(|form| form.bytes[at]).collect();
                values.sort_unstable();
                values.dedup();
                run.bytes.push((sample.count(&values), Byte::new(offset + at, values.into_iter())));
            }
            offset += known;
        }
        run.bytes.sort_by_key(|(count, _)| *count);
        run.bytes.truncate(MOST_PAIRED);
        runs.push(run);
        before += characters[begin..end].iter().map(Character::least).sum::<usize>();
        begin = end;
    }
    // Counting pairs takes time: only those of the most promising runs are counted.
    runs.sort_by_cached_key(|run| run.bytes.iter().take(2).map(|(count, _)| count).product::<usize>());
    let anchors = runs.iter().take(MOST_RUNS).filter_map(|run| {
        let (pair, count) = sample.rarest(&run.bytes)?;
        Some((count, Anchor { character: run.character, least_before: run.least_before, pair }))
    });
    anchors.min_by_key(|(count, _)| *count).map(|(_, anchor)| anchor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

    fn find(text: &str, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        Forms::new(text, |c| in_either_case(&[c])).unwrap().find(bytes, from)
    }

    #[test]
    fn letters_in_any_case() {
        assert_eq!(find("Kiss", "a ki\u{17f}S".as_bytes(), 0), Some(2..7));
        assert_eq!(find("kiss", "\u{212a}iss kiss".as_bytes(), 1), Some(7..11));
        assert_eq!(find("ss", b"SsS", 1), Some(1..3));
        assert_eq!(find("\u{e9}t\u{e9}", "\u{c9}T\u{c9}".as_bytes(), 0), Some(0..5));
        assert_eq!((find("a", b"", 0), find("ab", b"a", 0), find("a", b"a", 1)), (None, None, None));
        assert!(Forms::new("", |c| vec![c]).is_none());
    }

    proptest! {
        /// Finds what a case-insensitive expression finds, whichever bytes are looked for first.
        #[test]
        fn finds_what_an_expression_finds(
            pieces in proptest::collection::vec("[aAkKsS\u{212a}\u{17f}eé\u{df}\u{1e9e}苹蘋果0 ]{1,9}|[x苹]{20,70}", 0..8),
            text in "[akKsS\u{212a}\u{17f}eÉ\u{df}苹0 ]{1,4}",
            other in "[akse苹0 ]{1,40}",
            from in 0usize..20,
        ) {
            let bytes = pieces.concat().into_bytes();
            let forms = |c: char| in_either_case(if c == '苹' { &['苹', '蘋'] } else { std::slice::from_ref(&c) });
            let search = Forms::new(&text, forms).unwrap();
            let expression = regex::escape(&text).replace('苹', "[苹蘋]");
            let expression = RegexBuilder::new(&expression).case_insensitive(true).build().unwrap();
            let from = from.min(bytes.len());
            let expected = expression.find_at(&bytes, from).map(|found| found.range());
            prop_assert_eq!(search.find(&bytes, from), expected.clone());
            for sample in [other.as_bytes(), &bytes] {
                let anchor = search.anchor_for(sample);
                prop_assert_eq!(search.find_by(&anchor, &bytes, from), expected.clone(), "{:?}", anchor);
            }
        }
    }
}
