//! A bar on the terminal that shows how far a tool has come. Without a terminal it shows nothing.

use std::io::{self, IsTerminal, Write};

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
        let line = bar(what, done, total);
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
    let part = |of: u64| done.min(total).saturating_mul(of).checked_div(total).unwrap_or(of);
    let full = part(WIDTH);
    let (full, empty) = (usize::try_from(full).unwrap_or(0), usize::try_from(WIDTH - full).unwrap_or(0));
    format!("{what} [{}{}] {done} of {total} ({} %)", "#".repeat(full), "-".repeat(empty), part(100))
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
