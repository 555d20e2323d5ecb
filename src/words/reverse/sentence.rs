//! The words of a Chinese sentence: its longest pieces that are the meaning of some headword.

use super::hit::Hit;
use super::needle::Rank;
use super::scripts::{is_chinese, simplified};
use super::senses::{head, senses};
use std::collections::HashMap;

/// The most headwords of one piece.
pub(super) const MOST_OF_SEGMENT: usize = 4;
/// The longest sentence that is taken apart, and the longest piece, in characters.
const MOST_CHARS: usize = 64;
const MOST_OF_PIECE: usize = 8;

/// The pieces of a sentence that may be words.
#[derive(Debug)]
pub(super) struct Segments {
    /// Its Chinese characters, simplified; `None` for anything between them.
    chars: Vec<Option<char>>,
    numbers: HashMap<String, usize>,
}

impl Segments {
    /// The pieces of a text that holds more than one Chinese character.
    pub(super) fn new(text: &str) -> Option<Self> {
        let own: Vec<char> = text.chars().take(MOST_CHARS).collect();
        let chars: Vec<Option<char>> = own.iter().map(|&c| is_chinese(c).then(|| simplified(c))).collect();
        if chars.iter().flatten().count() < 2 {
            return None;
        }
        let mut numbers = HashMap::new();
        for from in 0..chars.len() {
            for length in 1..=MOST_OF_PIECE.min(chars.len() - from) {
                let Some(piece) = chars[from..from + length].iter().copied().collect::<Option<String>>() else { break };
                let next = numbers.len();
                let number = *numbers.entry(piece).or_insert(next);
                // The piece as typed leads to the same number.
                numbers.entry(own[from..from + length].iter().collect()).or_insert(number);
            }
        }
        Some(Self { chars, numbers })
    }

    /// How many pieces there are at most.
    pub(super) fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The pieces, each with its beginnings.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.numbers.keys().map(String::as_str)
    }

    /// Passes to `found` each piece that is a sense of an article, and how well it fits.
    pub(super) fn of_article(&self, headword: &str, article: &str, mut found: impl FnMut(usize, Rank)) {
        if head(article).is_some_and(|head| head.word != headword) {
            return;
        }
        senses(article, |sense| {
            if !sense.is_example
                && let Some(&number) = self.numbers.get(&*sense.text)
            {
                found(number, Rank::of_word(headword, article, &sense));
            }
            None::<()>
        });
    }

    /// The headwords of the longest pieces from left to right: those of longer pieces first, the best of each before the
    /// second best of any.
    pub(super) fn in_order(&self, of_segments: Vec<Vec<Hit>>, most: usize) -> Vec<Hit> {
        let mut pieces: Vec<(usize, &[Hit])> = Vec::new();
        let mut from = 0;
        while from < self.chars.len() {
            let longest = MOST_OF_PIECE.min(self.chars.len() - from);
            let piece = (1..=longest).rev().find_map(|length| {
                let text = self.chars[from..from + length].iter().copied().collect::<Option<String>>()?;
                let hits = of_segments.get(*self.numbers.get(&text)?).filter(|hits| !hits.is_empty())?;
                Some((length, hits.as_slice()))
            });
            pieces.extend(piece);
            from += piece.map_or(1, |(length, _)| length);
        }
        pieces.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
        let mut hits: Vec<Hit> = Vec::new();
        for at in 0..MOST_OF_SEGMENT {
            for hit in pieces.iter().filter_map(|(_, of_piece)| of_piece.get(at)) {
                if hits.len() < most && !hits.contains(hit) {
                    hits.push(hit.clone());
                }
            }
        }
        hits
    }
}
