//! Loading table `words`, beside the rows that others read.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{Sqlite, errors};
use crate::store::schema;
use crate::store::words::{Claim, Most, Shelf, Stopped, WordRow, random_mark};

const VALID_GENERATION: &str = "SELECT value FROM meta WHERE name = ?";
const GREATEST_GENERATION: &str = "SELECT MAX(generation) FROM words";
const SET_ABOUT: &str =
    "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const HAS_MARK: &str = "SELECT EXISTS (SELECT 1 FROM meta WHERE name = ? AND value = ?)";
const DELETE_MARK: &str = "DELETE FROM meta WHERE name = ?";
/// Rows of which there is a valid one already stay; they go with the switch.
const ADOPT: &str = "UPDATE OR IGNORE words SET generation = ?1 \
    WHERE id IN (SELECT id FROM words WHERE generation = 0 ORDER BY id LIMIT ?2)";
const COUNT_UNLOADED: &str = "SELECT COUNT(*) FROM words WHERE generation = 0";
const DELETE_UNLOADED: &str = "DELETE FROM words WHERE generation = 0";
const SIZES: &str = "SELECT id, length(CAST(interpret AS BLOB)) FROM words WHERE generation BETWEEN ? AND ? LIMIT ?";
const DELETE: &str = "DELETE FROM words WHERE id = ?";
const INSERT: &str = "INSERT INTO words (word, dictionary, generation, folded, lookup_key, interpret) \
    VALUES (?, ?, ?, ?, ?, ?)";
const WITHOUT_KEY: &str = "SELECT id, word FROM words WHERE lookup_key IS NULL";
const SET_KEY: &str = "UPDATE words SET lookup_key = ? WHERE id = ?";

/// A load into the embedded database.
pub(super) struct Load<'a> {
    store: &'a mut Sqlite,
    /// Keeps other loads away.
    _lock: Flock<File>,
}

impl<'a> Load<'a> {
    /// Takes the lock. It is on the database's directory: a lock on the file itself would get in SQLite's way.
    pub(super) fn begin(store: &'a mut Sqlite) -> Result<Self, Stopped> {
        let directory = match store.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => Path::new(".").to_owned(),
        };
        let opened = File::open(&directory).map_err(|error| errors::explain_io(&directory, &error))?;
        match Flock::lock(opened, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Self { store, _lock: lock }),
            Err((_, Errno::EWOULDBLOCK)) => Err(Stopped::Overtaken("another words load is under way".to_owned())),
            Err((_, error)) => Err(Stopped::Failed(errors::explain_io(&directory, &error.into()))),
        }
    }

    /// Does something in a transaction, which changes nothing if the load has lost its claim.
    fn transact<T>(
        &mut self,
        claim: Option<&Claim>,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Stopped> {
        let done = self.store.write(|transaction| {
            if let Some(claim) = claim {
                let mut select = transaction.prepare_cached(HAS_MARK)?;
                if !select.query_row((schema::LOAD, &claim.mark), |row| row.get(0))? {
                    return Ok(None);
                }
            }
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(Some(done))
        })?;
        done.ok_or_else(Stopped::mark_is_gone)
    }
}

impl Shelf for Load<'_> {
    fn claim(&mut self) -> Result<Claim, Stopped> {
        let random = random_mark()?;
        self.transact(None, |transaction| {
            let valid: Option<String> =
                transaction.query_row(VALID_GENERATION, (schema::GENERATION,), |row| row.get(0)).optional()?;
            let valid = valid.and_then(|valid| valid.parse().ok()).unwrap_or(0).max(schema::FIRST_GENERATION);
            let greatest: Option<u32> = transaction.query_row(GREATEST_GENERATION, (), |row| row.get(0))?;
            let generation = greatest.unwrap_or(0).max(valid).saturating_add(1);
            let mark = format!("{generation} {random}");
            transaction.execute(SET_ABOUT, (schema::LOAD, &mark))?;
            Ok(Claim { generation, valid, mark })
        })
    }

    fn adopt(&mut self, claim: &Claim, most: u32) -> Result<u32, Stopped> {
        self.transact(Some(claim), |transaction| {
            let count = || transaction.query_row(COUNT_UNLOADED, (), |row| row.get::<_, u32>(0));
            let before = count()?;
            if before == 0 {
                return Ok(0);
            }
            transaction.execute(ADOPT, (claim.valid, most))?;
            Ok(before.saturating_sub(count()?))
        })
    }

    fn remove(&mut self, claim: Option<&Claim>, [first, last]: [u32; 2], most: Most) -> Result<u32, Stopped> {
        self.transact(claim, |transaction| {
            let mut select = transaction.prepare_cached(SIZES)?;
            let rows: Vec<(i64, u32)> = select
                .query_map((first, last, most.rows), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let mut bytes = 0_u32;
            let mut removed = 0;
            let mut delete = transaction.prepare_cached(DELETE)?;
            for (id, size) in rows {
                bytes = bytes.saturating_add(size);
                if removed > 0 && bytes > most.bytes {
                    break;
                }
                delete.execute((id,))?;
                removed += 1;
            }
            Ok(removed)
        })
    }

    fn insert(&mut self, claim: &Claim, rows: &[WordRow<'_>]) -> Result<(), Stopped> {
        self.transact(Some(claim), |transaction| {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for row in rows {
                insert.execute((row.word, row.dictionary, claim.generation, row.folded, row.key, row.interpret))?;
            }
            Ok(())
        })
    }

    fn switch(&mut self, claim: &Claim, about: &[(&'static str, String)]) -> Result<(), Stopped> {
        self.transact(Some(claim), |transaction| {
            transaction.execute(DELETE_UNLOADED, ())?;
            for (name, value) in about {
                transaction.execute(SET_ABOUT, (name, value))?;
            }
            transaction.execute(SET_ABOUT, (schema::GENERATION, claim.generation.to_string()))?;
            transaction.execute(DELETE_MARK, (schema::LOAD,))?;
            Ok(())
        })
    }

    /// There is one host, this machine.
    fn behind(&mut self, _: u32) -> Vec<String> {
        Vec::new()
    }
}

/// Gives every row that has no key its key.
pub(super) fn fill_keys(connection: &Connection) -> rusqlite::Result<()> {
    let mut select = connection.prepare(WITHOUT_KEY)?;
    let rows: Vec<(i64, String)> =
        select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut update = connection.prepare(SET_KEY)?;
    for (id, word) in rows {
        update.execute((crate::words::lookup::key(&word), id))?;
    }
    Ok(())
}
