//! Accounts in the embedded store.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::values::{account_id, changed, created, number};
use super::{Sqlite, statements};
use crate::store::{Account, AccountId, Accounts, Error, Registration, Standing, moment};

impl Accounts for Sqlite {
    fn register(&mut self, name: &str, passwd: &str) -> Result<Registration, Error> {
        let now = moment::now()?;
        self.run(|connection| {
            if connection.prepare_cached(statements::REGISTER)?.execute((name, passwd, now.text()))? > 0 {
                return Ok(Registration::Made(account_id(connection.last_insert_rowid(), &now.text())));
            }
            Ok(Registration::of_known(find_account(connection, name)?.as_ref(), passwd))
        })
    }

    fn account(&mut self, name: &str) -> Result<Option<Account>, Error> {
        self.run(|connection| find_account(connection, name))
    }

    fn standing(&mut self, account: AccountId) -> Result<Standing, Error> {
        self.run(|connection| Ok(Standing::of_found(live(connection, account)?)))
    }

    fn set_passwd(&mut self, account: AccountId, passwd: &str) -> Result<Standing, Error> {
        self.write(|transaction| set_passwd(transaction, statements::SET_PASSWD, account, passwd))
    }

    fn delete_account(&mut self, account: AccountId) -> Result<Standing, Error> {
        self.run(|connection| {
            changed(
                connection.prepare_cached(statements::DELETE_ACCOUNT)?.execute((number(account), created(account)))?,
            )
        })
    }
}

pub(super) fn find_account(connection: &Connection, name: &str) -> rusqlite::Result<Option<Account>> {
    let account = |row: &Row<'_>| {
        let id = account_id(row.get(0)?, &row.get::<_, String>(3)?);
        Ok(Account { id, passwd: row.get(1)?, locked: row.get(2)? })
    };
    connection.prepare_cached(statements::ACCOUNT)?.query_row((name,), account).optional()
}

/// The name of an account that is there and not locked.
pub(super) fn live(connection: &Connection, account: AccountId) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(statements::LIVE)?
        .query_row((number(account), created(account)), |row| row.get(0))
        .optional()
}

/// Replaces a password's hash by `statement`, and ends the account's tokens and its DICT key with it.
pub(super) fn set_passwd(
    transaction: Transaction<'_>,
    statement: &str,
    account: AccountId,
    passwd: &str,
) -> rusqlite::Result<Standing> {
    if transaction.prepare_cached(statement)?.execute((passwd, number(account), created(account)))? == 0 {
        return Ok(Standing::Gone);
    }
    transaction.prepare_cached(statements::END_TOKENS)?.execute((number(account),))?;
    transaction.prepare_cached(statements::END_DICT_KEY)?.execute((number(account),))?;
    transaction.commit()?;
    Ok(Standing::Live)
}
