//! Keeping lookups: those of many sessions at once, by one statement.
//!
//! A failure of one session's lookups never affects another's, and no lookup is ever written twice.

use std::collections::{HashMap, HashSet};

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, Error as Failure, Value};

use super::connection::Link;
use super::errors::Remedy;
use super::select::select;
use super::statements::RECORD_COLUMNS;
use super::values::{few, fill};
use super::{MySql, errors, statements, values};
use crate::store::moment::Civil;
use crate::store::record::Whose;
use crate::store::{AccountId, Batch, Error, Kind, Records, Standing, schema};

/// Most lookups in one insert.
const MAX_ROWS: usize = 1_024;
/// Most accounts in one question.
const MAX_ACCOUNTS: usize = 1_024;
/// When this many batches have waited in vain for a lock, the next ones would wait, too.
const MOST_WAITS: u32 = 2;

/// A batch on its way: its rows as parameters, and what came of it.
struct Pending<'a> {
    batch: &'a Batch,
    /// The account, under the number that it has in this database.
    account: AccountId,
    rows: Vec<Value>,
    outcome: Option<Result<Standing, Error>>,
}

impl Pending<'_> {
    fn rows(&self) -> usize {
        self.batch.records.len()
    }
}

impl Records for MySql {
    fn record_many(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        many(&mut self.link, batches, Whose::Usable)
    }

    fn deliver(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        many(&mut self.link, batches, Whose::Known)
    }
}

/// Keeps batches.
fn many(link: &mut Link, batches: &[Batch], whose: Whose) -> Vec<Result<Standing, Error>> {
    let mut kept: Vec<Pending<'_>> = batches
        .iter()
        .map(|batch| match rows(batch) {
            Ok(rows) => Pending { batch, account: batch.account, rows, outcome: None },
            Err(error) => Pending { batch, account: batch.account, rows: Vec::new(), outcome: Some(Err(error)) },
        })
        .collect();
    let done = link.run(|connection, _| {
        // Those that were settled before the connection was lost are settled.
        let mut open: Vec<&mut Pending<'_>> = kept.iter_mut().filter(|kept| kept.outcome.is_none()).collect();
        if whose == Whose::Known {
            find_accounts(connection, &mut open)?;
        }
        let mut rest = open.as_mut_slice();
        while !rest.is_empty() {
            let (first, others) = rest.split_at_mut(fit(rest));
            keep(connection, first, whose)?;
            rest = others;
        }
        Ok(())
    });
    let failed = done.err().unwrap_or_else(|| Error::bug("a batch has no outcome"));
    kept.into_iter().map(|kept| kept.outcome.unwrap_or_else(|| Err(failed.clone()))).collect()
}

/// The parameters of a batch's rows. What no database would take is refused here, before it spoils a statement.
fn rows(batch: &Batch) -> Result<Vec<Value>, Error> {
    schema::check_name(&batch.name)?;
    if batch.records.len() > MAX_ROWS {
        return Err(Error::bug(format!("the store received a batch of {} lookups", batch.records.len())));
    }
    let mut rows = Vec::with_capacity(batch.records.len() * RECORD_COLUMNS);
    for record in &batch.records {
        schema::check_word(&record.word)?;
        rows.extend([
            values::id(batch.account),
            batch.name.as_str().into(),
            record.word.as_str().into(),
            values::date(Civil::of(record.time)?),
            record.origin.into(),
        ]);
    }
    Ok(rows)
}

