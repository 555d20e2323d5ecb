//! Tokens and DICT keys on the server: kept, used, forgotten, and ended with the password. Each piece of work may be repeated.

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, TxOpts, Value};

use super::connection::{Attempt, Link};
use super::select::select_first;
use super::statements;
use crate::store::moment::{self, Civil};
use crate::store::{AccountId, DictKey, Error, Forgetting, MOST_TOKENS, Standing, TokenHash, token};

pub(super) fn keep(link: &mut Link, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
    let (id, created) = (statements::id(account), statements::created(account));
    let (hash, now) = (token.hexadecimal(), moment::present());
    let expired = statements::date(token::expired_at(now)?);
    let now = statements::date(Civil::of(now)?);
    link.run(|connection, _| {
        // A transaction that is dropped is rolled back.
        let mut transaction = connection.start_transaction(TxOpts::default())?;
        let live: Option<(u64,)> = select_first(&mut transaction, statements::LOCK_ACCOUNT, (&id, &created))?;
        if live.is_none() {
            return Ok(Standing::Gone);
        }
        // By an attempt whose answer was lost.
        let kept: Option<(u64,)> = select_first(&mut transaction, statements::HAS_TOKEN, (&hash, &id))?;
        if kept.is_some() {
            return Ok(Standing::Live);
        }
        transaction.exec_drop(statements::EXPIRE_TOKENS, (&id, &expired))?;
        let count: Option<(u64,)> = select_first(&mut transaction, statements::COUNT_TOKENS, (&id,))?;
        let others = u64::from(MOST_TOKENS - 1);
        let surplus = count.map_or(0, |(count,)| count.saturating_sub(others));
        if surplus > 0 {
            transaction.exec_drop(statements::DROP_OLDEST_TOKENS, (&id, surplus))?;
        }
        transaction.exec_drop(statements::KEEP_TOKEN, (&hash, &id, &now, &now))?;
        transaction.commit()?;
        Ok(Standing::Live)
    })
}

pub(super) fn account(link: &mut Link, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
    let (hash, now) = (token.hexadecimal(), moment::present());
    let written = statements::date(Civil::of(now)?);
    let found: Option<(u64, Value, String, bool, Value)> =
        link.run_login(|connection| select_first(connection, statements::TOKEN, (&hash,)))?;
    let Some((number, last_used, _, _, created)) = found.filter(|(_, _, owner, locked, _)| owner == name && !locked)
    else {
        return Ok(None);
    };
    let last_used = statements::moment(&last_used)
        .ok_or_else(|| Error::configuration("table token contains an invalid timestamp"))?;
    if !token::is_good(last_used, now) {
        link.run(|connection, _| connection.exec_drop(statements::FORGET_TOKEN, (&hash, number)))?;
        return Ok(None);
    }
    if token::is_use_written(last_used, now) {
        link.run(|connection, _| connection.exec_drop(statements::USE_TOKEN, (&written, &hash)))?;
    }
    Ok(Some(AccountId { number, created: statements::moment(&created) }))
}

pub(super) fn forget(link: &mut Link, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
    let hash = token.hexadecimal();
    link.run(|connection, attempt| {
        if super::live(connection, account)?.is_none() {
            return Ok(Forgetting::Gone);
        }
        connection.exec_drop(statements::FORGET_TOKEN, (&hash, statements::id(account)))?;
        // The attempt whose answer was lost may have forgotten it.
        let done = connection.affected_rows() > 0 || attempt == Attempt::AfterLoss;
        Ok(if done { Forgetting::Done } else { Forgetting::NoSuchToken })
    })
}

pub(super) fn set_dict_key(link: &mut Link, account: AccountId, key: &DictKey) -> Result<Standing, Error> {
    let (id, created) = (statements::id(account), statements::created(account));
    let now = statements::date(moment::now()?);
    link.run(|connection, _| {
        let mut transaction = connection.start_transaction(TxOpts::default())?;
        let live: Option<(u64,)> = select_first(&mut transaction, statements::LOCK_ACCOUNT, (&id, &created))?;
        if live.is_none() {
            return Ok(Standing::Gone);
        }
        transaction.exec_drop(statements::SET_DICT_KEY, (&id, key.as_str(), &now))?;
        transaction.commit()?;
        Ok(Standing::Live)
    })
}

pub(super) fn dict_key(link: &mut Link, name: &str) -> Result<Option<(AccountId, DictKey)>, Error> {
    let found: Option<(u64, Value, String, String)> =
        link.run_login(|connection| select_first(connection, statements::DICT_KEY, (name,)))?;
    // The server compares 'a' equal to 'a '; we don't.
    let found = found.filter(|(_, _, owner, _)| owner == name);
    Ok(found.map(|(number, created, _, secret)| {
        (AccountId { number, created: statements::moment(&created) }, DictKey::kept(secret))
    }))
}

/// Replaces a password's hash by `statement`, and ends the account's tokens and its DICT key in the same transaction.
pub(super) fn set_passwd(
    connection: &mut Conn,
    statement: &str,
    account: AccountId,
    passwd: &str,
) -> ::mysql::Result<Standing> {
    let mut transaction = connection.start_transaction(TxOpts::default())?;
    transaction.exec_drop(statement, (passwd, statements::id(account), statements::created(account)))?;
    if transaction.affected_rows() == 0 {
        return Ok(Standing::Gone);
    }
    transaction.exec_drop(statements::END_TOKENS, (statements::id(account),))?;
    transaction.exec_drop(statements::END_DICT_KEY, (statements::id(account),))?;
    transaction.commit()?;
    Ok(Standing::Live)
}
