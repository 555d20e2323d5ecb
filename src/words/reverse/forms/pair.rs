//! Two bytes at a distance: where both stand in many bytes, and how often they do. A third is compared where they do.

use crate::sys::prefetch;

/// How many bytes are compared at once.
const BLOCK: usize = 64;
/// How far ahead memory is asked for: a page, because the processor stops to look ahead at the end of each.
const AHEAD: usize = 4_096;
/// A sample consists of this many pieces of a text, evenly spaced, each of this many bytes.
const PIECES: usize = 32;
const PIECE: usize = 512;

/// A byte at a place, in the values that it may have there. Other values may pass for them, but none of them is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Byte {
    offset: usize,
    test: Test,
    /// For values that are too different from the first; the same test, if there are none.
    other: Test,
}

/// Whether a byte is a value, except for some bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Test {
    any: u8,
    value: u8,
}

impl Test {
    fn passes(self, byte: u8) -> bool {
        byte | self.any == self.value
    }

    /// The test that all these values pass.
    fn of(first: u8, others: impl Iterator<Item = u8>) -> Self {
        let any = others.fold(0, |any, other| any | (first ^ other));
        Self { any, value: first | any }
    }
}

impl Byte {
    /// A byte at an offset with one of these values, at least one.
    pub(super) fn new(offset: usize, values: impl Iterator<Item = u8>) -> Self {
        let values: Vec<u8> = values.collect();
        let first = values.first().copied().unwrap_or(0);
        // Upper and lower case differ in one bit.
        let (near, far): (Vec<u8>, Vec<u8>) = values.into_iter().partition(|&value| (first ^ value).count_ones() <= 1);
        let test = Test::of(first, near.into_iter());
        let other = far.first().map_or(test, |&far_first| Test::of(far_first, far.iter().copied()));
        Self { offset, test, other }
    }

    fn passes(&self, byte: u8) -> bool {
        self.test.passes(byte) || self.other.passes(byte)
    }

    /// Whether it is there, if what it belongs to begins at a place.
    fn is_at(&self, bytes: &[u8], place: usize) -> bool {
        bytes.get(place + self.offset).is_some_and(|&byte| self.passes(byte))
    }
}

/// Two such bytes, and a third that is compared only where these are; one may stand for another, where there are fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    first: Byte,
    second: Byte,
    third: Byte,
}

impl Pair {
    /// Calls `take` for each place, from one on, from which these bytes are at their offsets, until it takes one.
    pub(super) fn find_map<T>(&self, bytes: &[u8], from: usize, take: impl FnMut(usize) -> Option<T>) -> Option<T> {
        let is_simple = |byte: &Byte| byte.test == byte.other;
        if is_simple(&self.first) && is_simple(&self.second) {
            self.walk::<true, T>(bytes, from, take)
        } else {
            self.walk::<false, T>(bytes, from, take)
        }
    }

    fn walk<const SIMPLE: bool, T>(
        &self,
        bytes: &[u8],
        from: usize,
        mut take: impl FnMut(usize) -> Option<T>,
    ) -> Option<T> {
        let Self { first, second, third } = *self;
        let mut at = from;
        while let (Some(left), Some(right)) = (block(bytes, at + first.offset), block(bytes, at + second.offset)) {
            let mut both = [0_u8; BLOCK];
            for ((both, &left), &right) in both.iter_mut().zip(left).zip(right) {
                let is_first = first.test.passes(left) | (!SIMPLE & first.other.passes(left));
                let is_second = second.test.passes(right) | (!SIMPLE & second.other.passes(right));
                *both = u8::from(is_first & is_second);
            }
            if both.iter().fold(0, |any, both| any | both) != 0 {
                let mut places = packed(&both);
                while places != 0 {
                    let place = at + places.trailing_zeros() as usize;
                    places &= places - 1;
                    if third.is_at(bytes, place)
                        && let Some(taken) = take(place)
                    {
                        return Some(taken);
                    }
                }
            }
            at += BLOCK;
            if let Some(ahead) = bytes.get(at + AHEAD) {
                prefetch(ahead);
            }
        }
        let last = bytes.len().saturating_sub(first.offset.max(second.offset).max(third.offset));
        let stands = |at: &usize| first.is_at(bytes, *at) && second.is_at(bytes, *at) && third.is_at(bytes, *at);
        (at..last).filter(stands).find_map(take)
    }
}

fn block(bytes: &[u8], at: usize) -> Option<&[u8; BLOCK]> {
    bytes.get(at..)?.first_chunk()
}

/// A bit for each byte, each of which is 0 or 1, the first lowest.
fn packed(flags: &[u8; BLOCK]) -> u64 {
    let mut bits = 0;
    for eight in flags.as_chunks::<8>().0.iter().rev() {
        // Moves the lowest bit of byte n to bit 56 + n; no two of them meet.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits = bits << 8 | gathered;
    }
    bits
}

