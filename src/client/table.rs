//! Columns that line up, wide characters included. Pure; it never writes.

use unicode_width::UnicodeWidthStr;

/// So many rows are laid out at once; a history may be longer than memory.
const PAGE_ROWS: usize = 1_000;
/// And so many bytes, for a hostile server may send long ones.
const PAGE_BYTES: usize = 1 << 20;
/// What is wider than any headword is not padded for: one such cell would make every row as wide.
const PAD_MOST: usize = 256;

/// Rows of cells that wait to be laid out together.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    rows: Vec<[String; COLUMNS]>,
    bytes: usize,
    /// The widest cell of each column so far: later pages are never narrower than earlier ones.
    widths: [usize; COLUMNS],
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    /// No rows.
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new(), bytes: 0, widths: [0; COLUMNS] }
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

    /// Takes the rows out as lines; the last column is not padded.
    pub(crate) fn lay_out(&mut self) -> String {
        let mut out = String::new();
        for row in self.rows.drain(..) {
            for (column, (cell, width)) in row.iter().zip(self.widths).enumerate() {
                out.push_str(cell);
                if column + 1 < COLUMNS {
                    out.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.width()) + 2));
                }
            }
            out.push('\n');
        }
        self.bytes = 0;
        out
    }
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
        let text = table.lay_out();
        assert_eq!(text, "名字  词         t\nann   ice cream  1\n词典  cafe\u{301}       2\n");
        let columns: Vec<usize> = text.lines().map(|line| line[..line.len() - 1].width()).collect();
        assert_eq!(columns, [17, 17, 17]);
        assert_eq!(table.lay_out(), "");
    }

    /// A hostile server's one long cell among many short ones must not cost their product.
    #[test]
    fn one_long_cell_widens_no_other() {
        let mut table = Table::<2>::new();
        table.add(["x".repeat(1_000_000), "y".into()]);
        for _ in 0..900 {
            table.add(["a".into(), "b".into()]);
        }
        assert!(table.lay_out().len() < 1_000_000 + 1_000 * (PAD_MOST + 10));
    }

    #[test]
    fn pages_are_bounded() {
        let mut table = Table::<2>::new();
        for _ in 0..PAGE_ROWS {
            assert!(!table.is_full());
            table.add(["a".into(), "b".into()]);
        }
        assert!(table.is_full());
        table.lay_out();
        table.add(["x".repeat(PAGE_BYTES), String::new()]);
        assert!(table.is_full());
    }
}
