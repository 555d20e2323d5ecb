//! How many lookups a second an account makes in all its sessions together, and how long a session has to wait so that
//! the account stays within its rate. No lookup is refused. Pure: the clock is passed in.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// A second's worth of lookups may come at once.
const AT_ONCE: Duration = Duration::from_secs(1);
/// When this many accounts are remembered, those that have nothing to wait for are forgotten.
const MANY: usize = 16_384;

/// The rates of all accounts.
#[derive(Debug)]
pub struct LookupRates {
    /// What one lookup takes of a second; no limit without it.
    each: Option<Duration>,
    /// When all lookups of an account are paid for.
    paid: HashMap<u64, Instant>,
    forget_at: usize,
    delayed: u64,
}

impl LookupRates {
    /// The most lookups a second; 0 for no limit.
    pub fn new(rate: u32) -> Self {
        let each = (rate > 0).then(|| AT_ONCE / rate);
        Self { each, paid: HashMap::new(), forget_at: MANY, delayed: 0 }
    }

    /// How long to wait before the account's next lookup, which counts from now on.
    pub fn wait(&mut self, account: u64, now: Instant) -> Duration {
        let Some(each) = self.each else { return Duration::ZERO };
        if self.paid.len() >= self.forget_at {
            self.paid.retain(|_, paid| *paid > now);
            self.forget_at = (self.paid.len() * 2).max(MANY);
        }
        let paid = self.paid.entry(account).or_insert(now);
        *paid = (*paid).max(now) + each;
        let wait = paid.saturating_duration_since(now).saturating_sub(AT_ONCE);
        self.delayed += u64::from(!wait.is_zero());
        wait
    }

    /// How many lookups had to wait.
    pub fn delayed(&self) -> u64 {
        self.delayed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seconds_worth_at_once_and_then_as_many_as_there_may_be() {
        let (mut rates, now) = (LookupRates::new(10), Instant::now());
        let waits: Vec<u128> = (0..13).map(|_| rates.wait(1, now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100, 200, 300]);
        assert_eq!((rates.wait(2, now), rates.delayed()), (Duration::ZERO, 3), "another account's are its own");
        let later = now + Duration::from_millis(400);
        assert_eq!(rates.wait(1, later), Duration::ZERO, "those that have waited are over");
        assert!((0..1_000).all(|_| LookupRates::new(0).wait(1, now).is_zero()));
    }

    #[test]
    fn accounts_with_nothing_to_wait_for_are_forgotten() {
        let (mut rates, now) = (LookupRates::new(1), Instant::now());
        assert!((0..MANY as u64).all(|account| rates.wait(account, now).is_zero()));
        rates.wait(u64::MAX, now + Duration::from_secs(2));
        assert_eq!(rates.paid.len(), 1);
    }
}
