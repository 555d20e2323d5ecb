//! Keeping lookups: many sessions' at once, by one statement.
//!
//! It never lets one session's trouble become another's, and never writes a lookup twice.

use std::collections::HashSet;

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, Error as Failure, Value};

use super::connection::{Link, select};
use super::errors::{self, Remedy};
use super::statements;
use crate::store::moment::Civil;
use crate::store::{Batch, Error, Kind, Standing, schema};

/// Most lookups in one insert.
const MAX_ROWS: usize = 1_024;
/// Most accounts in one question.
const MAX_ACCOUNTS: usize = 256;
/// When so many batches have waited in vain for a lock, one after the other, the next ones would wait, too.
const MOST_WAITS: u32 = 2;

/// A batch on its way: its rows as parameters, and what came of it.
struct Kept<'a> {
    batch: &'a Batch,
    rows: Vec<Value>,
    outcome: Option<Result<Standing, Error>>,
}

/// Keeps batches.
///
/// The accounts are asked for first, and those that are gone or locked left out: with lookups of many accounts in one
/// statement this costs less than a subselect in its rows (64 rows of 64 accounts: 12 µs a row of the server's time
/// against 21), and it tells whose account it is. An account that is deleted between the two statements is found by
/// the foreign key.
pub(super) fn many(link: &mut Link, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
    let mut kept: Vec<Kept<'_>> = batches
        .iter()
        .map(|batch| match rows(batch) {
            Ok(rows) => Kept { batch, rows, outcome: None },
            Err(error) => Kept { batch, rows: Vec::new(), outcome: Some(Err(error)) },
        })
        .collect();
    let done = link.run(|connection, _| {
        ask_standing(connection, &mut kept)?;
        let mut open: Vec<&mut Kept<'_>> = kept.iter_mut().filter(|kept| kept.outcome.is_none()).collect();
        let mut rest = open.as_mut_slice();
        while !rest.is_empty() {
            let (first, others) = rest.split_at_mut(fit(rest));
            keep(connection, first)?;
            rest = others;
        }
        Ok(())
    });
    let failed = done.err().unwrap_or_else(|| Error::bug("a batch was forgotten"));
    kept.into_iter().map(|kept| kept.outcome.unwrap_or_else(|| Err(failed.clone()))).collect()
}

/// The parameters of a batch's rows. What no database would take is refused here, before it spoils a statement.
fn rows(batch: &Batch) -> Result<Vec<Value>, Error> {
    schema::check_name(&batch.name)?;
    let mut rows = Vec::with_capacity(batch.records.len() * statements::RECORD_COLUMNS);
    for record in &batch.records {
        schema::check_word(&record.word)?;
        rows.extend([
            statements::id(batch.account),
            batch.name.as_str().into(),
            record.word.as_str().into(),
            statements::date(Civil::of(record.time)?),
            record.origin.into(),
        ]);
    }
    if batch.records.len() > MAX_ROWS {
        return Err(Error::bug(format!("a batch of {} lookups came to the store", batch.records.len())));
    }
    Ok(rows)
}

