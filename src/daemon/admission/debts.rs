//! Debts of time, by source: each offence adds to the debt, and each second that passes takes a second away. Pure: the
//! clock is passed in. Bounded: when the table is full, the debt that would end first is dropped.

use crate::config::networks::Source;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// What one source owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Debt {
    over: Instant,
    marked: bool,
}

/// The debts of one family of sources.
#[derive(Debug, Default)]
struct Family {
    debts: HashMap<Source, Debt>,
    /// The same sources, by when they owe nothing any more.
    by_over: BTreeSet<(Instant, Source)>,
}

fn number_of(source: Source) -> usize {
    match source {
        Source::V4(_) => 0,
        Source::V6(_) => 1,
        Source::User(_) => 2,
    }
}

/// The debts. IPv4, IPv6 and the users of this machine have a table each: the owner of a large IPv6 network could
/// otherwise push out the debts of all others.
#[derive(Debug)]
pub struct Debts {
    families: [Family; 3],
    most: usize,
}

impl Debts {
    /// No debts; at most `most` sources of each family will be remembered.
    pub fn new(most: usize) -> Self {
        Self { families: Default::default(), most }
    }

    /// What a source owes.
    pub fn left(&self, source: Source, now: Instant) -> Duration {
        self.family(source).debts.get(&source).map_or(Duration::ZERO, |debt| debt.over.saturating_duration_since(now))
    }

    /// Adds to what a source owes, up to `cap`; gives back what it owes now.
    pub fn add(&mut self, source: Source, amount: Duration, cap: Duration, now: Instant) -> Duration {
        let most = self.most;
        let left = (self.left(source, now) + amount).min(cap);
        let family = self.family_mut(source);
        family.forget_over(now);
        family.put(source, now + left);
        while family.debts.len() > most {
            let Some((_, first)) = family.by_over.pop_first() else { break };
            family.debts.remove(&first);
        }
        left
    }

    /// Takes away from what a source owes.
    pub fn take_back(&mut self, source: Source, amount: Duration, now: Instant) {
        let left = self.left(source, now).saturating_sub(amount);
        let family = self.family_mut(source);
        if left.is_zero() {
            family.remove(source);
        } else {
            family.put(source, now + left);
        }
    }

    /// Marks a source until it owes nothing; `false` if it is marked already, or owes nothing.
    pub fn mark(&mut self, source: Source, now: Instant) -> bool {
        match self.family_mut(source).debts.get_mut(&source) {
            Some(debt) if debt.over > now && !debt.marked => {
                debt.marked = true;
                true
            }
            _ => false,
        }
    }

    /// Whether a source is marked.
    pub fn is_marked(&self, source: Source, now: Instant) -> bool {
        self.family(source).debts.get(&source).is_some_and(|debt| debt.marked && debt.over > now)
    }

    /// How many sources owe something.
    pub fn count(&self, now: Instant) -> usize {
        self.owing(now).count()
    }

    /// The marked sources and what each owes, the most first.
    pub fn marked(&self, now: Instant) -> Vec<(Source, Duration)> {
        let marked = self.owing(now).filter(|(source, _)| self.is_marked(*source, now));
        let mut marked: Vec<(Source, Duration)> = marked.collect();
        marked.sort_unstable_by_key(|&(source, left)| (std::cmp::Reverse(left), source));
        marked
    }

    fn owing(&self, now: Instant) -> impl Iterator<Item = (Source, Duration)> {
        let all = self.families.iter().flat_map(|family| family.by_over.iter());
        all.filter(move |(over, _)| *over > now).map(move |&(over, source)| (source, over.duration_since(now)))
    }

    fn family(&self, source: Source) -> &Family {
        &self.families[number_of(source)]
    }

    fn family_mut(&mut self, source: Source) -> &mut Family {
        &mut self.families[number_of(source)]
    }
}

impl Family {
    fn put(&mut self, source: Source, over: Instant) {
        let debt = self.debts.entry(source).or_insert(Debt { over, marked: false });
        self.by_over.remove(&(debt.over, source));
        debt.over = over;
        self.by_over.insert((over, source));
    }

    fn remove(&mut self, source: Source) {
        if let Some(debt) = self.debts.remove(&source) {
            self.by_over.remove(&(debt.over, source));
        }
    }

