//! Headwords by a pattern: whether one headword matches, and the walk over a dictionary that finds all that match.
//!
//! All of it is without regard to case. The work is bounded: any regular expression takes time in proportion to the
//! text, and the caller decides from time to time whether the walk goes on.

mod glance;
mod posix;
mod search;
mod soundex;

use super::fold::fold;
use super::spelling::{distance, farthest_for};
use super::suggest::Suggestions;
use glance::Glance;
use regex::{Regex, RegexBuilder};
use soundex::soundex;

/// Longest pattern of a regular expression, in bytes; and the most memory that it may take when it is compiled, and
/// while it runs.
const MAX_EXPRESSION: usize = 512;
const MAX_COMPILED: usize = 256 << 10;

/// How a text is compared with headwords.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// The headword itself, in any case.
    Exact,
    /// Headwords that begin with it.
    Prefix,
    /// Headwords that end with it.
    Suffix,
    /// Headwords that contain it.
    Substring,
    /// Headwords that contain it as one word, or as several in a row.
    Word,
    /// Headwords whose first word it is.
    First,
    /// Headwords whose last word it is.
    Last,
    /// Headwords in which a POSIX basic regular expression matches.
    BasicExpression,
    /// Headwords in which a POSIX extended regular expression matches.
    ExtendedExpression,
    /// Headwords that match as names of files do in a shell: `*`, `?`, `[…]`.
    Glob,
    /// Headwords that sound alike in English, by Soundex.
    Sound,
    /// Headwords with a similar spelling, nearest first.
    Spelling,
    /// `skip#count#prefix`: `count` of the headwords that begin with the prefix, after the first `skip`.
    CountedPrefix,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPattern(String);

impl std::fmt::Display for BadPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPattern {}

/// A pattern, ready to be compared with headwords.
#[derive(Debug, Clone)]
pub struct Pattern {
    test: Test,
    glance: Glance,
}

#[derive(Debug, Clone)]
enum Test {
    Exact { text: String, lower: String },
    Prefix { prefix: String, skip: usize, count: usize },
    Suffix(String),
    Substring(String),
    Words { text: String, first: bool, last: bool },
    Expression(Regex),
    Sound(Option<[u8; 4]>),
    Spelling(Vec<char>),
}

/// The result of a walk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// The headwords, as the dictionary spells them.
    pub headwords: Vec<String>,
    /// Whether the walk was given up before it had seen all.
    pub unfinished: bool,
}

/// How the candidates of a pattern are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range<'a> {
    /// Headwords that have this lower case; this one first, if it is among them.
    Equal {
        /// The lower case.
        lower: &'a str,
        /// The headword that comes first.
        first: &'a str,
    },
    /// Headwords whose lower case begins with a prefix, and how many of them are enough.
    Beginning {
        /// The prefix.
        prefix: &'a str,
        /// How many are skipped.
        skip: usize,
        /// How many are wanted at most.
        count: usize,
    },
    /// Headwords near to these letters.
    Near(&'a [char]),
    /// Every headword has to be looked at.
    All,
}

impl Pattern {
    /// Makes a pattern from a strategy and a text.
    ///
    /// # Errors
    /// The text is not an expression, or too large a one.
    pub fn new(strategy: Strategy, text: &str) -> Result<Self, BadPattern> {
        let lower = || fold(text);
        let words = |first, last| Test::Words { text: lower(), first, last };
        let test = match strategy {
            Strategy::Exact => Test::Exact { text: text.to_owned(), lower: lower() },
            Strategy::Prefix => Test::Prefix { prefix: lower(), skip: 0, count: usize::MAX },
            Strategy::CountedPrefix => counted(text),
            Strategy::Suffix => Test::Suffix(lower()),
            Strategy::Substring => Test::Substring(lower()),
            Strategy::Word => words(false, false),
            Strategy::First => words(true, false),
            Strategy::Last => words(false, true),
            Strategy::BasicExpression => Test::Expression(compile(text, posix::basic)?),
            Strategy::ExtendedExpression => Test::Expression(compile(text, posix::extended)?),
            Strategy::Glob => Test::Expression(compile(text, posix::glob)?),
            Strategy::Sound => Test::Sound(soundex(text)),
            Strategy::Spelling => Test::Spelling(lower().chars().collect()),
        };
        let glance = match &test {
            Test::Suffix(text) => Glance::ends(text),
            Test::Substring(text) | Test::Words { text, .. } => Glance::holds(text),
            Test::Expression(expression) => Glance::expression(expression.as_str()),
            Test::Sound(Some(code)) => Glance::first_letter(code[0]),
            Test::Exact { .. } | Test::Prefix { .. } | Test::Sound(None) | Test::Spelling(_) => Glance::default(),
        };
        Ok(Self { test, glance })
    }

    /// Whether a headword matches. `folded` is its lower case.
    pub fn matches(&self, headword: &str, folded: &str) -> bool {
        match &self.test {
            Test::Exact { lower, .. } => folded == lower,
            Test::Prefix { prefix, .. } => folded.starts_with(prefix),
            Test::Suffix(text) => folded.ends_with(text),
            Test::Substring(text) => folded.contains(text),
            Test::Words { text, first, last } => has_words(folded, text, *first, *last),
            Test::Expression(expression) => expression.is_match(headword),
            Test::Sound(code) => code.is_some() && soundex(headword) == *code,
            Test::Spelling(letters) => {
                let other: Vec<char> = folded.chars().collect();
                distance(letters, &other, farthest_for(letters.len())).is_some()
            }
        }
    }

