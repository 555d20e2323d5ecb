//! What must last: accounts, history, and the table `words`. One trait, two stores behind it.
//!
//! This module never speaks the line protocol and is never opened in the parent: opening needs a [`StoreKey`],
//! which exists only in a forked child or in a program that never forks.

#![forbid(unsafe_code)]

mod account;
mod dict_key;
mod error;
mod history;
mod hosts;
mod identity;
mod load;
mod location;
mod location_error;
mod moment;
mod mysql;
mod notebook;
mod operator;
pub mod passwd;
mod record;
mod schema;
mod sqlite;
mod ssl;
mod star;
mod statements;
#[cfg(test)]
mod tests;
mod token;
mod upgrade;
mod words;

pub use account::{Account, AccountId, Accounts, Registration, Standing};
pub use dict_key::DictKey;
pub use error::{Error, Kind};
pub use history::{Histories, PastLookup, Place};
pub use hosts::{Failed, Host, Hosts, MOST_HOSTS};
pub use identity::Identity;
pub use location::{Location, Server};
pub use location_error::LocationError;
pub use operator::{AccountDetails, AccountSummary, Operator};
pub use record::{Batch, Record, Records, check_batch};
pub use schema::{MAX_NAME_CHARS, MAX_WORD_CHARS};
pub use ssl::{DatabaseTls, SslMode};
pub use star::{
    Grade, Grading, Learned, MOST_STARS, MOST_TAGS_BYTES, Memory, PastReview, Star, StarText, Starring, Stars,
    Unstarring,
};
pub use token::{Forgetting, MOST_TOKENS, Token, TokenHash, Tokens};
pub use upgrade::{Step as UpgradeStep, Terms as UpgradeTerms, Upgraded};
pub use words::{AboutWords, Loading, LookedUp, WordRow, WordTable};

use std::path::{Path, PathBuf};

use crate::sys::StoreKey;

/// The version of the schema that this program writes and reads.
pub const SCHEMA_VERSION: u32 = 4;

/// Microseconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Microseconds(pub i64);

/// The answer to each of many questions, or the reason why they could not be asked.
pub type Each<T> = Result<Vec<Result<T, Error>>, Error>;

/// An open database. Each process opens its own; it is never shared, and never crosses a fork.
///
/// It has a trait for each thing that it keeps, in a file that has the same name in each store. Every method commits
/// before it returns. After a lost connection a store connects again by itself; an error of kind [`Kind::World`] means
/// that it could not, now.
pub trait Store: Accounts + Tokens + Records + Histories + WordTable + Stars {
    /// Which database it is.
    fn identity(&mut self) -> Result<Identity, Error>;
}

/// Opens a store for use. Connects now, checks nothing of the schema.
///
/// # Errors
/// [`Kind::World`] if the database can't be reached, [`Kind::Configuration`] if it refuses us for good.
pub fn open(location: &Location, key: StoreKey) -> Result<Box<dyn Store>, Error> {
    open_for_operator(location, key).map(|store| store as Box<dyn Store>)
}

/// The same for a session, which knows something of the database's hosts and learns more, and of an embedded one opens
/// only the files that are there.
///
/// # Errors
/// As [`open`].
pub fn open_for_session(location: &Location, hosts: &Hosts, key: StoreKey) -> Result<Box<dyn Store>, Error> {
    match location {
        Location::MySql(server) => Ok(Box::new(mysql::MySql::open(server, hosts, key)?)),
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, sqlite::Purpose::Session, key)?)),
    }
}

/// The files of an embedded database: itself, and its log and the index of that, which SQLite keeps beside the file
/// that a link leads to.
pub fn embedded_files(database: &Path) -> [PathBuf; 3] {
    sqlite::names(database)
}

/// Whether a database is there, but this process may not use it as it is: it is confined to files of an embedded one
/// whose place others have taken. Only for a process that has no store open.
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
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, sqlite::Purpose::Writer, key)?)),
    }
}

/// The same for the operator's tools.
///
/// # Errors
/// As [`open`].
pub fn open_for_operator(location: &Location, key: StoreKey) -> Result<Box<dyn Operator>, Error> {
    match location {
        Location::MySql(server) => Ok(Box::new(mysql::MySql::open(server, &Hosts::default(), key)?)),
        Location::Sqlite(path) => Ok(Box::new(sqlite::Sqlite::open(path, sqlite::Purpose::Tool, key)?)),
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

/// What [`check`] would do to an embedded database that is there, in words.
///
/// # Errors
/// As [`check`].
pub fn would_do(location: &Location, _: StoreKey) -> Result<Option<String>, Error> {
    match location {
        Location::MySql(_) => Ok(None),
        Location::Sqlite(path) => sqlite::would_do(path),
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

/// As [`init`], and brings a database of the classroom schema to ours: every row is kept, or nothing is changed.
/// Returns what it did, if there was anything to do.
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
