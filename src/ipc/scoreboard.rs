//! The scoreboard: memory that parent and children share, a page for each. The head belongs to the parent and the
//! writer. Each session writes what it is doing into its own slot, the only one in its address space: it can neither
//! change nor see those of other sessions. Wait-free; the parent bounds-checks what it reads in slots and trusts none
//! of it.

use super::counters::{self as counters, Counters, Times};
use super::database_hosts::{self, DatabaseHosts};
use super::shared_text::{read_text, write_text};
use super::time_of_day::since_1970;
use crate::protocol::MAX_NAME_CHARS;
use crate::sys::SharedPages;
use nix::errno::Errno;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A child's place on the scoreboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotNumber(pub u32);

const GENERATION: usize = 0;
const NAME_SIZE: usize = 2;
const NAME: usize = 3;
/// A name's bytes, eight to a number.
const NAME_NUMBERS: usize = MAX_NAME_CHARS * 4 / 8;
const STATE: usize = NAME + NAME_NUMBERS;
/// Requests of this session that the database failed.
const DATABASE_ERRORS: usize = STATE + 2;
/// Its counters, from a cache line of their own on.
const COUNTERS: usize = (DATABASE_ERRORS + 1).next_multiple_of(8);
/// Numbers in a slot.
const SLOT: usize = COUNTERS + counters::SIZE;
/// No session fails more requests than this, whatever it counts.
const MOST_ERRORS: u64 = 1 << 40;
/// In the head: whether there are enough children that each reports its own end.
const MANY: usize = 1;
/// In the head, of the writer's spool: records, bytes, and when the oldest of them was looked up.
const SPOOL_RECORDS: usize = 4;
const SPOOL_BYTES: usize = 5;
const SPOOL_OLDEST: usize = 6;
/// In the head: since when the writer can't use the database, by the time of day; 0 if it can.
const OUTAGE: usize = 7;

/// In the head: log lines of the writer that standard error did not take.
const UNLOGGED: usize = 8;
/// In the head: how long commits took.
const COMMIT_TIMES: usize = 16;
/// In the head: what the writer knows of the database's hosts.
const HOSTS: usize = COMMIT_TIMES + counters::TIMES;
/// Numbers in the head. Both it and a slot fit into the smallest page there is, as the compiler sees.
const HEAD: usize = HOSTS + database_hosts::SIZE;
const _: () = assert!(HEAD <= 512 && SLOT <= 512);

/// What a session shows of itself, and where in its slot.
#[derive(Debug, Clone, Copy)]
#[repr(usize)]
pub enum Shown {
    /// From which words it answers.
    Generation = GENERATION,
    /// How many requests it has read.
    Requests = 1,
    /// What it is doing, by a number of its own; 0 before it has shown it.
    State = STATE,
    /// How many lines of its log were dropped.
    Unlogged = STATE + 1,
}

/// What the writer counts, and where in the head.
#[derive(Debug, Clone, Copy)]
#[repr(usize)]
pub enum WriterCount {
    /// Records that it has made durable.
    Records = 2,
    /// In how many commits.
    Commits = 3,
    /// How often it has got on with something: when this stays the same, it is idle, or stuck.
    Turns = 9,
    /// Lookups that were deleted because their accounts had too many.
    Trimmed = 10,
    /// Logins by token that it was asked for.
    Logins = 11,
    /// Questions for the last lookups.
    LooksBack = 12,
    /// Requests that it refused, because the session had no right to them.
    Refusals = 13,
}

/// The scoreboard: the head, and the slots.
#[derive(Debug)]
pub struct Scoreboard {
    pages: SharedPages,
    slots: u32,
}

impl Scoreboard {
    /// A scoreboard for `slots` children.
    ///
    /// # Errors
    /// No address space for it.
    pub fn new(slots: u32) -> Result<Self, Errno> {
        let count = usize::try_from(slots).map_err(|_| Errno::EINVAL)?;
        Ok(Self { pages: SharedPages::zeroed(count.checked_add(1).ok_or(Errno::EINVAL)?)?, slots })
    }

    /// Leaves this process its own slot, and the head for reading. For a session.
    ///
    /// # Errors
    /// There is no such slot.
    pub fn keep_only(&mut self, number: SlotNumber) -> Result<(), Errno> {
        self.pages.keep_only(page_of(number))
    }

