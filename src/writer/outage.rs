//! What the writer knows of an outage of the database: since when it lasts, and when to try again. Pure; the clock is
//! passed in.

use crate::store::Error;
use std::time::{Duration, Instant};

/// The pause before the database is tried again; twice as long the next time, and so on.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// An attempt that took long, because no server answered, is followed by a pause of this many times its length:
/// sessions wait for the writer meanwhile.
const REST: u32 = 4;
const LONGEST_REST: Duration = Duration::from_secs(10);

/// An outage.
#[derive(Debug)]
pub(super) struct Outage {
    pub since: Instant,
    /// How it showed when it was last tried.
    pub error: Error,
    pause: Duration,
    /// When to try again.
    pub next: Instant,
}

impl Outage {
    /// It began with an attempt that took this long and failed with this error.
    pub fn begin(error: Error, took: Duration, now: Instant) -> Self {
        Self { since: now, error, pause: PAUSE, next: now + rest(PAUSE, took) }
    }

    /// Another attempt has failed.
    pub fn goes_on(&mut self, error: Error, took: Duration, now: Instant) {
        self.error = error;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.next = now + rest(self.pause, took);
    }
}

fn rest(pause: Duration, took: Duration) -> Duration {
    pause.max((took * REST).min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let begin = Instant::now();
        let mut outage = Outage::begin(Error::world("away"), Duration::ZERO, begin);
        let mut pauses = vec![outage.next - begin];
        for _ in 0..5 {
            let now = outage.next;
            outage.goes_on(Error::world("still away"), Duration::ZERO, now);
            pauses.push(outage.next - now);
        }
        assert_eq!(pauses, [100, 200, 400, 800, 1_000, 1_000].map(Duration::from_millis));
        assert_eq!((outage.since, outage.error.message.as_str()), (begin, "still away"));
        // A server that does not answer costs its sessions a fifth of the time at most.
        for (took, pause) in [(1_500, 6_000), (3_000, 10_000)] {
            outage.goes_on(Error::world("silent"), Duration::from_millis(took), begin);
            assert_eq!(outage.next - begin, Duration::from_millis(pause));
        }
    }
}
