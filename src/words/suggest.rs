//! Suggestions for what was meant: headwords that begin with a text, then likely spellings. Their order is decided
//! here, for the file's dictionary and for table `words` alike.

use super::fold;
use super::parse::MAX_HEADWORD_CHARS;
use super::spelling::{distance, farthest_for};

/// How long a text with a headword at distance one can be: lower case makes two letters of one at the most.
const LONGEST: usize = 2 * MAX_HEADWORD_CHARS + 1;

/// A headword that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    rank: Rank,
    /// As the dictionary spells it.
    pub headword: String,
}

/// Smaller is better: completions before spellings, near before far, what hands and ears mistake most before the rest,
/// the same first letter before another, about as long before longer and shorter, plain before capital, and at last
/// byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Letters that are doubled, or should be, count as one mistake, however many.
    distance: u8,
    /// Neither the same except for doubled letters nor the same letters in another order.
    unlike: bool,
    other_first_letter: bool,
    other_length: usize,
    capital: bool,
}

/// Collects candidates for one text and keeps the best.
#[derive(Debug)]
pub struct Suggestions {
    lower: Vec<char>,
    /// The same letters in order, to see whether another word has them too.
    sorted: Vec<char>,
    /// The same with doubled letters written once.
    single: Vec<char>,
    most: usize,
    best: Vec<Candidate>,
}

impl Suggestions {
    /// An empty collection, for at most `most` headwords.
    pub fn new(text: &str, most: usize) -> Self {
        let lower: Vec<char> = fold(text).chars().collect();
        let mut sorted = lower.clone();
        sorted.sort_unstable();
        let mut single = lower.clone();
        single.dedup();
        Self { lower, sorted, single, most, best: Vec::new() }
    }

    /// The text in lower case, by letters.
    pub fn lower(&self) -> &[char] {
        &self.lower
    }

    /// A headword that the text begins.
    pub fn completion(&mut self, headword: &str) {
        let other_length = headword.chars().count().abs_diff(self.lower.len());
        self.add(headword, Rank { other_length, capital: fold(headword) != headword, ..Rank::default() });
    }

    /// A headword that the text folds to: what was meant, and first of all.
    pub fn folded(&mut self, headword: &str) {
        self.add(headword, Rank { capital: fold(headword) != headword, ..Rank::default() });
    }

    /// A headword that sounds as the text is written.
    pub fn alike(&mut self, headword: &str) {
        let capital = fold(headword) != headword;
        let other_length = headword.chars().count().abs_diff(self.lower.len());
        self.add(headword, Rank { distance: 1, unlike: false, other_first_letter: false, other_length, capital });
    }

    /// A headword at a distance from the text.
    pub fn spelling(&mut self, headword: &str, distance: u8) {
        let folded = fold(headword);
        let letters: Vec<char> = folded.chars().collect();
        let other_first_letter = letters.first() != self.lower.first();
        let other_length = letters.len().abs_diff(self.lower.len());
        let mut single = letters.clone();
        single.dedup();
        let doubled = single == self.single;
        let mut sorted = letters;
        sorted.sort_unstable();
        // A completion's rank has distance 0: spellings come after all of those.
        // Letters in another order are one mistake, too, wherever they have gone.
        let shuffled = sorted == self.sorted;
        let distance = if doubled || shuffled { 1 } else { distance.max(1) };
        let unlike = !doubled && !shuffled;
        let capital = folded != headword;
        self.add(headword, Rank { distance, unlike, other_first_letter, other_length, capital });
    }

    /// A headword that the text may be derived from, however far away it is spelled.
    pub fn derivation(&mut self, headword: &str) {
        let capital = fold(headword) != headword;
        self.add(headword, Rank { distance: 1, unlike: true, other_first_letter: false, other_length: 1, capital });
    }

    /// A headword whose distance is not known; taken if it is near.
    pub fn perhaps(&mut self, headword: &str) {
        let letters: Vec<char> = fold(headword).chars().collect();
        if letters.starts_with(&self.lower) {
            self.completion(headword);
        } else if let Some(distance) = distance(&self.lower, &letters, farthest_for(self.lower.len())) {
            self.spelling(headword, distance);
        }
    }

    /// Whether no spelling can be among the best any more.
    pub fn are_full_of_completions(&self) -> bool {
        self.best.len() >= self.most && self.best.last().is_none_or(|last| last.rank.distance == 0)
    }

    /// The best, in their order.
    pub fn into_headwords(self) -> Vec<String> {
        self.best.into_iter().map(|candidate| candidate.headword).collect()
    }

    fn add(&mut self, headword: &str, rank: Rank) {
        let candidate = (&rank, headword);
        let at = self.best.partition_point(|other| (&other.rank, other.headword.as_str()) < candidate);
        if at >= self.most {
            return;
        }
        if let Some(other) = self.best.iter().position(|other| other.headword == headword) {
            if other < at {
                return;
            }
            self.best.remove(other);
        }
        self.best.insert(at, Candidate { rank, headword: headword.to_owned() });
        self.best.truncate(self.most);
    }
}

