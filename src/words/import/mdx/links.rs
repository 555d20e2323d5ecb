//! Records that only name another headword (`@@@LINK=colour`): followed to the texts that they lead to.

use super::keys::Keys;
use crate::words::fold;
use crate::words::import::collection::TextAt;
use std::collections::{HashMap, HashSet};

/// Limits of the headwords that a link is followed over, and of the texts it leads to: a small file must not become a large
/// one by links to links.
const MOST: usize = 32;

/// The kind of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Text(TextAt),
    Links(Vec<String>),
}

/// The headwords that a record names, if it is a link, one a line; a record with a text of its own is none.
pub(super) fn targets(record: &str) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    for line in record.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some(target) = line.strip_prefix("@@@LINK=") else { break };
        if targets.len() < MOST {
            targets.push(target.trim().to_owned());
        }
    }
    targets
}

/// A headword as MDict compares it where the dictionary's `StripKey` says so.
fn stripped(headword: &str) -> String {
    fold(headword).chars().filter(|c| *c != ' ' && !c.is_ascii_punctuation()).collect()
}

/// The records that each target of a link has.
pub(super) struct Targets<'a> {
    found: &'a [Found],
    /// By the headword as it is spelled, and folded, as MDict compares them.
    records: HashMap<String, Vec<usize>>,
    /// By the headword without blanks and marks; empty if these tell headwords apart.
    stripped: HashMap<String, Vec<usize>>,
}

/// Finds the records of all headwords that are linked to.
pub(super) fn resolve<'a>(
    keys: &Keys,
    found: &'a [Found],
    record_of: impl Fn(usize) -> usize,
    strips_keys: bool,
) -> Targets<'a> {
    let linked = || {
        let links =
            found.iter().filter_map(|found| if let Found::Links(targets) = found { Some(targets) } else { None });
        links.flatten()
    };
    let empty = |spelling: String| (spelling, Vec::new());
    let mut by_spelling: HashMap<String, Vec<usize>> =
        linked().flat_map(|target| [target.clone(), fold(target)]).map(empty).collect();
    let mut by_letters: HashMap<String, Vec<usize>> =
        linked().filter(|_| strips_keys).map(|target| empty(stripped(target))).collect();
    by_letters.remove("");
    if !by_spelling.is_empty() {
        let add = |records: &mut HashMap<String, Vec<usize>>, spelling: &str, number: usize| {
            if let Some(records) = records.get_mut(spelling).filter(|records| records.len() < MOST) {
                records.push(record_of(number));
            }
        };
        for number in 0..keys.keys.len() {
            let headword = keys.headword(number);
            let folded = fold(headword);
            add(&mut by_spelling, headword, number);
            if folded != headword {
                add(&mut by_spelling, &folded, number);
            }
            if !by_letters.is_empty() {
                add(&mut by_letters, &stripped(headword), number);
            }
        }
    }
    Targets { found, records: by_spelling, stripped: by_letters }
}

impl Targets<'_> {
    /// The records of a headword; of its other spellings if it has none.
    fn records(&self, target: &str) -> Option<&Vec<usize>> {
        let has_any = |records: &&Vec<usize>| !records.is_empty();
        let exact = self.records.get(target).filter(has_any);
        let folded = || self.records.get(&fold(target)).filter(has_any);
        exact.or_else(folded).or_else(|| self.stripped.get(&stripped(target)))
    }

    /// The texts that links lead to.
    pub(super) fn texts(&self, targets: &[String]) -> Vec<TextAt> {
        let mut texts = Vec::new();
        let mut seen = HashSet::new();
        let mut ahead: Vec<&str> = targets.iter().rev().map(String::as_str).collect();
        while let Some(target) = ahead.pop() {
            if seen.len() == MOST || !seen.insert(target) {
                continue;
            }
            for &record in self.records(target).into_iter().flatten() {
                match &self.found[record] {
                    Found::Text(text) if !texts.contains(text) && texts.len() < MOST => texts.push(*text),
                    Found::Links(next) => {
                        let room = MOST.saturating_sub(ahead.len());
                        ahead.extend(next.iter().take(room).rev().map(String::as_str));
                    }
                    _ => {}
                }
            }
        }
        texts
    }
}
