//! The embedded store: one SQLite file, one connection for each process.
//!
//! A connection that was opened before a fork is never used after it (SQLite forbids that), and a write never returns
//! before it is on the disk.

mod accounts;
mod errors;
mod files;
mod history;
mod load;
mod operator;
mod record;
mod setup;
mod star;
mod statements;
mod tokens;
mod values;
mod words;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::{Error, Identity, Store, schema};
use crate::sys::StoreKey;

use files::Files;

pub(super) use files::{is_shut_out, names};
pub(super) use setup::{init, would_do};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A session, which is confined to the files that are there, and opens no others.
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
/// Between two tries of a session or a tool.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a session waits until the writer has made a database ready that has taken the place of another.
const PREPARING: Duration = Duration::from_secs(5);

/// An open embedded store.
#[derive(Debug)]
pub(super) struct Sqlite {
    path: PathBuf,
    purpose: Purpose,
    /// `None` after a failed attempt to reopen the file.
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
    /// Opens the database.
    pub(super) fn open(path: &Path, purpose: Purpose, _: StoreKey) -> Result<Self, Error> {
        let mut store = Self { path: path.to_owned(), purpose, open: None };
        store.connection()?;
        Ok(store)
    }

    /// The connection to the file that the path leads to now. Where another file has taken the place of the one that is
    /// open, or what SQLite keeps beside it was removed, all is opened anew: SQLite itself would go on with files that
    /// no other process can see, and that are gone when the last process closes them.
    fn connection(&mut self) -> Result<&mut Connection, Error> {
        let open = match self.open.take() {
            Some(open) if open.files.are_in_place() => open,
            replaced => {
                let was_open = replaced.is_some();
                replaced.into_iter().for_each(Open::leave);
                let new = Open::new(&self.path, self.purpose);
                let new = new.map_err(|failure| errors::explain_open(&self.path, &failure))?;
                if was_open {
                    // Every process finds it out for itself; the writer logs it for all.
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

    /// The same for several statements that only read. They see the database as it is at one time, and the file is locked
    /// once for all of them: for one by one, locks take longer than what is read.
    fn read<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        self.run(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
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

/// A session or a tool waits. SQLite calls this with the number of calls before, for one statement, on the thread that runs it.
fn wait_for_others(tries: i32) -> bool {
    thread_local!(static SINCE: Cell<Option<Instant>> = const { Cell::new(None) });
    if tries == 0 {
        SINCE.set(Some(Instant::now()));
    }
    std::thread::sleep(PAUSE);
    SINCE.get().is_some_and(|since| since.elapsed() < setup::BUSY)
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
        // SQLite's own pauses grow to 100 ms. Shorter ones have the database again sooner, and meet the moment between two
        // commits of a process that writes all the time.
        connection.busy_handler(Some(if purpose == Purpose::Writer { wait_as_writer } else { wait_for_others }))?;
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

    /// Closes a connection to a database that is not in its place any more. Its log is left alone, which SQLite knows
    /// by its name: that may be the one of the database that has taken its place.
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
            connection.prepare_cached(statements::IDENTITY)?.query_row((schema::IDENTITY,), |row| row.get(0)).optional()
        })?;
        Identity::from_meta(value.as_deref())
    }
}
