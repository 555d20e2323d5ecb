//! Reading and clearing histories on the server. The last lookups of many accounts are read in one statement.

use std::cmp::Reverse;
use std::collections::HashMap;

use ::mysql::prelude::{FromRow, Queryable};
use ::mysql::{Conn, Value};

use super::accounts::live;
use super::select::{count, select};
use super::values::{few, fill};
use super::{MySql, statements, values};
use crate::store::{AccountId, Each, Error, Histories, PastLookup, Place, Standing};

/// The most accounts in one statement: each of them makes it longer.
const MOST_AT_ONCE: usize = 64;

/// A row: the account's number, the word (`None` for the account itself), the time, and the origin.
type Row = (u64, Option<String>, Value, Option<u64>);

/// What there is of an account.
#[derive(Default)]
struct Found {
    account: Option<AccountId>,
    lookups: Vec<PastLookup>,
    /// What is wrong with one of them.
    fault: Option<Error>,
}

impl Histories for MySql {
    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Error> {
        let place = before.map(values::place).transpose()?;
        // A reader that goes on began with what was there then.
        let is_first = place.is_none();
        let rows = self.link.run_caught_up(is_first, |connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            history_rows(connection, account, place.as_ref(), limit).map(Some)
        })?;
        rows.map(past_lookups).transpose()
    }

    fn recent_lookups(&mut self, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>> {
        let mut outcomes = Vec::with_capacity(accounts.len());
        for some in accounts.chunks(MOST_AT_ONCE) {
            // An account that is asked for twice is asked for once, for as much as is wanted.
            let mut wanted: HashMap<u64, u32> = HashMap::new();
            for &(account, count) in some {
                let most = wanted.entry(account.number).or_default();
                *most = (*most).max(count);
            }
            let places = few(wanted.len());
            let mut parameters: Vec<Value> = wanted.keys().map(|&number| number.into()).collect();
            fill(&mut parameters, 1, places);
            let mut each: Vec<Value> =
                wanted.iter().flat_map(|(&number, &count)| [number.into(), count.into()]).collect();
            // No account has this number: nothing is read for it.
            while each.len() < 2 * places {
                each.extend([Value::from(0_u64), Value::from(0_u32)]);
            }
            parameters.append(&mut each);
            let statement = statements::recent(places);
            let rows: Vec<Row> =
                self.link.run_caught_up(true, |connection| select(connection, &statement, parameters.clone()))?;
            let found = sort(rows);
            outcomes.extend(some.iter().map(|&(account, count)| pick(&found, account, count)));
        }
        Ok(outcomes)
    }

    fn history_size(&mut self, account: AccountId, before: Place) -> Result<u64, Error> {
        let (time, origin) = values::place(before)?;
        let parameters = (values::id(account), &time, &time, origin);
        self.link.run(|connection, _| count(connection, statements::HISTORY_SIZE, parameters.clone()))
    }

    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error> {
        self.link.run_caught_up(true, |connection| {
            if live(connection, account)?.is_none() {
                return Ok(Standing::Gone);
            }
            match word {
                None => connection.exec_drop(statements::CLEAR_ALL, (values::id(account),))?,
                Some(word) => {
                    connection.exec_drop(statements::CLEAR_WORD, (values::id(account), word, word.len()))?;
                }
            }
            Ok(Standing::Live)
        })
    }
}

/// A row of a history: word, time, origin.
pub(super) type PastRow = (String, Value, u64);

pub(super) fn history_rows(
    connection: &mut Conn,
    account: AccountId,
    place: Option<&(Value, u64)>,
    limit: u32,
) -> ::mysql::Result<Vec<PastRow>> {
    select_before(connection, [statements::HISTORY, statements::HISTORY_BEFORE], account, place, limit)
}

/// Rows of an account: the newest, by the first statement; or by the second those before a place.
pub(super) fn select_before<T: FromRow>(
    connection: &mut Conn,
    [newest, before]: [&str; 2],
    account: AccountId,
    place: Option<&(Value, u64)>,
    limit: u32,
) -> ::mysql::Result<Vec<T>> {
    let id = values::id(account);
    match place {
        None => select(connection, newest, (id, limit)),
        Some((time, origin)) => select(connection, before, (id, time, time, origin, limit)),
    }
}

pub(super) fn past_lookups(rows: Vec<PastRow>) -> Result<Vec<PastLookup>, Error> {
    rows.into_iter().map(|(word, time, origin)| PastLookup::of(word, values::moment(&time), origin)).collect()
}

/// What there is of each account, by its number.
fn sort(rows: Vec<Row>) -> HashMap<u64, Found> {
    let mut all: HashMap<u64, Found> = HashMap::new();
    for (number, word, time, origin) in rows {
        let found = all.entry(number).or_default();
        let time = values::moment(&time);
        match word.map(|word| PastLookup::of(word, time, origin.unwrap_or_default())) {
            None => found.account = Some(AccountId { number, created: time }),
            Some(Ok(past)) => found.lookups.push(past),
            Some(Err(fault)) => found.fault = Some(fault),
        }
    }
    // A union promises no order.
    all.values_mut().for_each(|found| found.lookups.sort_by_key(|past| Reverse((past.time, past.origin))));
    all
}

fn pick(found: &HashMap<u64, Found>, account: AccountId, count: u32) -> Result<Option<Vec<PastLookup>>, Error> {
    let Some(found) = found.get(&account.number).filter(|found| found.account == Some(account)) else {
        return Ok(None);
    };
    if let Some(fault) = &found.fault {
        return Err(fault.clone());
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Some(found.lookups.iter().take(most).cloned().collect()))
}
