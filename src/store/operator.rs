//! What the operator's account tools do beyond what a session may: see every account, lock one, and change or delete
//! one without its password. A session never has this trait.

use super::{Account, AccountId, Error, Microseconds, PastLookup, PastReview, Place, Star, Store};

/// One account, for the operator's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// Its name.
    pub name: String,
    /// When it was registered.
    pub created: Microseconds,
    /// Whether it is locked.
    pub locked: bool,
    /// How many lookups its history holds.
    pub lookups: u64,
    /// When the last of them was.
    pub last_lookup: Option<Microseconds>,
    /// How many tokens it has that have not expired.
    pub tokens: u64,
}

impl AccountSummary {
    /// Of a row, whose times `moment` reads: name, when it was registered, whether it is locked, how many lookups, when
    /// the last was, how many tokens.
    ///
    /// # Errors
    /// One of the times is invalid.
    pub(super) fn of<T>(
        (name, created, locked, lookups, last_lookup, tokens): (String, T, bool, u64, Option<T>, u64),
        moment: impl Fn(&T) -> Option<Microseconds>,
    ) -> Result<Self, Error> {
        let moment = |time: &T| {
            moment(time).ok_or_else(|| Error::configuration("table user or hist contains an invalid timestamp"))
        };
        let last_lookup = last_lookup.as_ref().map(moment).transpose()?;
        Ok(Self { name, created: moment(&created)?, locked, lookups, last_lookup, tokens })
    }
}

/// All that is kept of one account but its history and its password's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// Its number.
    pub id: AccountId,
    /// When it was registered.
    pub created: Microseconds,
    /// Whether it is locked.
    pub locked: bool,
    /// When each of its tokens was made, and when it was last used; the oldest first.
    pub tokens: Vec<(Microseconds, Microseconds)>,
}

impl AccountDetails {
    /// Of what a store has found, whose times `moment` reads.
    ///
    /// # Errors
    /// One of the times is invalid.
    pub(super) fn of<T>(
        account: &Account,
        created: &T,
        tokens: &[(T, T)],
        moment: impl Fn(&T) -> Option<Microseconds>,
    ) -> Result<Self, Error> {
        let moment = |time: &T| {
            moment(time).ok_or_else(|| Error::configuration("table user or token contains an invalid timestamp"))
        };
        let tokens = tokens.iter().map(|(created, used)| Ok((moment(created)?, moment(used)?)));
        let tokens = tokens.collect::<Result<Vec<_>, Error>>()?;
        Ok(Self { id: account.id, created: moment(created)?, locked: account.locked, tokens })
    }
}

/// A store in the operator's hands: what a locked account refuses to its owner, it does not refuse here.
///
/// The methods that change something return whether there was such an account.
pub trait Operator: Store {
    /// Goes to a host that is preferred to the one in use, if there are several and one of those works again.
    fn return_to_preferred(&mut self) {}

    /// Every account, in the byte order of names.
    fn accounts(&mut self) -> Result<Vec<AccountSummary>, Error>;

    /// Locks or unlocks. Its sessions are refused from their next request on; its password and tokens stay what they
    /// are, and are of use again when it is unlocked.
    fn set_locked(&mut self, account: AccountId, locked: bool) -> Result<bool, Error>;

    /// Replaces the password's hash, and ends all tokens.
    fn reset_passwd(&mut self, account: AccountId, passwd: &str) -> Result<bool, Error>;

    /// Deletes the account, its history and its tokens.
    fn remove_account(&mut self, account: AccountId) -> Result<bool, Error>;

    /// What is kept of an account, locked or not.
    fn account_details(&mut self, name: &str) -> Result<Option<AccountDetails>, Error>;

    /// A page of an account's history, as [`Histories::history_page`](super::Histories::history_page) gives it, whether
    /// the account is locked or not, and empty if there is no such account.
    fn history_of(&mut self, account: AccountId, before: Option<Place>, limit: u32) -> Result<Vec<PastLookup>, Error>;

    /// A page of an account's stars, as [`Stars::stars_after`] gives it, whether the account is locked or not.
    ///
    /// [`Stars::stars_after`]: super::Stars::stars_after
    fn stars_of(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Vec<Star>, Error>;

    /// A page of an account's grades, the newest first, whether the account is locked or not.
    fn reviews_of(&mut self, account: AccountId, before: Option<Place>, limit: u32) -> Result<Vec<PastReview>, Error>;

    /// How many accounts there are.
    fn count_accounts(&mut self) -> Result<u64, Error>;

    /// The accounts whose numbers follow this one's, in the order of their numbers.
    fn accounts_after(&mut self, after: AccountId, limit: u32) -> Result<Vec<AccountId>, Error>;

    /// The place of one of an account's lookups, from the newest on: of the first before a place (or the very newest
    /// without one) after skipping this many. `None` if there is no such lookup.
    fn place_after(&mut self, account: AccountId, place: Option<Place>, skipped: u32) -> Result<Option<Place>, Error>;

    /// Deletes the oldest of an account's lookups before a position, at most `limit` at once; returns how many were
    /// deleted.
    fn delete_before(&mut self, account: AccountId, place: Place, limit: u32) -> Result<u64, Error>;

    /// How many of an account's lookups were before this moment.
    fn count_older(&mut self, account: AccountId, than: Microseconds) -> Result<u64, Error>;

    /// Deletes the oldest of an account's lookups before this moment, at most `limit` at once; returns how many were
    /// deleted.
    fn delete_older(&mut self, account: AccountId, than: Microseconds, limit: u32) -> Result<u64, Error>;
}
