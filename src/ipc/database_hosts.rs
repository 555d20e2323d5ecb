//! What the writer knows of the database's hosts, in the head of the scoreboard: sessions use the host that the writer
//! uses, and the parent reports what is wrong with the others.

use super::shared_text::{read_text, write_text};
use super::time_of_day::since_1970;
use crate::store::{Hosts, MOST_HOSTS};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The host in use: its number plus one; 0 while it is unknown.
const IN_USE: usize = 0;
/// Whether the server in use is in a cluster.
const CLUSTER: usize = 1;
/// The hosts that have failed, each with when, in microseconds since 1970 (0: it has not), and why.
const FAILURES: usize = 2;
const SIZE_OF_TEXT: usize = 1;
const TEXT: usize = 2;
/// The words' bytes, eight to a number: enough for servers' errors.
const TEXT_NUMBERS: usize = 16;
const FAILURE: usize = TEXT + TEXT_NUMBERS;
/// How many numbers it takes.
pub(super) const SIZE: usize = FAILURES + MOST_HOSTS * FAILURE;

/// The hosts on the board.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseHosts<'a> {
    numbers: &'a [AtomicU64],
}

impl<'a> DatabaseHosts<'a> {
    pub(super) fn of(numbers: &'a [AtomicU64]) -> Self {
        Self { numbers }
    }

    /// Shows what is known of the hosts. The writer's.
    pub fn show(self, hosts: &Hosts) {
        let numbers = self.numbers;
        for host in 0..MOST_HOSTS {
            let failure = hosts.failure(host);
            let place = &numbers[FAILURES + host * FAILURE..][..FAILURE];
            place[0].store(0, Ordering::Relaxed);
            let Some(failure) = failure else { continue };
            place[SIZE_OF_TEXT].store(write_text(&place[TEXT..], &failure.why), Ordering::Relaxed);
            let since = since_1970().saturating_sub(failure.at.elapsed()).as_micros();
            place[0].store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Release);
        }
        numbers[IN_USE].store(hosts.in_use().map_or(0, |host| host as u64 + 1), Ordering::Release);
        self.show_cluster(hosts.is_cluster());
    }

    /// Shows whether the server is in a cluster. The writer's; and the parent's, before there is one.
    pub fn show_cluster(self, is_cluster: bool) {
        self.numbers[CLUSTER].store(u64::from(is_cluster), Ordering::Release);
    }

    /// Whether the server is in a cluster, where another member may be ahead of it.
    pub fn is_cluster(self) -> bool {
        self.numbers[CLUSTER].load(Ordering::Acquire) != 0
    }

    /// The host that the writer uses, by its number in the URL; `None` if there is only one.
    pub fn in_use(self) -> Option<usize> {
        let number = self.numbers[IN_USE].load(Ordering::Acquire);
        usize::try_from(number).ok()?.checked_sub(1).filter(|&host| host < MOST_HOSTS)
    }

    /// How long ago a host failed when it was last tried, and why; `None` if it did not.
    pub fn failure(self, host: usize) -> Option<(Duration, String)> {
        let place = self.numbers.get(FAILURES + host.checked_mul(FAILURE)?..)?.get(..FAILURE)?;
        let since = Some(place[0].load(Ordering::Acquire)).filter(|&since| since > 0)?;
        // It may be half of one and half of another.
        let why = read_text(&place[TEXT..], place[SIZE_OF_TEXT].load(Ordering::Relaxed));
        Some((since_1970().saturating_sub(Duration::from_micros(since)), why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers() -> Vec<AtomicU64> {
        (0..SIZE).map(|_| AtomicU64::new(0)).collect()
    }

    #[test]
    fn what_the_writer_shows_is_read_back() {
        let numbers = numbers();
        let board = DatabaseHosts::of(&numbers);
        assert_eq!((board.in_use(), board.is_cluster(), board.failure(0)), (None, false, None));
        board.show(&Hosts::hinted(Some(2), true));
        assert_eq!((board.in_use(), board.is_cluster()), (Some(2), true));
        assert_eq!((board.failure(MOST_HOSTS), board.failure(usize::MAX)), (None, None));
    }
}
