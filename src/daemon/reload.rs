//! A reload, from the request to the last child: which load is under way, which tools wait for it, and whether every
//! child has moved to the new words. This module holds the state; the parent does the work.

use super::helpers::loader::Loader;
use crate::daemon::poller::ControlClient;
use std::time::{Duration, Instant};

/// How long `cidiand reload` waits for children to move to the new words.
pub const CHILDREN_HAVE: Duration = Duration::from_secs(10);
/// How long a load may take. One that has not ended then is stuck (its file on a server that is gone, its process
/// stopped), and would keep all later ones waiting.
pub const LONGEST: Duration = Duration::from_secs(120);
/// How often the scoreboard is read while a control client waits for the children.
const LOOK: Duration = Duration::from_millis(5);

/// The state of reloading.
#[derive(Debug, Default)]
pub struct Reload {
    /// The load under way.
    pub loader: Option<Loader>,
    /// When it is given up, if it has not ended.
    give_up_at: Option<Instant>,
    /// The control clients that wait for it.
    waiting: Vec<ControlClient>,
    /// Whether another load is wanted after it: what it reads may be older than the wish. However many wishes there
    /// are, that is one.
    again: bool,
    /// The control clients that wait for that one.
    waiting_again: Vec<ControlClient>,
    /// The control clients that wait for the children, for which generation, and until when.
    moving: Vec<(ControlClient, u64, Instant)>,
    /// Loads that were taken, and loads that were refused, since the start.
    pub counts: (u64, u64),
}

/// The answer to a control client that waited for the children.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// Every child answers from the new words.
    All(ControlClient),
    /// Some do not yet.
    Lagging(ControlClient),
}

impl Reload {
    /// A control client waits for a load that begins from now on: not for one under way, which may have read the file
    /// already.
    pub fn wait(&mut self, control_client: ControlClient) {
        if self.loader.is_some() { &mut self.waiting_again } else { &mut self.waiting }.push(control_client);
    }

    /// A load is wanted while one is under way: it goes on, and this one is remembered.
    pub fn remember(&mut self) {
        self.again = true;
    }

    /// A load is under way.
    pub fn begun(&mut self, loader: Loader, now: Instant) {
        self.loader = Some(loader);
        self.give_up_at = Some(now + LONGEST);
    }

    /// The load under way, once its time is up.
    pub fn overdue(&mut self, now: Instant) -> Option<Loader> {
        self.loader.take_if(|_| self.give_up_at.is_some_and(|at| at <= now))
    }

    /// Whether a load was remembered that can begin now. Those that wait for that one wait for it from now on.
    pub fn take_remembered(&mut self) -> bool {
        if self.loader.is_some() || !std::mem::take(&mut self.again) {
            return false;
        }
        self.waiting.append(&mut self.waiting_again);
        true
    }

    /// Those that wait for the load need not wait any longer.
    pub fn release(&mut self) -> Vec<ControlClient> {
        std::mem::take(&mut self.waiting)
    }

    /// The load has failed: the control clients to answer.
    pub fn failed(&mut self) -> Vec<ControlClient> {
        self.counts.1 += 1;
        self.release()
    }

    /// The load is done: from now on they wait for the children.
    pub fn loaded(&mut self, generation: u64, now: Instant) {
        self.counts.0 += 1;
        let waiting = self.release();
        self.moving.extend(waiting.into_iter().map(|control_client| (control_client, generation, now + CHILDREN_HAVE)));
    }

    /// Those that need not wait for the children any longer. `slowest` is the oldest generation that a child answers
    /// from.
    pub fn moved(&mut self, slowest: impl FnOnce() -> u64, now: Instant) -> Vec<Moved> {
        if self.moving.is_empty() {
            return Vec::new();
        }
        let slowest = slowest();
        let mut over = Vec::new();
        self.moving.retain(|&(control_client, generation, until)| {
            if slowest >= generation {
                over.push(Moved::All(control_client));
            } else if until <= now {
                over.push(Moved::Lagging(control_client));
            } else {
                return true;
            }
            false
        });
        over
    }

    /// When to look again.
    pub fn look_at(&self, now: Instant) -> Option<Instant> {
        let give_up = self.give_up_at.filter(|_| self.loader.is_some());
        (!self.moving.is_empty()).then(|| now + LOOK).into_iter().chain(give_up).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_once() {
        let mut reload = Reload::default();
        let now = Instant::now();
        reload.wait(ControlClient(1));
        assert_eq!(reload.release(), [ControlClient(1)]);
        assert_eq!(reload.counts, (0, 0));
        reload.wait(ControlClient(1));
        assert_eq!(reload.failed(), [ControlClient(1)]);
        reload.wait(ControlClient(2));
        reload.loaded(5, now);
        assert_eq!(reload.moved(|| 4, now), []);
        assert!(reload.look_at(now).is_some());
        reload.wait(ControlClient(3));
        reload.loaded(6, now);
        assert_eq!(reload.moved(|| 5, now), [Moved::All(ControlClient(2))]);
        assert_eq!(reload.moved(|| 5, now + CHILDREN_HAVE), [Moved::Lagging(ControlClient(3))]);
        assert_eq!(reload.moved(|| 0, now), []);
        assert_eq!(reload.look_at(now), None);
        assert_eq!(reload.counts, (2, 1));
    }

    #[test]
    fn however_many_wishes_are_one_more_load() {
        let mut reload = Reload::default();
        assert!(!reload.take_remembered());
        (0..3).for_each(|_| reload.remember());
        assert!(reload.take_remembered());
        assert!(!reload.take_remembered());
    }
}
