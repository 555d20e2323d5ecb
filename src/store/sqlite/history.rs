//! Reading and clearing histories in the embedded store.

use rusqlite::{Connection, Row};

use super::accounts::live;
use super::values::{count, moment, number, place};
use super::{Sqlite, statements};
use crate::store::{AccountId, Each, Error, Histories, PastLookup, Place, Standing};

impl Histories for Sqlite {
    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Error> {
        let place = before.map(place).transpose()?;
        let rows: Option<Vec<PastRow>> = self.read(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            history_rows(connection, account, place, limit).map(Some)
        })?;
        rows.map(past_lookups).transpose()
    }

    fn recent_lookups(&mut self, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>> {
        let histories: Vec<Option<Vec<PastRow>>> = self.read(|connection| {
            let each = accounts.iter().map(|&(account, limit)| match live(connection, account)? {
                Some(_) => history_rows(connection, account, None, limit).map(Some),
                None => Ok(None),
            });
            each.collect()
        })?;
        Ok(histories.into_iter().map(|rows| rows.map(past_lookups).transpose()).collect())
    }

    fn history_size(&mut self, account: AccountId, before: Place) -> Result<u64, Error> {
        let (time, origin) = place(before)?;
        self.run(|connection| count(connection, statements::HISTORY_SIZE, (number(account), time, origin)))
    }

    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error> {
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Standing::Gone);
            }
            match word {
                None => transaction.prepare_cached(statements::CLEAR_ALL)?.execute((number(account),))?,
                Some(word) => transaction.prepare_cached(statements::CLEAR_WORD)?.execute((number(account), word))?,
            };
            transaction.commit()?;
            Ok(Standing::Live)
        })
    }
}

/// A row of a history: word, time, origin.
pub(super) type PastRow = (String, String, i64);

pub(super) fn history_rows(
    connection: &Connection,
    account: AccountId,
    place: Option<(String, i64)>,
    limit: u32,
) -> rusqlite::Result<Vec<PastRow>> {
    let both = [statements::HISTORY, statements::HISTORY_BEFORE];
    rows_before(connection, both, account, place, limit, |row| row.try_into())
}

/// Rows of an account: the newest, by the first statement; or by the second those before a place.
pub(super) fn rows_before<T>(
    connection: &Connection,
    [newest, before]: [&str; 2],
    account: AccountId,
    place: Option<(String, i64)>,
    limit: u32,
    row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    let mut select = connection.prepare_cached(if place.is_none() { newest } else { before })?;
    match place {
        None => select.query_map((number(account), limit), row)?.collect(),
        Some((time, origin)) => select.query_map((number(account), time, origin, limit), row)?.collect(),
    }
}

pub(super) fn past_lookups(rows: Vec<PastRow>) -> Result<Vec<PastLookup>, Error> {
    let past = |(word, time, origin): PastRow| PastLookup::of(word, moment(&time), origin.cast_unsigned());
    rows.into_iter().map(past).collect()
}
