//! What must last: accounts, history, and the table `words`. One trait, two stores behind it.
//!
//! This module never speaks the line protocol and is never opened in the parent: opening needs a [`StoreKey`],
//! which exists only in a forked child or in a program that never forks.

#![forbid(unsafe_code)]

mod dict_key;
mod error;
mod hosts;
mod identity;
mod location;
mod location_error;
mod moment;
mod mysql;
mod operator;
pub mod passwd;
mod schema;
mod sqlite;
mod ssl;
mod star;
#[cfg(test)]
mod tests;
mod token;
mod upgrade;
mod words;

pub use dict_key::DictKey;
pub use error::{Error, Kind};
pub use hosts::{Failed, Host, Hosts, MOST_HOSTS};
pub use identity::Identity;
pub use location::{Location, Server};
pub use location_error::LocationError;
pub use operator::{AccountDetails, AccountSummary, Operator};
pub use schema::{MAX_NAME_CHARS, MAX_WORD_CHARS};
pub use ssl::{DatabaseTls, SslMode};
pub use star::{
    Grade, Grading, Learned, MOST_STARS, MOST_TAGS_BYTES, Memory, PastReview, Star, StarText, Starring, Stars,
    Unstarring,
};
pub use token::{MOST_TOKENS, Token, TokenHash};
pub use upgrade::{Step as UpgradeStep, Terms as UpgradeTerms, Upgraded};
pub use words::{AboutWords, Loading, LookedUp, WordRow};

use std::path::{Path, PathBuf};

use crate::sys::StoreKey;

/// The version of the schema that this program writes and reads.
pub const SCHEMA_VERSION: u32 = 4;

/// Which account it is: its number, and when it was made. A login is to this, not to a name. A deleted account's number
/// is never used again within one database; but a backup that is restored may not know of an account and give its
/// number to another, or may have given new numbers to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountId {
    /// Its number in its database.
    pub number: u64,
    /// When it was made. None where it is only known by its number: in a spool of earlier versions, say.
    pub created: Option<Microseconds>,
}

impl AccountId {
    /// Whether a record that was made for `other` is this account's, which has the same name: made at the same moment,
    /// or, where nothing says when that one was made, of the same number.
    fn is_meant_by(self, other: Self) -> bool {
        match other.created {
            Some(_) => self.created == other.created,
            None => self.number == other.number,
        }
    }
}

/// Microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microseconds(pub i64);

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

/// One lookup to be kept. Its identity is (account, time, origin): a retry repeats all three, so it is told from
/// another session's lookup in the same microsecond.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The headword that was found.
    pub word: String,
    /// When; strictly increasing within one origin.
    pub time: Microseconds,
    /// 64 random bits drawn by each child.
    pub origin: u64,
}

/// Lookups of one session that are kept together, or none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whose they are.
    pub account: AccountId,
    /// The account's name, which every row repeats. Names never change.
    pub name: String,
    /// The lookups; none only asks how the account stands.
    pub records: Vec<Record>,
}

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

/// Whether the account of a request is still there and not locked. If it is not, nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Standing {
    /// It is, and what was asked is done and durable.
    Live,
    /// It is gone, or locked.
    Gone,
}

/// Whose lookups are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Those of accounts that may be used.
    Usable,
    /// Those of all accounts that are there under this number and name.
    Known,
}

/// What came of forgetting a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Forgetting {
    /// It is forgotten, and that is durable.
    Done,
    /// The account has no such token.
    NoSuchToken,
    /// The account is gone, or locked; nothing was done.
    Gone,
}

/// What came of each of many questions, or why none could be asked.
pub type Each<T> = Result<Vec<Result<T, Error>>, Error>;

/// The most rows that one question by keys is answered with: a headword has some dozens of homographs at the most, and
/// what is more than that is somebody's mistake that a session need not read.
const MOST_KEYED: u32 = 400;

/// An open database. Each process opens its own; it is never shared, and never crosses a fork.
///
/// Every method commits before it returns. After a lost connection a store connects again by itself; an error of
/// kind [`Kind::World`] means that it could not, now.
pub trait Store: Stars {
    /// Which database it is.
    fn identity(&mut self) -> Result<Identity, Error>;

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

    /// Keeps a new token of an account. Those that have expired go, and so do the oldest, so that there are never more
    /// than [`MOST_TOKENS`]. Repeating a call (with the same token) after an error keeps it once.
    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error>;

    /// The account of this name, compared byte for byte, if it is not locked and the token is one of its; the token's
    /// use is written down, at most daily. A token that has expired is removed when it is found.
    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error>;

