//! A reload, from the wish to the last child: which load is under way, who waits for it, and whether every child has
//! moved. It holds the state; the parent does the work.

use super::control::Asker;
use super::loader::Loader;
use std::time::{Duration, Instant};

/// How long `cidiand reload` waits for children to move to the new words.
pub const CHILDREN_HAVE: Duration = Duration::from_secs(10);
/// How often the board is looked at while somebody waits for the children.
const LOOK: Duration = Duration::from_millis(5);

/// The state of reloading.
#[derive(Debug, Default)]
pub struct Reload {
    /// The load under way.
    pub loader: Option<Loader>,
    /// Who waits for it.
    waiting: Vec<Asker>,
    /// Who waits for the children, to which generation, and until when.
    moving: Vec<(Asker, u64, Instant)>,
    /// Loads that were taken, and loads that were refused, since the start.
    counts: (u64, u64),
}

/// What to tell somebody who waited for the children.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// Every child answers from the new words.
    All(Asker),
    /// Some do not yet.
    Lagging(Asker),
}

impl Reload {
    /// Somebody waits for the load that is under way, or for the one that will overtake it.
    pub fn wait(&mut self, asker: Asker) {
        self.waiting.push(asker);
    }

    /// How many loads were taken, and how many refused.
    pub fn counts(&self) -> (u64, u64) {
        self.counts
    }

    /// Who waits for the load need not wait any longer.
    pub fn release(&mut self) -> Vec<Asker> {
        std::mem::take(&mut self.waiting)
    }

    /// The load has failed: who is to be told so.
    pub fn failed(&mut self) -> Vec<Asker> {
        self.counts.1 += 1;
        self.release()
    }

    /// The load is done: from now on they wait for the children.
    pub fn loaded(&mut self, generation: u64, now: Instant) {
        self.counts.0 += 1;
        let waiting = self.release();
        self.moving.extend(waiting.into_iter().map(|asker| (asker, generation, now + CHILDREN_HAVE)));
    }

    /// Who need not wait for the children any longer. `slowest` is the oldest generation that a child answers from.
    pub fn moved(&mut self, slowest: impl FnOnce() -> u64, now: Instant) -> Vec<Moved> {
        if self.moving.is_empty() {
            return Vec::new();
        }
        let slowest = slowest();
        let mut over = Vec::new();
        self.moving.retain(|&(asker, generation, until)| {
            if slowest >= generation {
                over.push(Moved::All(asker));
            } else if until <= now {
                over.push(Moved::Lagging(asker));
            } else {
                return true;
            }
            false
        });
        over
    }

    /// When to look again.
    pub fn look_at(&self, now: Instant) -> Option<Instant> {
        (!self.moving.is_empty()).then(|| now + LOOK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_told_once() {
        let mut reload = Reload::default();
        let now = Instant::now();
        reload.wait(Asker(1));
        assert_eq!(reload.release(), [Asker(1)]);
        assert_eq!(reload.counts(), (0, 0));
        reload.wait(Asker(1));
        assert_eq!(reload.failed(), [Asker(1)]);
        reload.wait(Asker(2));
        reload.loaded(5, now);
        assert_eq!(reload.moved(|| 4, now), []);
        assert!(reload.look_at(now).is_some());
        reload.wait(Asker(3));
        reload.loaded(6, now);
        assert_eq!(reload.moved(|| 5, now), [Moved::All(Asker(2))]);
        assert_eq!(reload.moved(|| 5, now + CHILDREN_HAVE), [Moved::Lagging(Asker(3))]);
        assert_eq!(reload.moved(|| 0, now), []);
        assert_eq!(reload.look_at(now), None);
        assert_eq!(reload.counts(), (2, 1));
    }
}
