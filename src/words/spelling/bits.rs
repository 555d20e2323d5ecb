//! The table for texts of up to 63 letters and small distances: of each row only the cells up to [`FARTHEST`] matter, so it
//! is a set of cells for each of these distances, a bit for each cell. One letter moves all of them on at once (Wu and
//! Manber 1992, with transpositions).

use super::table::{FARTHEST, Table};

const SETS: usize = FARTHEST as usize + 1;

/// A row: for each distance the cells that are no farther.
type Row = [u64; SETS];

/// The rows so far, one for each letter that was pushed, and the first.
pub(super) struct Bits<'a> {
    text: &'a [char],
    rows: Vec<Row>,
    /// For each letter that was pushed the cells that stand behind the same letter of the text.
    places: Vec<u64>,
    /// The same for every letter of ASCII.
    ascii: [u64; 128],
    /// All cells of a row.
    cells: u64,
}

impl<'a> Bits<'a> {
    /// The first row; `None` for a text or a distance that is too large for it.
    pub(super) fn new(text: &'a [char], most: u8) -> Option<Self> {
        if text.len() >= u64::BITS as usize || most > FARTHEST {
            return None;
        }
        let cells = u64::MAX >> (u64::BITS as usize - 1 - text.len());
        // The distance of cell n is n.
        let first = std::array::from_fn(|distance| cells & ((2_u64 << distance) - 1));
        let mut ascii = [0; 128];
        for (&letter, at) in text.iter().zip(1..) {
            if let Some(places) = ascii.get_mut(letter as usize) {
                *places |= 1 << at;
            }
        }
        Some(Self { text, rows: vec![first], places: Vec::new(), ascii, cells })
    }

    fn places_of(&self, letter: char) -> u64 {
        match self.ascii.get(letter as usize) {
            Some(places) => *places,
            None => {
                self.text.iter().zip(1..).filter(|(other, _)| **other == letter).fold(0, |all, (_, at)| all | 1 << at)
            }
        }
    }
}

impl Table for Bits<'_> {
    fn push(&mut self, letter: char, most: u8) -> bool {
        let here = self.places_of(letter);
        let last = self.rows.last().copied().unwrap_or_default();
        // The letter before stands in the text where this one is, and this one in front of it.
        let swapped = self.places.last().map_or(0, |there| here << 1 & there);
        let before = self.rows.len().checked_sub(2).map_or([0; SETS], |at| self.rows[at]);
        let mut row = [last[0] << 1 & here; SETS];
        for at in 1..SETS {
            let (kept, replaced) = (last[at] << 1 & here, last[at - 1] << 1);
            let (inserted, left_out) = (last[at - 1], row[at - 1] << 1);
            let swapped = before[at - 1] << 2 & swapped;
            row[at] = (kept | replaced | inserted | left_out | swapped) & self.cells;
        }
        self.rows.push(row);
        self.places.push(here);
        let most = usize::from(most);
        // A transposition reaches back over one row.
        row[most] != 0 || most > 0 && last[most - 1] != 0
    }

    fn pop(&mut self, count: usize) {
        self.rows.truncate(self.rows.len() - count);
        self.places.truncate(self.places.len() - count);
    }

    fn distance(&self, most: u8) -> Option<u8> {
        let row = self.rows.last()?;
        (0..=most).find(|&distance| row[usize::from(distance)] >> self.text.len() & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::Rows;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Letter by letter the same as the whole table.
        #[test]
        fn says_what_the_table_says(
            text in "[abcé词]{0,9}|[ab]{60,63}",
            words in proptest::collection::vec("[abcé词]{0,9}|[ab]{58,66}", 1..4),
            most in 0..=FARTHEST,
        ) {
            let text: Vec<char> = text.chars().collect();
            let (mut bits, mut rows) = (Bits::new(&text, most).unwrap(), Rows::new(&text));
            for word in words {
                let mut pushed = 0;
                for letter in word.chars() {
                    prop_assert_eq!(bits.push(letter, most), rows.push(letter, most), "{}", word);
                    prop_assert_eq!(bits.distance(most), rows.distance(most), "{}", word);
                    pushed += 1;
                }
                bits.pop(pushed);
                rows.pop(pushed);
            }
            prop_assert!(Bits::new(&['a'; 64], most).is_none() && Bits::new(&text, FARTHEST + 1).is_none());
        }
    }
}
