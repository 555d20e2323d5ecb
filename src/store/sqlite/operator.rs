//! The operator's account tools in the embedded store.

use rusqlite::Row;

use super::{Sqlite, number, tokens};
use crate::store::moment::{self, Civil};
use crate::store::{AccountId, AccountSummary, Error, Microseconds, Operator, Standing, token};

const SET_LOCKED: &str = "UPDATE user SET locked = ? WHERE id = ?";
const RESET_PASSWD: &str = "UPDATE user SET passwd = ? WHERE id = ?";
const REMOVE_ACCOUNT: &str = "DELETE FROM user WHERE id = ?";
const ACCOUNTS: &str = "SELECT name, created, locked, \
    (SELECT COUNT(*) FROM hist WHERE hist.user_id = user.id), \
    (SELECT MAX(time) FROM hist WHERE hist.user_id = user.id), \
    (SELECT COUNT(*) FROM token WHERE token.user_id = user.id AND token.last_used > ?) FROM user ORDER BY name";

impl Operator for Sqlite {
    fn accounts(&mut self) -> Result<Vec<AccountSummary>, Error> {
        type Texts = (String, String, bool, i64, Option<String>, i64);
        let expired = token::expired_at(moment::present())?.text();
        let texts = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?));
        let rows: Vec<Texts> =
            self.run(|connection| connection.prepare(ACCOUNTS)?.query_map((expired,), texts)?.collect())?;
        let moment = |text: &str| -> Result<Microseconds, Error> {
            Civil::parse(text)
                .and_then(Civil::moment)
                .ok_or_else(|| Error::configuration("table user or hist holds a time that is no moment in UTC"))
        };
        let summary = |(name, created, locked, lookups, last, tokens): Texts| {
            let last_lookup = last.map(|last| moment(&last)).transpose()?;
            let (lookups, tokens) = (lookups.unsigned_abs(), tokens.unsigned_abs());
            Ok(AccountSummary { name, created: moment(&created)?, locked, lookups, last_lookup, tokens })
        };
        rows.into_iter().map(summary).collect()
    }

    fn set_locked(&mut self, account: AccountId, locked: bool) -> Result<bool, Error> {
        self.run(|connection| Ok(connection.execute(SET_LOCKED, (locked, number(account)))? > 0))
    }

    fn reset_passwd(&mut self, account: AccountId, passwd: &str) -> Result<bool, Error> {
        let standing = self.write(|transaction| tokens::set_passwd(transaction, RESET_PASSWD, account, passwd))?;
        Ok(standing == Standing::Live)
    }

    fn remove_account(&mut self, account: AccountId) -> Result<bool, Error> {
        self.run(|connection| Ok(connection.execute(REMOVE_ACCOUNT, (number(account),))? > 0))
    }
}
