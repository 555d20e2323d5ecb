//! Keeping lookups: those of many sessions at once, by one transaction, which costs one flush of the disk.
//!
//! A failure of one session's lookups never affects another's, and no lookup is ever written twice.

use rusqlite::Connection;

use super::accounts::{find_account, live};
use super::values::number;
use super::{Sqlite, statements};
use crate::store::moment::Civil;
use crate::store::record::Whose;
use crate::store::{Batch, Error, Records, Standing, schema};

impl Records for Sqlite {
    fn record_many(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        many(self, batches, Whose::Usable)
    }

    fn deliver(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        many(self, batches, Whose::Known)
    }
}

/// The rows of a batch as parameters: word, time, origin.
type Rows<'a> = Vec<(&'a str, String, i64)>;

fn many(store: &mut Sqlite, batches: &[Batch], whose: Whose) -> Vec<Result<Standing, Error>> {
    let rows: Vec<Result<Rows<'_>, Error>> = batches.iter().map(rows).collect();
    let all = |connection: &Connection| {
        let each = batches.iter().zip(&rows).map(|(batch, rows)| match rows {
            Ok(rows) => keep(connection, batch, rows, whose).map(Ok),
            Err(error) => Ok(Err(error.clone())),
        });
        each.collect::<rusqlite::Result<Vec<_>>>()
    };
    let done = if batches.iter().all(|batch| batch.records.is_empty()) {
        store.run(all)
    } else {
        store.write(|transaction| {
            let outcomes = all(&transaction)?;
            transaction.commit()?;
            Ok(outcomes)
        })
    };
    done.unwrap_or_else(|error| {
        // What was wrong before is still wrong in its own way.
        rows.into_iter().map(|rows| Err(rows.err().unwrap_or_else(|| error.clone()))).collect()
    })
}

fn rows(batch: &Batch) -> Result<Rows<'_>, Error> {
    schema::check_name(&batch.name)?;
    let row = |record: &crate::store::Record| {
        schema::check_word(&record.word)?;
        Ok::<_, Error>(Civil::of(record.time)?.text())
    };
    let records = batch.records.iter();
    records.map(|record| Ok((record.word.as_str(), row(record)?, record.origin.cast_signed()))).collect()
}

fn keep(connection: &Connection, batch: &Batch, rows: &Rows<'_>, whose: Whose) -> rusqlite::Result<Standing> {
    let account = match whose {
        Whose::Usable => live(connection, batch.account)?.map(|_| batch.account),
        // It may have another number than when the lookups were made.
        Whose::Known => {
            find_account(connection, &batch.name)?.map(|found| found.id).filter(|id| id.is_meant_by(batch.account))
        }
    };
    let Some(account) = account else { return Ok(Standing::Gone) };
    let mut insert = connection.prepare_cached(statements::RECORD)?;
    for (word, time, origin) in rows {
        insert.execute((number(account), &batch.name, word, time, origin))?;
    }
    Ok(Standing::Live)
}
