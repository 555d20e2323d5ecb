//! Opening the file, and making file and schema if they do not exist.
//!
//! Setting up never makes a file that others can read, and never touches a file that holds something else.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::libc;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::{errors, load};
use crate::store::schema::{self, Found};
use crate::store::{Error, SCHEMA_VERSION};

/// Between two looks at something that SQLite does not wait for.
const PAUSE: Duration = Duration::from_millis(5);
/// How long to wait while another process writes.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// The same shape as `schema.sql`, where each table is explained. Text compares byte for byte by itself.
///
/// Times are text, `YYYY-MM-DD HH:MM:SS.ffffff` in UTC: it sorts as time does, SQLite's own date functions and people
/// read it, and it looks as it does on MariaDB; a number of microseconds would have none of these advantages. An origin
/// is stored as the signed number with the same bits. AUTOINCREMENT keeps the number of a deleted account from being
/// used again. `meta` comes first and its version last, so that a table `user` of another program is distinguished from
/// ours.
const SCHEMA: &str = "\
    CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS user (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        passwd TEXT NOT NULL,
        locked INTEGER NOT NULL DEFAULT 0,
        created TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS hist (
        id INTEGER PRIMARY KEY,
        user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        word TEXT NOT NULL,
        time TEXT NOT NULL,
        origin INTEGER NOT NULL,
        UNIQUE (user_id, time, origin)
    );
    CREATE TABLE IF NOT EXISTS token (
        hash BLOB NOT NULL PRIMARY KEY,
        user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
        created TEXT NOT NULL,
        last_used TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS token_user ON token (user_id, created);
    CREATE TABLE IF NOT EXISTS dict_key (
        user_id INTEGER PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
        secret TEXT NOT NULL,
        created TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS star (
        user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
        word TEXT NOT NULL,
        created TEXT NOT NULL,
        tags TEXT NOT NULL,
        note TEXT NOT NULL,
        due TEXT NOT NULL,
        stability REAL NOT NULL DEFAULT 0,
        difficulty REAL NOT NULL DEFAULT 0,
        elapsed_days INTEGER NOT NULL DEFAULT 0,
        scheduled_days INTEGER NOT NULL DEFAULT 0,
        reps INTEGER NOT NULL DEFAULT 0,
        lapses INTEGER NOT NULL DEFAULT 0,
        state INTEGER NOT NULL DEFAULT 0,
        last_review TEXT,
        PRIMARY KEY (user_id, word)
    );
    CREATE INDEX IF NOT EXISTS star_due ON star (user_id, due);
    CREATE TABLE IF NOT EXISTS review (
        user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
        time TEXT NOT NULL,
        origin INTEGER NOT NULL,
        word TEXT NOT NULL,
        grade INTEGER NOT NULL,
        PRIMARY KEY (user_id, time, origin)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS words (
        id INTEGER PRIMARY KEY,
        word TEXT NOT NULL,
        dictionary TEXT NOT NULL DEFAULT '',
        generation INTEGER NOT NULL DEFAULT 0,
        folded TEXT NOT NULL,
        lookup_key TEXT,
        interpret TEXT NOT NULL,
        UNIQUE (word, dictionary, generation)
    );
    CREATE INDEX IF NOT EXISTS words_generation ON words (generation);
    CREATE INDEX IF NOT EXISTS words_folded ON words (folded, word);
    CREATE INDEX IF NOT EXISTS words_lookup_key ON words (lookup_key, word);
    INSERT INTO meta (name, value) VALUES ('words_generation', '1') ON CONFLICT (name) DO NOTHING;
    INSERT INTO meta (name, value) VALUES ('identity', lower(hex(randomblob(16)))) ON CONFLICT (name) DO NOTHING;
    INSERT INTO meta (name, value) VALUES ('schema_version', '4')
        ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE meta.value IN ('1', '2', '3');";

/// Table `words` of the versions before 4, in which a headword could be there only once for each dictionary, or only
/// once, makes room for ours.
const PUT_OLD_WORDS_ASIDE: &str = "\
    ALTER TABLE words RENAME TO old_words;
    DROP INDEX IF EXISTS words_folded;
    DROP INDEX IF EXISTS words_lookup_key;";
/// And gives back what was in it, of version 3 and of those before it.
const TAKE_OLD_WORDS: &str = "\
    INSERT INTO words (id, word, dictionary, folded, lookup_key, interpret)
        SELECT id, word, dictionary, folded, lookup_key, interpret FROM old_words;
    DROP TABLE old_words;";
const TAKE_OLDER_WORDS: &str = "\
    INSERT INTO words (id, word, folded, interpret) SELECT id, word, folded, interpret FROM old_words;
    DROP TABLE old_words;";

/// Opens a database that is there.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    // Never created here: SQLite would make it readable by others. No mutex: each connection has one thread.
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    // Whatever was written into the file: its schema can call only harmless functions, and no
    // statement changes the schema's own tables or the file past its pages.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // The last to close a database would remove its log and the index of that, and sessions, which open none but the
    // files that they know, could not use what takes their place.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // A prepared statement keeps its plan. Otherwise SQLite compiles one with a bound LIMIT anew each time that it comes
    // out of the cache, which takes several times as long as to run it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // FULL: a commit is on the disk when it returns, also after a power cut. The cache is small (KiB) because each
    // child has its own, and the kernel caches the file for all.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -256;")?;
    Ok(connection)
}

/// Makes file and schema, if they are not there; brings an older schema to ours; checks them, if they are there. Any
/// number of processes may do this at the same time.
pub(in crate::store) fn init(path: &Path) -> Result<(), Error> {
    make_file(path).map_err(|error| errors::explain_io(path, &error))?;
    let deadline = Instant::now() + BUSY;
    loop {
        match make_schema(path) {
            // The change to WAL does not wait for locks as other statements do.
            Err(Trouble::Sqlite(failure)) if errors::is_busy(&failure) && Instant::now() < deadline => {
                std::thread::sleep(PAUSE);
            }
            Err(Trouble::Sqlite(failure)) => return Err(errors::explain(&failure)),
            Err(Trouble::Ours(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
}

/// What [`init`] would do to a database that is there, in words.
pub(in crate::store) fn would_do(path: &Path) -> Result<Option<String>, Error> {
    let look = || {
        let connection = open(path)?;
        Ok((find(&connection)?, has_log(&connection)?))
    };
    let (found, has_log) = look().map_err(|trouble| match trouble {
        Trouble::Sqlite(failure) => errors::explain(&failure),
        Trouble::Ours(error) => error,
    })?;
    found.may_init()?;
    Ok(match found {
        Found::Version(SCHEMA_VERSION) if has_log => None,
        Found::Version(SCHEMA_VERSION) => Some("it would get a write-ahead log".to_owned()),
        Found::Version(version) => {
            Some(format!("version {version} of its schema would be brought to {SCHEMA_VERSION}"))
        }
        _ => Some("its tables would be created".to_owned()),
    })
}

/// Whether the database has a write-ahead log, as it is now. A copy that SQLite has made has no log.
fn has_log(connection: &Connection) -> rusqlite::Result<bool> {
    // It shows when the database is read, which also opens the log and its index.
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", (), |_| Ok(()))?;
    let mode: String = connection.query_row("PRAGMA journal_mode", (), |row| row.get(0))?;
    Ok(mode == "wal")
}

/// Readers and a writer at the same time. It is kept in the file. Where there can't be a log, this is no error of
/// SQLite's: it answers with another mode (<https://www.sqlite.org/wal.html>, "Activating And Configuring WAL Mode").
fn make_log(connection: &Connection) -> rusqlite::Result<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    if mode == "wal" {
        return Ok(());
    }
    let unsupported = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOLFS);
    let why =
        "this file system does not support SQLite's write-ahead log (WAL); keep the database on a local one".to_owned();
    Err(rusqlite::Error::SqliteFailure(unsupported, Some(why)))
}

/// Opens the log, and makes it if it is missing.
pub(super) fn begin_log(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let deadline = Instant::now() + patience;
    while !has_log(connection)? {
        // The change to WAL does not wait for locks as other statements do.
        match make_log(connection) {
            Err(failure) if errors::is_busy(&failure) && Instant::now() < deadline => std::thread::sleep(PAUSE),
            made => made?,
        }
    }
    Ok(())
}

/// Opens the log that the writer makes. Without it a connection writes other files.
pub(super) fn wait_for_log(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let deadline = Instant::now() + patience;
    while !has_log(connection)? {
        if Instant::now() >= deadline {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            let why = "the database has no write-ahead log yet: the writer has not prepared it".to_owned();
            return Err(rusqlite::Error::SqliteFailure(busy, Some(why)));
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

/// Writes the log's contents into the database if no other process is using it, so that this one file has everything.
pub(super) fn empty_log(connection: &Connection) {
    let emptied = connection
        .busy_timeout(Duration::ZERO)
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get::<_, i64>(0)));
    if let Err(failure) = emptied {
        // Nothing is lost: the next to open it reads the log.
        log::debug!("the log of the embedded database was not emptied: {failure}");
    }
}

/// Makes the file private before SQLite sees it; what SQLite puts beside it (`-wal`, `-shm`) takes its mode.
fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut options = OpenOptions::new();
    // O_NONBLOCK, or opening a FIFO would wait for a reader.
    options.create(true).truncate(false).write(true).mode(0o600).custom_flags(libc::O_NONBLOCK);
    options.open(path).map(drop)
}

/// Why the schema could not be made.
enum Trouble {
    Sqlite(rusqlite::Error),
    Ours(Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(failure: rusqlite::Error) -> Self {
        Self::Sqlite(failure)
    }
}

fn make_schema(path: &Path) -> Result<(), Trouble> {
    let mut connection = open(path)?;
    // Before anything is written: a file that holds something else stays as it is.
    let found = find(&connection)?;
    found.may_init().map_err(Trouble::Ours)?;
    if !has_log(&connection)? {
        make_log(&connection)?;
    }
    if found.check().is_ok() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been quicker.
    find(&transaction)?.may_init().map_err(Trouble::Ours)?;
    let take_old_words = old_words(&transaction)?;
    if take_old_words.is_some() {
        transaction.execute_batch(PUT_OLD_WORDS_ASIDE)?;
    }
    transaction.execute_batch(SCHEMA)?;
    if let Some(take) = take_old_words {
        transaction.execute_batch(take)?;
        load::fill_keys(&transaction)?;
    }
    find(&transaction)?.check().map_err(Trouble::Ours)?;
    transaction.commit()?;
    empty_log(&connection);
    Ok(())
}

/// How the rows of a table `words` are taken over that is older than version 4; `None` if there is no such table.
fn old_words(connection: &Connection) -> rusqlite::Result<Option<&'static str>> {
    let mut columns = connection.prepare("SELECT name FROM pragma_table_info('words')")?;
    let columns: Vec<String> = columns.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let has = |column: &str| columns.iter().any(|name| name == column);
    Ok(match (columns.is_empty(), has("dictionary"), has("generation")) {
        (true, ..) | (_, _, true) => None,
        (_, true, _) => Some(TAKE_OLD_WORDS),
        (_, false, _) => Some(TAKE_OLDER_WORDS),
    })
}

/// What is there where our schema should be.
fn find(connection: &Connection) -> Result<Found, Trouble> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' \
         AND name IN ('dict_key', 'hist', 'meta', 'review', 'star', 'token', 'user', 'words')",
    )?;
    let tables: Vec<String> = statement.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let version: Option<String> = if tables.iter().any(|name| name == "meta") {
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info('meta')")?;
        let columns: Vec<String> = columns.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        if columns != ["name", "value"] {
            return Ok(Found::Foreign);
        }
        connection
            .query_row("SELECT value FROM meta WHERE name = ?", (schema::VERSION,), |row| row.get(0))
            .optional()?
    } else {
        None
    };
    Found::judge(&tables, version.as_deref()).map_err(Trouble::Ours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_schema_records_our_version() {
        assert!(SCHEMA.contains(&format!("('{}', '{SCHEMA_VERSION}')", schema::VERSION)));
    }

    /// One with a bound LIMIT would be, each time that it comes out of the cache, which takes longer than to run it.
    #[test]
    fn no_statement_is_compiled_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cidian.db");
        init(&path).unwrap();
        let connection = open(&path).unwrap();
        let select = || connection.prepare_cached(super::super::statements::FIND_KEYED).unwrap();
        for key in ["a", "b", "c"] {
            assert!(!select().exists((key, 1)).unwrap());
        }
        assert_eq!(select().get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn where_there_can_be_no_log_the_configuration_is_wrong() {
        let connection = Connection::open_in_memory().unwrap();
        let error = errors::explain(&begin_log(&connection, BUSY).unwrap_err());
        assert!(error.kind == Kind::Configuration && error.message.contains("write-ahead log"), "{error}");
        let error = errors::explain(&wait_for_log(&connection, Duration::ZERO).unwrap_err());
        assert!(error.kind == Kind::World && error.message.contains("write-ahead log"), "{error}");
    }

    #[test]
    fn file_and_directory_are_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/cidian.db");
        init(&path).unwrap();
        let connection = open(&path).unwrap();
        connection.execute("INSERT INTO meta (name, value) VALUES ('x', 'y')", ()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        for file in ["state/cidian.db", "state/cidian.db-wal", "state/cidian.db-shm"] {
            assert_eq!(mode(&directory.path().join(file)), 0o600, "{file}");
        }
        let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get::<_, i64>(0));
        assert_eq!((pragma("synchronous"), pragma("foreign_keys"), pragma("cache_size")), (Ok(2), Ok(1), Ok(-256)));
        // Neither its schema nor the SQL that comes in is trusted.
        assert_eq!((pragma("trusted_schema"), pragma("writable_schema")), (Ok(0), Ok(0)));
        connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
        let changed =
            connection.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE meta (x)' WHERE name = 'meta'", ());
        assert!(changed.is_err_and(|error| error.to_string().contains("may not be modified")));
        let mode = connection.query_row("PRAGMA journal_mode", (), |row| row.get::<_, String>(0));
        assert_eq!(mode.as_deref(), Ok("wal"));
    }

    #[test]
    fn another_program_s_file_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let text = directory.path().join("text");
        std::fs::write(&text, "not a database, but longer than the hundred bytes of a header ".repeat(9)).unwrap();
        assert_eq!(init(&text).unwrap_err().kind, Kind::Configuration);
        let foreign = directory.path().join("foreign");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE user (id, name, passwd)").unwrap();
        let before = std::fs::read(&foreign).unwrap();
        let error = init(&foreign).unwrap_err();
        assert!(error.kind == Kind::Configuration && error.message.contains("another program"), "{error}");
        assert_eq!(std::fs::read(&foreign).unwrap(), before);
        let newer = directory.path().join("newer");
        init(&newer).unwrap();
        open(&newer).unwrap().execute("UPDATE meta SET value = '5' WHERE name = 'schema_version'", ()).unwrap();
        let error = init(&newer).unwrap_err();
        assert!(error.kind == Kind::Configuration && error.message.contains("newer"), "{error}");
        let nowhere = Path::new("/proc/nowhere/cidian.db");
        assert_eq!(init(nowhere).unwrap_err().kind, Kind::World);
        assert_eq!(errors::explain(&open(nowhere).unwrap_err()).kind, Kind::World);
    }
}
