//! The embedded store: one SQLite file, one connection for each process.
//!
//! It never opens a connection before a fork and uses it after (SQLite forbids it), and never returns from a write
//! that is not on the disk.

mod errors;
mod files;
mod load;
mod operator;
mod record;
mod setup;
mod star;
mod tokens;
mod words;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};

use super::moment::{self, Civil};
use super::words::{Stopped, load as load_words};
use super::{
    AboutWords, Account, AccountId, Batch, DictKey, Each, Error, Forgetting, Identity, Loading, LookedUp, PastLookup,
    Place, Registration, Standing, Store, TokenHash, Whose, WordRow, schema,
};
use crate::sys::StoreKey;

use files::Files;

pub(super) use files::{is_shut_out, names};
pub(super) use setup::init;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// A session, which is confined to the files that are there.
    Session,
    /// The writer, which waits for others no longer than a second.
    Writer,
    /// A tool, or the probe.
    Tool,
}

impl Purpose {
    /// How long to wait while another process writes.
    fn patience(self) -> Duration {
        match self {
            Self::Writer => WRITER_BUSY,
            Self::Session | Self::Tool => setup::BUSY,
        }
    }
}

/// How long the writer waits while another process writes.
const WRITER_BUSY: Duration = Duration::from_secs(1);
/// Between two of its tries.
const WRITER_PAUSE: Duration = Duration::from_micros(500);
/// How long a session waits until the writer has made a database ready that has taken the place of another.
const PREPARING: Duration = Duration::from_secs(5);

const REGISTER: &str =
    "INSERT INTO user (name, passwd, locked, created) VALUES (?, ?, 0, ?) ON CONFLICT (name) DO NOTHING";
const ACCOUNT: &str = "SELECT id, passwd, locked, created FROM user WHERE name = ?";
/// The name of an account that may be used.
const LIVE: &str = "SELECT name FROM user WHERE id = ? AND created = ? AND locked = 0";
const SET_PASSWD: &str = "UPDATE user SET passwd = ? WHERE id = ? AND created = ? AND locked = 0";
const DELETE_ACCOUNT: &str = "DELETE FROM user WHERE id = ? AND created = ? AND locked = 0";
/// An origin is a signed number here, and sorts as one.
const HISTORY: &str = "SELECT word, time, origin FROM hist WHERE user_id = ? ORDER BY time DESC, origin DESC LIMIT ?";
const HISTORY_BEFORE: &str = "SELECT word, time, origin FROM hist WHERE user_id = ? AND (time, origin) < (?, ?) \
    ORDER BY time DESC, origin DESC LIMIT ?";
const HISTORY_SIZE: &str = "SELECT COUNT(*) FROM hist WHERE user_id = ? AND (time, origin) < (?, ?)";
const CLEAR_ALL: &str = "DELETE FROM hist WHERE user_id = ?";
const CLEAR_WORD: &str = "DELETE FROM hist WHERE user_id = ? AND word = ?";
const IDENTITY: &str = "SELECT value FROM meta WHERE name = ?";

/// An open embedded store.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    purpose: Purpose,
    /// None when the last attempt to open the file anew has failed.
    open: Option<Open>,
}

/// A connection, and the files that it is to.
#[derive(Debug)]
struct Open {
    connection: Connection,
    files: Files,
    purpose: Purpose,
}

impl Sqlite {
    /// Opens the file.
    pub(super) fn open(path: &Path, _: StoreKey) -> Result<Self, Error> {
        Self::open_for(path, Purpose::Tool)
    }

    /// Opens the file for a session: none but the files that are there.
    pub(super) fn open_for_session(path: &Path, _: StoreKey) -> Result<Self, Error> {
        Self::open_for(path, Purpose::Session)
    }

    /// Opens the file, and waits for no longer than a second while others write.
    pub(super) fn open_for_writer(path: &Path, _: StoreKey) -> Result<Self, Error> {
        Self::open_for(path, Purpose::Writer)
    }