    /// Leaves this process the head only. For the writer.
    ///
    /// # Errors
    /// It has given something up already.
    pub fn keep_head(&mut self) -> Result<(), Errno> {
        self.pages.keep_first()
    }

    /// How many slots there are.
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// The generation of the newest words.
    pub fn generation(&self) -> u64 {
        self.head()[GENERATION].load(Ordering::Acquire)
    }

    /// Announces newer words. The parent's.
    pub fn publish(&self, generation: u64) {
        self.head()[GENERATION].store(generation, Ordering::Release);
    }

    /// Adds to what the writer counts. The writer's.
    pub fn count(&self, what: WriterCount, more: u64) {
        self.head()[what as usize].fetch_add(more, Ordering::Relaxed);
    }

    /// What writers have counted.
    pub fn counted(&self, what: WriterCount) -> u64 {
        self.head()[what as usize].load(Ordering::Relaxed)
    }

    /// Adds records that were made durable at once, in this time. The writer's.
    pub fn count_commit(&self, records: u64, took: Duration) {
        self.count(WriterCount::Records, records);
        self.count(WriterCount::Commits, 1);
        self.commit_times().observe(took);
    }

    /// What is in the spool: records, bytes, and when the oldest was looked up, in microseconds since 1970. The
    /// writer's; and the parent's, before there is one.
    pub fn show_spool(&self, records: u64, bytes: u64, oldest: i64) {
        self.head()[SPOOL_RECORDS].store(records, Ordering::Relaxed);
        self.head()[SPOOL_OLDEST].store(oldest.max(0).unsigned_abs(), Ordering::Relaxed);
        // A reader that sees this one as it was sees what was acknowledged before, too.
        self.head()[SPOOL_BYTES].store(bytes, Ordering::Release);
    }

    /// How many records are in the spool, and how many bytes; no bytes only if everything is delivered that was
    /// acknowledged.
    pub fn spooled(&self) -> (u64, u64) {
        let bytes = self.head()[SPOOL_BYTES].load(Ordering::Acquire);
        (self.head()[SPOOL_RECORDS].load(Ordering::Relaxed), bytes)
    }

    /// How long ago the oldest record in the spool was looked up; `None` if the spool is empty.
    pub fn spool_age(&self) -> Option<Duration> {
        self.ago(SPOOL_OLDEST).filter(|_| self.spooled().0 > 0)
    }

    /// For how long the writer has not been able to use the database. The writer's.
    pub fn show_outage(&self, lasts: Option<Duration>) {
        let since = lasts.map_or(0, |lasts| since_1970().saturating_sub(lasts).as_micros());
        self.head()[OUTAGE].store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// For how long the writer has not been able to use the database; `None` if it can.
    pub fn outage(&self) -> Option<Duration> {
        self.ago(OUTAGE)
    }

    fn ago(&self, at: usize) -> Option<Duration> {
        let then = Some(self.head()[at].load(Ordering::Relaxed)).filter(|&then| then > 0)?;
        Some(since_1970().saturating_sub(Duration::from_micros(then)))
    }

    /// Adds lines of the writer's log that were dropped. The writer's.
    pub fn count_unlogged(&self, lines: u64) {
        if lines > 0 {
            self.head()[UNLOGGED].fetch_add(lines, Ordering::Relaxed);
        }
    }

    /// How many were dropped since this was last asked. The parent's.
    pub fn take_unlogged(&self) -> u64 {
        self.head()[UNLOGGED].swap(0, Ordering::Relaxed)
    }

    /// How long commits took.
    pub fn commit_times(&self) -> Times<'_> {
        Times::of(self.head().get(COMMIT_TIMES..HOSTS).unwrap_or(&[]))
    }

    /// Sets whether each child should report its own end. The parent's.
    pub fn show_many(&self, many: bool) {
        self.head()[MANY].store(u64::from(many), Ordering::Relaxed);
    }

    /// Whether a child should announce its end to its parent: the parent finds out all the same, but would have to ask
    /// the kernel about all its children instead of one.
    pub fn are_many(&self) -> bool {
        self.head()[MANY].load(Ordering::Relaxed) != 0
    }

    fn head(&self) -> &[AtomicU64] {
        self.pages.first()
    }

