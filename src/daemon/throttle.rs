//! Keeps events that may happen a thousand times a second from filling the log: the first few are logged at once, then
//! there is one line every few seconds, with the number of events that were left out. Pure: the clock is passed in.

use std::time::{Duration, Instant};

/// How many lines are logged at once.
const AT_ONCE: u32 = 20;
/// Afterwards one in this time.
const THEN_EVERY: Duration = Duration::from_secs(5);

/// Lines of one kind.
#[derive(Debug, Default)]
pub struct Throttle {
    /// When every line that was written is paid for.
    paid: Option<Instant>,
    unsaid: u64,
}

/// How many lines were left out since the last one; to be appended to the next.
#[derive(Debug, PartialEq, Eq)]
pub struct Unsaid(u64);

impl std::fmt::Display for Unsaid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => Ok(()),
            count => write!(f, " (and {count} more like this)"),
        }
    }
}

impl Throttle {
    /// Whether a line may be written now.
    pub fn allow(&mut self, now: Instant) -> Option<Unsaid> {
        let paid = self.paid.map_or(now, |paid| paid.max(now)) + THEN_EVERY;
        if paid.duration_since(now) > THEN_EVERY * AT_ONCE {
            self.unsaid += 1;
            return None;
        }
        self.paid = Some(paid);
        Some(Unsaid(std::mem::take(&mut self.unsaid)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_lines_becomes_a_trickle_that_says_how_many() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let said = (0..1_000).filter_map(|_| throttle.allow(now)).collect::<Vec<_>>();
        assert_eq!(said.len(), 20);
        assert!(said.iter().all(|unsaid| unsaid.to_string().is_empty()));
        assert_eq!(throttle.allow(now + THEN_EVERY), Some(Unsaid(980)));
        assert_eq!(throttle.allow(now + THEN_EVERY), None);
        let later = now + THEN_EVERY * 30;
        assert_eq!(throttle.allow(later).map(|unsaid| unsaid.to_string()).as_deref(), Some(" (and 1 more like this)"));
        assert_eq!((0..1_000).filter_map(|_| throttle.allow(later)).count(), 19);
    }
}