    fn open_for(path: &Path, purpose: Purpose) -> Result<Self, Error> {
        let mut store = Self { path: path.to_owned(), purpose, open: None };
        store.connection()?;
        Ok(store)
    }

    /// The connection to the file that the path leads to now. Where another file has taken the place of the one that is
    /// open, or what SQLite keeps beside it was removed, all is opened anew: SQLite itself would go on with files that
    /// nobody else can see, and that are gone when the last process closes them.
    fn connection(&mut self) -> Result<&mut Connection, Error> {
        let open = match self.open.take() {
            Some(open) if open.files.are_in_place() => open,
            replaced => {
                let was_open = replaced.is_some();
                replaced.into_iter().for_each(Open::leave);
                let new = Open::new(&self.path, self.purpose);
                let new = new.map_err(|failure| errors::explain_open(&self.path, &failure))?;
                if was_open {
                    // Every process finds it out for itself; the writer says it for all.
                    let level = if self.purpose == Purpose::Writer { log::Level::Warn } else { log::Level::Debug };
                    log::log!(level, "{}: the database file was replaced; reopened it", self.path.display());
                }
                new
            }
        };
        Ok(&mut self.open.insert(open).connection)
    }

    /// What was done is worth nothing if the file was replaced meanwhile.
    fn check_place<T>(&self, done: T) -> Result<T, Error> {
        match &self.open {
            Some(open) if open.files.are_in_place() => Ok(done),
            _ => Err(Error::world(format!("{}: the database was replaced or removed meanwhile", self.path.display()))),
        }
    }

    /// Runs a piece of work and explains its failure.
    fn run<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let done = work(self.connection()?).map_err(|failure| errors::explain(&failure))?;
        self.check_place(done)
    }

    /// Runs a piece of work as a transaction that holds the write lock from its beginning: one that asks for it
    /// later may find that it can't have it any more. If it does not commit, it is rolled back.
    fn write<T>(&mut self, work: impl FnOnce(Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let transaction = self.connection()?.transaction_with_behavior(TransactionBehavior::Immediate);
        let done = transaction.and_then(work).map_err(|failure| errors::explain(&failure))?;
        self.check_place(done)
    }
}

/// The writer waits while another process writes, and tries again soon.
fn wait_as_writer(tries: i32) -> bool {
    let tries = u32::try_from(tries).unwrap_or(u32::MAX);
    std::thread::sleep(WRITER_PAUSE);
    WRITER_PAUSE.saturating_mul(tries) < WRITER_BUSY
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        match self.open.take() {
            Some(open) if open.files.are_in_place() => open.close(),
            Some(open) => open.leave(),
            None => {}
        }
    }
}

impl Open {
    fn new(path: &Path, purpose: Purpose) -> rusqlite::Result<Self> {
        let mut files = Files::before_opening(path);
        let mut connection = setup::open(path)?;
        if purpose == Purpose::Writer {
            // SQLite's own pauses grow to 100 ms; shorter ones have the database again sooner.
            connection.busy_handler(Some(wait_as_writer))?;
        } else {
            connection.busy_timeout(purpose.patience())?;
        }
        connection.set_prepared_statement_cache_capacity(32);
        match purpose {
            Purpose::Session => {
                // A session makes no files.
                connection.execute_batch("PRAGMA temp_store = MEMORY")?;
                setup::wait_for_log(&connection, PREPARING)?;
            }
            Purpose::Writer | Purpose::Tool => setup::begin_log(&connection, purpose.patience())?,
        }
        files.opened();
        Ok(Self { connection, files, purpose })
    }

    /// Closes a connection.
    fn close(self) {
        if self.purpose != Purpose::Session {
            setup::empty_log(&self.connection);
        }
    }

    /// Closes a connection to a database that is not in its place any more. Its log is left alone, which SQLite knows by its
    /// name: that may be the one of the database that has taken its place.
    fn leave(self) {
        let shown = self.files.path().display();
        if self.files.is_database_in_place() {
            // Only what is beside it was removed. What was committed there goes into the database.
            let rescued = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, i64>(0));
            if rescued != Ok(0) {
                log::warn!("{shown}: the database's log was removed, and cannot be restored: {rescued:?}");
            }
        }
    }
}