/// Settles the batches whose account is gone or locked, and those that hold nothing to keep.
fn ask_standing(connection: &mut Conn, kept: &mut [Kept<'_>]) -> ::mysql::Result<()> {
    let open = || kept.iter().filter(|kept| kept.outcome.is_none());
    let mut accounts: Vec<u64> = open().map(|kept| kept.batch.account.0).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut live = HashSet::with_capacity(accounts.len());
    for chunk in accounts.chunks(MAX_ACCOUNTS) {
        // Filled up to a power of two by repeating the last, so that few statements are prepared.
        let places = chunk.len().next_power_of_two();
        let last = chunk.last().into_iter().cycle();
        let parameters: Vec<Value> = chunk.iter().chain(last).take(places).map(|&id| id.into()).collect();
        let found: Vec<(u64,)> = select(connection, &statements::live_among(places), parameters)?;
        live.extend(found.into_iter().map(|(id,)| id));
    }
    for kept in kept.iter_mut().filter(|kept| kept.outcome.is_none()) {
        if !live.contains(&kept.batch.account.0) {
            kept.outcome = Some(Ok(Standing::Gone));
        } else if kept.rows.is_empty() {
            kept.outcome = Some(Ok(Standing::Live));
        }
    }
    Ok(())
}

/// How many batches fit into one statement; at least one.
fn fit(batches: &[&mut Kept<'_>]) -> usize {
    let mut rows = 0_usize;
    let fitting = batches.iter().take_while(|kept| {
        rows = rows.saturating_add(kept.batch.records.len());
        rows <= MAX_ROWS
    });
    fitting.count().max(1)
}

/// Keeps batches that fit into one statement. If the server refuses it for what one of them holds, each is tried
/// alone. An error is the connection's, or a deadlock's: the same again may succeed.
fn keep(connection: &mut Conn, batches: &mut [&mut Kept<'_>]) -> ::mysql::Result<()> {
    let Err(failure) = insert(connection, batches) else {
        batches.iter_mut().for_each(|kept| kept.outcome = Some(Ok(Standing::Live)));
        return Ok(());
    };
    if !concerns_rows(&failure) {
        return Err(failure);
    }
    if batches.len() == 1 {
        batches[0].outcome = Some(refused(&failure));
        return Ok(());
    }
    let mut waits = 0;
    for at in 0..batches.len() {
        match insert(connection, &batches[at..=at]) {
            Ok(()) => {
                batches[at].outcome = Some(Ok(Standing::Live));
                waits = 0;
            }
            Err(failure) if concerns_rows(&failure) => {
                batches[at].outcome = Some(refused(&failure));
                waits += u32::from(errors::code(&failure) == Some(errors::LOCK_WAIT));
                if waits >= MOST_WAITS {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// Whether a failure may be one batch's alone: the account has just been deleted, or somebody holds a lock on it, or
/// the server does not like what a row holds.
fn concerns_rows(failure: &Failure) -> bool {
    match errors::code(failure) {
        Some(errors::LOCK_WAIT) => true,
        Some(_) => errors::remedy(failure) == Remedy::None && errors::explain(failure).kind == Kind::Bug,
        None => false,
    }
}

/// What a failure means for the batch that it is about.
fn refused(failure: &Failure) -> Result<Standing, Error> {
    match errors::code(failure) {
        Some(code) if errors::NO_REFERENCED_ROW.contains(&code) => Ok(Standing::Gone),
        _ => Err(errors::explain(failure)),
    }
}

/// Inserts rows, filled up to a size for which a statement is likely to be prepared by repeating the last row, which
/// then is there already.
fn insert(connection: &mut Conn, batches: &[&mut Kept<'_>]) -> ::mysql::Result<()> {
    let rows: usize = batches.iter().map(|kept| kept.batch.records.len()).sum();
    let filled = round_up(rows);
    let mut values = Vec::with_capacity(filled * statements::RECORD_COLUMNS);
    batches.iter().for_each(|kept| values.extend_from_slice(&kept.rows));
    for _ in rows..filled {
        values.extend_from_within(values.len() - statements::RECORD_COLUMNS..);
    }
    connection.exec_drop(statements::record(filled), values)
}

/// The next size with at most three binary digits that count: four sizes from each power of two to the next, so that
/// few statements are prepared and few rows repeated.
fn round_up(rows: usize) -> usize {
    let step = (rows.next_power_of_two() / 8).max(1);
    rows.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_few_and_near() {
        let sizes: HashSet<usize> = (1..=MAX_ROWS).map(round_up).collect();
        assert!(sizes.len() <= 40, "{}", sizes.len());
        for rows in 1..=MAX_ROWS {
            let filled = round_up(rows);
            assert!(filled >= rows && filled <= rows + rows / 4 && filled <= MAX_ROWS, "{rows}: {filled}");
        }
    }
}
