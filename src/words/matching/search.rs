//! The walk over a dictionary for a pattern.

use super::super::dictionary::Dictionary;
use super::super::fold::fold;
use super::super::selected::has_any;
use super::super::spelling::farthest_for;
use super::{Matches, Pattern, Range};

/// How many headwords are looked at between two calls of `goes_on`.
const AT_ONCE: usize = 1_024;
/// How many headwords ahead memory is asked for: a few thousand bytes.
const AHEAD: usize = 64;

impl<B: AsRef<[u8]>> Dictionary<B> {
    /// The headwords that match, at most `most`. Nearest first for spellings, else in the order of their lower case or
    /// in byte order. `goes_on` is called from time to time, and ends the walk when it returns `false`. Only headwords
    /// of the dictionaries with these names; without names, of all.
    pub fn headwords_matching(
        &self,
        pattern: &Pattern,
        most: usize,
        wanted: &[String],
        mut goes_on: impl FnMut() -> bool,
    ) -> Matches {
        let takes = |at: usize| {
            wanted.is_empty() || self.entry(at).is_some_and(|entry| has_any(entry.interpret, self.names(), wanted))
        };
        match pattern.range() {
            Range::Equal { lower, first } => {
                let mut headwords = self.beginning(lower, usize::MAX, |folded| folded == lower.as_bytes(), takes);
                headwords.sort_by_key(|headword| headword != first);
                headwords.truncate(most);
                Matches { headwords, unfinished: false }
            }
            Range::Beginning { prefix, skip, count } => {
                let most = most.min(count);
                let end = skip.saturating_add(most);
                let found = self.beginning(prefix, end, |folded| folded.starts_with(prefix.as_bytes()), takes);
                Matches { headwords: found.into_iter().skip(skip).take(most).collect(), unfinished: false }
            }
            Range::Near(letters) => {
                let mut near: Vec<String> = Vec::new();
                self.near(letters, farthest_for(letters.len()), |headword, _| near.push(headword.to_owned()));
                near.retain(|headword| {
                    let entry = self.find_exactly(headword);
                    wanted.is_empty() || entry.is_some_and(|entry| has_any(entry.interpret, self.names(), wanted))
                });
                Matches { headwords: pattern.nearest(near.iter().map(String::as_str), most), unfinished: false }
            }
            Range::All => {
                let mut matches = Matches::default();
                for at in 0..self.headwords() {
                    if matches.headwords.len() == most {
                        break;
                    }
                    self.prefetch(at + AHEAD);
                    if at % AT_ONCE == AT_ONCE - 1 && !goes_on() {
                        matches.unfinished = true;
                        break;
                    }
                    let Some(bytes) = self.headword_bytes(at) else { continue };
                    // Most headwords are their own lower case, and need no memory for it.
                    let is_plain =
                        bytes.iter().fold(true, |plain, byte| plain & byte.is_ascii() & !byte.is_ascii_uppercase());
                    if is_plain && !pattern.glance.allows(bytes) {
                        continue;
                    }
                    let Some(headword) = self.headword(at) else { continue };
                    let found = if is_plain {
                        pattern.matches(headword, headword)
                    } else {
                        pattern.matches(headword, &fold(headword))
                    };
                    if found && takes(at) {
                        matches.headwords.push(headword.to_owned());
                    }
                }
                matches
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Dictionary, fold, image, parse};
    use super::super::{Pattern, Strategy};
    use proptest::prelude::*;

    fn dictionary(headwords: &[String]) -> Dictionary<Vec<u8>> {
        let text: String = headwords.iter().map(|headword| format!("{headword}\tn. x\n")).collect();
        Dictionary::open(image(&parse(text.as_bytes()).unwrap()).unwrap()).unwrap()
    }

    fn find(dictionary: &Dictionary<Vec<u8>>, strategy: Strategy, text: &str, most: usize) -> Vec<String> {
        dictionary.headwords_matching(&Pattern::new(strategy, text).unwrap(), most, &[], || true).headwords
    }

    /// What is found is what a linear search of the words finds.
    fn assert_as_linear(dictionary: &Dictionary<Vec<u8>>, words: &[String], pattern: &Pattern) {
        let mut expected: Vec<&String> = words.iter().filter(|word| pattern.matches(word, &fold(word))).collect();
        let found = dictionary.headwords_matching(pattern, usize::MAX, &[], || true).headwords;
        let mut found: Vec<&String> = found.iter().collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{pattern:?}");
    }

    #[test]
    fn pages_of_a_prefix() {
        let words = ["apple", "Apple", "APT", "apt", "bat"].map(str::to_owned);
        let dictionary = dictionary(&words);
        assert_eq!(find(&dictionary, Strategy::Prefix, "AP", 10), ["Apple", "apple", "APT", "apt"]);
        assert_eq!(find(&dictionary, Strategy::CountedPrefix, "1#2#ap", 10), ["apple", "APT"]);
        assert_eq!(find(&dictionary, Strategy::CountedPrefix, "9#2#ap", 10), [""; 0]);
        assert_eq!(find(&dictionary, Strategy::Exact, "apple", 10), ["apple", "Apple"]);
        assert_eq!(find(&dictionary, Strategy::Exact, "APPLE", 10), ["Apple", "apple"]);
        assert_eq!(find(&dictionary, Strategy::Suffix, "t", 2), ["APT", "apt"]);
    }

    #[test]
    fn a_walk_can_be_given_up() {
        let words: Vec<String> = (0..5_000).map(|number| format!("w{number}")).collect();
        let dictionary = dictionary(&words);
        let pattern = Pattern::new(Strategy::Suffix, "x").unwrap();
        let mut asked = 0;
        let matches = dictionary.headwords_matching(&pattern, 10, &[], || {
            asked += 1;
            asked < 2
        });
        assert!(matches.unfinished && matches.headwords.is_empty() && asked == 2);
        assert!(!dictionary.headwords_matching(&pattern, 10, &[], || true).unfinished);
    }

    proptest! {
        /// What is seen at a glance leaves none out.
        #[test]
        fn finds_what_an_expression_matches(
            words in proptest::collection::btree_set("[abAks\u{212a}é]{1,5}", 1..60),
            text in "\\^?[abAkS\u{17f}é.*?]{0,3}([ab]*|\\(a|b\\))[abAk.]{0,2}\\$?",
        ) {
            let words: Vec<String> = words.into_iter().collect();
            let dictionary = dictionary(&words);
            for strategy in [Strategy::Glob, Strategy::BasicExpression, Strategy::ExtendedExpression] {
                let Ok(pattern) = Pattern::new(strategy, &text) else { continue };
                assert_as_linear(&dictionary, &words, &pattern);
            }
        }

        /// However a pattern's candidates are found, they are those of a linear search.
        #[test]
        fn finds_what_a_linear_search_finds(
            words in proptest::collection::btree_set("[aAbBé词]{1,4}( [ab]{1,2})?", 1..40),
            text in "[aAbBé词]{0,3}",
        ) {
            let words: Vec<String> = words.into_iter().collect();
            let dictionary = dictionary(&words);
            for strategy in [Strategy::Exact, Strategy::Prefix, Strategy::Suffix, Strategy::Substring, Strategy::Word,
                Strategy::First, Strategy::Last, Strategy::ExtendedExpression, Strategy::Sound, Strategy::Spelling] {
                let pattern = Pattern::new(strategy, &text).unwrap();
                assert_as_linear(&dictionary, &words, &pattern);
            }
        }
    }
}
