//! The walk over a dictionary that looks up backwards.

use super::super::dictionary::Dictionary;
use super::senses::may_have_head;
use super::{Asked, Finder, Hits, Scope, Step, Test, steps};
use crate::words::several::{articles, behind_heading};

/// How many articles are looked at before who asks is asked whether to go on.
const AT_ONCE: usize = 1_024;

impl<B: AsRef<[u8]>> Dictionary<B> {
    /// The headwords that mean a text, or whose article holds it; at most `most`, best first. `goes_on` is asked from
    /// time to time, and ends the search when it says no.
    /// Only the dictionaries of these names are asked; without any all are.
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
            let finder = step.finder(scope, most, Asked { names: self.names(), wanted });
            hits = self.take_step(&step, finder, &mut goes_on);
            if hits.unfinished || !hits.found.is_empty() {
                break;
            }
        }
        hits
    }

    fn take_step(&self, step: &Step, mut finder: Finder<'_>, goes_on: &mut dyn FnMut() -> bool) -> Hits {
        if step.is_of_heads() {
            let unfinished = !self.each_with_head(&mut finder, goes_on);
            return Hits { found: finder.into_hits(), unfinished };
        }
        let text = self.text();
        let (mut from, mut at, mut looked) = (0, 0, 0);
        while let Some(place) = step.find(text, from) {
            at = self.entry_over(place, at);
            let Some(extent) = self.extent(at) else { break };
            if place < extent.article {
                // In the headword.
                from = extent.article;
                continue;
            }
            if let Some(entry) = self.entry(at) {
                if let Some(after) = behind_heading(entry.interpret, place - extent.article, self.names()) {
                    // In the name of a dictionary.
                    from = extent.article + after;
                    continue;
                }
                finder.look_at(entry.headword, entry.interpret);
            }
            from = extent.end;
            looked += 1;
            if looked % AT_ONCE == 0 && !goes_on() {
                return Hits { found: finder.into_hits(), unfinished: true };
            }
        }
        Hits { found: finder.into_hits(), unfinished: false }
    }

    /// Looks at all articles that may begin with a head. Says whether it came to the end.
    fn each_with_head(&self, finder: &mut Finder<'_>, goes_on: &mut dyn FnMut() -> bool) -> bool {
        for at in 0..self.headwords() {
            if at % AT_ONCE == AT_ONCE - 1 && !goes_on() {
                return false;
            }
            let entry = match self.article_begins(at) {
                Some(first) if may_have_head(first) => self.entry(at),
                // The name of the first of several dictionaries.
                Some(b'[') => self.entry(at).filter(|entry| {
                    let all = articles(entry.interpret, self.names());
                    all.iter().any(|(_, article)| article.bytes().next().is_some_and(may_have_head))
                }),
                _ => None,
            };
            if let Some(entry) = entry {
                finder.look_at(entry.headword, entry.interpret);
            }
        }
        true
    }
}

impl Step {
    /// The first place in the text from one on where an article has to be looked at.
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        match &self.test {
            Test::Needle(needle) => needle.find(text, from).map(|place| place.start),
            Test::Sentence(segments) => segments.find(text, from),
            Test::Reading(_) => None,
        }
    }

    /// Whether it is about what articles begin with.
    fn is_of_heads(&self) -> bool {
        matches!(self.test, Test::Reading(_))
    }
}
