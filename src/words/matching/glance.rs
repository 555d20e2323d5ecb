//! What is seen of a headword at a glance: whether a pattern may match it at all.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind, Look};

/// What every headword has that a pattern matches, if the headword is of ASCII characters without capitals: nearly all
/// are. Its bytes are enough to see that, and most headwords need no further look.
#[derive(Debug, Clone, Default)]
pub(super) struct Glance {
    begins: Vec<u8>,
    ends: Vec<u8>,
    holds: Vec<u8>,
    /// Its first letter, whatever stands before that.
    letter: Option<u8>,
}

impl Glance {
    /// Of texts that end with this one, in lower case.
    pub(super) fn ends(lower: &str) -> Self {
        Self { ends: ascii(lower), ..Self::default() }
    }

    /// Of texts that contain this one, in lower case.
    pub(super) fn holds(lower: &str) -> Self {
        Self { holds: ascii(lower), ..Self::default() }
    }

    /// Of texts whose first letter this is, in upper or lower case.
    pub(super) fn first_letter(letter: u8) -> Self {
        Self { letter: Some(letter.to_ascii_lowercase()), ..Self::default() }
    }

    /// Of texts in which a regular expression matches without regard to case, by the letters that it has outside all
    /// choices and repetitions.
    pub(super) fn expression(expression: &str) -> Self {
        let mut glance = Self::default();
        let Ok(whole) = ParserBuilder::new().build().parse(expression) else { return glance };
        let pieces = match whole.kind() {
            HirKind::Concat(pieces) => pieces.as_slice(),
            _ => std::slice::from_ref(&whole),
        };
        let is = |at: Option<usize>, look: Look| {
            at.and_then(|at| pieces.get(at)).is_some_and(|piece| *piece.kind() == HirKind::Look(look))
        };
        let mut longest: &[u8] = b"";
        for (at, piece) in pieces.iter().enumerate() {
            let Some(letters) = letters(piece) else { continue };
            if at == 1 && is(Some(0), Look::Start) {
                glance.begins = letters.to_ascii_lowercase();
            } else if at + 2 == pieces.len() && is(Some(at + 1), Look::End) {
                glance.ends = letters.to_ascii_lowercase();
            } else if letters.len() > longest.len() {
                longest = letters;
            }
        }
        glance.holds = longest.to_ascii_lowercase();
        glance
    }

    /// Whether such a headword may match.
    pub(super) fn allows(&self, headword: &[u8]) -> bool {
        // An empty part is not compared: its address is not one of memory, and where the C library compares with masked
        // loads, such an address takes the processor some 200 ns.
        (self.ends.is_empty() || headword.ends_with(&self.ends))
            && (self.begins.is_empty() || headword.starts_with(&self.begins))
            && contains(headword, &self.holds)
            && self.letter.is_none_or(|letter| headword.iter().find(|byte| byte.is_ascii_lowercase()) == Some(&letter))
    }
}

/// A text that needs no look at other characters; nothing for any other.
fn ascii(text: &str) -> Vec<u8> {
    if text.is_ascii() { text.into() } else { Vec::new() }
}

/// Whether a short text contains another: nothing is prepared, which for so few bytes would take longer than this.
fn contains(text: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else { return true };
    let last = (text.len() + 1).saturating_sub(part.len());
    (0..last).any(|at| text[at] == *first && text[at + 1..].starts_with(rest))
}

/// A piece of an expression that stands for these characters alone.
fn letters(piece: &Hir) -> Option<&[u8]> {
    match piece.kind() {
        HirKind::Literal(literal) if literal.0.is_ascii() => Some(&literal.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_asks_for() {
        let cases: [(&str, &str, &str, &str); 10] = [
            ("^un.*ness$", "un", "ness", ""),
            ("^.*NESS$", "", "ness", ""),
            ("ness$", "", "ness", ""),
            ("^w[ao]rd.*game.*s$", "w", "s", "game"),
            ("Ness", "", "", "ness"),
            ("a|b", "", "", ""),
            ("(ab)c?", "", "", ""),
            ("caf\u{e9}", "", "", ""),
            ("^", "", "", ""),
            ("", "", "", ""),
        ];
        for (expression, begins, ends, holds) in cases {
            let glance = Glance::expression(expression);
            assert_eq!(
                (glance.begins.as_slice(), glance.ends.as_slice()),
                (begins.as_bytes(), ends.as_bytes()),
                "{expression}"
            );
            assert_eq!(glance.holds.as_slice(), holds.as_bytes(), "{expression}");
        }
    }
}