/// Some of a text, to see which bytes are rare in it.
pub(super) struct Sample<'a> {
    pieces: Vec<&'a [u8]>,
    counts: [usize; 256],
}

impl<'a> Sample<'a> {
    /// The sample of a text; all of it, if it is short.
    pub(super) fn of(text: &'a [u8]) -> Self {
        let pieces: Vec<&[u8]> = if text.len() <= PIECES * PIECE {
            vec![text]
        } else {
            let begin = |number: usize| number * ((text.len() - PIECE) / (PIECES - 1));
            (0..PIECES).map(|number| &text[begin(number)..begin(number) + PIECE]).collect()
        };
        Self { counts: counts(&pieces), pieces }
    }

    /// A sample that shows which bytes are rare in a text, but not which stand together.
    pub(super) fn of_bytes(text: &'a [u8]) -> Self {
        Self { pieces: Vec::new(), counts: counts(&[text]) }
    }

    /// How often bytes of these values stand in it.
    pub(super) fn count(&self, values: &[u8]) -> usize {
        values.iter().map(|&value| self.counts[usize::from(value)]).sum()
    }

    /// The two of these bytes, each with its count, that stand together most rarely, with a measure of how often: less
    /// is rarer.
    pub(super) fn rarest(&self, counted: &[(usize, Byte)]) -> Option<(Pair, (usize, usize))> {
        let measure = |pair: &Pair| self.pieces.iter().map(|piece| together(pair, piece)).sum::<usize>();
        if let [(count, only)] = *counted {
            return Some((Pair { first: only, second: only, third: only }, (count, count)));
        }
        let mut best: Option<(Pair, (usize, usize))> = None;
        for (at, (count, first)) in counted.iter().enumerate() {
            for (other, second) in &counted[at + 1..] {
                let pair = Pair { first: *first, second: *second, third: *second };
                let measure = (measure(&pair), count * other);
                if best.as_ref().is_none_or(|(_, least)| measure < *least) {
                    best = Some((pair, measure));
                }
            }
        }
        let (pair, found) = best?;
        // The third that leaves the fewest places.
        let with = |third: Byte| Pair { third, ..pair };
        let third = counted.iter().map(|(_, third)| *third).min_by_key(|third| measure(&with(*third)))?;
        Some((with(third), found))
    }
}

/// How often each byte stands in some texts.
fn counts(texts: &[&[u8]]) -> [usize; 256] {
    let mut counts = [0; 256];
    for &byte in texts.iter().copied().flatten() {
        counts[usize::from(byte)] += 1;
    }
    counts
}

/// How often both stand in a text.
fn together(pair: &Pair, text: &[u8]) -> usize {
    let mut count = 0;
    pair.find_map(text, 0, |_| {
        count += 1;
        None::<()>
    });
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn byte(offset: usize, values: &[u8]) -> Byte {
        Byte::new(offset, values.iter().copied())
    }

    #[test]
    fn the_rarest_by_what_stands_in_the_text() {
        let text = "(meaning 17) (meaning 23) (meaning 42)".repeat(40).into_bytes();
        let sample = Sample::of(&text);
        let rarest = |letters: &[u8]| {
            let bytes = (0..).zip(letters).map(|(at, &letter)| (sample.count(&[letter]), byte(at, &[letter])));
            sample.rarest(&bytes.collect::<Vec<_>>())
        };
        let (pair, (count, _)) = rarest(b"meaning 77").unwrap();
        assert_eq!((pair.first, pair.second, count), (byte(8, b"7"), byte(9, b"7"), 0));
        assert_eq!(rarest(b""), None);
        let (pair, (count, _)) = rarest(b"m").unwrap();
        assert_eq!((pair.first, pair.second, count), (byte(0, b"m"), byte(0, b"m"), 120));
        let (pair, (count, _)) = rarest(b"ng 17) ").unwrap();
        assert!(count < 120 && pair.third != pair.second, "{pair:?}");
    }

    proptest! {
        #[test]
        fn every_place_in_order(
            text in proptest::collection::vec(b'a'..b'e', 0..300),
            offsets in (0usize..80, 0usize..80),
            values in (proptest::collection::vec(b'a'..b'e', 1..4), proptest::collection::vec(b'a'..b'e', 1..4)),
            third in (0usize..80, b'a'..b'e'),
            from in 0usize..100,
        ) {
            let (first, second) = (byte(offsets.0, &values.0), byte(offsets.1, &values.1));
            let pair = Pair { first, second, third: byte(third.0, &[third.1]) };
            let mut found = Vec::new();
            pair.find_map(&text, from, |at| { found.push(at); None::<()> });
            let stands = |at: usize, byte: &Byte| text.get(at + byte.offset).is_some_and(|&other| byte.passes(other));
            let expected: Vec<usize> =
                (from..text.len()).filter(|&at| [first, second, pair.third].iter().all(|byte| stands(at, byte))).collect();
            prop_assert_eq!(found, expected);
            for &value in &values.0 {
                prop_assert!(pair.first.passes(value));
            }
        }
    }
}
