//! Accounts: their numbers, their passwords' hashes, and whether they may be used.

use super::{Error, Microseconds};

/// Which account it is: its number, and when it was made. A login is to this, not to a name. A deleted account's number
/// is never used again within one database; but a backup that is restored may not know of an account and give its
/// number to another, or may have given new numbers to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountId {
    /// Its number in its database.
    pub number: u64,
    /// When it was made. `None` if only its number is known, as in a spool of an earlier version.
    pub created: Option<Microseconds>,
}

impl AccountId {
    /// Whether a record that was made for `other` is this account's, which has the same name: made at the same moment,
    /// or of the same number, if it is unknown when that one was made.
    pub(super) fn is_meant_by(self, other: Self) -> bool {
        match other.created {
            Some(_) => self.created == other.created,
            None => self.number == other.number,
        }
    }
}

/// What a login needs to know of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// The password's Argon2id hash in PHC format.
    pub passwd: String,
    /// Whether the operator has locked it.
    pub locked: bool,
}

/// What came of registering a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The account is made, and durable.
    Made(AccountId),
    /// The name is taken.
    NameTaken,
}

impl Registration {
    /// The outcome if the name existed: a repeated call finds its own account. Its hash has our salt, so no
    /// other call's is the same.
    pub(super) fn of_known(account: Option<&Account>, passwd: &str) -> Self {
        match account {
            Some(account) if account.passwd == passwd => Self::Made(account.id),
            _ => Self::NameTaken,
        }
    }
}

/// Whether the account of a request is still there and not locked. If it is not, nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Standing {
    /// It is, and what was asked is done and durable.
    Live,
    /// It is gone, or locked.
    Gone,
}

impl Standing {
    /// Of an account that was found, if it was.
    pub(super) fn of_found<T>(found: Option<T>) -> Self {
        if found.is_some() { Self::Live } else { Self::Gone }
    }
}

/// What a store does for accounts.
pub trait Accounts {
    /// Makes an account.
    fn register(&mut self, name: &str, passwd: &str) -> Result<Registration, Error>;

    /// Finds an account by its name, compared byte for byte.
    fn account(&mut self, name: &str) -> Result<Option<Account>, Error>;

    /// Whether an account is there and not locked.
    fn standing(&mut self, account: AccountId) -> Result<Standing, Error>;

    /// Replaces the password's hash, and ends all of the account's tokens and its DICT key.
    fn set_passwd(&mut self, account: AccountId, passwd: &str) -> Result<Standing, Error>;

    /// Deletes the account, all its history, its notebook, all its tokens and its DICT key.
    fn delete_account(&mut self, account: AccountId) -> Result<Standing, Error>;
}
