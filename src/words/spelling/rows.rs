//! The table itself, row by row: for texts of any length and any distance.

use super::table::Table;

/// The rows of the table so far, one for each letter that was pushed, and the first.
pub(super) struct Rows<'a> {
    text: &'a [char],
    letters: Vec<char>,
    cells: Vec<u8>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a [char]) -> Self {
        let cells = (0..=text.len()).map(|at| u8::try_from(at).unwrap_or(u8::MAX)).collect();
        Self { text, letters: Vec::new(), cells }
    }
}

impl Table for Rows<'_> {
    fn push(&mut self, letter: char, most: u8) -> bool {
        let width = self.text.len() + 1;
        let last = self.cells.len() - width;
        let mut left = self.cells[last].saturating_add(1);
        let mut least = left;
        self.cells.push(left);
        for at in 1..width {
            let replaced = self.cells[last + at - 1].saturating_add(u8::from(self.text[at - 1] != letter));
            let deleted = self.cells[last + at].saturating_add(1);
            let mut cell = replaced.min(deleted).min(left.saturating_add(1));
            if at > 1
                && let Some(&before) = self.letters.last()
                && self.text[at - 1] == before
                && self.text[at - 2] == letter
            {
                cell = cell.min(self.cells[last - width + at - 2].saturating_add(1));
            }
            self.cells.push(cell);
            left = cell;
            least = least.min(cell);
        }
        self.letters.push(letter);
        // A transposition reaches back over one row.
        let before = self.cells[last..last + width].iter().min().copied().unwrap_or(u8::MAX);
        least <= most || before < most
    }

    fn pop(&mut self, count: usize) {
        self.letters.truncate(self.letters.len() - count);
        self.cells.truncate(self.cells.len() - count * (self.text.len() + 1));
    }

    fn distance(&self, most: u8) -> Option<u8> {
        self.cells.last().copied().filter(|&distance| distance <= most)
    }
}
