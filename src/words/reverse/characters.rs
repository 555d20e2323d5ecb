//! The index of Chinese characters: which entries have a character, and the best rank that it can have in each of them.
//!
//! A directory has a pair of numbers for each code, sorted: the code, and where its list begins; a last pair says where
//! the last list ends. A code is that of a character, or the [hash of a reading](reading_code). A list has a number for
//! each entry, in order: the distance from the entry before it, times eight, plus its [`Class`]. A number is written
//! with seven bits in a byte, the lowest first; the eighth bit says that more follow.
//!
//! Articles that only refer to a headword of their own (see [`head`]) are not in the index.

use super::pinyin::letters;
use super::scripts::is_chinese;
use super::senses::{MOST_OF_ARTICLE, head, may_have_head, rest_of_line};
use crate::words::fields::is_example;
use std::collections::HashMap;

/// Codes below this one are characters.
const READINGS: u32 = 1 << 31;
/// How many characters there may be: the last plane that has any ends here.
const CHARACTERS: usize = 0x4_0000;

/// A character's best standing in an article, best first. A search for a single character ranks by it, except within a
/// class. It depends only on the characters next to it: taking every article apart would make a load last too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// No other Chinese character is next to it: it may be a whole sense.
    Alone,
    /// It is one of two in a row, so a sense that has it has two characters at least.
    OfTwo,
    /// One of three.
    OfThree,
    /// One of four or five.
    OfFour,
    /// One of six or more.
    OfSix,
    /// It is in an example only, or in the head of an article.
    Elsewhere,
}

impl Class {
    /// All of them, best first: a list has their places here.
    pub(super) const ALL: [Self; 6] =
        [Self::Alone, Self::OfTwo, Self::OfThree, Self::OfFour, Self::OfSix, Self::Elsewhere];

    fn of_run(length: usize) -> Self {
        match length {
            0 | 1 => Self::Alone,
            2 => Self::OfTwo,
            3 => Self::OfThree,
            4 | 5 => Self::OfFour,
            _ => Self::OfSix,
        }
    }
}

/// Makes the index, entry by entry.
pub(in super::super) struct Builder {
    /// For each character the place of its list, plus one; 0 if it has none.
    places: Vec<u32>,
    readings: HashMap<u32, u32>,
    lists: Vec<List>,
    /// For each list the class that the entry is to be noted with; [`NOT_YET`], if it is in none.
    classes: Vec<u8>,
    /// The lists that have a class.
    touched: Vec<u32>,
    /// Characters in a row.
    run: Vec<char>,
}

/// In place of a class.
const NOT_YET: u8 = u8::MAX;

struct List {
    code: u32,
    /// The number of the last noted entry, plus one.
    after: u32,
    bytes: Vec<u8>,
}

impl Builder {
    /// An empty builder.
    pub(in super::super) fn new() -> Self {
        Self {
            places: vec![0; CHARACTERS],
            readings: HashMap::new(),
            lists: Vec::new(),
            classes: Vec::new(),
            touched: Vec::new(),
            run: Vec::new(),
        }
    }

    /// Takes in one article of the entry that [`Builder::end_entry`] ends.
    pub(in super::super) fn article(&mut self, headword: &str, article: &str) {
        // All Chinese characters begin with such bytes.
        if !article.bytes().any(may_have_head) {
            return;
        }
        let mut rest = article;
        if let Some(head) = head(article) {
            if head.word != headword {
                return;
            }
            self.note_reading(head.reading);
            self.note_all(&article[..article.len() - head.rest.len()], Class::Elsewhere);
            rest = head.rest;
        }
        let is_taken_whole = article.len() <= MOST_OF_ARTICLE;
        while !rest.is_empty() {
            let (line, next, _) = rest_of_line(rest);
            if is_example(line) {
                self.note_all(line, Class::Elsewhere);
            } else if is_taken_whole {
                self.note_runs(line);
            } else {
                // A line that is cut in two may be anything.
                self.note_all(line, Class::Alone);
            }
            rest = next;
        }
    }

