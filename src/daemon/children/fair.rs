//! Fair queues: the parties take turns, whatever the order of their requests, so that the sessions of a large party
//! wait for each other and do not hold up other parties. Pure: it hands out nothing by itself.

use crate::config::networks::Source;
use nix::unistd::Pid;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A party that takes turns with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// All clients of one source.
    Source(Source),
    /// All sessions of one account, where there are no limits by source: an exempt source, or a Unix socket. It is
    /// what the session reports; one that lies gets the turns of an account that does not ask.
    Account(u64),
    /// One session, before it has named an account.
    Process(Pid),
}

impl Party {
    /// The party of a session: its source, if that is limited, else the account that it claims to act for, if any.
    pub fn of(source: Option<Source>, account: u64, process: Pid) -> Self {
        match (source.filter(Source::is_limited), account) {
            (Some(source), _) => Self::Source(source),
            (None, 0) => Self::Process(process),
            (None, account) => Self::Account(account),
        }
    }
}

/// Items of many keys. The keys take turns; the items of one key keep their order.
#[derive(Debug)]
pub struct FairQueue<K, T> {
    /// No queue is empty.
    queues: HashMap<K, VecDeque<T>>,
    /// Every key that has a queue, once; the first is next.
    round: VecDeque<K>,
    /// The key that was served last.
    last: Option<K>,
    length: usize,
}

impl<K, T> Default for FairQueue<K, T> {
    fn default() -> Self {
        Self { queues: HashMap::new(), round: VecDeque::new(), last: None, length: 0 }
    }
}

impl<K: Copy + Eq + Hash, T> FairQueue<K, T> {
    /// Puts an item behind those of its key. A key without items comes last in the round, but before the one that was
    /// served last: what one busy party has had just now counts, too.
    pub fn push(&mut self, key: K, item: T) {
        self.length += 1;
        match self.queues.get_mut(&key) {
            Some(queue) => queue.push_back(item),
            None => {
                self.queues.insert(key, VecDeque::from([item]));
                let goes_before = self.round.back().is_some_and(|back| self.last == Some(*back));
                self.round.insert(self.round.len() - usize::from(goes_before), key);
            }
        }
    }

    /// Takes the first item of the next key that may have its turn. That key is the last of the next round; those that
    /// may not keep their places.
    pub fn pop_where(&mut self, may: impl Fn(&K) -> bool) -> Option<(K, T)> {
        let at = self.round.iter().position(may)?;
        let key = self.round.remove(at)?;
        self.last = Some(key);
        let queue = self.queues.get_mut(&key)?;
        let item = queue.pop_front()?;
        self.length -= 1;
        if queue.is_empty() {
            self.queues.remove(&key);
        } else {
            self.round.push_back(key);
        }
        Some((key, item))
    }

    /// The same, whatever the key.
    pub fn pop(&mut self) -> Option<(K, T)> {
        self.pop_where(|_| true)
    }

    /// Keeps only some items of one key.
    pub fn retain(&mut self, key: K, keep: impl FnMut(&T) -> bool) {
        let Some(queue) = self.queues.get_mut(&key) else { return };
        let before = queue.len();
        queue.retain(keep);
        self.length -= before - queue.len();
        if queue.is_empty() {
            self.queues.remove(&key);
            self.round.retain(|other| *other != key);
        }
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// How many items of one key wait.
    pub fn count(&self, key: &K) -> usize {
        self.queues.get(key).map_or(0, VecDeque::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parties_take_turns_however_many_items_one_has() {
        let mut queue = FairQueue::default();
        (0..100).for_each(|item| queue.push('a', item));
        queue.push('b', 0);
        queue.push('c', 0);
        queue.push('b', 1);
        let order: String = (0..6).filter_map(|_| queue.pop()).map(|(key, _)| key).collect();
        assert_eq!(order, "abcaba");
        queue.push('c', 1);
        assert_eq!(queue.pop_where(|&key| key != 'a'), Some(('c', 1)), "one that may not is passed over");
        assert_eq!(queue.pop(), Some(('a', 3)), "and keeps its place");
        assert_eq!((queue.len(), queue.count(&'a'), queue.count(&'b')), (96, 96, 0));
        queue.retain('a', |item| *item == 50);
        assert_eq!((queue.pop(), queue.pop()), (Some(('a', 50)), None));
        assert!(queue.is_empty() && queue.round.is_empty() && queue.queues.is_empty());
    }

    #[test]
    fn one_that_comes_is_served_before_one_that_was_served_last() {
        let mut queue = FairQueue::default();
        (0..9).for_each(|item| queue.push('a', item));
        assert_eq!(queue.pop(), Some(('a', 0)));
        queue.push('b', 0);
        queue.push('c', 0);
        let order: String = (0..3).filter_map(|_| queue.pop()).map(|(key, _)| key).collect();
        assert_eq!(order, "bca");
        queue.push('b', 1);
        assert_eq!(queue.pop(), Some(('b', 1)));
        queue.push('b', 2);
        assert_eq!(queue.pop(), Some(('a', 2)), "and never twice");
    }

    proptest! {
        /// No key waits for more than one item of each other key, and nothing is lost or doubled.
        #[test]
        fn nobody_waits_for_more_than_one_of_each(pushes in proptest::collection::vec((0u8..6, any::<bool>()), 0..200)) {
            let mut queue = FairQueue::default();
            let (mut pushed, mut popped) = (0, Vec::new());
            // Of each key that waits, which keys were served since it began to, or was served itself.
            let mut since: HashMap<u8, Vec<u8>> = HashMap::new();
            for (key, pop) in pushes {
                queue.push(key, pushed);
                pushed += 1;
                since.entry(key).or_default();
                if pop {
                    let (served, item) = queue.pop().unwrap();
                    popped.push(item);
                    since.remove(&served);
                    for others in since.values_mut() {
                        prop_assert!(!others.contains(&served), "twice while another waited");
                        others.push(served);
                    }
                    if queue.count(&served) > 0 {
                        since.insert(served, Vec::new());
                    }
                }
            }
            while let Some((_, item)) = queue.pop() {
                popped.push(item);
            }
            popped.sort_unstable();
            prop_assert_eq!(popped, (0..pushed).collect::<Vec<_>>());
        }
    }
}