    /// The same for many names and tokens at once. What is wrong with one does the others no harm.
    fn accounts_of_tokens(&mut self, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>>;

    /// Forgets one token of an account.
    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error>;

    /// Gives an account a DICT key, in the place of the one that it may have.
    fn set_dict_key(&mut self, account: AccountId, key: &DictKey) -> Result<Standing, Error>;

    /// The account of this name, compared byte for byte, if it is not locked, and its DICT key; `None` if it has none.
    fn dict_key(&mut self, name: &str) -> Result<Option<(AccountId, DictKey)>, Error>;

    /// Keeps lookups of any number of sessions, with as few commits as can be, and says of each batch what came of it.
    /// A batch whose account is gone or locked, or that can't be kept for a reason of its own, does the others no
    /// harm. Repeating a call (with the same records) after an error writes no row twice.
    fn record_many(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>>;

    /// Keeps lookups that were acknowledged before: those of every account that is there, locked or not, under its name
    /// and made when it was, whatever its number is now; where nothing says when it was made, under its number and its
    /// name. [`Standing::Gone`] says that it is not there. Otherwise as [`Store::record_many`].
    fn deliver(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>>;

    /// The last `limit` lookups before a place (or the very last without one), newest first; `None` if the account is
    /// gone or locked.
    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Error>;

    /// The last lookups of many accounts, so many of each, newest first; `None` for an account that is gone or locked.
    fn recent_lookups(&mut self, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>>;

    /// How many lookups there are before a place.
    fn history_size(&mut self, account: AccountId, before: Place) -> Result<u64, Error>;

    /// Deletes the history, or what it holds of one headword.
    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error>;

    /// What a lookup needs of table `words`, in one statement: the entry of exactly this headword, or without one those
    /// that have one of these keys, no more than some hundreds; and how an account stands. The headword's own key has to
    /// be one of the keys. Rows without a key need not be found.
    fn look_up(&mut self, word: &str, keys: &[String], account: Option<AccountId>) -> Result<LookedUp, Error>;

    /// Whether there are rows in table `words` without a key.
    fn has_keyless_words(&mut self) -> Result<bool, Error>;

    /// The interpretation of exactly this headword of table `words`, with the headword.
    fn find_word(&mut self, word: &str) -> Result<Option<(String, String)>, Error>;

    /// Headwords and interpretations by their keys, in the byte order of headwords, and no more of them than some hundreds
    /// for a key. Rows without a key, which an older version wrote, are found by their lower case.
    fn words_keyed(&mut self, keys: &[String]) -> Result<Vec<(String, String)>, Error>;

    /// Headwords whose lower case begins with `folded`, in the byte order of (lower case, headword).
    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error>;

    /// Headwords whose lower case is one of `folded`, in any order.
    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error>;

    /// Headwords after one, in the order of the table's index, which is that of bytes.
    fn words_after(&mut self, word: &str, limit: usize) -> Result<Vec<String>, Error>;

    /// The headword of table `words` at this position, in an order that stays.
    fn word_at(&mut self, at: u64) -> Result<Option<String>, Error>;

    /// Hands over headwords and interpretations after a headword, in the order of bytes: of the next `count` those whose
    /// interpretation holds `text`, or all without one. Returns the last headword that was looked at, if there may be
    /// more. A row may be handed over twice, after a lost connection.
    fn words_holding(
        &mut self,
        after: &str,
        count: usize,
        text: Option<&str>,
        found: &mut dyn FnMut(&str, &str),
    ) -> Result<Option<String>, Error>;

    /// What table `words` says of itself.
    fn about_words(&mut self) -> Result<AboutWords, Error>;

    /// Replaces the content of table `words`: all of it at once, for whoever looks words up, or after an error nothing.
    /// `rows` is read once, in parts that bound the memory and each transaction; rows of one headword follow one another
    /// in the order of preference, and no two of them are of one dictionary. `progress` hears now and then how many rows
    /// have been sent. Of `about` the number of headwords does not matter: they are counted.
    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Loading, Error>;
}

/// Opens a store for use. Connects now, checks nothing of the schema.
///
/// # Errors
/// [`Kind::World`] if the database can't be reached, [`Kind::Configuration`] if it refuses us for good.
pub fn open(location: &Location, key: StoreKey) -> Result<Box<dyn Store>, Error> {
    match location {
        Location::MySql(server) => Ok(Box::new(mysql::MySql::open(server, &Hosts::default(), key)?)),
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, key)?)),
    }
}

/// The same for a session, which knows something of the database's hosts and learns more, and of an embedded one opens
/// none but the files that are there.
///
/// # Errors
/// As [`open`].
pub fn open_for_session(location: &Location, hosts: &Hosts, key: StoreKey) -> Result<Box<dyn Store>, Error> {
    match location {
        Location::MySql(server) => Ok(Box::new(mysql::MySql::open(server, hosts, key)?)),
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open_for_session(path, key)?)),
    }
}

