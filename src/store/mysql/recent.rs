//! The last lookups of many accounts, in one statement.

use std::cmp::Reverse;
use std::collections::HashMap;

use ::mysql::Value;

use super::connection::Link;
use super::select::select;
use super::statements::{self, few, fill};
use crate::store::{AccountId, Each, Error, PastLookup};

/// The most accounts in one statement: each of them makes it longer.
const MOST_AT_ONCE: usize = 64;

/// A row: the account's number, the word or none for the account itself, the time, and the origin.
type Row = (u64, Option<String>, Value, Option<u64>);

/// What there is of an account.
#[derive(Default)]
struct Found {
    account: Option<AccountId>,
    lookups: Vec<PastLookup>,
    is_invalid: bool,
}

pub(super) fn lookups(link: &mut Link, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>> {
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
        let mut each: Vec<Value> = wanted.iter().flat_map(|(&number, &count)| [number.into(), count.into()]).collect();
        // No account has this number: nothing is read for it.
        while each.len() < 2 * places {
            each.extend([Value::from(0_u64), Value::from(0_u32)]);
        }
        parameters.append(&mut each);
        let statement = statements::recent(places);
        let rows: Vec<Row> =
            link.run_caught_up(true, |connection| select(connection, &statement, parameters.clone()))?;
        let found = sort(rows);
        outcomes.extend(some.iter().map(|&(account, count)| pick(&found, account, count)));
    }
    Ok(outcomes)
}

/// What there is of each account, by its number.
fn sort(rows: Vec<Row>) -> HashMap<u64, Found> {
    let mut all: HashMap<u64, Found> = HashMap::new();
    for (number, word, time, origin) in rows {
        let found = all.entry(number).or_default();
        let time = statements::moment(&time);
        match (word, time, origin) {
            (None, created, _) => found.account = Some(AccountId { number, created }),
            (Some(word), Some(time), Some(origin)) => found.lookups.push(PastLookup { word, time, origin }),
            (Some(_), _, _) => found.is_invalid = true,
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
    if found.is_invalid {
        return Err(Error::configuration("table hist contains an invalid timestamp"));
    }
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Some(found.lookups.iter().take(most).cloned().collect()))
}
