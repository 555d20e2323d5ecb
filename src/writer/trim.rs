//! Keeping each account's history within its limit: the oldest lookups are deleted, a few at a time, between commits.
//! The writer does it because it knows which histories grow.
//!
//! No deletion relies on a count that may be out of date, for example because the owner has cleared the history
//! meanwhile: the newest lookups that may stay are counted off, and everything older than the last of them is deleted.

use crate::store::{AccountId, Error, Operator, Place};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// How many lookups are counted off at once.
const COUNTED: u64 = 4_096;
/// How many are deleted at once: more than a commit has of one party, so that what is deleted keeps up with what comes.
const DELETED: u32 = 256;
/// How many accounts are taken up at once after the start.
const ACCOUNTS: u32 = 256;
/// An account over its limit is trimmed when it has been over for this long, or is over by much.
const QUIET: Duration = Duration::from_secs(1);
/// Over by much: by this part of the limit. To count anew for each lookup would cost more than it is worth.
const MUCH: u64 = 16;
/// After each step a pause of this many times its length, unless an account is over by much.
const REST: u32 = 4;
/// After a failure.
const PAUSE: Duration = Duration::from_secs(10);

/// Accounts are distinguished by their numbers here: it is one database, and what goes is counted off in it.
fn by_number(number: u64) -> AccountId {
    AccountId { number, created: None }
}

/// What is known of an account's history.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// It has no more lookups than these.
    most: u64,
    /// Lookups since it was last begun to count.
    added: u64,
    /// Whether it waits to be seen to.
    waits: bool,
}

/// An account that is seen to.
#[derive(Debug, Clone, Copy)]
struct Work {
    account: AccountId,
    /// The last lookup that was counted off.
    place: Option<Place>,
    /// How many more may stay.
    left: u64,
}

/// The histories.
#[derive(Debug)]
pub(super) struct Trimmer {
    limit: u64,
    /// The last account that was taken up after the start; `None` when all were.
    taken_up: Option<AccountId>,
    known: HashMap<AccountId, Known>,
    waiting: VecDeque<(Instant, AccountId)>,
    work: Option<Work>,
    next: Instant,
}

impl Trimmer {
    /// A trimmer that leaves each account `limit` lookups.
    pub fn new(limit: u64, now: Instant) -> Self {
        Self {
            limit: limit.max(1),
            taken_up: Some(by_number(0)),
            known: HashMap::new(),
            waiting: VecDeque::new(),
            work: None,
            next: now,
        }
    }

    /// Adds lookups of an account that are in the database now.
    pub fn recorded(&mut self, account: AccountId, count: u64, now: Instant) {
        let (account, limit, much) = (by_number(account.number), self.limit, self.much());
        // How many an account has is unknown until it was counted.
        let known = self.known.entry(account).or_insert(Known { most: u64::MAX, added: 0, waits: false });
        let before = known.most;
        known.most = known.most.saturating_add(count);
        known.added += count;
        if known.most > limit && !known.waits {
            known.waits = true;
            self.waiting.push_back((now + QUIET, account));
        } else if before <= much && known.most > much && known.most != u64::MAX {
            self.waiting.push_front((now, account));
        }
    }

    fn much(&self) -> u64 {
        self.limit + self.limit / MUCH
    }

    /// When there is something to do.
    pub fn due(&self) -> Option<Instant> {
        let at_once = self.work.is_some() || self.taken_up.is_some();
        let due = if at_once { Some(self.next) } else { self.waiting.front().map(|(due, _)| *due) };
        due.map(|due| due.max(self.next))
    }

    /// The database can't be reached: tries again after a while.
    pub fn rest(&mut self, now: Instant) {
        self.next = now + PAUSE;
    }

    /// Takes one step, if it is time for one. How many lookups were deleted.
    ///
    /// # Errors
    /// The database can't be used. It is tried again after a while.
    pub fn step(&mut self, store: &mut dyn Operator, now: Instant) -> Result<u64, Error> {
        if self.due().is_none_or(|due| due > now) {
            return Ok(0);
        }
        let done = self.try_to_step(store, now);
        let took = now.elapsed();
        self.next = match (&done, &self.work) {
            (Err(_), _) => {
                // From the beginning: it may be another database.
                if let Some(work) = self.work.take() {
                    self.waiting.push_back((now, work.account));
                }
                now + PAUSE
            }
            (Ok(_), Some(work))
                if self.known.get(&work.account).is_some_and(|known| known.added > self.limit / MUCH) =>
            {
                now
            }
            _ => now + took * (1 + REST),
        };
        done
    }

    fn try_to_step(&mut self, store: &mut dyn Operator, now: Instant) -> Result<u64, Error> {
        let Some(work) = &mut self.work else {
            return self.take_up(store, now).map(|()| 0);
        };
        let account = work.account;
        if work.left > 0 {
            let count = work.left.min(COUNTED);
            // The last of these.
            let skipped = u32::try_from(count - 1).unwrap_or(u32::MAX);
            match store.place_after(account, work.place, skipped)? {
                Some(place) => {
                    work.place = Some(place);
                    work.left -= count;
                }
                // There are not that many.
                None => {
                    let most = self.limit - work.left + count - 1;
                    self.finish(account, most);
                }
            }
            return Ok(0);
        }
        let Some(place) = work.place else { return Ok(0) };
        let deleted = store.delete_before(account, place, DELETED)?;
        if deleted < u64::from(DELETED) {
            let limit = self.limit;
            self.finish(account, limit);
        }
        Ok(deleted)
    }

    /// The next account to see to, or the next ones of all.
    fn take_up(&mut self, store: &mut dyn Operator, now: Instant) -> Result<(), Error> {
        if self.waiting.front().is_none_or(|(due, _)| *due > now)
            && let Some(last) = self.taken_up
        {
            let accounts = store.accounts_after(last, ACCOUNTS)?;
            self.taken_up = accounts.last().copied();
            self.waiting.extend(accounts.into_iter().map(|account| (now, account)));
            // Those that are due come first.
            self.waiting.make_contiguous().sort_by_key(|(due, _)| *due);
            return Ok(());
        }
        if let Some((_, account)) = self.waiting.pop_front() {
            let known = self.known.get_mut(&account);
            // One that stands here twice was seen to meanwhile.
            if known.as_ref().is_none_or(|known| known.most > self.limit) {
                if let Some(known) = known {
                    known.added = 0;
                    known.waits = false;
                }
                self.work = Some(Work { account, place: None, left: self.limit });
            }
        }
        Ok(())
    }

    /// An account has no more than `most` lookups, and those that have come since it was begun to count.
    fn finish(&mut self, account: AccountId, most: u64) {
        self.work = None;
        if let Some(known) = self.known.get_mut(&account) {
            known.most = most.saturating_add(known.added);
            if known.most > self.limit && !known.waits {
                known.waits = true;
                self.waiting.push_back((Instant::now() + QUIET, account));
            }
        }
    }
}
