//! What the operator's account tools do beyond what a session may: see every account, lock one, and change or delete
//! one that is not theirs. A session never holds this door.

use super::{AccountId, Error, Microseconds, Store};

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

/// A store in the operator's hands: what a locked account refuses to its owner, it does not refuse here.
///
/// The methods that change something say whether there was such an account.
pub trait Operator: Store {
    /// Every account, in the byte order of names.
    fn accounts(&mut self) -> Result<Vec<AccountSummary>, Error>;

    /// Locks or unlocks. Its sessions are refused from their next request on; its password and tokens stay what they
    /// are, and are of use again when it is unlocked.
    fn set_locked(&mut self, account: AccountId, locked: bool) -> Result<bool, Error>;

    /// Replaces the password's hash, and ends all tokens.
    fn reset_passwd(&mut self, account: AccountId, passwd: &str) -> Result<bool, Error>;

    /// Deletes the account, its history and its tokens.
    fn remove_account(&mut self, account: AccountId) -> Result<bool, Error>;
}
