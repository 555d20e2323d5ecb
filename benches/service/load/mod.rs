//! The load generator: one thread, one epoll loop. For each reply it only finds the end and checks that it is the
//! expected one. It never sleeps while it counts.

mod crowd;
mod keys;
mod lookups;
mod stream;
mod visits;

pub use keys::type_keys;
pub use lookups::{Dialect, Speakers};
pub use stream::{SERVER_NAME, Tls};
pub use visits::{Burst, Exchange, Visit, Visitors, hold};

use crate::Result;
use crate::figures::Measured;
use crate::processes::{Meter, Spent};
use crate::stop::Stop;
use std::time::{Duration, Instant};

/// How long a measurement runs.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Before anything counts.
    pub warm_up: Duration,
    /// While it counts.
    pub length: Duration,
}

/// A measurement under way: it knows when counting begins and ends, and reads the CPU time at both moments.
#[derive(Debug)]
pub struct Counting<'a> {
    meter: &'a Meter,
    stop: &'a Stop,
    window: Window,
    begins: Instant,
    ends: Instant,
    from: Option<(Instant, u64, Spent)>,
}

impl<'a> Counting<'a> {
    /// Begins to warm up.
    pub fn new(window: Window, meter: &'a Meter, stop: &'a Stop) -> Self {
        let begins = Instant::now() + window.warm_up;
        Self { meter, stop, window, begins, ends: begins + window.length, from: None }
    }

    /// Begins to warm up again now: what was done before was preparation.
    pub fn again(self) -> Self {
        let begins = Instant::now() + self.window.warm_up;
        Self { begins, ends: begins + self.window.length, from: None, ..self }
    }

    /// How long to wait at most until the next turn; `None` when the time is over. `done` is what was done so far.
    pub fn turn(&mut self, done: u64) -> Result<Option<Duration>> {
        self.stop.check()?;
        let mut now = Instant::now();
        if self.from.is_none() {
            if now < self.begins {
                return Ok(Some(self.begins - now));
            }
            // With ten thousand children this takes a while, which does not count.
            let spent = self.meter.read()?;
            now = Instant::now();
            self.ends = now + self.window.length;
            self.from = Some((now, done, spent));
        }
        Ok(self.ends.checked_duration_since(now).filter(|left| !left.is_zero()))
    }

    /// What was measured.
    pub fn finish(self, done: u64) -> Result<Measured> {
        let now = Instant::now();
        let (from, before, earlier) = self.from.ok_or("the measurement was too short")?;
        let later = self.meter.read()?;
        let seconds = (now - from).as_secs_f64();
        let share = |later: Duration, earlier: Duration| later.saturating_sub(earlier).as_secs_f64() / seconds;
        let count = u32::try_from(done - before)?;
        Ok(Measured {
            rate: f64::from(count) / seconds,
            cpu: [
                share(later.load, earlier.load),
                share(later.server, earlier.server),
                share(later.database, earlier.database),
            ],
            failures: 0,
            failure: None,
        })
    }
}

/// Enough to distinguish `FAIL notfound` from other failures.
const HEAD: usize = 8;

/// Where a reply ends, seen from the first bytes of its lines; they may come in pieces.
#[derive(Debug, Clone, Copy, Default)]
struct LineHead {
    bytes: [u8; HEAD],
    length: usize,
}

impl LineHead {
    /// Calls `ended` with the first bytes of each line that ends in `chunk`.
    fn follow(&mut self, mut chunk: &[u8], mut ended: impl FnMut([u8; HEAD])) {
        while !chunk.is_empty() {
            let missing = HEAD.saturating_sub(self.length);
            let end = memchr::memchr(b'\n', chunk);
            let line = &chunk[..end.unwrap_or(chunk.len())];
            for &byte in line.iter().take(missing) {
                self.bytes[self.length] = byte;
                self.length += 1;
            }
            let Some(end) = end else { return };
            ended(self.bytes);
            *self = Self::default();
            chunk = &chunk[end + 1..];
        }
    }
}