/// Every text at distance one from `lower`, with the letters a to z: table `words` is queried for these, because it has
/// an index but no walk. Empty for a text that is longer than any headword in lower case: a request line has room for a
/// thousand letters, and their neighbours would take 50 MiB.
pub fn neighbours(lower: &[char]) -> Vec<String> {
    if lower.len() > LONGEST {
        return Vec::new();
    }
    let mut found = std::collections::BTreeSet::new();
    let letters = 'a'..='z';
    for at in 0..=lower.len() {
        let (before, after) = lower.split_at(at);
        let text = |middle: &[char], after: &[char]| before.iter().chain(middle).chain(after).collect::<String>();
        for letter in letters.clone() {
            found.insert(text(&[letter], after));
        }
        if let [first, rest @ ..] = after {
            found.insert(text(&[], rest));
            for letter in letters.clone() {
                found.insert(text(&[letter], rest));
            }
            if let [second, rest @ ..] = rest {
                found.insert(text(&[*second, *first], rest));
            }
        }
    }
    found.remove(&lower.iter().collect::<String>());
    found.remove("");
    found.into_iter().collect()
}

/// Every text with one letter moved farther than to the next place (`yatch`): for table `words`, as [`neighbours`].
/// Empty for a long text, which would have hundreds.
pub fn moves(lower: &[char]) -> Vec<String> {
    const LONGEST_MOVED: usize = 14;
    if lower.len() > LONGEST_MOVED {
        return Vec::new();
    }
    let mut found = std::collections::BTreeSet::new();
    for from in 0..lower.len() {
        for to in (0..lower.len()).filter(|to| to.abs_diff(from) > 1) {
            let mut letters = lower.to_vec();
            let letter = letters.remove(from);
            letters.insert(to, letter);
            found.insert(letters.into_iter().collect::<String>());
        }
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completions_first_then_near_spellings() {
        let mut suggestions = Suggestions::new("Appl", 6);
        for headword in
            ["apply", "apple", "apple pie", "maple", "ape", "apply", "Apple", "appal", "zebra", "opal", "application"]
        {
            suggestions.perhaps(headword);
        }
        let expected = ["apple", "apply", "Apple", "apple pie", "application", "appal"];
        assert_eq!(suggestions.into_headwords(), expected);
    }

    #[test]
    fn letters_that_were_swapped_come_first() {
        let mut suggestions = Suggestions::new("wrod", 3);
        for headword in ["wood", "rod", "word", "prod", "wold"] {
            suggestions.perhaps(headword);
        }
        assert_eq!(suggestions.into_headwords(), ["word", "wood", "prod"]);
        let mut suggestions = Suggestions::new("paple", 3);
        for headword in ["papule", "pale", "apple", "maple", "people"] {
            suggestions.perhaps(headword);
        }
        assert_eq!(suggestions.into_headwords(), ["apple", "pale", "papule"]);
    }

    #[test]
    fn doubled_letters_are_mistaken_most() {
        let best = |text: &str, headwords: &[&str]| {
            let mut suggestions = Suggestions::new(text, 10);
            headwords.iter().for_each(|headword| suggestions.perhaps(headword));
            suggestions.into_headwords()
        };
        let near = ["ape", "able", "ample", "maple", "axle", "ale", "Apple", "apple", "apples"];
        let expected = ["apple", "Apple", "able", "axle", "ale", "ample", "ape", "maple", "apples"];
        assert_eq!(best("aple", &near), expected);
        assert_eq!(best("bannana", &["banana", "bandana", "cannana"])[0], "banana");
        // Two of them are one mistake.
        assert_eq!(best("acomodate", &["acomodated", "accommodate"])[1], "accommodate");
        assert_eq!(best("acomodate", &["accommodate", "acomodats"])[0], "accommodate");
        // In capitals, too, and not for a completion.
        assert_eq!(best("ADRESS", &["adders", "address", "adress book"]), ["adress book", "address", "adders"]);
    }

    #[test]
    fn a_letter_that_moved() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert!(moves(&letters("yatch")).contains(&"yacht".to_owned()));
        assert_eq!(moves(&letters("ab")), [""; 0]);
        assert_eq!(moves(&letters(&"x".repeat(15))), [""; 0]);
        assert!(moves(&letters("abcdefghijklmn")).len() < 200);
    }

    #[test]
    fn neighbours_are_all_at_distance_one() {
        let lower: Vec<char> = "wrod".chars().collect();
        let all = neighbours(&lower);
        assert!(
            all.contains(&"word".to_owned()) && all.contains(&"rod".to_owned()) && all.contains(&"wrold".to_owned())
        );
        for neighbour in &all {
            let letters: Vec<char> = neighbour.chars().collect();
            assert_eq!(distance(&lower, &letters, 2), Some(1), "{neighbour}");
        }
    }
}