/// How many batches fit into one statement; at least one.
fn fit(batches: &[&mut Pending<'_>]) -> usize {
    let mut rows = 0_usize;
    let fitting = batches.iter().take(MAX_ACCOUNTS).take_while(|kept| {
        rows = rows.saturating_add(kept.rows());
        rows <= MAX_ROWS
    });
    fitting.count().max(1)
}

/// Keeps batches that fit into one statement. An error is the connection's, or a deadlock's: the same again may
/// succeed.
fn keep(connection: &mut Conn, batches: &mut [&mut Pending<'_>], whose: Whose) -> ::mysql::Result<()> {
    if batches.iter().all(|kept| kept.rows() == 0) {
        return ask_standing(connection, batches, whose);
    }
    match insert(connection, batches, whose) {
        Ok(()) => {
            settle(batches, Standing::Live);
            Ok(())
        }
        Err(failure) if means_gone(&failure) => {
            // Whose account is it? The others' lookups are kept, each in a statement of its own: an account that goes
            // now can't stop any other account's.
            ask_standing(connection, batches, whose)?;
            keep_each(connection, batches, whose)
        }
        Err(failure) if concerns_rows(&failure) => keep_each(connection, batches, whose),
        Err(failure) => Err(failure),
    }
}

/// Keeps batches one by one, but for those that are settled: the server has refused them all for what is wrong with
/// one.
fn keep_each(connection: &mut Conn, batches: &mut [&mut Pending<'_>], whose: Whose) -> ::mysql::Result<()> {
    let mut waits = 0;
    for at in 0..batches.len() {
        let one = &mut batches[at..=at];
        if one[0].rows() == 0 || one[0].outcome == Some(Ok(Standing::Gone)) {
            continue;
        }
        one[0].outcome = None;
        match insert(connection, one, whose) {
            Ok(()) => settle(one, Standing::Live),
            Err(failure) if means_gone(&failure) => settle(one, Standing::Gone),
            Err(failure) if concerns_rows(&failure) => {
                one[0].outcome = Some(Err(errors::explain(&failure)));
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

fn settle(batches: &mut [&mut Pending<'_>], standing: Standing) {
    batches.iter_mut().for_each(|kept| kept.outcome = Some(Ok(standing)));
}

/// The accounts of batches, each once.
fn accounts(batches: &[&mut Pending<'_>]) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> = batches.iter().map(|kept| kept.account).collect();
    accounts.sort_unstable_by_key(|account| (account.number, account.created));
    accounts.dedup();
    accounts
}

/// Settles all batches by how their accounts stand, as if there were nothing to keep.
fn ask_standing(connection: &mut Conn, batches: &mut [&mut Pending<'_>], whose: Whose) -> ::mysql::Result<()> {
    if whose == Whose::Known {
        // Those that are not there were taken out before; one that was deleted since shows when its turn comes.
        settle(batches, Standing::Live);
        return Ok(());
    }
    let accounts = accounts(batches);
    let places = few(accounts.len());
    let mut parameters: Vec<Value> = accounts.into_iter().map(values::id).collect();
    fill(&mut parameters, 1, places);
    let live: Vec<(u64, Value)> = select(connection, &statements::accounts_among(places), parameters)?;
    let live: HashSet<AccountId> =
        live.into_iter().map(|(number, created)| AccountId { number, created: values::moment(&created) }).collect();
    for kept in batches {
        let is_live = live.contains(&kept.account);
        kept.outcome = Some(Ok(if is_live { Standing::Live } else { Standing::Gone }));
    }
    Ok(())
}

/// Finds the accounts of batches by their names, and what else is known of them: they may have other numbers than when
/// the lookups were made. Those batches are settled, and taken out, whose account is not there.
fn find_accounts(connection: &mut Conn, batches: &mut Vec<&mut Pending<'_>>) -> ::mysql::Result<()> {
    let mut known: HashMap<String, AccountId> = HashMap::new();
    for some in batches.chunks(MAX_ACCOUNTS) {
        let mut names: Vec<&str> = some.iter().map(|kept| kept.batch.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let places = few(names.len());
        let mut parameters: Vec<Value> = names.into_iter().map(Value::from).collect();
        fill(&mut parameters, 1, places);
        let rows: Vec<(u64, String, Value)> = select(connection, &statements::accounts_named(places), parameters)?;
        known.extend(
            rows.into_iter()
                .map(|(number, name, created)| (name, AccountId { number, created: values::moment(&created) })),
        );
    }
    batches.retain_mut(|kept| {
        let account = known.get(&kept.batch.name).filter(|account| account.is_meant_by(kept.batch.account));
        match account {
            Some(&account) => {
                kept.account = account;
                kept.rows.iter_mut().step_by(RECORD_COLUMNS).for_each(|id| *id = values::id(account));
            }
            None => kept.outcome = Some(Ok(Standing::Gone)),
        }
        account.is_some()
    });
    Ok(())
}

/// Inserts the rows of batches, if all their accounts may be used.
fn insert(connection: &mut Conn, batches: &[&mut Pending<'_>], whose: Whose) -> ::mysql::Result<()> {
    let accounts = accounts(batches);
    let places = few(accounts.len());
    let rows = few_rows(batches.iter().map(|kept| kept.rows()).sum());
    let mut values = Vec::with_capacity(rows * RECORD_COLUMNS + places * 3 + 1);
    // The first row's account is in the query for the usable accounts.
    values.push(accounts.len().into());
    let with_rows = batches.iter().filter(|kept| kept.rows() > 0);
    values.extend(with_rows.clone().take(1).map(|kept| kept.rows[0].clone()));
    values.extend(accounts.iter().copied().map(values::id));
    fill(&mut values, 1, places + 2);
    let mut pairs: Vec<Value> =
        accounts.into_iter().flat_map(|account| [values::id(account), values::created(account)]).collect();
    fill(&mut pairs, 2, places);
    values.append(&mut pairs);
    let mut others: Vec<Value> = Vec::with_capacity(rows * RECORD_COLUMNS);
    with_rows.for_each(|kept| others.extend_from_slice(&kept.rows));
    fill(&mut others, RECORD_COLUMNS, rows);
    values.extend(others.drain(1..));
    connection.exec_drop(statements::record(rows, places, whose), values)
}

/// Whether a failure means that an account is gone or locked: the query found fewer than it asked for, or one was
/// deleted in this very moment.
fn means_gone(failure: &Failure) -> bool {
    errors::code(failure).is_some_and(|code| code == errors::NULL_REFUSED || errors::NO_REFERENCED_ROW.contains(&code))
}

/// Whether a failure may be one batch's alone: its account is locked by another transaction, or the server does not
/// like what a row holds.
fn concerns_rows(failure: &Failure) -> bool {
    match errors::code(failure) {
        Some(errors::LOCK_WAIT) => true,
        Some(_) => errors::remedy(failure) == Remedy::None && errors::explain(failure).kind == Kind::Bug,
        None => false,
    }
}

/// The next number with at most three binary digits that count: four sizes from each power of two to the next, so
/// that few statements are prepared and few rows repeated.
fn few_rows(rows: usize) -> usize {
    rows.next_multiple_of((rows.next_power_of_two() / 8).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_few_and_near() {
        let sizes: HashSet<usize> = (1..=MAX_ROWS).map(few_rows).collect();
        assert!(sizes.len() <= 40, "{}", sizes.len());
        for rows in 1..=MAX_ROWS {
            let filled = few_rows(rows);
            assert!(filled >= rows && filled <= rows + rows / 4 && filled <= MAX_ROWS, "{rows}: {filled}");
            assert!((rows..=MAX_ACCOUNTS).contains(&few(rows)));
        }
        let sizes: HashSet<usize> = (1..=MAX_ACCOUNTS).map(few).collect();
        assert_eq!(sizes, HashSet::from([1, 4, 16, 64, 256, 1_024]));
    }
}
