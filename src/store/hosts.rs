//! The hosts of a database: where a server listens, and what a process knows of each, so that it goes to the best one.
//! Pure; the clock is passed in.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The most hosts that a URL may name: more than any cluster of databases has members.
pub const MOST_HOSTS: usize = 16;
/// For this long a host that has failed is tried after all others.
const RECENT: Duration = Duration::from_secs(30);
/// The pause before it is looked whether a host that is preferred is back; twice as long each time that it takes long
/// to see that it is not.
const RETURN: Duration = Duration::from_secs(5);
const LONGEST_RETURN: Duration = Duration::from_secs(60);
/// The longest attempt that counts in an outage of several hosts: its pauses are four times as long.
const SHORT: Duration = Duration::from_millis(250);
/// An attempt that takes longer holds up the sessions that wait.
const LONG: Duration = Duration::from_millis(50);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Name or address, an IPv6 address without its brackets.
    pub name: String,
    /// The TCP port.
    pub port: u16,
}

impl Host {
    /// Whether it is this machine by its name or address. No name is looked up.
    pub(super) fn is_this_machine(&self) -> bool {
        let name = self.name.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost") || self.address().is_some_and(|ip| ip.is_loopback())
    }

    /// Its address, if it is named by that.
    pub fn address(&self) -> Option<IpAddr> {
        self.name.parse().ok()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]:{}", self.name, self.port),
            false => write!(f, "{}:{}", self.name, self.port),
        }
    }
}

/// What a process knows of the hosts of its database, by their numbers in the URL. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct Hosts(Rc<RefCell<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// The one that is used, or was last.
    in_use: Option<usize>,
    failures: Vec<Option<Failed>>,
    is_cluster: bool,
    /// When it is looked whether a preferred one is back.
    return_at: Option<Instant>,
    pause: Duration,
    /// When the work began that has to end soon.
    begun: Option<Instant>,
    /// How often anything of this has changed.
    changes: u64,
}

/// How a host failed when it was last tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What went wrong.
    pub why: String,
    /// When.
    pub at: Instant,
}

impl Hosts {
    /// Nothing but which host others of this daemon use, and whether it is in a cluster.
    pub fn hinted(in_use: Option<usize>, is_cluster: bool) -> Self {
        Self(Rc::new(RefCell::new(Known { in_use, is_cluster, ..Known::default() })))
    }

    /// All hosts of `count`, the one first that is to be tried first: the one in use, then in the order of preference;
    /// those last that have failed not long ago.
    pub(super) fn order(&self, count: usize, now: Instant) -> Vec<usize> {
        let known = self.0.borrow();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&host| (known.failed_at(host, now), known.in_use != Some(host), host));
        order
    }

    /// A host works.
    pub(super) fn works(&self, host: usize, now: Instant) {
        let mut known = self.0.borrow_mut();
        let had_failed = known.failures.get_mut(host).and_then(Option::take).is_some();
        if known.in_use != Some(host) || had_failed {
            known.changes += 1;
        }
        if known.in_use != Some(host) {
            known.pause = RETURN;
            known.return_at = Some(now + RETURN);
        }
        known.in_use = Some(host);
    }

    /// A host can't be used now.
    pub(super) fn fails(&self, host: usize, why: &str, now: Instant) {
        let mut known = self.0.borrow_mut();
        if known.failures.len() <= host {
            known.failures.resize(host + 1, None);
        }
        known.failures[host] = Some(Failed { why: why.to_owned(), at: now });
        known.changes += 1;
    }

    /// After how long an attempt, of those that took `took`, the pause is to be reckoned that lets others get on before
    /// the database is tried again. Where one of several hosts has not failed lately, it is worth while to look again
    /// at once; and where all have, a cluster may be finding itself.
    pub fn rest_after(&self, count: usize, took: Duration, now: Instant) -> Duration {
        let known = self.0.borrow();
        match count {
            0 | 1 => took,
            _ if (0..count).any(|host| known.failed_at(host, now).is_none()) => Duration::ZERO,
            _ => took.min(SHORT),
        }
    }

    /// Work begins of several pieces, all of which have to end as soon as one alone would have to.
    pub fn begin(&self, now: Instant) {
        self.0.borrow_mut().begun = Some(now);
    }

    /// When the work under way began: now, if that was not passed in.
    pub(super) fn begun(&self) -> Instant {
        self.0.borrow().begun.unwrap_or_else(Instant::now)
    }

    /// The one that is used, or was last.
    pub fn in_use(&self) -> Option<usize> {
        self.0.borrow().in_use
    }

    /// How a host failed, if it did when it was last tried.
    pub fn failure(&self, host: usize) -> Option<Failed> {
        self.0.borrow().failures.get(host).cloned().flatten()
    }

    /// Whether the server in use is in a cluster, where another member may be ahead of it.
    pub fn is_cluster(&self) -> bool {
        self.0.borrow().is_cluster
    }

    pub(super) fn set_cluster(&self, is_cluster: bool) {
        let mut known = self.0.borrow_mut();
        if known.is_cluster != is_cluster {
            known.is_cluster = is_cluster;
            known.changes += 1;
        }
    }

    /// How often anything that is known has changed.
    pub fn changes(&self) -> u64 {
        self.0.borrow().changes
    }

    /// When it is to be looked whether a host is back that is preferred to the one in use.
    pub fn return_at(&self) -> Option<Instant> {
        let known = self.0.borrow();
        known.return_at.filter(|_| known.in_use.is_some_and(|host| host > 0))
    }

    /// The hosts that are preferred to the one in use.
    pub(super) fn preferred(&self) -> std::ops::Range<usize> {
        0..self.in_use().unwrap_or(0)
    }

    /// No host was back; how long it took to find out.
    pub(super) fn stays(&self, took: Duration, now: Instant) {
        let mut known = self.0.borrow_mut();
        known.pause = if took > LONG { (known.pause * 2).min(LONGEST_RETURN) } else { RETURN };
        known.return_at = Some(now + known.pause);
    }
}