    /// Where the candidates are.
    pub fn range(&self) -> Range<'_> {
        match &self.test {
            Test::Exact { text, lower } => Range::Equal { lower, first: text },
            Test::Prefix { prefix, skip, count } => Range::Beginning { prefix, skip: *skip, count: *count },
            Test::Spelling(letters) => Range::Near(letters),
            _ => Range::All,
        }
    }

    /// For [`Range::Near`]: the nearest of candidates, nearest first.
    pub fn nearest<'a>(&self, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<String> {
        let Test::Spelling(letters) = &self.test else { return Vec::new() };
        let mut nearest = Suggestions::new(&letters.iter().collect::<String>(), most);
        for headword in candidates {
            let other: Vec<char> = fold(headword).chars().collect();
            match distance(letters, &other, farthest_for(letters.len())) {
                // Before all with another spelling.
                Some(0) => nearest.completion(headword),
                Some(distance) => nearest.spelling(headword, distance),
                None => {}
            }
        }
        nearest.into_headwords()
    }
}

/// `skip#count#prefix`, as in dictd; any other text is a prefix.
fn counted(text: &str) -> Test {
    let parts: Vec<&str> = text.splitn(3, '#').collect();
    if let [skip, count, prefix] = parts[..]
        && let (Ok(skip), Ok(count)) = (skip.parse::<u32>(), count.parse::<u32>())
    {
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        return Test::Prefix { prefix: fold(prefix), skip: size(skip), count: size(count) };
    }
    Test::Prefix { prefix: fold(text), skip: 0, count: usize::MAX }
}

fn compile(text: &str, translate: fn(&str) -> Result<String, BadPattern>) -> Result<Regex, BadPattern> {
    if text.len() > MAX_EXPRESSION {
        return Err(BadPattern(format!("a pattern has at most {MAX_EXPRESSION} bytes")));
    }
    RegexBuilder::new(&translate(text)?)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .nest_limit(50)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => BadPattern("the pattern is too large".to_owned()),
            _ => BadPattern("not a valid regular expression".to_owned()),
        })
}

/// Whether `text` stands in `folded` with no letter or digit next to it on either side; at the beginning, or at the end,
/// if that is asked for.
fn has_words(folded: &str, text: &str, first: bool, last: bool) -> bool {
    if text.is_empty() {
        return false;
    }
    let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    folded.match_indices(text).any(|(at, _)| {
        let (before, after) = (&folded[..at], &folded[at + text.len()..]);
        is_apart(before.chars().next_back())
            && is_apart(after.chars().next())
            && (!first || before.is_empty())
            && (!last || after.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::{Strategy, *};
    use proptest::prelude::*;

    fn test(strategy: Strategy, text: &str, headword: &str) -> bool {
        Pattern::new(strategy, text).unwrap().matches(headword, &fold(headword))
    }

    #[test]
    fn each_strategy() {
        use Strategy::*;
        let cases = [
            (Exact, "APPLE", "apple", true),
            (Exact, "apple", "apples", false),
            (Prefix, "Ice", "ice cream", true),
            (Suffix, "Cream", "ice cream", true),
            (Suffix, "ice", "ice cream", false),
            (Substring, "e C", "ice cream", true),
            (Word, "cream", "ice cream soda", true),
            (Word, "ice cream", "ice cream soda", true),
            (Word, "cre", "ice cream soda", false),
            (Word, "in", "mother-in-law", true),
            (First, "ice", "ice cream", true),
            (First, "cream", "ice cream", false),
            (Last, "cream", "ice cream", true),
            (Last, "ice", "ice cream", false),
            (Word, "", "ice", false),
            (BasicExpression, r"^\(ab\)*c$", "ABabc", true),
            (BasicExpression, "a+b", "a+b", true),
            (BasicExpression, "a+b", "aab", false),
            (ExtendedExpression, "^a+(b|c)$", "aaC", true),
            (Glob, "a?p*", "apple", true),
            (Glob, "pp", "apple", false),
            (Sound, "robert", "Rupert", true),
            (Sound, "robert", "Rubin", false),
            (Sound, "词", "词", false),
            (Spelling, "recieve", "receive", true),
            (Spelling, "recieve", "zoo", false),
            (CountedPrefix, "1#2#ap", "apple", true),
            (CountedPrefix, "#ap", "apple", false),
        ];
        for (strategy, text, headword, expected) in cases {
            assert_eq!(test(strategy, text, headword), expected, "{strategy:?} {text} {headword}");
        }
    }

    #[test]
    fn what_is_no_pattern() {
        let long = "a".repeat(MAX_EXPRESSION + 1);
        for bad in ["(", "[a", "[z-a]", r"(a)\1", "((((a{100}){100}){100}){100})", &long] {
            assert!(Pattern::new(Strategy::ExtendedExpression, bad).is_err(), "{bad}");
        }
        for bad in [r"\(", "[", r"\(a\)\1", r"a\{2"] {
            assert!(Pattern::new(Strategy::BasicExpression, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_nearest_come_first() {
        let pattern = Pattern::new(Strategy::Spelling, "recieve").unwrap();
        let found = pattern.nearest(["relieve", "receive", "recieve", "zoo", "receives"], 3);
        assert_eq!(found, ["recieve", "receive", "relieve"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_is_refused(text in any::<String>(), headword in any::<String>()) {
            use Strategy::*;
            for strategy in [Exact, Prefix, Suffix, Substring, Word, First, Last, BasicExpression, ExtendedExpression, Glob,
                Sound, Spelling, CountedPrefix] {
                if let Ok(pattern) = Pattern::new(strategy, &text) {
                    let _ = pattern.matches(&headword, &fold(&headword));
                }
            }
        }
    }
}