impl Store for Sqlite {
    fn identity(&mut self) -> Result<Identity, Error> {
        let value: Option<String> = self.run(|connection| {
            connection.prepare_cached(IDENTITY)?.query_row((schema::IDENTITY,), |row| row.get(0)).optional()
        })?;
        Identity::from_meta(value.as_deref())
    }

    fn register(&mut self, name: &str, passwd: &str) -> Result<Registration, Error> {
        let now = moment::now()?;
        self.run(|connection| {
            if connection.prepare_cached(REGISTER)?.execute((name, passwd, now.text()))? > 0 {
                return Ok(Registration::Made(account_id(connection.last_insert_rowid(), &now.text())));
            }
            // A repeated call finds its own row: the hash has our salt, nobody else's is the same.
            Ok(match find_account(connection, name)? {
                Some(account) if account.passwd == passwd => Registration::Made(account.id),
                _ => Registration::NameTaken,
            })
        })
    }

    fn account(&mut self, name: &str) -> Result<Option<Account>, Error> {
        self.run(|connection| find_account(connection, name))
    }

    fn standing(&mut self, account: AccountId) -> Result<Standing, Error> {
        self.run(|connection| Ok(if live(connection, account)?.is_some() { Standing::Live } else { Standing::Gone }))
    }

    fn set_passwd(&mut self, account: AccountId, passwd: &str) -> Result<Standing, Error> {
        self.write(|transaction| tokens::set_passwd(transaction, SET_PASSWD, account, passwd))
    }

    fn delete_account(&mut self, account: AccountId) -> Result<Standing, Error> {
        self.run(|connection| {
            changed(connection.prepare_cached(DELETE_ACCOUNT)?.execute((number(account), created(account)))?)
        })
    }

    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
        tokens::keep(self, account, token)
    }

    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
        tokens::account(self, name, token)
    }

    fn accounts_of_tokens(&mut self, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>> {
        tokens::accounts(self, logins)
    }

    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
        tokens::forget(self, account, token)
    }

    fn set_dict_key(&mut self, account: AccountId, key: &DictKey) -> Result<Standing, Error> {
        tokens::set_dict_key(self, account, key)
    }

    fn dict_key(&mut self, name: &str) -> Result<Option<(AccountId, DictKey)>, Error> {
        tokens::dict_key(self, name)
    }

    fn record_many(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        record::many(self, batches, Whose::Usable)
    }

    fn deliver(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        record::many(self, batches, Whose::Known)
    }

    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Error> {
        let place = before.map(place).transpose()?;
        let rows: Option<Vec<PastRow>> = self.run(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            history_rows(connection, account, place, limit).map(Some)
        })?;
        rows.map(past_lookups).transpose()
    }

    fn recent_lookups(&mut self, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>> {
        let histories: Vec<Option<Vec<PastRow>>> = self.run(|connection| {
            let each = accounts.iter().map(|&(account, limit)| match live(connection, account)? {
                Some(_) => history_rows(connection, account, None, limit).map(Some),
                None => Ok(None),
            });
            each.collect()
        })?;
        Ok(histories.into_iter().map(|rows| rows.map(past_lookups).transpose()).collect())
    }

    fn history_size(&mut self, account: AccountId, before: Place) -> Result<u64, Error> {
        let (time, origin) = place(before)?;
        let size: i64 = self.run(|connection| {
            connection.prepare_cached(HISTORY_SIZE)?.query_row((number(account), time, origin), |row| row.get(0))
        })?;
        Ok(size.unsigned_abs())
    }

    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error> {
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Standing::Gone);
            }
            match word {
                None => transaction.prepare_cached(CLEAR_ALL)?.execute((number(account),))?,
                Some(word) => transaction.prepare_cached(CLEAR_WORD)?.execute((number(account), word))?,
            };
            transaction.commit()?;
            Ok(Standing::Live)
        })
    }

    fn look_up(&mut self, word: &str, keys: &[String], account: Option<AccountId>) -> Result<LookedUp, Error> {
        words::look_up(self, word, keys, account)
    }

    fn has_keyless_words(&mut self) -> Result<bool, Error> {
        words::has_keyless(self)
    }

    fn find_word(&mut self, word: &str) -> Result<Option<(String, String)>, Error> {
        words::find(self, word)
    }

    fn words_keyed(&mut self, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
        words::keyed(self, keys)
    }

    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
        words::beginning(self, folded, limit)
    }

    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error> {
        words::among(self, folded)
    }

    fn words_after(&mut self, word: &str, limit: usize) -> Result<Vec<String>, Error> {
        words::after(self, word, limit)
    }

    fn word_at(&mut self, at: u64) -> Result<Option<String>, Error> {
        words::at(self, at)
    }

    fn words_holding(
        &mut self,
        after: &str,
        count: usize,
        text: Option<&str>,
        found: &mut dyn FnMut(&str, &str),
    ) -> Result<Option<String>, Error> {
        words::holding(self, after, count, text, found)
    }

    fn about_words(&mut self) -> Result<AboutWords, Error> {
        words::about(self)
    }

    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Loading, Error> {
        match load::Load::begin(self) {
            Ok(mut shelf) => load_words(&mut shelf, about, rows, progress),
            Err(Stopped::Overtaken(by)) => Ok(Loading::Overtaken(by)),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }
}

