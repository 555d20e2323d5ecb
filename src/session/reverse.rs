//! Looking up backwards: `B`, and `M` with the strategy `text`, which searches interpretations.

use super::Session;
use super::replies::Awaits;
use crate::protocol::{Code, Failure, MAX_MATCHES, MAX_REVERSE, push_ok_text, push_pair};
use crate::words::reverse::{Hit, Scope};
use std::time::{Duration, Instant};

/// How long a search may take.
const SEARCH_TIME: Duration = Duration::from_secs(1);

impl Session<'_> {
    /// Headwords that mean a text. Nothing is recorded.
    pub(super) fn reverse(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        self.logged_in_as(name)?;
        self.renew_words();
        let hits = self.search(text, Scope::Meaning, MAX_REVERSE)?;
        self.replies.waiting(Awaits::Account, |out| {
            push_ok_text(out, &hits.len().to_string());
            hits.iter().for_each(|hit| push_pair(out, &hit.headword, &hit.interpret));
        });
        Ok(())
    }

    /// Headwords whose interpretation holds a text.
    pub(super) fn search_text(&mut self, text: &str) -> Result<(), Failure> {
        let hits = self.search(text, Scope::Text, MAX_MATCHES)?;
        let headwords: Vec<String> = hits.into_iter().map(|hit| hit.headword).collect();
        self.list_headwords(&headwords);
        Ok(())
    }

    fn search(&mut self, text: &str, scope: Scope, most: usize) -> Result<Vec<Hit>, Failure> {
        let end = Instant::now() + SEARCH_TIME;
        let hits = self.dictionaries.words.reverse(
            text,
            scope,
            most,
            &self.dictionaries.asked,
            || Instant::now() < end,
            &mut self.stores,
        )?;
        if hits.unfinished && hits.found.is_empty() {
            return Err(Failure::new(Code::Unavailable, "the search takes too long; try a longer text"));
        }
        Ok(hits.found)
    }
}
