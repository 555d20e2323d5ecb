//! A bar on the terminal that shows how far a tool has come. Without a terminal it shows nothing.

use crate::text::printable;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

/// How wide the bar is.
const WIDTH: u64 = 30;

/// A bar, shown or not.
pub(crate) struct Progress {
    shown: bool,
    /// The text of the line.
    line: String,
}

impl Progress {
    /// A bar on standard error, if that is a terminal.
    pub fn new() -> Self {
        Self { shown: io::stderr().is_terminal(), line: String::new() }
    }

    /// How many of the total are done.
    pub fn show(&mut self, what: &str, done: u64, total: u64) {
        self.put(bar(what, done, total));
    }

    /// How much of a file is done.
    pub fn show_file(&mut self, file: &Path, done: u64, total: u64) {
        let percent = part(done, total, 100);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        self.put(format!("[{}] {percent:3} % {}", marks(percent, 100), printable(&name)));
    }

    fn put(&mut self, line: String) {
        if self.shown && line != self.line {
            // The end of a longer line before is wiped away.
            let _ = write!(io::stderr(), "\r{line}\x1b[K");
            self.line = line;
        }
    }

    /// Removes the bar, so that something else can be printed.
    pub fn hide(&mut self) {
        if !self.line.is_empty() {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.line.clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.hide();
    }
}

fn bar(what: &str, done: u64, total: u64) -> String {
    format!("{what} [{}] {done} of {total} ({} %)", marks(done, total), part(done, total, 100))
}

fn part(done: u64, total: u64, of: u64) -> u64 {
    done.min(total).saturating_mul(of).checked_div(total).unwrap_or(of)
}

fn marks(done: u64, total: u64) -> String {
    let full = part(done, total, WIDTH);
    let (full, empty) = (usize::try_from(full).unwrap_or(0), usize::try_from(WIDTH - full).unwrap_or(0));
    "#".repeat(full) + &"-".repeat(empty)
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn bars() {
        assert_eq!(bar("rows", 0, 0), format!("rows [{}] 0 of 0 (100 %)", "#".repeat(30)));
        assert_eq!(bar("rows", 1, 3), format!("rows [{}{}] 1 of 3 (33 %)", "#".repeat(10), "-".repeat(20)));
        assert_eq!(bar("rows", 4, 3), format!("rows [{}] 4 of 3 (100 %)", "#".repeat(30)));
    }
}
