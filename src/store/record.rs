//! Keeping lookups.

use super::{AccountId, Error, Microseconds, Standing, moment, schema};

/// One lookup to be kept. Its identity is (account, time, origin): a retry repeats all three, so it is distinguished
/// from another session's lookup in the same microsecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The headword that was found.
    pub word: String,
    /// When; strictly increasing within one origin.
    pub time: Microseconds,
    /// 64 random bits drawn by each child.
    pub origin: u64,
}

/// Lookups of one session of which all are kept or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whose they are.
    pub account: AccountId,
    /// The account's name, which every row repeats. Names never change.
    pub name: String,
    /// The lookups; an empty list only asks for the account's standing.
    pub records: Vec<Record>,
}

/// Whose lookups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of accounts that may be used.
    Usable,
    /// Those of all accounts that are there under this number and name.
    Known,
}

/// What a store does for lookups that are to be kept.
pub trait Records {
    /// Keeps lookups of any number of sessions, with as few commits as possible, and returns the outcome of each batch.
    /// A batch whose account is gone or locked, or that can't be kept for a reason of its own, does the others no harm.
    /// Repeating a call (with the same records) after an error writes no row twice.
    fn record_many(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>>;

    /// Keeps lookups that were acknowledged before: those of every account that is there, locked or not, under its name
    /// and made when it was, whatever its number is now; if it is unknown when it was made, under its number and its
    /// name. [`Standing::Gone`] means that it is not there. Otherwise as [`Records::record_many`].
    fn deliver(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>>;
}

/// Whether every store would take what is in a batch.
///
/// # Errors
/// [`Kind::Bug`](super::Kind::Bug) if none would.
pub fn check_batch(batch: &Batch) -> Result<(), Error> {
    schema::check_name(&batch.name)?;
    batch.records.iter().try_for_each(|record| {
        schema::check_word(&record.word)?;
        moment::Civil::of(record.time).map(drop)
    })
}