impl Known {
    /// When a host failed, if that was not long ago.
    fn failed_at(&self, host: usize, now: Instant) -> Option<Instant> {
        let failed = self.failures.get(host)?.as_ref()?;
        (now.saturating_duration_since(failed.at) < RECENT).then_some(failed.at)
    }
}

/// The first host that is named more than once.
pub(super) fn doubled(hosts: &[Host]) -> bool {
    let names: BTreeSet<(String, u16)> =
        hosts.iter().map(|host| (host.name.trim_end_matches('.').to_ascii_lowercase(), host.port)).collect();
    names.len() < hosts.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_in_use_comes_first_and_those_that_failed_last() {
        let now = Instant::now();
        let hosts = Hosts::default();
        assert_eq!(hosts.order(3, now), [0, 1, 2]);
        hosts.works(0, now);
        hosts.fails(0, "refused", now);
        assert_eq!(hosts.order(3, now), [1, 2, 0]);
        hosts.works(1, now);
        hosts.fails(1, "cut", now + Duration::from_secs(1));
        assert_eq!(hosts.order(3, now + Duration::from_secs(1)), [2, 0, 1], "the one that failed first is tried first");
        let took = Duration::from_secs(7);
        let rests = [3, 2, 1].map(|count| hosts.rest_after(count, took, now));
        assert_eq!(rests, [Duration::ZERO, SHORT, took]);
        // Long afterwards the failures are forgotten, except for what is reported of them.
        let later = now + RECENT * 2;
        assert_eq!(hosts.order(3, later), [1, 0, 2]);
        assert_eq!(hosts.failure(0).map(|failed| failed.why).as_deref(), Some("refused"));
        hosts.works(0, later);
        assert_eq!(hosts.failure(0), None);
        assert_eq!(Hosts::hinted(Some(2), false).order(3, now), [2, 0, 1]);
    }

    #[test]
    fn the_preferred_one_is_looked_for_now_and_then() {
        let now = Instant::now();
        let hosts = Hosts::default();
        hosts.works(0, now);
        assert_eq!(hosts.return_at(), None, "it is the preferred one");
        hosts.works(2, now);
        assert_eq!((hosts.return_at(), hosts.preferred()), (Some(now + RETURN), 0..2));
        hosts.stays(Duration::from_millis(1), now);
        assert_eq!(hosts.return_at(), Some(now + RETURN));
        for pause in [10, 20, 40, 60, 60] {
            hosts.stays(Duration::from_millis(500), now);
            assert_eq!(hosts.return_at(), Some(now + Duration::from_secs(pause)));
        }
        hosts.works(0, now);
        assert_eq!(hosts.return_at(), None);
    }

    #[test]
    fn changes_are_counted_and_nothing_else() {
        let (now, hosts) = (Instant::now(), Hosts::default());
        let mut known = hosts.changes();
        let mut changed = || {
            let before = std::mem::replace(&mut known, hosts.changes());
            before != known
        };
        hosts.works(0, now);
        assert!(changed());
        hosts.works(0, now);
        assert!(!changed());
        hosts.fails(0, "x", now);
        assert!(changed());
        hosts.works(0, now);
        assert!(changed());
        hosts.set_cluster(true);
        assert!(changed() && hosts.is_cluster());
        hosts.set_cluster(true);
        assert!(!changed());
    }
}
