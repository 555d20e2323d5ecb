//! systemd's watchdog (`sd_watchdog_enabled(3)`): when the loop has to report that it still turns. Pure, except for
//! taking the watchdog's variables out of the environment; the clock is passed in.

use crate::sys::{self, Forker};
use log::warn;
use std::time::{Duration, Instant};

/// When to speak next.
#[derive(Debug)]
pub struct Watchdog {
    every: Duration,
    next: Option<Instant>,
}

impl Watchdog {
    /// Takes `WATCHDOG_USEC` and `WATCHDOG_PID` out of the environment. `None` if this process is not watched.
    pub fn take(forker: &Forker) -> Option<Self> {
        let patience = sys::take_variable("WATCHDOG_USEC", forker);
        let whom = sys::take_variable("WATCHDOG_PID", forker);
        let patience = patience?;
        let patience = patience.to_string_lossy();
        let watchdog = Self::new(&patience, whom.map(|pid| pid.to_string_lossy().into_owned()), std::process::id());
        watchdog.unwrap_or_else(|why| {
            warn!("WATCHDOG_USEC {patience}: {why}");
            None
        })
    }

    fn new(patience: &str, whom: Option<String>, this: u32) -> Result<Option<Self>, &'static str> {
        if whom.is_some_and(|pid| pid.parse() != Ok(this)) {
            return Ok(None);
        }
        let microseconds: u64 = patience.parse().map_err(|_| "not a number of microseconds")?;
        if microseconds == 0 {
            return Err("it is zero");
        }
        // Twice in that time, as the manual asks for.
        Ok(Some(Self { every: Duration::from_micros(microseconds.div_ceil(2)), next: None }))
    }

    /// Whether it is time to speak; if so, the next time is later.
    pub fn due(&mut self, now: Instant) -> bool {
        let due = self.next.is_none_or(|next| next <= now);
        if due {
            self.next = Some(now + self.every);
        }
        due
    }

    /// When it will be time.
    pub fn next(&self) -> Instant {
        self.next.unwrap_or_else(Instant::now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_in_the_time_it_is_given() {
        let mut watchdog = Watchdog::new("3000000", Some("7".to_owned()), 7).unwrap().unwrap();
        let now = Instant::now();
        assert!(watchdog.due(now));
        assert!(!watchdog.due(now + Duration::from_millis(1_499)));
        assert_eq!(watchdog.next(), now + Duration::from_millis(1_500));
        assert!(watchdog.due(now + Duration::from_secs(9)));
    }

    #[test]
    fn only_whom_it_is_for() {
        assert!(Watchdog::new("1", Some("8".to_owned()), 7).unwrap().is_none());
        assert!(Watchdog::new("1", Some("nobody".to_owned()), 7).unwrap().is_none());
        assert!(Watchdog::new("1", None, 7).unwrap().is_some());
        assert!(Watchdog::new("soon", None, 7).is_err());
        assert!(Watchdog::new("0", None, 7).is_err());
    }
}
