//! Which lookups of a history the person has asked for: when, which words, how many, in which order. Pure.

use super::when::When;
use crate::client::render::Clock;
use crate::protocol::Count;
use clap::Args;
use glob::{MatchOptions, Pattern};
use std::str::FromStr;
use time::OffsetDateTime;

/// Case does not count, and a word is not a path.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: false, require_literal_separator: false, require_literal_leading_dot: false };

/// How a history looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Columns that line up, with a heading; on a terminal in local time
    Table,
    /// Comma-separated values with a heading
    Csv,
    /// One JSON object a line
    Json,
    /// Fields with TABs between
    Tsv,
}

/// What of a history is wanted, and how.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// How many of the chosen ones, the newest; all of them if `None`.
    pub(crate) count: Option<Count>,
    pub(crate) choice: Choice,
    /// Whether the oldest comes first.
    pub(crate) oldest_first: bool,
    /// Whether each word counts once, at its latest lookup.
    pub(crate) distinct: bool,
    pub(crate) format: Option<Format>,
}

/// Options that choose among lookups.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Choice {
    /// Only from this time on: 2026-11-23, 14:03, today, yesterday, 30min, 2h, 3d, 2w, 1y
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<When>,

    /// Only up to this time; of a day, to its end
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<When>,

    /// Only words like this: * stands for anything, ? for one character; case does not count
    #[arg(id = "word_pattern", long = "word", value_name = "PATTERN")]
    pub(crate) word: Option<WordPattern>,

    /// Only words that you have starred
    #[arg(long)]
    pub(crate) starred: bool,
}

/// A pattern for words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordPattern(Pattern);

impl FromStr for WordPattern {
    type Err = glob::PatternError;

    fn from_str(text: &str) -> Result<Self, glob::PatternError> {
        // Two stars are a path's; for a word they are one.
        let mut pattern = text.to_owned();
        while pattern.contains("**") {
            pattern = pattern.replace("**", "*");
        }
        Pattern::new(&pattern).map(Self)
    }
}

impl WordPattern {
    fn matches(&self, word: &str) -> bool {
        self.0.matches_with(word, MATCHING)
    }
}

/// A choice whose times are instants.
#[derive(Debug)]
pub(crate) struct Chosen {
    since: Option<OffsetDateTime>,
    until: Option<OffsetDateTime>,
    word: Option<WordPattern>,
}

impl Choice {
    /// Whether every lookup is wanted.
    pub(crate) fn is_everything(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.word.is_none() && !self.starred
    }

    /// The same, relative to this clock.
    pub(crate) fn at(&self, clock: Clock) -> Chosen {
        Chosen {
            since: self.since.map(|when| when.begin(clock)),
            until: self.until.map(|when| when.end(clock)),
            word: self.word.clone(),
        }
    }
}

impl Chosen {
    /// Whether a lookup is wanted.
    pub(crate) fn takes(&self, word: &str, time: OffsetDateTime) -> bool {
        self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
            && self.word.as_ref().is_none_or(|pattern| pattern.matches(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn words_and_times_are_chosen() {
        let clock = Clock::new(datetime!(2026-11-23 12:00 UTC), |_| Some(0));
        let choice = Choice {
            since: Some("2026-11-20".parse().unwrap()),
            until: Some("2026-11-21".parse().unwrap()),
            word: Some("App*e".parse().unwrap()),
            starred: false,
        };
        let chosen = choice.at(clock);
        for (word, time, taken) in [
            ("apple", datetime!(2026-11-20 0:00 UTC), true),
            ("APPLAUSE", datetime!(2026-11-21 23:59:59 UTC), true),
            ("apple", datetime!(2026-11-22 0:00 UTC), false),
            ("apple", datetime!(2026-11-19 23:59:59 UTC), false),
            ("apples", datetime!(2026-11-20 0:00 UTC), false),
        ] {
            assert_eq!(chosen.takes(word, time), taken, "{word} {time}");
        }
        assert!(Choice::default().is_everything() && !choice.is_everything());
        let like = |pattern: &str, word: &str| pattern.parse::<WordPattern>().unwrap().matches(word);
        assert!(like("ice ?ream", "ice cream") && like("**", "x") && like("北*", "北京") && like("[ab]x", "bx"));
        assert!(like("a*b", "a/b") && like("*", ".x"));
        assert!("[".parse::<WordPattern>().is_err());
    }
}