/// The files of an embedded database: itself, and its log and the index of that, which SQLite keeps beside the file that a
/// link leads to.
pub fn embedded_files(database: &Path) -> [PathBuf; 3] {
    sqlite::names(database)
}

/// Whether a database is there, but this process may not use it as it is: it is confined to files of an embedded one whose
/// place others have taken. Only for a process that has no store open.
pub fn is_shut_out(location: &Location) -> bool {
    match location {
        Location::MySql(_) => false,
        Location::Sqlite(path) => sqlite::is_shut_out(path),
    }
}

/// The same for the writer, which does not wait for long: what the database does not take it has another place for.
///
/// # Errors
/// As [`open`].
pub fn open_for_writer(location: &Location, hosts: &Hosts, key: StoreKey) -> Result<Box<dyn Operator>, Error> {
    match location {
        Location::MySql(server) => Ok(Box::new(mysql::MySql::open_for_writer(server, hosts, key)?)),
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open_for_writer(path, key)?)),
    }
}

/// Whether every store would take what is in a batch.
///
/// # Errors
/// [`Kind::Bug`] if none would.
pub fn check_batch(batch: &Batch) -> Result<(), Error> {
    schema::check_name(&batch.name)?;
    batch.records.iter().try_for_each(|record| {
        schema::check_word(&record.word)?;
        moment::Civil::of(record.time).map(drop)
    })
}

/// The same for the operator's tools.
///
/// # Errors
/// As [`open`].
pub fn open_for_operator(location: &Location, key: StoreKey) -> Result<Box<dyn Operator>, Error> {
    match location {
        Location::MySql(server) => Ok(Box::new(mysql::MySql::open(server, &Hosts::default(), key)?)),
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, key)?)),
    }
}

/// Computes what every connection would compute for itself and then keep: done before the fork, all children share it.
/// It opens nothing.
pub fn warm_up(location: &Location) {
    // Which instructions the processor has is asked once by each of these, with `cpuid`, and in a virtual machine each
    // question takes some 20 µs: as long as hundreds of hashes.
    std::hint::black_box(TokenHash::of(""));
    #[cfg(target_arch = "x86_64")]
    std::hint::black_box(std::arch::is_x86_feature_detected!("avx2"));
    if let Location::MySql(_) = location {
        mysql::warm_up();
    }
}

/// Checks that the database can be reached and has the schema that this program needs; an embedded one is made.
///
/// # Errors
/// [`Kind::World`] if it can't be reached, [`Kind::Configuration`] if it has no schema, or one of another version.
pub fn check(location: &Location, _: StoreKey) -> Result<(), Error> {
    match location {
        Location::MySql(server) => mysql::check(server),
        Location::Sqlite(path) => sqlite::init(path),
    }
}

/// Whether the database is on a member of a cluster, where another may be ahead of it.
///
/// # Errors
/// As [`check`].
pub fn is_cluster(location: &Location, _: StoreKey) -> Result<bool, Error> {
    match location {
        Location::MySql(server) => mysql::is_cluster(server),
        Location::Sqlite(_) => Ok(false),
    }
}

/// Where a database that [`check`] finds fine is less durable than it should be, in words.
///
/// # Errors
/// As [`check`].
pub fn weaknesses(location: &Location, _: StoreKey) -> Result<Vec<String>, Error> {
    match location {
        Location::MySql(server) => mysql::weaknesses(server),
        // Every connection sets for itself how durable a commit is.
        Location::Sqlite(_) => Ok(Vec::new()),
    }
}

/// Makes the schema, completes it, or brings it from an older version to ours. Safe to repeat.
///
/// # Errors
/// As [`check`].
pub fn init(location: &Location, _: StoreKey) -> Result<(), Error> {
    match location {
        Location::MySql(server) => mysql::init(server),
        Location::Sqlite(path) => sqlite::init(path),
    }
}

/// As [`init`], and brings a database of the classroom schema to ours: every row is kept, or nothing is changed. Tells
/// what it did, unless there was nothing of the kind to do.
///
/// # Errors
/// As [`check`]; the database is as it was then.
pub fn upgrade(location: &Location, _: StoreKey, terms: &mut UpgradeTerms<'_>) -> Result<Option<Upgraded>, Error> {
    match location {
        Location::MySql(server) => mysql::upgrade(server, terms),
        // The classroom had no such.
        Location::Sqlite(path) => sqlite::init(path).map(|()| None),
    }
}
