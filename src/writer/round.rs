//! Whose turn it is at the writer: channels that may have sent something, by party. The parties take turns, and no
//! party gets more than its share of one commit. Pure.

use std::collections::{HashMap, VecDeque};

/// The round.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// No queue is empty.
    queues: HashMap<u64, VecDeque<u64>>,
    /// The parties with a queue whose turn is still to come in this commit; the first is next.
    order: VecDeque<u64>,
    /// Those that have had their share of it.
    satisfied: VecDeque<u64>,
    /// How much each party has had of it.
    had: HashMap<u64, usize>,
}

impl Round {
    /// Whether no channel is in it.
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// A channel of a party has something.
    pub fn push(&mut self, party: u64, channel: u64) {
        match self.queues.get_mut(&party) {
            Some(queue) => queue.push_back(channel),
            None => {
                self.queues.insert(party, VecDeque::from([channel]));
                self.order.push_back(party);
            }
        }
    }

    /// Another commit begins. Those that had their share of the last one come last.
    pub fn begin(&mut self) {
        self.order.append(&mut self.satisfied);
        self.had.clear();
    }

    /// The next channel of the next party. The party is the last from now on, if it has more.
    pub fn next(&mut self) -> Option<(u64, u64)> {
        let party = self.order.pop_front()?;
        let queue = self.queues.get_mut(&party)?;
        let channel = queue.pop_front()?;
        if queue.is_empty() {
            self.queues.remove(&party);
        } else {
            self.order.push_back(party);
        }
        Some((party, channel))
    }

    /// A party has had this much more of the commit. With `most` it waits for the next one.
    pub fn charge(&mut self, party: u64, amount: usize, most: usize) {
        let had = self.had.entry(party).or_default();
        *had += amount;
        if *had >= most
            && let Some(at) = self.order.iter().rposition(|other| *other == party)
        {
            self.order.remove(at);
            self.satisfied.push_back(party);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_take_turns_and_none_has_more_than_its_share() {
        let mut round = Round::default();
        (0..10).for_each(|channel| round.push(1, channel));
        round.push(2, 20);
        let take = |round: &mut Round| {
            let mut taken = Vec::new();
            round.begin();
            while let Some((party, channel)) = round.next() {
                round.charge(party, 64, 128);
                taken.push(channel);
            }
            taken
        };
        assert_eq!(take(&mut round), [0, 20, 1]);
        round.push(2, 21);
        assert_eq!(take(&mut round), [21, 2, 3], "who had its share comes last");
        assert_eq!((take(&mut round), take(&mut round)), (vec![4, 5], vec![6, 7]));
        assert_eq!(take(&mut round), [8, 9]);
        assert!(round.is_empty() && round.order.is_empty() && round.satisfied.is_empty());
        assert_eq!(round.next(), None);
    }
}
