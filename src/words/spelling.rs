//! Spellings near a text: a sorted list of words is walked as a trie, with one row of the edit-distance table for each
//! letter, and without the branches that can't lead to a near spelling. The work is bounded.

mod bits;
mod rows;
mod table;

pub use table::FARTHEST;

use bits::Bits;
use rows::Rows;
use table::Table;

/// The most branches that are looked at for one text, whatever the dictionary: some milliseconds.
const MOST_BRANCHES: u32 = 150_000;

/// Words in ascending order, byte by byte, by number.
pub trait SortedWords {
    /// How many there are.
    fn count(&self) -> usize;
    /// The word of a number below [`SortedWords::count`].
    fn word(&self, at: usize) -> &[u8];
}

/// How far a spelling may be from a text, by its number of letters: any two words of two letters are at distance two, so for
/// short texts that would mean nothing.
pub fn farthest_for(letters: usize) -> u8 {
    match letters {
        0..=1 => 0,
        2..=3 => 1,
        _ => FARTHEST,
    }
}

/// The edit distance of two texts, up to `most`: insertions, deletions, replacements, and transpositions of neighbours
/// (optimal string alignment).
pub fn distance(left: &[char], right: &[char], most: u8) -> Option<u8> {
    let mut rows = Rows::new(left);
    for &letter in right {
        if !rows.push(letter, most) {
            return None;
        }
    }
    rows.distance(most)
}

/// Passes to `found` the number and the distance of each word that is no farther than `most` from `text`.
pub fn near(words: &impl SortedWords, text: &[char], most: u8, mut found: impl FnMut(usize, u8)) {
    match Bits::new(text, most) {
        Some(table) => walk(words, most, table, &mut found),
        None => walk(words, most, Rows::new(text), &mut found),
    }
}

fn walk(words: &impl SortedWords, most: u8, table: impl Table, found: &mut impl FnMut(usize, u8)) {
    let mut walk = Walk { words, most, table, branches: MOST_BRANCHES, found };
    if words.count() > 0 {
        walk.branch(0, words.count(), 0, words.word(0));
    }
}

struct Walk<'a, W, T, F> {
    words: &'a W,
    most: u8,
    table: T,
    branches: u32,
    found: &'a mut F,
}

impl<'a, W: SortedWords, T: Table, F: FnMut(usize, u8)> Walk<'a, W, T, F> {
    /// Words `begin..end` share their first `depth` bytes, which are in the table; `word` is the first of them. The recursion
    /// is as deep as a headword is long, no deeper.
    fn branch(&mut self, mut begin: usize, end: usize, depth: usize, mut word: &'a [u8]) {
        if begin + 1 == end {
            return self.twig(begin, depth, word);
        }
        // Two headwords may have the same lower case.
        while word.len() == depth {
            if let Some(distance) = self.table.distance(self.most) {
                (self.found)(begin, distance);
            }
            begin += 1;
            if begin == end {
                return;
            }
            word = self.words.word(begin);
        }
        while self.branches > 0 {
            self.branches -= 1;
            let Some((letter, size)) = first_letter(word.get(depth..).unwrap_or_default()) else { return };
            let (after, next) = self.end_of(begin, end, depth, &word[..depth + size]);
            if self.table.push(letter, self.most) {
                self.branch(begin, after, depth + size, word);
            }
            self.table.pop(1);
            if after == end {
                return;
            }
            begin = after;
            word = next.unwrap_or_else(|| self.words.word(after));
        }
    }

    /// As [`Walk::branch`] where there is one word only, so that nothing has to be searched.
    fn twig(&mut self, at: usize, depth: usize, word: &[u8]) {
        let mut rest = word.get(depth..).unwrap_or_default();
        let mut pushed = 0;
        let mut may_be_near = true;
        while may_be_near && let Some((letter, size)) = first_letter(rest).filter(|_| self.branches > 0) {
            self.branches -= 1;
            may_be_near = self.table.push(letter, self.most);
            pushed += 1;
            rest = &rest[size..];
        }
        if may_be_near
            && rest.is_empty()
            && let Some(distance) = self.table.distance(self.most)
        {
            (self.found)(at, distance);
        }
        self.table.pop(pushed);
    }

    /// The first word from `begin` that does not begin with `shared`, whose first `depth` bytes all words have; and
    /// that word, if it was looked at last. By doubling steps, then halves.
    fn end_of(&self, begin: usize, end: usize, depth: usize, shared: &[u8]) -> (usize, Option<&'a [u8]>) {
        let words = self.words;
        let goes_on = |word: &[u8]| match &shared[depth..] {
            [letter] => word.get(depth) == Some(letter),
            letter => word.get(depth..shared.len()) == Some(letter),
        };
        if begin + 1 < end {
            let next = words.word(begin + 1);
            if !goes_on(next) {
                return (begin + 1, Some(next));
            }
        }
        let (mut known, mut step) = (begin, 1);
        while known + step < end && goes_on(words.word(known + step)) {
            known += step;
            step *= 2;
        }
        let (mut low, mut high) = (known + 1, end.min(known + step));
        while low < high {
            let middle = low + (high - low) / 2;
            if goes_on(words.word(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low, None)
    }
}

/// The first letter of valid UTF-8, and its size in bytes.
fn first_letter(bytes: &[u8]) -> Option<(char, usize)> {
    let size = match bytes.first()? {
        0..=0x7f => return Some((char::from(bytes[0]), 1)),
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let letter = std::str::from_utf8(bytes.get(..size)?).ok()?.chars().next()?;
    Some((letter, size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl SortedWords for Vec<String> {
        fn count(&self) -> usize {
            self.len()
        }
        fn word(&self, at: usize) -> &[u8] {
            self[at].as_bytes()
        }
    }

    /// The definition: the whole table.
    fn naive(left: &[char], right: &[char]) -> usize {
        let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
        for i in 0..=left.len() {
            for j in 0..=right.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let replaced = table[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
                    let mut cell = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                        cell = cell.min(table[i - 2][j - 2] + 1);
                    }
                    cell
                };
            }
        }
        table[left.len()][right.len()]
    }

    proptest! {
        #[test]
        fn finds_all_that_a_linear_search_finds(words in proptest::collection::btree_set("[abcé词]{0,7}", 0..60), text in "[abcé词]{0,7}", most in 0u8..3) {
            let words: Vec<String> = words.into_iter().collect();
            let text: Vec<char> = text.chars().collect();
            let mut found = Vec::new();
            near(&words, &text, most, |at, distance| found.push((at, distance)));
            let letters: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
            let expected: Vec<(usize, u8)> = letters.iter().enumerate()
                .map(|(at, word)| (at, u8::try_from(naive(&text, word)).unwrap()))
                .filter(|(_, distance)| *distance <= most).collect();
            prop_assert_eq!(found, expected.clone());
            for (at, word) in letters.iter().enumerate() {
                let expected = expected.iter().find(|(found, _)| *found == at).map(|(_, distance)| *distance);
                prop_assert_eq!(distance(&text, word, most), expected);
            }
        }
    }
}
