//! Tokens and DICT keys in the embedded store: kept, used, forgotten, and ended with the password.

use rusqlite::{Connection, OptionalExtension, Row};

use super::accounts::live;
use super::values::{account_id, count, number};
use super::{Sqlite, statements, values};
use crate::store::moment::{self, Civil};
use crate::store::token::{self, Use};
use crate::store::{AccountId, DictKey, Each, Error, Forgetting, Standing, TokenHash, Tokens};

impl Tokens for Sqlite {
    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
        let now = moment::present();
        let (expired, now) = (token::expired_at(now)?.text(), Civil::of(now)?.text());
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Standing::Gone);
            }
            let id = number(account);
            let kept = transaction.prepare_cached(statements::HAS_TOKEN)?.exists((token.bytes(), id))?;
            if !kept {
                transaction.prepare_cached(statements::EXPIRE_TOKENS)?.execute((id, expired))?;
                let surplus = token::surplus(count(&transaction, statements::COUNT_TOKENS, (id,))?);
                if surplus > 0 {
                    transaction.prepare_cached(statements::DROP_OLDEST_TOKENS)?.execute((id, surplus.cast_signed()))?;
                }
                transaction.prepare_cached(statements::KEEP_TOKEN)?.execute((token.bytes(), id, &now, &now))?;
                transaction.commit()?;
            }
            Ok(Standing::Live)
        })
    }

    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
        let found = self.run(|connection| find(connection, name, token))?;
        found.map_or(Ok(None), |found| use_token(self, found, token))
    }

    fn accounts_of_tokens(&mut self, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>> {
        let found: Vec<Option<Found>> =
            self.read(|connection| logins.iter().map(|(name, token)| find(connection, name, token)).collect())?;
        let found = found.into_iter().zip(logins).map(|(found, (_, token))| found.map(|found| (found, token)));
        Ok(token::use_each(found, |(found, token)| use_token(self, found, token)))
    }

    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Forgetting::Gone);
            }
            let forgotten =
                transaction.prepare_cached(statements::FORGET_TOKEN)?.execute((token.bytes(), number(account)))?;
            transaction.commit()?;
            Ok(if forgotten > 0 { Forgetting::Done } else { Forgetting::NoSuchToken })
        })
    }

    fn set_dict_key(&mut self, account: AccountId, key: &DictKey) -> Result<Standing, Error> {
        let now = moment::now()?.text();
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Standing::Gone);
            }
            transaction.prepare_cached(statements::SET_DICT_KEY)?.execute((number(account), key.as_str(), &now))?;
            transaction.commit()?;
            Ok(Standing::Live)
        })
    }

    fn dict_key(&mut self, name: &str) -> Result<Option<(AccountId, DictKey)>, Error> {
        let pair = |row: &Row<'_>| Ok((account_id(row.get(0)?, &row.get::<_, String>(1)?), DictKey::kept(row.get(2)?)));
        self.run(|connection| connection.prepare_cached(statements::DICT_KEY)?.query_row((name,), pair).optional())
    }
}

/// A token that was found: its account's number, when it was last used, and when the account was made.
type Found = (i64, String, String);

fn find(connection: &Connection, name: &str, token: &TokenHash) -> rusqlite::Result<Option<Found>> {
    connection.prepare_cached(statements::TOKEN)?.query_row((token.bytes(), name), |row| row.try_into()).optional()
}

/// Writes down that a token is used, if it is good, and removes it if it is not.
fn use_token(
    store: &mut Sqlite,
    (id, last_used, created): Found,
    token: &TokenHash,
) -> Result<Option<AccountId>, Error> {
    let now = moment::present();
    match token::judge(values::moment(&last_used), now)? {
        Use::Expired => {
            store
                .run(|connection| connection.prepare_cached(statements::FORGET_TOKEN)?.execute((token.bytes(), id)))?;
            return Ok(None);
        }
        Use::Written => {
            let now = Civil::of(now)?.text();
            store.run(|connection| connection.prepare_cached(statements::USE_TOKEN)?.execute((now, token.bytes())))?;
        }
        Use::Unwritten => {}
    }
    Ok(Some(account_id(id, &created)))
}
