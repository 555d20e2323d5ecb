//! Loading table `words`: new rows are written beside those that others are reading.

use std::fs::File;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{Sqlite, errors, statements};
use crate::store::load::{Claim, LoadTarget, Most, Stopped, random_mark};
use crate::store::{WordRow, schema};

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
                let mut select = transaction.prepare_cached(statements::HAS_MARK)?;
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

impl LoadTarget for Load<'_> {
    fn claim(&mut self) -> Result<Claim, Stopped> {
        let random = random_mark()?;
        self.transact(None, |transaction| {
            let valid: Option<String> = transaction
                .query_row(statements::VALID_GENERATION, (schema::GENERATION,), |row| row.get(0))
                .optional()?;
            let greatest: Option<u32> = transaction.query_row(statements::GREATEST_GENERATION, (), |row| row.get(0))?;
            let claim = Claim::next(valid.as_deref(), greatest, random);
            transaction.execute(statements::SET_ABOUT, (schema::LOAD, &claim.mark))?;
            Ok(claim)
        })
    }

    fn adopt(&mut self, claim: &Claim, most: u32) -> Result<u32, Stopped> {
        self.transact(Some(claim), |transaction| {
            let count = || transaction.query_row(statements::COUNT_UNLOADED, (), |row| row.get::<_, u32>(0));
            let before = count()?;
            if before == 0 {
                return Ok(0);
            }
            transaction.execute(statements::ADOPT, (claim.valid, most))?;
            Ok(before.saturating_sub(count()?))
        })
    }

    fn remove(&mut self, claim: Option<&Claim>, [first, last]: [u32; 2], most: Most) -> Result<u32, Stopped> {
        self.transact(claim, |transaction| {
            let mut select = transaction.prepare_cached(statements::SIZES)?;
            let rows: Vec<(i64, u32)> = select
                .query_map((first, last, most.rows), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let fitting = most.fitting(rows.iter().map(|(_, size)| *size));
            let mut delete = transaction.prepare_cached(statements::DELETE_WORD)?;
            for (id, _) in &rows[..fitting] {
                delete.execute((id,))?;
            }
            Ok(u32::try_from(fitting).unwrap_or(most.rows))
        })
    }

    fn insert(&mut self, claim: &Claim, rows: &[WordRow<'_>]) -> Result<(), Stopped> {
        self.transact(Some(claim), |transaction| {
            let mut insert = transaction.prepare_cached(statements::INSERT_WORD)?;
            for row in rows {
                insert.execute((row.word, row.dictionary, claim.generation, row.folded, row.key, row.interpret))?;
            }
            Ok(())
        })
    }

    fn switch(&mut self, claim: &Claim, about: &[(&'static str, String)]) -> Result<(), Stopped> {
        self.transact(Some(claim), |transaction| {
            transaction.execute(statements::DELETE_UNLOADED, ())?;
            for (name, value) in about {
                transaction.execute(statements::SET_ABOUT, (name, value))?;
            }
            transaction.execute(statements::SET_ABOUT, (schema::GENERATION, claim.generation.to_string()))?;
            transaction.execute(statements::DELETE_MARK, (schema::LOAD,))?;
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
    let mut select = connection.prepare(statements::WITHOUT_KEY)?;
    let rows: Vec<(i64, String)> =
        select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut update = connection.prepare(statements::SET_KEY)?;
    for (id, word) in rows {
        update.execute((crate::words::lookup::key(&word), id))?;
    }
    Ok(())
}
