//! Tests of the stores, written once and run on both: SQLite in a temporary directory, and a private MariaDB that is
//! started for this run. They never touch the system's server, and never skip.

mod accounts;
mod batches;
mod bench;
mod history;
mod operator;
mod outages;
mod setup;
mod star;
mod tokens;
mod words;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::sys::Origin;
use support::mariadb::MariaDb;

/// Where a test's store lives: a database of its own.
struct Bed {
    location: Location,
    _directory: Option<tempfile::TempDir>,
}

impl Bed {
    /// A new SQLite file, with the schema.
    fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let bed = Self { location: Location::Sqlite(directory.path().join("cidian.db")), _directory: Some(directory) };
        init(&bed.location, key()).unwrap();
        bed
    }

    /// A new database, with the schema, on the server that all tests of this run share.
    fn mariadb() -> Self {
        Self::on(shared())
    }

    /// A new database on a given server.
    fn on(server: &MariaDb) -> Self {
        let bed = Self { location: Location::parse(&server.url(&new_name())).unwrap(), _directory: None };
        init(&bed.location, key()).unwrap();
        bed
    }

    fn open(&self) -> Box<dyn Store> {
        open(&self.location, key()).unwrap()
    }

    /// Runs a statement past the store; gives back its rows, tab-separated.
    fn sql(&self, statement: &str) -> String {
        match &self.location {
            Location::MySql(server) => shared().sql(&format!("USE {}; {statement}", server.database)),
            Location::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                let mut statement = connection.prepare(statement).unwrap();
                let columns = statement.column_count();
                let mut text = String::new();
                let mut rows = statement.query(()).unwrap();
                while let Some(row) = rows.next().unwrap() {
                    let cell = |index| match row.get::<_, rusqlite::types::Value>(index).unwrap() {
                        rusqlite::types::Value::Integer(number) => number.to_string(),
                        rusqlite::types::Value::Text(text) => text,
                        other => format!("{other:?}"),
                    };
                    text += &((0..columns).map(cell).collect::<Vec<_>>().join("\t") + "\n");
                }
                text
            }
        }
    }
}

/// The server that tests share which do not stop it. It ends, and its files go, when this process ends.
fn shared() -> &'static MariaDb {
    static SHARED: OnceLock<MariaDb> = OnceLock::new();
    SHARED.get_or_init(MariaDb::start)
}

/// The name of a database that was not used before.
fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn key() -> StoreKey {
    Origin::of_main().into_store_key()
}

/// A load that has come to its end.
fn done(headwords: u64) -> Result<Loading, Error> {
    Ok(Loading::Done { headwords, behind: Vec::new() })
}

/// The number of an account that does not exist.
fn nobody(number: u64) -> AccountId {
    AccountId { number, created: Some(Microseconds(NOVEMBER)) }
}

/// Makes an account that must be new.
fn register(store: &mut dyn Store, name: &str) -> AccountId {
    match store.register(name, "$argon2id$").unwrap() {
        Registration::Made(account) => account,
        Registration::NameTaken => panic!("{name} is taken"),
    }
}

/// Keeping the lookups of one session alone, as most tests do, under a name that does not matter.
trait RecordOne {
    fn record(&mut self, account: AccountId, records: &[Record]) -> Result<Standing, Error>;
}

impl<T: Store + ?Sized> RecordOne for T {
    fn record(&mut self, account: AccountId, records: &[Record]) -> Result<Standing, Error> {
        let mut outcomes = self.record_many(&[batch_of(account, "somebody", records)]);
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }
}

fn batch_of(account: AccountId, name: &str, records: &[Record]) -> Batch {
    Batch { account, name: name.to_owned(), records: records.to_vec() }
}

fn record_of(word: &str, time: i64, origin: u64) -> Record {
    Record { word: word.to_owned(), time: Microseconds(NOVEMBER + time), origin }
}

/// 2026-11-30 23:59:59 UTC: one second before a month ends.
const NOVEMBER: i64 = 1_796_083_199_000_000;

/// The last `limit` lookups, or all of them, newest first; `None` if the account is gone or locked.
fn history_of(store: &mut dyn Store, account: AccountId, limit: Option<u32>) -> Result<Option<Vec<PastLookup>>, Error> {
    store.history_page(account, None, limit.unwrap_or(u32::MAX))
}

/// The words of a history, newest first.
fn words_of(store: &mut dyn Store, account: AccountId) -> Vec<String> {
    history_of(store, account, None).unwrap().unwrap().into_iter().map(|past| past.word).collect()
}

/// Runs each test on both stores.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $test() { super::$test(&super::Bed::sqlite()); })+
        }
        mod on_mariadb {
            $(#[test] fn $test() { super::$test(&super::Bed::mariadb()); })+
        }
    };
}
use on_both;
