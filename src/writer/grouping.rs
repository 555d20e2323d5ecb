//! Whether a commit waits for others that are about to come, and for how long. Pure.
//!
//! Clients that wait for their answers come back soon after these, all of them together. A commit that begins with the
//! first of them leaves the others to the next one: with eight clients each commit then keeps four lookups, and takes as
//! long as with eight. A commit that waits until as many have come as are active keeps all eight. Where the processors
//! are busy enough without that, or commits are quick, waiting loses instead. So from time to time both ways are tried
//! in turn, and the one that keeps more lookups in the same time is used until the next trial.

use std::time::{Duration, Instant};

/// A commit waits for no longer than commits take, divided by this.
const PART: u32 = 2;
/// Nor for longer than this, however long commits take.
const LONGEST: Duration = Duration::from_millis(5);
/// How many commits one way is used for before the rate is looked at.
const WINDOW: u32 = 8;
/// How many windows a trial has, which are without and with waiting in turn.
const TRIAL: u32 = 8;
/// How many windows there are from the beginning of a trial to that of the next.
const WINDOWS: u32 = 256;
/// How many times as much must be kept with waiting: with lookups that come when they come, both ways are the same, and
/// waiting delays them.
const BETTER: f64 = 1.1;
/// A trial counts as if it had shown no more than this: a disk that was slow in between would be decisive for long.
const MOST_GAIN: f64 = 1.5;
/// A pause of this length between commits says nothing about the rate.
const IDLE: Duration = Duration::from_millis(100);

/// What is known of the last commits.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    /// How long a commit takes: of the last few, the latest counting most.
    takes: Duration,
    /// The channels of the last two commits.
    last: [Vec<u64>; 2],
    /// Until when the next one waits, and for how many batches.
    waits: Option<(Instant, usize)>,
    /// When the last one ended.
    ended: Option<Instant>,
    /// The number of this window, and its commits.
    window: u32,
    commits: u32,
    /// What was kept in the windows of the last trial without and with waiting, and how long these took.
    tried: [(usize, Duration); 2],
    /// The logarithm of how many times as much is kept with waiting: of the last few trials, the latest counting most.
    /// A single one may have met a slow disk.
    gain: f64,
}

impl Grouping {
    /// A commit could begin with what has come on these channels; others may have been closed since.
    pub fn begin(&mut self, channels: &[u64], is_open: impl Fn(u64) -> bool, now: Instant) {
        self.ended = self.ended.filter(|ended| now.saturating_duration_since(*ended) < IDLE);
        self.waits = None;
        if !self.is_waiting() {
            return;
        }
        let before = self.last.iter().flatten().copied().filter(|channel| is_open(*channel));
        let mut active: Vec<u64> = before.chain(channels.iter().copied()).collect();
        active.sort_unstable();
        active.dedup();
        if channels.len() < active.len() {
            self.waits = Some((now + (self.takes / PART).min(LONGEST), active.len()));
        }
    }

    fn is_waiting(&self) -> bool {
        if self.window < TRIAL { self.window % 2 == 1 } else { self.gain > BETTER.ln() }
    }

    /// Until when it waits for more, with so many batches now.
    pub fn until(&self, batches: usize, now: Instant) -> Option<Instant> {
        self.waits.filter(|(until, active)| batches < *active && now < *until).map(|(until, _)| until)
    }

