//! Log lines that standard error did not take: they are counted, and the count is logged when standard error takes
//! lines again. The parent logs it for all processes, so that one line has the number of all missing ones.

use crate::standard_error::StandardError;
use log::warn;
use std::time::{Duration, Instant};

/// The time between attempts to report.
const AGAIN: Duration = Duration::from_secs(1);

/// What is still to be reported.
#[derive(Debug)]
pub struct Unlogged {
    lines: StandardError,
    untold: u64,
    /// All since the start.
    total: u64,
    next: Option<Instant>,
}

impl Unlogged {
    /// Nothing is missing yet.
    pub fn new(lines: StandardError) -> Self {
        Self { lines, untold: 0, total: 0, next: None }
    }

    /// Where the log goes.
    pub fn lines(&self) -> &StandardError {
        &self.lines
    }

    /// How many lines were dropped since the start.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Takes over what others have counted, and reports if it is time to. Returns when it is, if that is later.
    pub fn look(&mut self, others: u64, now: Instant) -> Option<Instant> {
        let new = others.saturating_add(self.lines.take_dropped());
        self.untold = self.untold.saturating_add(new);
        self.total = self.total.saturating_add(new);
        if self.untold == 0 {
            return None;
        }
        if self.next.is_none_or(|next| next <= now) {
            self.next = Some(now + AGAIN);
            let plural = if self.untold == 1 { " was" } else { "s were" };
            warn!("{} log line{plural} dropped: standard error was blocked", self.untold);
            // This line itself does not count.
            if self.lines.take_dropped() == 0 {
                self.untold = 0;
                self.next = None;
            }
        }
        self.next
    }
}