    fn note_runs(&mut self, line: &str) {
        let mut run = std::mem::take(&mut self.run);
        let mut rest = line;
        loop {
            // Most of an article is letters: they are passed in one step.
            let letters = rest.bytes().position(|byte| byte >= 0x80).unwrap_or(rest.len());
            if letters > 0 {
                self.end_run(&mut run);
                rest = &rest[letters..];
            }
            let mut chars = rest.chars();
            let Some(c) = chars.next() else { break };
            if is_chinese(c) {
                run.push(c);
            } else {
                self.end_run(&mut run);
            }
            rest = chars.as_str();
        }
        self.end_run(&mut run);
        self.run = run;
    }

    #[inline]
    fn end_run(&mut self, run: &mut Vec<char>) {
        if !run.is_empty() {
            let class = Class::of_run(run.len());
            run.drain(..).for_each(|c| self.note(c, class));
        }
    }

    fn note_all(&mut self, text: &str, class: Class) {
        text.chars().filter(|c| is_chinese(*c)).for_each(|c| self.note(c, class));
    }

    /// Ends the entry with this number. Entries come in order.
    pub(in super::super) fn end_entry(&mut self, entry: u32) {
        for list in self.touched.drain(..) {
            let class = std::mem::replace(&mut self.classes[list as usize], NOT_YET);
            self.lists[list as usize].push(entry, class);
        }
    }

    fn note(&mut self, c: char, class: Class) {
        let code = u32::from(c);
        let Some(&place) = self.places.get(code as usize) else { return };
        let list = if place == 0 {
            let list = self.new_list(code);
            self.places[code as usize] = list + 1;
            list
        } else {
            place - 1
        };
        self.note_in(list, class);
    }

    fn note_reading(&mut self, reading: &str) {
        let code = reading_code(&letters(reading));
        let list = match self.readings.get(&code) {
            Some(&list) => list,
            None => {
                let list = self.new_list(code);
                self.readings.insert(code, list);
                list
            }
        };
        self.note_in(list, Class::Alone);
    }

    /// The number of a new list. There are fewer lists than codes.
    fn new_list(&mut self, code: u32) -> u32 {
        self.lists.push(List { code, after: 0, bytes: Vec::new() });
        self.classes.push(NOT_YET);
        u32::try_from(self.lists.len() - 1).unwrap_or(u32::MAX)
    }

    fn note_in(&mut self, list: u32, class: Class) {
        let noted = &mut self.classes[list as usize];
        if *noted == NOT_YET {
            self.touched.push(list);
        }
        *noted = (*noted).min(class as u8);
    }

    /// The lists, by code.
    pub(in super::super) fn finish(self) -> Lists {
        let mut lists: Vec<(u32, Vec<u8>)> = self.lists.into_iter().map(|list| (list.code, list.bytes)).collect();
        lists.sort_unstable_by_key(|(code, _)| *code);
        Lists(lists)
    }
}

/// The lists that [`Builder`] has made.
pub(in super::super) struct Lists(Vec<(u32, Vec<u8>)>);

impl Lists {
    /// How many lists there are.
    pub(in super::super) fn count(&self) -> usize {
        self.0.len()
    }

    /// The code of each, and its bytes, in order.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.0.iter().map(|(code, bytes)| (*code as usize, bytes.as_slice()))
    }
}

impl List {
    fn push(&mut self, entry: u32, class: u8) {
        let mut number = u64::from(entry - self.after) << 3 | u64::from(class);
        self.after = entry + 1;
        if (0x80..0x4000).contains(&number) {
            // As below, in one step: most numbers are this long.
            self.bytes.extend_from_slice(&[(number & 0x7f) as u8 | 0x80, (number >> 7) as u8]);
            return;
        }
        while number > 0x7f {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

/// The code that a reading's entries are listed under: a hash of its letters without tones, which others may share.
pub(super) fn reading_code(letters: &str) -> u32 {
    let bytes = letters.chars().map(|c| if c == 'ü' { 'u' } else { c });
    // FNV-1a.
    bytes.fold(0x811c_9dc5_u32, |hash, c| (hash ^ u32::from(c)).wrapping_mul(0x0100_0193)) | READINGS
}

/// The index in an image.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Characters<'a> {
    directory: &'a [u8],
    lists: &'a [u8],
}

/// The entries of a list, and the class of the character in each.
#[derive(Debug, Clone)]
pub(super) struct Entries<'a> {
    bytes: std::slice::Iter<'a, u8>,
    next: usize,
}

impl<'a> Characters<'a> {
    /// The index over the directory and the lists.
    pub(in super::super) fn new(directory: &'a [u8], lists: &'a [u8]) -> Self {
        Self { directory, lists }
    }

