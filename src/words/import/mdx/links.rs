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
    Link(String),
}

/// The records that each target of a link has.
pub(super) struct Targets<'a> {
    found: &'a [Found],
    /// By the headword as it is spelled, and folded, as MDict compares them.
    records: HashMap<String, Vec<usize>>,
}

/// Finds the records of all headwords that are linked to.
pub(super) fn resolve<'a>(keys: &Keys, found: &'a [Found], record_of: impl Fn(usize) -> usize) -> Targets<'a> {
    let linked = found.iter().filter_map(|found| if let Found::Link(target) = found { Some(target) } else { None });
    let mut records: HashMap<String, Vec<usize>> =
        linked.flat_map(|target| [target.clone(), fold(target)]).map(|target| (target, Vec::new())).collect();
    if !records.is_empty() {
        for number in 0..keys.keys.len() {
            let headword = keys.headword(number);
            let folded = fold(headword);
            let also = (folded != headword).then_some(&*folded);
            for spelling in [Some(headword), also].into_iter().flatten() {
                if let Some(records) = records.get_mut(spelling).filter(|records| records.len() < MOST) {
                    records.push(record_of(number));
                }
            }
        }
    }
    Targets { found, records }
}

impl Targets<'_> {
    /// The texts that a link leads to; those of the exact headword, or else those of its other spellings.
    pub(super) fn texts(&self, target: &str) -> Vec<TextAt> {
        let mut texts = Vec::new();
        let mut seen = HashSet::new();
        let mut ahead = vec![target];
        while let Some(target) = ahead.pop() {
            if seen.len() == MOST || !seen.insert(target) {
                continue;
            }
            let has_any = |records: &&Vec<usize>| !records.is_empty();
            let exact = self.records.get(target).filter(has_any);
            let Some(records) = exact.or_else(|| self.records.get(&fold(target))) else { continue };
            for &record in records {
                match &self.found[record] {
                    Found::Text(text) if !texts.contains(text) && texts.len() < MOST => texts.push(*text),
                    Found::Link(next) if ahead.len() < MOST => ahead.push(next),
                    _ => {}
                }
            }
        }
        texts
    }
}
