//! Columns that line up, also with wide characters and on a page that is too narrow for them. Pure; it never writes.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many rows are laid out at once; a history may be longer than memory.
const PAGE_ROWS: usize = 1_000;
/// And in bytes, for a hostile server may send long ones.
const PAGE_BYTES: usize = 1 << 20;
/// A column is cut no narrower than this: below it a table is unreadable, and the terminal may break lines.
const NARROWEST: usize = 6;
/// What is wider than any headword is not padded for: one such cell would make every row as wide.
const PAD_MOST: usize = 256;

/// Rows of cells that wait to be laid out together.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
    bytes: usize,
    /// The widest cell of each column so far: later pages are never narrower than earlier ones.
    widths: [usize; COLUMNS],
    /// Whether any page has been laid out.
    begun: bool,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// No rows.
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), bytes: 0, widths: [0; COLUMNS], begun: false }
    }

    /// Adds a row of printable text.
    pub(crate) fn add(&mut self, row: [String; COLUMNS]) {
        for (width, cell) in self.widths.iter_mut().zip(&row) {
            *width = (*width).max(cell.width().min(PAD_MOST));
            self.bytes += cell.len();
        }
        self.rows.push(row);
    }

    /// Whether enough has come to be laid out.
    pub(crate) fn is_full(&self) -> bool {
        self.rows.len() >= PAGE_ROWS || self.bytes >= PAGE_BYTES
    }

    /// Whether the next page is the one with the heading.
    pub(crate) fn holds_first(&self) -> bool {
        !self.begun && !self.rows.is_empty()
    }

    /// Takes the rows out as lines; the last column is not padded. Where they are wider than the page, cells of the
    /// columns `cut` are, the first of these before the next.
    pub(crate) fn lay_out<const CUT: usize>(&mut self, page: Option<usize>, cut: [usize; CUT]) -> String {
        self.begun |= !self.rows.is_empty();
        let widths = self.fitting(page, cut);
        let mut out = String::new();
        for row in self.rows.drain(..) {
            for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
                let room = if page.is_some() && cut.contains(&column) { width } else { usize::MAX };
                let taken = push_cut(&mut out, cell, room);
                if column + 1 < COLUMNS {
                    out.extend(std::iter::repeat_n(' ', width.saturating_sub(taken) + 2));
                }
            }
            out.push('\n');
        }
        self.bytes = 0;
        out
    }

    fn fitting<const CUT: usize>(&self, page: Option<usize>, cut: [usize; CUT]) -> [usize; COLUMNS] {
        let mut widths = self.widths;
        let Some(page) = page else { return widths };
        let mut excess = (widths.iter().sum::<usize>() + 2 * COLUMNS.saturating_sub(1)).saturating_sub(page);
        for column in cut {
            let less = excess.min(widths[column].saturating_sub(NARROWEST));
            widths[column] -= less;
            excess -= less;
        }
        widths
    }
}

/// Writes a cell, with `…` at its end if it is too wide, and gives back the columns it takes up.
fn push_cut(out: &mut String, cell: &str, room: usize) -> usize {
    let whole = cell.width();
    if whole <= room {
        out.push_str(cell);
        return whole;
    }
    let mut taken = 0;
    for c in cell.chars() {
        let width = c.width().unwrap_or(0);
        if taken + width + 1 > room {
            break;
        }
        out.push(c);
        taken += width;
    }
    out.push('…');
    taken + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_line_up() {
        let mut table = Table::new();
        for row in [["名字", "词", "t"], ["ann", "ice cream", "1"], ["词典", "cafe\u{301}", "2"]] {
            table.add(row.map(str::to_owned));
        }
        assert!(table.holds_first());
        let text = table.lay_out(None, [1]);
        assert_eq!(text, "名字  词         t\nann   ice cream  1\n词典  cafe\u{301}       2\n");
        let columns: Vec<usize> = text.lines().map(|line| line[..line.len() - 1].width()).collect();
        assert_eq!(columns, [17, 17, 17]);
        assert_eq!(table.lay_out(None, [1]), "");
        assert!(!table.holds_first());
    }

    #[test]
    fn a_narrow_page_cuts_cells() {
        let mut table = Table::new();
        for row in [["name", "a very long headword", "t"], ["n", "词典词典词典词典", "1"]] {
            table.add(row.map(str::to_owned));
        }
        let text = table.lay_out(Some(20), [1, 0]);
        assert_eq!(text, "name  a very lon…  t\nn     词典词典词…  1\n");
        // No page at all: columns keep a beginning.
        table.add(["name of somebody", "a very long headword", "t"].map(str::to_owned));
        assert_eq!(table.lay_out(Some(1), [1, 0]), "name …  a ver…  t\n");
    }

    /// A hostile server's one long cell among many short ones must not cost their product.
    #[test]
    fn one_long_cell_widens_no_other() {
        let mut table = Table::<2>::new();
        table.add(["x".repeat(1_000_000), "y".into()]);
        for _ in 0..900 {
            table.add(["a".into(), "b".into()]);
        }
        assert!(table.lay_out(None, [0]).len() < 1_000_000 + 1_000 * (PAD_MOST + 10));
    }

    #[test]
    fn pages_are_bounded() {
        let mut table = Table::<2>::new();
        for _ in 0..PAGE_ROWS {
            assert!(!table.is_full());
            table.add(["a".into(), "b".into()]);
        }
        assert!(table.is_full());
        table.lay_out(None, [0]);
        table.add(["x".repeat(PAGE_BYTES), String::new()]);
        assert!(table.is_full());
    }
}