    fn forget_over(&mut self, now: Instant) {
        while let Some(&(over, source)) = self.by_over.first()
            && over <= now
        {
            self.by_over.pop_first();
            self.debts.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const CAP: Duration = Duration::from_secs(100);

    fn source(number: u8) -> Source {
        if number.is_multiple_of(2) { Source::V4(Ipv4Addr::new(192, 0, 2, number)) } else { Source::V6(number.into()) }
    }

    #[test]
    fn a_full_table_forgets_the_debt_that_is_over_first() {
        let (mut debts, now) = (Debts::new(2), Instant::now());
        let [long, short, new, other_family] = [0, 2, 4, 1].map(source);
        debts.add(long, Duration::from_secs(30), CAP, now);
        debts.add(short, Duration::from_secs(10), CAP, now);
        debts.add(other_family, Duration::from_secs(1), CAP, now);
        debts.add(new, Duration::from_secs(20), CAP, now);
        let left = [long, short, new, other_family].map(|source| debts.left(source, now).as_secs());
        assert_eq!(left, [30, 0, 20, 1]);
    }

    #[test]
    fn a_mark_ends_with_the_debt() {
        let (mut debts, now) = (Debts::new(2), Instant::now());
        let one = source(0);
        assert!(!debts.mark(one, now), "it owes nothing");
        debts.add(one, Duration::from_secs(30), CAP, now);
        assert!(debts.mark(one, now) && !debts.mark(one, now) && debts.is_marked(one, now));
        let later = now + Duration::from_secs(30);
        assert!(!debts.is_marked(one, later) && debts.marked(later).is_empty() && debts.count(later) == 0);
        debts.add(one, Duration::from_secs(1), CAP, later);
        assert!(!debts.is_marked(one, later), "a new debt is not marked");
        debts.mark(one, later);
        debts.take_back(one, Duration::from_secs(1), later);
        assert!(!debts.is_marked(one, later));
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Add(u8, u64),
        TakeBack(u8, u64),
        Mark(u8),
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0u8..12, 1u64..60).prop_map(|(source, amount)| Step::Add(source, amount)),
            1 => (0u8..12, 1u64..60).prop_map(|(source, amount)| Step::TakeBack(source, amount)),
            1 => (0u8..12).prop_map(Step::Mark),
            2 => (0u64..50).prop_map(Step::Wait),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        /// Where nothing is pushed out, a debt is what was added, less what was taken back and the time that passed,
        /// and never over the cap; whatever is pushed out, the tables stay within their bound and agree.
        #[test]
        fn debts_are_what_a_simple_account_says(steps in steps(), most in 1usize..12) {
            let (mut debts, mut roomy) = (Debts::new(most), Debts::new(12));
            let mut account = [0u64; 12];
            let mut now = Instant::now();
            for step in steps {
                for debts in [&mut debts, &mut roomy] {
                    match step {
                        Step::Add(who, amount) => drop(debts.add(source(who), Duration::from_secs(amount), CAP, now)),
                        Step::TakeBack(who, amount) => debts.take_back(source(who), Duration::from_secs(amount), now),
                        Step::Mark(who) => drop(debts.mark(source(who), now)),
                        Step::Wait(_) => {}
                    }
                }
                match step {
                    Step::Add(who, amount) => {
                        let owed = &mut account[usize::from(who)];
                        *owed = (*owed + amount).min(CAP.as_secs());
                    }
                    Step::TakeBack(who, amount) => {
                        let owed = &mut account[usize::from(who)];
                        *owed = owed.saturating_sub(amount);
                    }
                    Step::Wait(seconds) => {
                        now += Duration::from_secs(seconds);
                        account.iter_mut().for_each(|owed| *owed = owed.saturating_sub(seconds));
                    }
                    Step::Mark(_) => {}
                }
                for (who, owed) in (0..).zip(account) {
                    prop_assert_eq!(roomy.left(source(who), now).as_secs(), owed);
                    prop_assert!(debts.left(source(who), now).as_secs() <= owed);
                    prop_assert!(owed > 0 || !roomy.is_marked(source(who), now), "no mark without a debt");
                }
                for family in debts.families.iter().chain(&roomy.families) {
                    prop_assert_eq!(family.debts.len(), family.by_over.len());
                    prop_assert!(family.by_over.iter().all(|(over, source)| family.debts[source].over == *over));
                }
                prop_assert!(debts.families.iter().all(|family| family.debts.len() <= most));
            }
        }
    }
}
