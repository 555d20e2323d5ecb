//! Looking up backwards: headwords by what they mean. From Chinese to English in an English-Chinese dictionary, by
//! traditional characters too; by readings where a dictionary has them.
//!
//! A question is answered in steps, each tried only when the one before has found nothing: the text as it is, the text
//! in simplified characters, in either script, as pinyin, and at last the words of a Chinese sentence. An index
//! (`characters`) says which articles have the Chinese characters of a step, and only these are looked at. For a text
//! without Chinese characters all articles are searched once, which takes some milliseconds for a million of them.

mod candidates;
pub(super) mod characters;
mod forms;
mod hit;
mod needle;
mod pinyin;
mod scan;
mod scripts;
mod senses;
mod sentence;

pub use needle::{Rank, Scope};
pub use scripts::is_chinese;

pub use hit::{Hit, Hits};

use super::several::{each_article, is_wanted, only};
use needle::Needle;
use pinyin::Reading;
use scripts::simplified;
use sentence::Segments;
use std::collections::BinaryHeap;
use std::ops::Range;

/// One interpretation of a question.
#[derive(Debug)]
pub struct Step {
    test: Test,
}

#[derive(Debug)]
enum Test {
    Needle(Needle),
    Reading(Reading),
    Sentence(Segments),
}

/// The steps of a question.
pub fn steps(text: &str, scope: Scope) -> Vec<Step> {
    let simple: String = text.chars().map(simplified).collect();
    let mut tests = Vec::new();
    tests.extend(Needle::text(text).map(Test::Needle));
    if simple != text {
        tests.extend(Needle::text(&simple).map(Test::Needle));
    }
    tests.extend(Needle::in_any_script(text).map(Test::Needle));
    if scope == Scope::Meaning {
        tests.extend(Reading::new(text).map(Test::Reading));
        tests.extend(Segments::new(text).map(Test::Sentence));
    }
    tests.into_iter().map(|test| Step { test }).collect()
}

impl Step {
    /// A text that every article found by this step contains, if there is one.
    pub fn holds(&self) -> Option<&str> {
        match &self.test {
            Test::Needle(needle) => needle.bytes(),
            Test::Reading(_) | Test::Sentence(_) => None,
        }
    }

    /// A collection that keeps at most `most` entries.
    pub fn finder<'s>(&'s self, scope: Scope, most: usize, asked: Asked<'s>) -> Finder<'s> {
        let segments = match &self.test {
            Test::Sentence(segments) => segments.count(),
            _ => 0,
        };
        let of_segments = (0..segments).map(|_| Best::new(sentence::MOST_OF_SEGMENT.min(most))).collect();
        Finder { step: self, asked, scope, most, best: Best::new(most), of_segments }
    }
}

/// The dictionaries that entries are of, and those of them that are searched; all are if none is named.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked<'s> {
    /// The names of all, in order.
    pub names: &'s [String],
    /// The names of those that are searched.
    pub wanted: &'s [String],
}

/// The best of the entries that were put in.
#[derive(Debug)]
pub struct Finder<'s> {
    step: &'s Step,
    asked: Asked<'s>,
    scope: Scope,
    most: usize,
    best: Best,
    of_segments: Vec<Best>,
}

impl Finder<'_> {
    /// Looks at an entry: at each dictionary's article by itself.
    pub fn look_at(&mut self, headword: &str, interpret: &str) {
        self.look_from(headword, interpret, None);
    }

    /// The same, where the first place of the text may be known.
    fn look_from(&mut self, headword: &str, interpret: &str, place: Option<Range<usize>>) {
        let Asked { names, wanted } = self.asked;
        // Places in several articles are not those in each.
        let place = place.filter(|_| names.len() < 2);
        let all = each_article(interpret, names).filter(|(name, _)| is_wanted(wanted, name));
        let mut best: Option<Rank> = None;
        let mut note = |rank: Option<Rank>| {
            if let Some(rank) = rank {
                best = Some(best.map_or(rank, |best| best.min(rank)));
            }
        };
        match &self.step.test {
            Test::Needle(needle) => {
                let is_beyond = |rank| self.best.is_beyond(rank);
                all.for_each(|(_, article)| {
                    note(needle.rank((headword, article), place.clone(), self.scope, is_beyond));
                });
            }
            Test::Reading(reading) => {
                let own = all.filter(|(_, article)| reading.is_of(headword, article));
                own.for_each(|(_, article)| note(Some(Rank::of_reading(headword, article))));
            }
            Test::Sentence(segments) => {
                let mut ranks: Vec<(usize, Rank)> = Vec::new();
                for (_, article) in all {
                    segments.of_article(headword, article, |segment, rank| ranks.push((segment, rank)));
                }
                // The best of each segment.
                ranks.sort_unstable();
                ranks.dedup_by_key(|(segment, _)| *segment);
                if let Some(shown) = only(interpret, names, wanted).filter(|_| !ranks.is_empty()) {
                    for (segment, rank) in ranks {
                        if let Some(best) = self.of_segments.get_mut(segment) {
                            best.offer(rank, headword, &shown);
                        }
                    }
                }
            }
        }
        if let Some(rank) = best
            && let Some(shown) = only(interpret, names, wanted)
        {
            self.best.offer(rank, headword, &shown);
        }
    }

    /// Whether nothing of this rank, or worse, can be among the best any more.
    fn is_beyond(&self, rank: Rank) -> bool {
        self.best.is_beyond(rank)
    }

    /// The best entries, best first.
    pub fn into_hits(self) -> Vec<Hit> {
        match &self.step.test {
            Test::Sentence(segments) => {
                let of_segments = self.of_segments.into_iter().map(Best::into_hits).collect();
                segments.in_order(of_segments, self.most)
            }
            _ => self.best.into_hits(),
        }
    }
}

/// A given number of the best entries.
#[derive(Debug)]
struct Best {
    most: usize,
    /// The worst on top.
    heap: BinaryHeap<(Rank, Hit)>,
}

impl Best {
    fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new() }
    }

    fn is_beyond(&self, rank: Rank) -> bool {
        self.heap.len() >= self.most && self.heap.peek().is_none_or(|(worst, _)| *worst < rank)
    }

    fn offer(&mut self, rank: Rank, headword: &str, article: &str) {
        if self.heap.len() >= self.most {
            let is_better = |(worst, hit): &(Rank, Hit)| (rank, headword) < (*worst, hit.headword.as_str());
            if !self.heap.peek().is_some_and(is_better) {
                return;
            }
        }
        // A store may hand an article over twice.
        if self.heap.iter().any(|(_, hit)| hit.headword == headword && hit.interpret == article) {
            return;
        }
        if self.heap.len() >= self.most {
            self.heap.pop();
        }
        self.heap.push((rank, Hit { headword: headword.to_owned(), interpret: article.to_owned() }));
    }

    fn into_hits(self) -> Vec<Hit> {
        self.heap.into_sorted_vec().into_iter().map(|(_, hit)| hit).collect()
    }
}

#[cfg(test)]
mod tests;