    /// What the writer knows of the database's hosts.
    pub fn database_hosts(&self) -> DatabaseHosts<'_> {
        DatabaseHosts::of(self.head().get(HOSTS..HEAD).unwrap_or(&[]))
    }

    /// A child's slot.
    pub fn slot(&self, number: SlotNumber) -> Slot<'_> {
        Slot { numbers: self.pages.page(page_of(number)).get(..SLOT).unwrap_or(&[]) }
    }
}

/// The first page is the head.
fn page_of(SlotNumber(number): SlotNumber) -> usize {
    usize::try_from(number).ok().and_then(|number| number.checked_add(1)).unwrap_or(usize::MAX)
}

/// What one child shows of itself.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    numbers: &'a [AtomicU64],
}

impl<'a> Slot<'a> {
    /// What the session counts.
    pub fn counters(&self) -> Counters<'a> {
        Counters::of(self.numbers.get(COUNTERS..SLOT).unwrap_or(&[]))
    }

    /// A request was failed by the database.
    pub fn count_database_error(&self) {
        self.store(DATABASE_ERRORS, self.load(DATABASE_ERRORS).saturating_add(1));
    }

    /// How many requests were failed by the database.
    pub fn database_errors(&self) -> u64 {
        self.load(DATABASE_ERRORS).min(MOST_ERRORS)
    }

    /// Empties the slot for a new child. The parent's, before it forks.
    pub fn clear(&self) {
        for number in self.numbers {
            number.store(0, Ordering::Relaxed);
        }
    }

    /// Shows something of the child.
    pub fn show(&self, what: Shown, number: u64) {
        self.store(what as usize, number);
    }

    /// What the child shows.
    pub fn shown(&self, what: Shown) -> u64 {
        self.load(what as usize)
    }

    /// Sets the name that is logged in; empty without a login.
    pub fn set_user(&self, name: &str) {
        self.store(NAME_SIZE, 0);
        self.store(NAME_SIZE, write_text(self.name(), name));
    }

    /// The name that was logged in when the child last published it; made fit for a log, because the child may be under
    /// an attacker's control.
    pub fn user(&self) -> String {
        // No heap for a session without a login: the parent asks after each.
        match self.load(NAME_SIZE) {
            0 => String::new(),
            size => read_text(self.name(), size),
        }
    }

    fn name(&self) -> &[AtomicU64] {
        self.numbers.get(NAME..STATE).unwrap_or(&[])
    }

    fn store(&self, at: usize, value: u64) {
        if let Some(number) = self.numbers.get(at) {
            number.store(value, Ordering::Relaxed);
        }
    }

    fn load(&self, at: usize) -> u64 {
        self.numbers.get(at).map_or(0, |number| number.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_do_not_touch_each_other() {
        let scoreboard = Scoreboard::new(3).unwrap();
        let longest = "𝕏".repeat(32);
        scoreboard.slot(SlotNumber(0)).set_user("ann");
        scoreboard.slot(SlotNumber(1)).set_user(&longest);
        scoreboard.slot(SlotNumber(2)).set_user("bob");
        scoreboard.slot(SlotNumber(1)).show(Shown::Requests, 7);
        assert_eq!(scoreboard.slot(SlotNumber(0)).user(), "ann");
        assert_eq!(scoreboard.slot(SlotNumber(1)).user(), longest);
        assert_eq!(scoreboard.slot(SlotNumber(2)).user(), "bob");
        scoreboard.slot(SlotNumber(1)).clear();
        assert_eq!(scoreboard.slot(SlotNumber(1)).user(), "");
        assert_eq!(scoreboard.slot(SlotNumber(1)).shown(Shown::Requests), 0);
        // An invalid number is harmless.
        scoreboard.slot(SlotNumber(u32::MAX)).set_user("nobody");
        assert_eq!(scoreboard.slot(SlotNumber(3)).user(), "");
    }

    #[test]
    fn what_a_child_wrote_is_bounded_and_printable() {
        let scoreboard = Scoreboard::new(1).unwrap();
        let slot = scoreboard.slot(SlotNumber(0));
        slot.set_user("a\x1b[2Jb");
        assert_eq!(slot.user(), "a\\u{1b}[2Jb");
        slot.store(NAME_SIZE, u64::MAX);
        assert!(slot.user().len() < 1_000);
    }
}