/// A row of a history: word, time, origin.
type PastRow = (String, String, i64);

fn history_rows(
    connection: &Connection,
    account: AccountId,
    place: Option<(String, i64)>,
    limit: u32,
) -> rusqlite::Result<Vec<PastRow>> {
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    match place {
        None => connection.prepare_cached(HISTORY)?.query_map((number(account), limit), row)?.collect(),
        Some((time, origin)) => connection
            .prepare_cached(HISTORY_BEFORE)?
            .query_map((number(account), time, origin, limit), row)?
            .collect::<rusqlite::Result<_>>(),
    }
}

fn past_lookups(rows: Vec<PastRow>) -> Result<Vec<PastLookup>, Error> {
    let mut lookups = Vec::with_capacity(rows.len());
    for (word, time, origin) in rows {
        let time = Civil::parse(&time)
            .and_then(Civil::moment)
            .ok_or_else(|| Error::configuration("table hist contains an invalid timestamp"))?;
        lookups.push(PastLookup { word, time, origin: origin.cast_unsigned() });
    }
    Ok(lookups)
}

/// An account's number as SQLite has numbers. One that it can't have is nobody's.
fn number(account: AccountId) -> i64 {
    i64::try_from(account.number).unwrap_or(-1)
}

/// A place in a history as parameters: its time and its origin.
fn place(place: Place) -> Result<(String, i64), Error> {
    Ok((Civil::of(place.time)?.text(), place.origin.cast_signed()))
}

/// When an account was made, as SQLite has times. What is not known equals nothing.
fn created(account: AccountId) -> Option<String> {
    account.created.and_then(|created| Civil::of(created).ok()).map(Civil::text)
}

/// An account from a row: SQLite gives out positive numbers only.
fn account_id(number: i64, created: &str) -> AccountId {
    AccountId { number: number.unsigned_abs(), created: Civil::parse(created).and_then(Civil::moment) }
}

fn changed(rows: usize) -> rusqlite::Result<Standing> {
    Ok(if rows > 0 { Standing::Live } else { Standing::Gone })
}

fn find_account(connection: &Connection, name: &str) -> rusqlite::Result<Option<Account>> {
    let account = |row: &Row<'_>| {
        let id = account_id(row.get(0)?, &row.get::<_, String>(3)?);
        Ok(Account { id, passwd: row.get(1)?, locked: row.get(2)? })
    };
    connection.prepare_cached(ACCOUNT)?.query_row((name,), account).optional()
}

/// The name of an account that is there and not locked.
fn live(connection: &Connection, account: AccountId) -> rusqlite::Result<Option<String>> {
    connection.prepare_cached(LIVE)?.query_row((number(account), created(account)), |row| row.get(0)).optional()
}
