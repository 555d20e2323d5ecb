//! Statistics of the days in a history: how many words, how many of them new, how many days in a row. Pure; days begin
//! and end in the person's own time zone.

use std::collections::{BTreeMap, HashMap};
use time::{Date, Duration};

/// One day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Day {
    /// How many lookups.
    pub(crate) lookups: u64,
    /// How many words for the first time ever.
    pub(crate) new_words: u64,
}

/// A history, counted.
#[derive(Debug, Default)]
pub(crate) struct Days {
    days: BTreeMap<Date, Day>,
    /// For each word the day of its first lookup, and how many lookups are counted.
    words: HashMap<String, (Date, u64)>,
}

impl Days {
    /// Counts a lookup; it is counted by word and day from `since` on, but earlier ones decide what is new.
    pub(crate) fn add(&mut self, word: &str, day: Date, since: Date) {
        let counted = u64::from(day >= since);
        match self.words.get_mut(word) {
            Some((first, count)) => {
                *first = day.min(*first);
                *count += counted;
            }
            None => drop(self.words.insert(word.to_owned(), (day, counted))),
        }
        self.days.entry(day).or_default().lookups += 1;
    }

    /// After the last lookup: finds the new words of each day.
    pub(crate) fn finish(&mut self) {
        for (first, _) in self.words.values() {
            self.days.entry(*first).or_default().new_words += 1;
        }
    }

    /// The days from one on on which something was looked up, in order.
    pub(crate) fn since(&self, since: Date) -> impl Iterator<Item = (Date, Day)> {
        self.days.range(since..).map(|(date, day)| (*date, *day))
    }

    /// One day.
    pub(crate) fn of(&self, date: Date) -> Day {
        self.days.get(&date).copied().unwrap_or_default()
    }

    /// How many different words are counted.
    pub(crate) fn count_words(&self) -> u64 {
        self.words.values().filter(|(_, count)| *count > 0).count() as u64
    }

    /// The words that are counted most often, at most `most`.
    pub(crate) fn most(&self, most: usize) -> Vec<(&str, u64)> {
        let counted = self.words.iter().filter(|(_, (_, count))| *count > 0);
        let mut words: Vec<(&str, u64)> = counted.map(|(word, (_, count))| (word.as_str(), *count)).collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        words.truncate(most);
        words
    }

    /// How many days in a row, up to today, have lookups; a day that is not over yet breaks nothing. And the most ever.
    pub(crate) fn streaks(&self, today: Date) -> (u64, u64) {
        let (mut longest, mut run, mut before) = (0, 0, None::<Date>);
        let mut current = 0;
        for date in self.days.keys() {
            run = if before.is_some_and(|before| before.next_day() == Some(*date)) { run + 1 } else { 1 };
            longest = longest.max(run);
            if *date == today || date.next_day() == Some(today) {
                current = run;
            }
            before = Some(*date);
        }
        (current, longest)
    }
}

/// Sums of days by the `key` of each, in order.
pub(crate) fn summed<K: PartialEq>(days: impl Iterator<Item = (Date, Day)>, key: impl Fn(Date) -> K) -> Vec<(K, Day)> {
    let mut sums: Vec<(K, Day)> = Vec::new();
    for (date, day) in days {
        let key = key(date);
        match sums.last_mut() {
            Some((last, sum)) if *last == key => {
                sum.lookups += day.lookups;
                sum.new_words += day.new_words;
            }
            _ => sums.push((key, day)),
        }
    }
    sums
}

/// Every day from one to another.
pub(crate) fn every_day(from: Date, to: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(from), |date| date.next_day()).take_while(move |date| *date <= to)
}

/// The Monday of a day's week.
pub(crate) fn monday(date: Date) -> Date {
    date.saturating_sub(Duration::days(date.weekday().number_days_from_monday().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::date;

    #[test]
    fn words_days_and_streaks() {
        let since = date!(2026 - 11 - 20);
        let mut days = Days::default();
        for (word, day) in [
            ("apple", date!(2026 - 11 - 29)),
            ("apple", date!(2026 - 11 - 28)),
            ("pear", date!(2026 - 11 - 28)),
            ("zoo", date!(2026 - 11 - 26)),
            ("zoo", date!(2026 - 11 - 25)),
            ("zoo", date!(2026 - 11 - 24)),
            ("pear", date!(2026 - 11 - 01)),
            ("old", date!(2026 - 10 - 31)),
        ] {
            days.add(word, day, since);
        }
        days.finish();
        assert_eq!(days.count_words(), 3);
        assert_eq!(days.most(2), [("zoo", 3), ("apple", 2)]);
        assert_eq!(days.of(date!(2026 - 11 - 28)), Day { lookups: 2, new_words: 1 }, "pear is older");
        assert_eq!(days.streaks(date!(2026 - 11 - 29)), (2, 3));
        assert_eq!(days.streaks(date!(2026 - 11 - 30)), (2, 3), "today is not over");
        assert_eq!(days.streaks(date!(2026 - 12 - 01)), (0, 3));
        let months = summed(days.since(date!(2026 - 10 - 01)), |date| date.month() as u8);
        assert_eq!(months.iter().map(|(month, day)| (*month, day.lookups)).collect::<Vec<_>>(), [(10, 1), (11, 7)]);
        assert_eq!(monday(date!(2026 - 11 - 29)), date!(2026 - 11 - 23));
        assert_eq!(every_day(date!(2026 - 02 - 27), date!(2026 - 03 - 01)).count(), 3);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(lookups in proptest::collection::vec((0u8..6, 0i64..40), 0..60), since in 0i64..40) {
            let begin = date!(2026 - 01 - 01);
            let since = begin + Duration::days(since);
            let mut days = Days::default();
            for (word, day) in &lookups {
                days.add(&word.to_string(), begin + Duration::days(*day), since);
            }
            days.finish();
            let all: Vec<_> = days.since(begin).collect();
            prop_assert_eq!(all.iter().map(|(_, day)| day.lookups).sum::<u64>(), lookups.len() as u64);
            let distinct: std::collections::HashSet<_> = lookups.iter().map(|(word, _)| word).collect();
            prop_assert_eq!(all.iter().map(|(_, day)| day.new_words).sum::<u64>(), distinct.len() as u64);
            let counted: u64 = days.most(100).iter().map(|(_, count)| count).sum();
            prop_assert_eq!(counted, days.since(since).map(|(_, day)| day.lookups).sum::<u64>());
            let (current, longest) = days.streaks(begin + Duration::days(40));
            prop_assert!(current <= longest && longest <= 40);
        }
    }
}
