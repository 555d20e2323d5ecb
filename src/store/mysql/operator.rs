//! The operator's account tools on the server.

use ::mysql::Value;

use super::accounts::{delete, find_account, set_passwd};
use super::history::{history_rows, past_lookups, select_before};
use super::select::{count, execute, select, select_first};
use super::star::stars;
use super::{MySql, connect, statements, values};
use crate::store::star::damaged;
use crate::store::{
    AccountDetails, AccountId, AccountSummary, Error, Microseconds, Operator, PastLookup, PastReview, Place, Standing,
    Star, moment, token,
};

impl Operator for MySql {
    fn return_to_preferred(&mut self) {
        self.link.return_to_preferred();
    }

    fn accounts(&mut self) -> Result<Vec<AccountSummary>, Error> {
        let expired = values::date(token::expired_at(moment::present())?);
        // It counts every row of table `hist`: that may take its time.
        let mut connection = self.link.patient()?;
        let rows: Vec<(String, Value, bool, u64, Value, u64)> =
            connect::ask(&mut connection, |connection| select(connection, statements::ACCOUNTS, (&expired,)))?;
        let summary = |(name, created, locked, lookups, last, tokens)| {
            let last = (last != Value::NULL).then_some(last);
            AccountSummary::of((name, created, locked, lookups, last, tokens), values::moment)
        };
        rows.into_iter().map(summary).collect()
    }

    fn set_locked(&mut self, account: AccountId, locked: bool) -> Result<bool, Error> {
        let which = (locked, values::id(account));
        Ok(self.link.run(|connection, _| execute(connection, statements::SET_LOCKED, &which))? > 0)
    }

    fn reset_passwd(&mut self, account: AccountId, passwd: &str) -> Result<bool, Error> {
        let standing =
            self.link.run(|connection, _| set_passwd(connection, statements::RESET_PASSWD, account, passwd))?;
        Ok(standing == Standing::Live)
    }

    fn remove_account(&mut self, account: AccountId) -> Result<bool, Error> {
        self.link.run(|connection, attempt| delete(connection, statements::REMOVE_ACCOUNT, account, attempt))
    }

    fn account_details(&mut self, name: &str) -> Result<Option<AccountDetails>, Error> {
        let expired = values::date(token::expired_at(moment::present())?);
        let found = self.link.run(|connection, _| {
            let Some(account) = find_account(connection, name)? else { return Ok(None) };
            let id = values::id(account.id);
            let created: Option<(Value,)> = select_first(connection, statements::CREATED, (&id,))?;
            let tokens: Vec<(Value, Value)> = select(connection, statements::TOKENS, (&id, &expired))?;
            Ok(created.map(|(created,)| (account, created, tokens)))
        })?;
        found
            .map(|(account, created, tokens)| AccountDetails::of(&account, &created, &tokens, values::moment))
            .transpose()
    }

    fn history_of(&mut self, account: AccountId, before: Option<Place>, limit: u32) -> Result<Vec<PastLookup>, Error> {
        let place = before.map(values::place).transpose()?;
        past_lookups(self.link.run(|connection, _| history_rows(connection, account, place.as_ref(), limit))?)
    }

    fn stars_of(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Vec<Star>, Error> {
        let parameters = (values::id(account), after, limit);
        stars(self.link.run(|connection, _| select(connection, statements::STARS_AFTER, &parameters))?)
    }

    fn reviews_of(&mut self, account: AccountId, before: Option<Place>, limit: u32) -> Result<Vec<PastReview>, Error> {
        let place = before.map(values::place).transpose()?;
        let both = [statements::REVIEWS, statements::REVIEWS_BEFORE];
        let rows: Vec<(String, u8, Value, u64)> =
            self.link.run(|connection, _| select_before(connection, both, account, place.as_ref(), limit))?;
        let review = |(word, grade, time, origin): (String, u8, Value, u64)| {
            Ok(PastReview { word, grade, time: values::moment(&time).ok_or_else(damaged)?, origin })
        };
        rows.into_iter().map(review).collect()
    }

    fn count_accounts(&mut self) -> Result<u64, Error> {
        self.link.run(|connection, _| count(connection, statements::COUNT_USERS, ()))
    }

    fn accounts_after(&mut self, after: AccountId, limit: u32) -> Result<Vec<AccountId>, Error> {
        let after = values::id(after);
        let rows: Vec<(u64,)> =
            self.link.run(|connection, _| select(connection, statements::USERS_AFTER, (&after, limit)))?;
        Ok(rows.into_iter().map(|(number,)| AccountId { number, created: None }).collect())
    }

    fn place_after(&mut self, account: AccountId, before: Option<Place>, skipped: u32) -> Result<Option<Place>, Error> {
        let place = before.map(values::place).transpose()?;
        let both = [statements::PLACE, statements::PLACE_BEFORE];
        let found: Vec<(Value, u64)> =
            self.link.run(|connection, _| select_before(connection, both, account, place.as_ref(), skipped))?;
        let found = found.into_iter().map(|(time, origin)| (String::new(), time, origin));
        Ok(past_lookups(found.collect())?.first().map(PastLookup::place))
    }

    fn delete_before(&mut self, account: AccountId, before: Place, limit: u32) -> Result<u64, Error> {
        let (time, origin) = values::place(before)?;
        let parameters = (values::id(account), &time, &time, origin, limit);
        self.link.run(|connection, _| execute(connection, statements::DELETE_BEFORE, parameters.clone()))
    }

    fn count_older(&mut self, account: AccountId, than: Microseconds) -> Result<u64, Error> {
        let parameters = (values::id(account), values::date(moment::Civil::of(than)?));
        self.link.run(|connection, _| count(connection, statements::COUNT_OLDER, parameters.clone()))
    }

    fn delete_older(&mut self, account: AccountId, than: Microseconds, limit: u32) -> Result<u64, Error> {
        let parameters = (values::id(account), values::date(moment::Civil::of(than)?), limit);
        self.link.run(|connection, _| execute(connection, statements::DELETE_OLDER, parameters.clone()))
    }
}
