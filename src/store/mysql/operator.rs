//! The operator's account tools on the server.

use ::mysql::Value;
use ::mysql::prelude::Queryable;

use super::connection::{Attempt, select, select_first};
use super::{MySql, errors, statements, tokens};
use crate::store::{AccountId, AccountSummary, Error, Operator, Standing, moment, token};

impl Operator for MySql {
    fn accounts(&mut self) -> Result<Vec<AccountSummary>, Error> {
        let expired = statements::date(token::expired_at(moment::present())?);
        // It counts every row of table `hist`: that may take its time.
        let mut connection = self.link.patient()?;
        let rows: Vec<(String, Value, bool, u64, Value, u64)> =
            select(&mut connection, statements::ACCOUNTS, (&expired,)).map_err(|failure| errors::explain(&failure))?;
        let moment = |value: &Value| {
            statements::moment(value)
                .ok_or_else(|| Error::configuration("table user or hist holds a time that is no moment in UTC"))
        };
        let summary = |(name, created, locked, lookups, last, tokens): (String, Value, bool, u64, Value, u64)| {
            let last_lookup = if last == Value::NULL { None } else { Some(moment(&last)?) };
            Ok(AccountSummary { name, created: moment(&created)?, locked, lookups, last_lookup, tokens })
        };
        rows.into_iter().map(summary).collect()
    }

    fn set_locked(&mut self, account: AccountId, locked: bool) -> Result<bool, Error> {
        self.link.run(|connection, _| {
            connection.exec_drop(statements::SET_LOCKED, (locked, statements::id(account)))?;
            Ok(connection.affected_rows() > 0)
        })
    }

    fn reset_passwd(&mut self, account: AccountId, passwd: &str) -> Result<bool, Error> {
        let standing =
            self.link.run(|connection, _| tokens::set_passwd(connection, statements::RESET_PASSWD, account, passwd))?;
        Ok(standing == Standing::Live)
    }

    fn remove_account(&mut self, account: AccountId) -> Result<bool, Error> {
        self.link.run(|connection, attempt| {
            connection.exec_drop(statements::REMOVE_ACCOUNT, (statements::id(account),))?;
            if connection.affected_rows() > 0 {
                return Ok(true);
            }
            // The attempt whose answer was lost has deleted it.
            let there: Option<(u64,)> = select_first(connection, statements::EXISTS, (statements::id(account),))?;
            Ok(attempt == Attempt::AfterLoss && there.is_none())
        })
    }
}
