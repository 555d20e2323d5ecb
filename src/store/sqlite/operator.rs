//! The operator's account tools in the embedded store.

use rusqlite::{OptionalExtension, Row};

use super::accounts::{find_account, set_passwd};
use super::history::{history_rows, past_lookups, rows_before};
use super::star::{rows_after, stars};
use super::values::{count, created, number, place};
use super::{Sqlite, statements, values};
use crate::store::moment::{self, Civil};
use crate::store::star::damaged;
use crate::store::{
    AccountDetails, AccountId, AccountSummary, Error, Microseconds, Operator, PastLookup, PastReview, Place, Standing,
    Star, token,
};

impl Operator for Sqlite {
    fn accounts(&mut self) -> Result<Vec<AccountSummary>, Error> {
        let expired = token::expired_at(moment::present())?.text();
        let row = |row: &Row<'_>| {
            let (lookups, tokens) = (row.get::<_, i64>(3)?.unsigned_abs(), row.get::<_, i64>(5)?.unsigned_abs());
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, lookups, row.get(4)?, tokens))
        };
        let rows: Vec<(String, String, bool, u64, Option<String>, u64)> =
            self.run(|connection| connection.prepare(statements::ACCOUNTS)?.query_map((expired,), row)?.collect())?;
        rows.into_iter().map(|row| AccountSummary::of(row, |text| values::moment(text))).collect()
    }

    fn set_locked(&mut self, account: AccountId, locked: bool) -> Result<bool, Error> {
        self.run(|connection| Ok(connection.execute(statements::SET_LOCKED, (locked, number(account)))? > 0))
    }

    fn reset_passwd(&mut self, account: AccountId, passwd: &str) -> Result<bool, Error> {
        let standing = self.write(|transaction| set_passwd(transaction, statements::RESET_PASSWD, account, passwd))?;
        Ok(standing == Standing::Live)
    }

    fn remove_account(&mut self, account: AccountId) -> Result<bool, Error> {
        self.run(|connection| {
            Ok(connection.execute(statements::REMOVE_ACCOUNT, (number(account), created(account)))? > 0)
        })
    }

    fn account_details(&mut self, name: &str) -> Result<Option<AccountDetails>, Error> {
        let expired = token::expired_at(moment::present())?.text();
        let found = self.run(|connection| {
            let Some(account) = find_account(connection, name)? else { return Ok(None) };
            let id = number(account.id);
            let created: Option<String> =
                connection.query_row(statements::CREATED, (id,), |row| row.get(0)).optional()?;
            let tokens: Vec<(String, String)> = connection
                .prepare(statements::TOKENS)?
                .query_map((id, expired), |row| row.try_into())?
                .collect::<rusqlite::Result<_>>()?;
            Ok(created.map(|created| (account, created, tokens)))
        })?;
        found
            .map(|(account, created, tokens)| {
                AccountDetails::of(&account, &created, &tokens, |text| values::moment(text))
            })
            .transpose()
    }

    fn history_of(&mut self, account: AccountId, before: Option<Place>, limit: u32) -> Result<Vec<PastLookup>, Error> {
        let place = before.map(place).transpose()?;
        past_lookups(self.run(|connection| history_rows(connection, account, place, limit))?)
    }

    fn stars_of(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Vec<Star>, Error> {
        stars(self.run(|connection| rows_after(connection, account, after, limit))?)
    }

    fn reviews_of(&mut self, account: AccountId, before: Option<Place>, limit: u32) -> Result<Vec<PastReview>, Error> {
        let place = before.map(place).transpose()?;
        let both = [statements::REVIEWS, statements::REVIEWS_BEFORE];
        let rows: Vec<(String, u8, String, i64)> =
            self.run(|connection| rows_before(connection, both, account, place, limit, |row| row.try_into()))?;
        let review = |(word, grade, time, origin): (String, u8, String, i64)| {
            let time = values::moment(&time).ok_or_else(damaged)?;
            Ok(PastReview { word, grade, time, origin: origin.cast_unsigned() })
        };
        rows.into_iter().map(review).collect()
    }

    fn count_accounts(&mut self) -> Result<u64, Error> {
        self.run(|connection| count(connection, statements::COUNT_USERS, ()))
    }

    fn accounts_after(&mut self, after: AccountId, limit: u32) -> Result<Vec<AccountId>, Error> {
        self.run(|connection| {
            let mut select = connection.prepare_cached(statements::USERS_AFTER)?;
            let account = |row: &Row<'_>| Ok(AccountId { number: row.get::<_, i64>(0)?.unsigned_abs(), created: None });
            select.query_map((number(after), limit), account)?.collect()
        })
    }

    fn place_after(&mut self, account: AccountId, before: Option<Place>, skipped: u32) -> Result<Option<Place>, Error> {
        let before = before.map(place).transpose()?;
        let both = [statements::PLACE, statements::PLACE_BEFORE];
        // As a row of a history whose word is not asked for.
        let row = |row: &Row<'_>| Ok((String::new(), row.get(0)?, row.get(1)?));
        let found = self.run(|connection| rows_before(connection, both, account, before, skipped, row))?;
        Ok(past_lookups(found)?.first().map(PastLookup::place))
    }

    fn delete_before(&mut self, account: AccountId, before: Place, limit: u32) -> Result<u64, Error> {
        let (time, origin) = place(before)?;
        self.run(|connection| {
            let mut delete = connection.prepare_cached(statements::DELETE_BEFORE)?;
            Ok(delete.execute((number(account), time, origin, limit))? as u64)
        })
    }

    fn count_older(&mut self, account: AccountId, than: Microseconds) -> Result<u64, Error> {
        let than = Civil::of(than)?.text();
        self.run(|connection| count(connection, statements::COUNT_OLDER, (number(account), than)))
    }

    fn delete_older(&mut self, account: AccountId, than: Microseconds, limit: u32) -> Result<u64, Error> {
        let than = Civil::of(than)?.text();
        self.run(|connection| {
            Ok(connection.prepare_cached(statements::DELETE_OLDER)?.execute((number(account), than, limit))? as u64)
        })
    }
}
