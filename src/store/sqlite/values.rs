//! Numbers, times and accounts as SQLite has them.

use rusqlite::{Connection, Params};

use crate::store::moment::Civil;
use crate::store::{AccountId, Error, Microseconds, Place, Standing};

/// An account's number as SQLite has numbers. A number that does not fit belongs to no account.
pub(super) fn number(account: AccountId) -> i64 {
    i64::try_from(account.number).unwrap_or(-1)
}

/// A place in a history as parameters: its time and its origin.
pub(super) fn place(place: Place) -> Result<(String, i64), Error> {
    Ok((Civil::of(place.time)?.text(), place.origin.cast_signed()))
}

/// When an account was made, as SQLite has times. What is not known equals nothing.
pub(super) fn created(account: AccountId) -> Option<String> {
    account.created.and_then(|created| Civil::of(created).ok()).map(Civil::text)
}

/// An account from a row: SQLite gives out positive numbers only.
pub(super) fn account_id(number: i64, created: &str) -> AccountId {
    AccountId { number: number.unsigned_abs(), created: moment(created) }
}

pub(super) fn changed(rows: usize) -> rusqlite::Result<Standing> {
    Ok(if rows > 0 { Standing::Live } else { Standing::Gone })
}

/// The number that a statement returns.
pub(super) fn count(connection: &Connection, statement: &str, parameters: impl Params) -> rusqlite::Result<u64> {
    let count: i64 = connection.prepare_cached(statement)?.query_row(parameters, |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// A moment from a row, if it is one.
pub(super) fn moment(text: &str) -> Option<Microseconds> {
    Civil::parse(text).and_then(Civil::moment)
}
