//! Accounts on the server. Each operation may safely be repeated.

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, TxOpts, Value};

use super::connection::Attempt;
use super::select::{execute, exists, select_first};
use super::{MySql, errors, statements, values};
use crate::store::{Account, AccountId, Accounts, Error, Registration, Standing, moment};

impl Accounts for MySql {
    fn register(&mut self, name: &str, passwd: &str) -> Result<Registration, Error> {
        let now = moment::now()?;
        let created = values::date(now);
        self.link.run(|connection, _| {
            match connection.exec_drop(statements::REGISTER, (name, passwd, &created)) {
                Ok(()) => {
                    let made = AccountId { number: connection.last_insert_id(), created: now.moment() };
                    return Ok(Registration::Made(made));
                }
                Err(failure) if errors::code(&failure) == Some(errors::DUPLICATE) => {}
                Err(failure) => return Err(failure),
            }
            // An attempt whose answer was lost may have made the account.
            Ok(Registration::of_known(find_account(connection, name)?.as_ref(), passwd))
        })
    }

    fn account(&mut self, name: &str) -> Result<Option<Account>, Error> {
        self.link.run_login(|connection| find_account(connection, name))
    }

    fn standing(&mut self, account: AccountId) -> Result<Standing, Error> {
        let name = self.link.run(|connection, _| live(connection, account))?;
        Ok(Standing::of_found(name))
    }

    fn set_passwd(&mut self, account: AccountId, passwd: &str) -> Result<Standing, Error> {
        self.link.run(|connection, _| set_passwd(connection, statements::SET_PASSWD, account, passwd))
    }

    fn delete_account(&mut self, account: AccountId) -> Result<Standing, Error> {
        let run = |connection: &mut Conn, attempt| delete(connection, statements::DELETE_ACCOUNT, account, attempt);
        Ok(if self.link.run(run)? { Standing::Live } else { Standing::Gone })
    }
}

/// Deletes an account by `statement`. Whether it was there.
pub(super) fn delete(
    connection: &mut Conn,
    statement: &str,
    account: AccountId,
    attempt: Attempt,
) -> ::mysql::Result<bool> {
    let which = (values::id(account), values::created(account));
    let deleted = execute(connection, statement, &which)? > 0;
    // The attempt whose answer was lost has deleted it, unless it is still there, locked.
    Ok(deleted || attempt == Attempt::AfterLoss && !exists(connection, statements::EXISTS, which)?)
}

/// The account of this very name: the server would also find it under the name with spaces behind it.
pub(super) fn find_account(connection: &mut Conn, name: &str) -> ::mysql::Result<Option<Account>> {
    let row: Option<(u64, String, bool, String, Value)> = select_first(connection, statements::ACCOUNT, (name,))?;
    Ok(row.filter(|(_, _, _, found, _)| found == name).map(|(number, passwd, locked, _, created)| Account {
        id: AccountId { number, created: values::moment(&created) },
        passwd,
        locked,
    }))
}

/// The name of an account that is there and not locked.
pub(super) fn live(connection: &mut Conn, account: AccountId) -> ::mysql::Result<Option<String>> {
    let row: Option<(String,)> =
        select_first(connection, statements::LIVE, (values::id(account), values::created(account)))?;
    Ok(row.map(|(name,)| name))
}

/// Replaces a password's hash by `statement`, and ends the account's tokens and its DICT key in the same transaction.
pub(super) fn set_passwd(
    connection: &mut Conn,
    statement: &str,
    account: AccountId,
    passwd: &str,
) -> ::mysql::Result<Standing> {
    let mut transaction = connection.start_transaction(TxOpts::default())?;
    transaction.exec_drop(statement, (passwd, values::id(account), values::created(account)))?;
    if transaction.affected_rows() == 0 {
        return Ok(Standing::Gone);
    }
    transaction.exec_drop(statements::END_TOKENS, (values::id(account),))?;
    transaction.exec_drop(statements::END_DICT_KEY, (values::id(account),))?;
    transaction.commit()?;
    Ok(Standing::Live)
}
