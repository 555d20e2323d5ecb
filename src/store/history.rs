//! Reading a history, and clearing it.

use super::{AccountId, Each, Error, Microseconds, Standing};

/// One lookup that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastLookup {
    /// The headword that was found.
    pub word: String,
    /// When.
    pub time: Microseconds,
    /// Which session's it was.
    pub origin: u64,
}

impl PastLookup {
    /// Of a row.
    ///
    /// # Errors
    /// Its time is invalid.
    pub(super) fn of(word: String, time: Option<Microseconds>, origin: u64) -> Result<Self, Error> {
        let time = time.ok_or_else(|| Error::configuration("table hist contains an invalid timestamp"))?;
        Ok(Self { word, time, origin })
    }

    /// Its place in the history of its account.
    pub fn place(&self) -> Place {
        Place { time: self.time, origin: self.origin }
    }
}

/// A place in the history of an account, from which it can be read on. Lookups of the same microsecond have the order
/// that the store gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The time of the lookup there.
    pub time: Microseconds,
    /// Its origin.
    pub origin: u64,
}

/// What a store does for histories.
pub trait Histories {
    /// The last `limit` lookups before a place (or the very last without one), newest first; `None` if the account is
    /// gone or locked.
    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Error>;

    /// The last lookups of many accounts, with a limit for each, newest first; `None` for an account that is gone or
    /// locked.
    fn recent_lookups(&mut self, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>>;

    /// How many lookups there are before a place.
    fn history_size(&mut self, account: AccountId, before: Place) -> Result<u64, Error>;

    /// Deletes the history, or what it holds of one headword.
    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error>;
}