    /// The entries that have a character.
    pub(super) fn entries(&self, c: char) -> Entries<'a> {
        self.of_code(u32::from(c))
    }

    /// The entries that may have a reading of these letters.
    pub(super) fn read(&self, letters: &str) -> Entries<'a> {
        self.of_code(reading_code(letters))
    }

    fn pair(&self, at: usize) -> Option<(u32, u32)> {
        let (code, rest) = self.directory.get(8 * at..)?.split_first_chunk::<4>()?;
        Some((u32::from_ne_bytes(*code), u32::from_ne_bytes(*rest.first_chunk::<4>()?)))
    }

    fn of_code(&self, code: u32) -> Entries<'a> {
        let (mut low, mut high) = (0, (self.directory.len() / 8).saturating_sub(1));
        while low < high {
            let middle = low + (high - low) / 2;
            if self.pair(middle).is_some_and(|(other, _)| other < code) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let list = || {
            let (_, begin) = self.pair(low).filter(|(other, _)| *other == code)?;
            let (_, end) = self.pair(low + 1)?;
            self.lists.get(begin as usize..end as usize)
        };
        Entries { bytes: list().unwrap_or_default().iter(), next: 0 }
    }
}

impl Entries<'_> {
    /// A measure of how many there are.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }
}

impl Iterator for Entries<'_> {
    type Item = (usize, Class);

    fn next(&mut self) -> Option<Self::Item> {
        let mut number = 0_u64;
        let mut shift = 0;
        loop {
            let byte = *self.bytes.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
            shift += 7;
            if shift > 35 {
                // Not a number of our index.
                return None;
            }
        }
        let entry = self.next + usize::try_from(number >> 3).ok()?;
        self.next = entry + 1;
        Some((entry, *Class::ALL.get(usize::try_from(number & 7).ok()?)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_characters_are_to_articles() {
        let articles = [
            ("apple", r"n. 苹果; 果\n» 一个。"),
            ("pome", "n. 梨果 (如苹果)"),
            ("苹果", "苹果 [苹果/蘋果] píng guǒ apple; CL:個"),
            ("pingguo", "苹果 [苹果/蘋果] píng guǒ apple"),
            ("x", "n. x"),
            ("y", "v. 一二三四五六果"),
        ];
        let mut builder = Builder::new();
        for (at, (headword, article)) in articles.iter().enumerate() {
            builder.article(headword, article);
            builder.end_entry(u32::try_from(at * 1_000).unwrap());
        }
        let lists = builder.finish();
        let (mut directory, mut bytes) = (Vec::new(), Vec::new());
        for (code, list) in lists.iter() {
            directory.extend_from_slice(&u32::try_from(code).unwrap().to_ne_bytes());
            directory.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_ne_bytes());
            bytes.extend_from_slice(list);
        }
        directory.extend_from_slice(&u32::MAX.to_ne_bytes());
        directory.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_ne_bytes());
        let characters = Characters::new(&directory, &bytes);
        let found = |c: char| characters.entries(c).collect::<Vec<_>>();
        use Class::{Alone, Elsewhere, OfSix, OfThree, OfTwo};
        assert_eq!(found('果'), [(0, Alone), (1_000, OfTwo), (2_000, Elsewhere), (5_000, OfSix)]);
        assert_eq!(found('苹'), [(0, OfTwo), (1_000, OfThree), (2_000, Elsewhere)]);
        assert_eq!(found('個'), [(2_000, Alone)]);
        assert_eq!(found('一'), [(0, Elsewhere), (5_000, OfSix)]);
        assert_eq!(found('x'), []);
        assert_eq!(characters.read("pingguo").collect::<Vec<_>>(), [(2_000, Alone)]);
        assert_eq!(characters.read("ping").count(), 0);
        // Nothing that is not an index makes it panic.
        for cut in 0..directory.len() {
            let _ = Characters::new(&directory[..cut], &bytes).entries('果').count();
            let _ = Characters::new(&directory, &bytes[..cut.min(bytes.len())]).entries('果').count();
        }
    }
}
