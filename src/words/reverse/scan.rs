//! The walk over a dictionary that looks up backwards.

use super::super::dictionary::Dictionary;
use super::candidates::{self, Candidates};
use super::needle::{Needle, Rank};
use super::{Asked, Finder, Hits, Scope, Step, Test, steps};
use crate::words::several::behind_heading;
use std::ops::Range;

/// How many articles are looked at between two calls of `goes_on`.
const AT_ONCE: usize = 1_024;

impl<B: AsRef<[u8]>> Dictionary<B> {
    /// The headwords that mean a text, or whose article holds it; at most `most`, best first. `goes_on` is called from
    /// time to time, and ends the search when it returns `false`. Only the dictionaries with these names are searched;
    /// without names, all are.
    pub fn reverse(
        &self,
        text: &str,
        scope: Scope,
        most: usize,
        wanted: &[String],
        mut goes_on: impl FnMut() -> bool,
    ) -> Hits {
        let mut hits = Hits::default();
        for step in steps(text, scope) {
            let mut finder = step.finder(scope, most, Asked { names: self.names(), wanted });
            let unfinished = !self.take_step(&step, scope, &mut finder, &mut goes_on);
            hits = Hits { found: finder.into_hits(), unfinished };
            if hits.unfinished || !hits.found.is_empty() {
                break;
            }
        }
        hits
    }

    /// Looks at all articles that a step may find. Returns whether it came to the end.
    fn take_step(&self, step: &Step, scope: Scope, finder: &mut Finder<'_>, goes_on: &mut dyn FnMut() -> bool) -> bool {
        let index = self.characters();
        match &step.test {
            Test::Needle(needle) if needle.characters.is_empty() => self.walk(needle, finder, goes_on),
            Test::Needle(needle) => {
                let of_needle = candidates::of_needle(index, needle, scope);
                let place = |article: &str| needle.find(article.as_bytes(), 0);
                self.look_at_each(of_needle, place, finder, goes_on)
            }
            Test::Reading(reading) => {
                self.look_at_each(candidates::of_reading(index, &reading.letters), |_| Some(0..0), finder, goes_on)
            }
            Test::Sentence(segments) => {
                let holds =
                    |at: usize, piece: &str| self.entry(at).is_some_and(|entry| entry.interpret.contains(piece));
                let of_pieces = candidates::of_pieces(index, segments.pieces().collect(), holds);
                self.look_at_each(of_pieces, |_| Some(0..0), finder, goes_on)
            }
        }
    }

    /// Looks at candidates, those that may be better first, until no other can be among the best; only at those that
    /// have a `place`: the first one of a needle, anything for other tests.
    fn look_at_each(
        &self,
        candidates: Candidates,
        place: impl Fn(&str) -> Option<Range<usize>>,
        finder: &mut Finder<'_>,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let mut looked = 0;
        for (class, entries) in candidates.0 {
            if finder.is_beyond(Rank::best_of(class)) {
                break;
            }
            for at in entries {
                if let Some(entry) = self.entry(at)
                    && let Some(place) = place(entry.interpret)
                {
                    finder.look_from(entry.headword, entry.interpret, Some(place));
                }
                looked += 1;
                if looked % AT_ONCE == 0 && !goes_on() {
                    return false;
                }
            }
        }
        true
    }

    /// Walks over the text, and looks at every article that contains the needle.
    fn walk(&self, needle: &Needle, finder: &mut Finder<'_>, goes_on: &mut dyn FnMut() -> bool) -> bool {
        let find = needle.search_all(self.text());
        let (mut from, mut at, mut looked) = (0, 0, 0);
        while let Some(place) = find(from) {
            at = self.entry_over(place.start, at);
            let Some(extent) = self.extent(at) else { break };
            if place.start < extent.article {
                // In the headword.
                from = extent.article;
                continue;
            }
            if place.end > extent.end {
                // Its last bytes are of the next entry.
                from = extent.end;
                continue;
            }
            if let Some(entry) = self.entry(at) {
                let place = place.start - extent.article..place.end - extent.article;
                if let Some(after) = behind_heading(entry.interpret, place.start, self.names()) {
                    // In the name of a dictionary.
                    from = extent.article + after;
                    continue;
                }
                finder.look_from(entry.headword, entry.interpret, Some(place));
            }
            from = extent.end;
            looked += 1;
            if looked % AT_ONCE == 0 && !goes_on() {
                return false;
            }
        }
        true
    }
}
