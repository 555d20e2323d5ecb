//! Tokens and DICT keys in the embedded store: kept, used, forgotten, and ended with the password.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{Sqlite, account_id, created, live, number};
use crate::store::moment::{self, Civil};
use crate::store::{AccountId, DictKey, Each, Error, Forgetting, Kind, MOST_TOKENS, Standing, TokenHash, token};

const KEEP: &str = "INSERT INTO token (hash, user_id, created, last_used) VALUES (?, ?, ?, ?)";
const HAS: &str = "SELECT 1 FROM token WHERE hash = ? AND user_id = ?";
const EXPIRE: &str = "DELETE FROM token WHERE user_id = ? AND last_used <= ?";
/// Fewer than none is no limit.
const DROP_OLDEST: &str = "DELETE FROM token WHERE hash IN \
    (SELECT hash FROM token WHERE user_id = ? ORDER BY created DESC, hash DESC LIMIT -1 OFFSET ?)";
const TOKEN: &str = "SELECT token.user_id, token.last_used, user.created FROM token JOIN user ON user.id = token.user_id \
    WHERE token.hash = ? AND user.name = ? AND user.locked = 0";
const USE: &str = "UPDATE token SET last_used = ? WHERE hash = ?";
const FORGET: &str = "DELETE FROM token WHERE hash = ? AND user_id = ?";
const END: &str = "DELETE FROM token WHERE user_id = ?";
const SET_DICT_KEY: &str = "INSERT INTO dict_key (user_id, secret, created) VALUES (?, ?, ?) \
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created = excluded.created";
const DICT_KEY: &str = "SELECT user.id, user.created, dict_key.secret FROM user JOIN dict_key ON dict_key.user_id = user.id \
    WHERE user.name = ? AND user.locked = 0";
const END_DICT_KEY: &str = "DELETE FROM dict_key WHERE user_id = ?";

pub(super) fn keep(store: &mut Sqlite, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
    let now = moment::present();
    let (expired, now) = (token::expired_at(now)?.text(), Civil::of(now)?.text());
    store.write(|transaction| {
        if live(&transaction, account)?.is_none() {
            return Ok(Standing::Gone);
        }
        let id = number(account);
        let kept = transaction.prepare_cached(HAS)?.exists((token.bytes(), id))?;
        if !kept {
            transaction.prepare_cached(EXPIRE)?.execute((id, expired))?;
            transaction.prepare_cached(DROP_OLDEST)?.execute((id, MOST_TOKENS - 1))?;
            transaction.prepare_cached(KEEP)?.execute((token.bytes(), id, &now, &now))?;
            transaction.commit()?;
        }
        Ok(Standing::Live)
    })
}

/// A token that was found: its account's number, when it was last used, and when the account was made.
type Found = (i64, String, String);

pub(super) fn account(store: &mut Sqlite, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
    let found = store.run(|connection| find(connection, name, token))?;
    found.map_or(Ok(None), |found| use_token(store, found, token))
}

/// The same for many. When one's use can't be written down because others are writing, that of the rest isn't tried.
pub(super) fn accounts(store: &mut Sqlite, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>> {
    let found: Vec<Option<Found>> =
        store.run(|connection| logins.iter().map(|(name, token)| find(connection, name, token)).collect())?;
    let mut failed: Option<Error> = None;
    let used = found.into_iter().zip(logins).map(|(found, (_, token))| match (found, &failed) {
        (None, _) => Ok(None),
        (Some(_), Some(error)) => Err(error.clone()),
        (Some(found), None) => {
            let used = use_token(store, found, token);
            failed = used.as_ref().err().filter(|error| error.kind == Kind::World).cloned();
            used
        }
    });
    Ok(used.collect())
}

fn find(connection: &Connection, name: &str, token: &TokenHash) -> rusqlite::Result<Option<Found>> {
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    connection.prepare_cached(TOKEN)?.query_row((token.bytes(), name), columns).optional()
}

/// Writes down that a token is used, if it is good, and removes it if it is not.
fn use_token(
    store: &mut Sqlite,
    (id, last_used, created): Found,
    token: &TokenHash,
) -> Result<Option<AccountId>, Error> {
    let now = moment::present();
    let last_used = Civil::parse(&last_used)
        .and_then(Civil::moment)
        .ok_or_else(|| Error::configuration("table token contains an invalid timestamp"))?;
    if !token::is_good(last_used, now) {
        store.run(|connection| connection.prepare_cached(FORGET)?.execute((token.bytes(), id)))?;
        return Ok(None);
    }
    if token::is_use_written(last_used, now) {
        let now = Civil::of(now)?.text();
        store.run(|connection| connection.prepare_cached(USE)?.execute((now, token.bytes())))?;
    }
    Ok(Some(account_id(id, &created)))
}

pub(super) fn forget(store: &mut Sqlite, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
    store.write(|transaction| {
        if live(&transaction, account)?.is_none() {
            return Ok(Forgetting::Gone);
        }
        let forgotten = transaction.prepare_cached(FORGET)?.execute((token.bytes(), number(account)))?;
        transaction.commit()?;
        Ok(if forgotten > 0 { Forgetting::Done } else { Forgetting::NoSuchToken })
    })
}

pub(super) fn set_dict_key(store: &mut Sqlite, account: AccountId, key: &DictKey) -> Result<Standing, Error> {
    let now = moment::now()?.text();
    store.write(|transaction| {
        if live(&transaction, account)?.is_none() {
            return Ok(Standing::Gone);
        }
        transaction.prepare_cached(SET_DICT_KEY)?.execute((number(account), key.as_str(), &now))?;
        transaction.commit()?;
        Ok(Standing::Live)
    })
}

pub(super) fn dict_key(store: &mut Sqlite, name: &str) -> Result<Option<(AccountId, DictKey)>, Error> {
    let pair = |row: &Row<'_>| Ok((account_id(row.get(0)?, &row.get::<_, String>(1)?), DictKey::kept(row.get(2)?)));
    store.run(|connection| connection.prepare_cached(DICT_KEY)?.query_row((name,), pair).optional())
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
    transaction.prepare_cached(END)?.execute((number(account),))?;
    transaction.prepare_cached(END_DICT_KEY)?.execute((number(account),))?;
    transaction.commit()?;
    Ok(Standing::Live)
}