    /// A commit of so much, which has come on these channels, has ended.
    pub fn committed(&mut self, channels: &[u64], amount: usize, took: Duration, now: Instant) {
        self.last.swap(0, 1);
        self.last[1].clear();
        self.last[1].extend_from_slice(channels);
        self.takes = if self.takes.is_zero() { took } else { (self.takes * 7 + took) / 8 };
        if let Some(ended) = self.ended.replace(now)
            && self.window < TRIAL
        {
            let (kept, time) = &mut self.tried[usize::from(self.is_waiting())];
            *kept += amount;
            *time += now.saturating_duration_since(ended);
        }
        self.commits += 1;
        if self.commits == WINDOW {
            self.commits = 0;
            self.window += 1;
            if self.window == TRIAL {
                let [without, with] = self.tried.map(|(kept, time)| kept as f64 / time.as_secs_f64().max(1e-9));
                let gain = (with / without).ln().clamp(-MOST_GAIN.ln(), MOST_GAIN.ln());
                self.gain = if gain.is_nan() { 0.0 } else { f64::midpoint(self.gain, gain) };
                log::debug!(
                    "lookups a second, commits that do not wait for others and those that do: {without:.0}, {with:.0}"
                );
            } else if self.window == WINDOWS {
                self.window = 0;
                self.tried = Default::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients that come back after each commit, `turnaround` after each other. Returns how many lookups each of the
    /// commits kept.
    fn commits(clients: u64, commit: Duration, turnaround: Duration, count: usize) -> Vec<usize> {
        let mut grouping = Grouping::default();
        let mut now = Instant::now();
        // Half of them come during the first commit.
        let mut due: Vec<(Instant, u64)> =
            (0..clients).map(|client| (now + turnaround * (client as u32), client)).collect();
        let mut kept = Vec::new();
        for _ in 0..count {
            due.sort_unstable();
            now = now.max(due[0].0);
            let come = |due: &[(Instant, u64)], now: Instant| due.iter().take_while(|(at, _)| *at <= now).count();
            let mut gathered = come(&due, now);
            let channels: Vec<u64> = due[..gathered].iter().map(|(_, client)| *client).collect();
            grouping.begin(&channels, |_| true, now);
            while let Some(until) = grouping.until(gathered, now) {
                assert!(until - now <= commit / PART, "no longer than that");
                now = due.get(gathered).map_or(until, |(at, _)| until.min(*at));
                gathered = come(&due, now);
            }
            let channels: Vec<u64> = due[..gathered].iter().map(|(_, client)| *client).collect();
            now += commit;
            grouping.committed(&channels, gathered, commit, now);
            kept.push(gathered);
            for (place, entry) in due[..gathered].iter_mut().enumerate() {
                entry.0 = now + turnaround * (place as u32 + 1);
            }
        }
        kept
    }

    fn mean(kept: &[usize]) -> f64 {
        kept.iter().sum::<usize>() as f64 / kept.len() as f64
    }

    #[test]
    fn where_commits_are_slow_each_keeps_what_all_clients_send() {
        let kept = commits(8, Duration::from_micros(600), Duration::from_micros(20), 4_000);
        let (first, later) = (mean(&kept[..WINDOW as usize]), mean(&kept[500..2_000]));
        assert!(first < 5.0, "half of the clients wait while the others' lookups are kept: {first}");
        assert!(later > 7.9, "{later}");
    }

    #[test]
    fn where_clients_need_longer_than_commits_they_are_not_waited_for() {
        let kept = commits(8, Duration::from_micros(100), Duration::from_millis(5), 4_000);
        assert!(mean(&kept[500..2_000]) < 1.1, "{}", mean(&kept[500..2_000]));
    }

    #[test]
    fn a_single_client_never_waits() {
        let (mut grouping, mut now) = (Grouping::default(), Instant::now());
        for _ in 0..5_000 {
            grouping.begin(&[7], |_| true, now);
            assert_eq!(grouping.until(1, now), None);
            now += Duration::from_millis(1);
            grouping.committed(&[7], 1, Duration::from_millis(1), now);
        }
    }

    #[test]
    fn clients_that_have_gone_are_not_waited_for() {
        let (mut grouping, mut now, mut waited) = (Grouping::default(), Instant::now(), 0);
        for visit in 0..1_000 {
            grouping.begin(&[visit], |channel| channel == visit, now);
            waited += usize::from(grouping.until(1, now).is_some());
            now += Duration::from_millis(1);
            grouping.committed(&[visit], 1, Duration::from_millis(1), now);
        }
        assert_eq!(waited, 0);
    }

    #[test]
    fn lookups_that_come_when_they_come_are_kept_at_once_but_for_trials() {
        let (mut grouping, mut now, mut waited) = (Grouping::default(), Instant::now(), 0);
        let commit = Duration::from_micros(500);
        for number in 0..20_000_u64 {
            // One of a thousand people every 2 ms: nobody else comes while a commit waits.
            let mut begin = now;
            grouping.begin(&[number % 1_000], |_| true, begin);
            while let Some(until) = grouping.until(1, begin) {
                (begin, waited) = (until, waited + 1);
            }
            let ended = begin + commit;
            grouping.committed(&[number % 1_000], 1, commit, ended);
            now += Duration::from_millis(2);
        }
        let share = f64::from(waited) / 20_000.0;
        assert!(share < 0.03, "{share} of all were delayed");
    }

    #[test]
    fn a_pause_is_no_rate() {
        let mut grouping = Grouping::default();
        let begin = Instant::now();
        grouping.committed(&[1], 1, Duration::from_millis(1), begin);
        grouping.begin(&[1], |_| true, begin + Duration::from_secs(3_600));
        grouping.committed(&[1], 1, Duration::from_millis(1), begin + Duration::from_secs(3_600));
        assert_eq!(grouping.tried.map(|(kept, _)| kept), [0, 0]);
    }
}
