//! The entries that a step has to look at, by the index of characters.

use super::characters::{Characters, Class, Entries};
use super::needle::{Needle, Scope};

/// Entries, by the best class that each can have, best first.
#[derive(Debug, Default)]
pub(super) struct Candidates(pub(super) Vec<(Class, Vec<usize>)>);

/// The entries that have every Chinese character of a text that has some.
pub(super) fn of_needle(index: Characters<'_>, needle: &Needle, scope: Scope) -> Candidates {
    let mut positions: Vec<Vec<Entries<'_>>> =
        needle.characters.iter().map(|forms| forms.iter().map(|form| index.entries(*form)).collect()).collect();
    // The rarest first: the others are looked for among its entries.
    positions.sort_by_key(|entries| entries.iter().map(Entries::size).sum::<usize>());
    let mut positions = positions.into_iter();
    let mut found = positions.next().map(|entries| of_any(&entries, scope)).unwrap_or_default();
    for entries in positions {
        let mut classes = vec![None; found.len()];
        for list in entries {
            for_both(&found, list, |at, class| {
                let known: &mut Option<Class> = &mut classes[at];
                *known = Some(known.map_or(class, |known| known.min(class)));
            });
        }
        let mut others = classes.into_iter();
        found.retain_mut(|(_, class)| match others.next().flatten() {
            Some(other) => {
                *class = (*class).max(other);
                true
            }
            None => false,
        });
    }
    let mut candidates = Candidates(Class::ALL.map(|class| (class, Vec::new())).into());
    for (entry, class) in found {
        let class = match class {
            Class::Elsewhere if scope == Scope::Meaning => continue,
            class if class == Class::Elsewhere || needle.is_one_character() => class,
            // Several characters together may rank better than each alone.
            _ => Class::Alone,
        };
        candidates.0[class as usize].1.push(entry);
    }
    candidates
}

/// The entries that have one of several characters, in order, each with the best class.
fn of_any(lists: &[Entries<'_>], scope: Scope) -> Vec<(usize, Class)> {
    let is_wanted = |(_, class): &(usize, Class)| scope == Scope::Text || *class != Class::Elsewhere;
    let mut found: Vec<(usize, Class)> = lists.iter().flat_map(Clone::clone).filter(is_wanted).collect();
    if lists.len() > 1 {
        found.sort_unstable();
        found.dedup_by_key(|(entry, _)| *entry);
    }
    found
}

/// Calls `note` for each entry of a list that was found already, with its place among those and its class.
fn for_both(found: &[(usize, Class)], list: Entries<'_>, mut note: impl FnMut(usize, Class)) {
    let mut at = 0;
    for (entry, class) in list {
        while found.get(at).is_some_and(|(other, _)| *other < entry) {
            at += 1;
        }
        match found.get(at) {
            Some((other, _)) if *other == entry => note(at, class),
            Some(_) => {}
            None => break,
        }
    }
}

/// The entries that may have a sense which is one of these pieces. With every piece its beginnings are pieces, too.
/// `holds` returns whether an entry has a text.
pub(super) fn of_pieces(
    index: Characters<'_>,
    mut pieces: Vec<&str>,
    holds: impl Fn(usize, &str) -> bool,
) -> Candidates {
    pieces.sort_unstable();
    let mut all: Vec<usize> = Vec::new();
    // The beginnings of the piece, and the entries that have each outside notes and examples.
    let mut begun: Vec<(&str, Vec<(usize, Class)>)> = Vec::new();
    for piece in pieces {
        while begun.pop_if(|(beginning, _)| !piece.starts_with(*beginning)).is_some() {}
        let Some(last) = piece.chars().next_back() else { continue };
        let found = match begun.last() {
            None => {
                let found = of_any(&[index.entries(last)], Scope::Meaning);
                all.extend(found.iter().filter(|(_, class)| *class == Class::Alone).map(|(entry, _)| *entry));
                found
            }
            Some((_, before)) if before.is_empty() => Vec::new(),
            Some((_, before)) => {
                let mut both: Vec<(usize, Class)> = Vec::new();
                for_both(before, index.entries(last), |at, class| {
                    if class != Class::Elsewhere {
                        both.push(before[at]);
                    }
                });
                both.retain(|(entry, _)| holds(*entry, piece));
                all.extend(both.iter().map(|(entry, _)| *entry));
                both
            }
        };
        begun.push((piece, found));
    }
    all.sort_unstable();
    all.dedup();
    Candidates(vec![(Class::Alone, all)])
}

/// The entries whose reading may have these letters.
pub(super) fn of_reading(index: Characters<'_>, letters: &str) -> Candidates {
    Candidates(vec![(Class::Alone, index.read(letters).map(|(entry, _)| entry).collect())])
}
