//! Tokens and DICT keys on the server: kept, used, forgotten, and ended with the password. Each operation may safely be
//! repeated.

use std::collections::HashMap;

use ::mysql::prelude::Queryable;
use ::mysql::{TxOpts, Value};

use super::accounts::live;
use super::connection::{Attempt, Link};
use super::select::{count, exists, select, select_first};
use super::{MySql, statements, values};
use crate::store::moment::{self, Civil};
use crate::store::token::{self, Use};
use crate::store::{AccountId, DictKey, Each, Error, Forgetting, Standing, TokenHash, Tokens};

impl Tokens for MySql {
    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
        let (id, created) = (values::id(account), values::created(account));
        let (hash, now) = (token.hexadecimal(), moment::present());
        let expired = values::date(token::expired_at(now)?);
        let now = values::date(Civil::of(now)?);
        self.link.run(|connection, _| {
            // A transaction that is dropped is rolled back.
            let mut transaction = connection.start_transaction(TxOpts::default())?;
            if !exists(&mut transaction, statements::LOCK_ACCOUNT, (&id, &created))? {
                return Ok(Standing::Gone);
            }
            // By an attempt whose answer was lost.
            if exists(&mut transaction, statements::HAS_TOKEN, (&hash, &id))? {
                return Ok(Standing::Live);
            }
            transaction.exec_drop(statements::EXPIRE_TOKENS, (&id, &expired))?;
            let surplus = token::surplus(count(&mut transaction, statements::COUNT_TOKENS, (&id,))?);
            if surplus > 0 {
                transaction.exec_drop(statements::DROP_OLDEST_TOKENS, (&id, surplus))?;
            }
            transaction.exec_drop(statements::KEEP_TOKEN, (&hash, &id, &now, &now))?;
            transaction.commit()?;
            Ok(Standing::Live)
        })
    }

    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
        let mut found = self.accounts_of_tokens(&[(name.to_owned(), *token)])?;
        found.pop().unwrap_or(Ok(None))
    }

    fn accounts_of_tokens(&mut self, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>> {
        let mut all: HashMap<String, Found> = HashMap::new();
        for some in logins.chunks(MOST_AT_ONCE) {
            let places = values::few(some.len());
            let mut parameters: Vec<Value> = some.iter().map(|(_, token)| token.hexadecimal().into()).collect();
            values::fill(&mut parameters, 1, places);
            let statement = statements::tokens(places);
            let found: Vec<Found> =
                self.link.run_login(|connection| select(connection, &statement, parameters.clone()))?;
            all.extend(found.into_iter().map(|found| (found.0.clone(), found)));
        }
        let of_this_name = |(name, token): &(String, TokenHash)| {
            all.get(&token.hexadecimal()).filter(|(_, _, _, owner, locked, _)| owner == name && !locked)
        };
        Ok(token::use_each(logins.iter().map(of_this_name), |found| use_token(&mut self.link, found)))
    }

    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
        let hash = token.hexadecimal();
        self.link.run(|connection, attempt| {
            if live(connection, account)?.is_none() {
                return Ok(Forgetting::Gone);
            }
            connection.exec_drop(statements::FORGET_TOKEN, (&hash, values::id(account)))?;
            // The attempt whose answer was lost may have forgotten it.
            let done = connection.affected_rows() > 0 || attempt == Attempt::AfterLoss;
            Ok(if done { Forgetting::Done } else { Forgetting::NoSuchToken })
        })
    }

    fn set_dict_key(&mut self, account: AccountId, key: &DictKey) -> Result<Standing, Error> {
        let (id, created) = (values::id(account), values::created(account));
        let now = values::date(moment::now()?);
        self.link.run(|connection, _| {
            let mut transaction = connection.start_transaction(TxOpts::default())?;
            if !exists(&mut transaction, statements::LOCK_ACCOUNT, (&id, &created))? {
                return Ok(Standing::Gone);
            }
            transaction.exec_drop(statements::SET_DICT_KEY, (&id, key.as_str(), &now))?;
            transaction.commit()?;
            Ok(Standing::Live)
        })
    }

    fn dict_key(&mut self, name: &str) -> Result<Option<(AccountId, DictKey)>, Error> {
        let found: Option<(u64, Value, String, String)> =
            self.link.run_login(|connection| select_first(connection, statements::DICT_KEY, (name,)))?;
        // The server compares 'a' equal to 'a '; we don't.
        let found = found.filter(|(_, _, owner, _)| owner == name);
        Ok(found.map(|(number, created, _, secret)| {
            (AccountId { number, created: values::moment(&created) }, DictKey::kept(secret))
        }))
    }
}

/// The most tokens that one statement asks for.
const MOST_AT_ONCE: usize = 1_024;

/// A token that was found: its hash, its account's number, when it was last used, and the account's name, whether it is
/// locked, and when it was made.
type Found = (String, u64, Value, String, bool, Value);

/// Writes down that a token is used, if it is good, and removes it if it is not.
fn use_token(link: &mut Link, (hash, number, last_used, _, _, created): &Found) -> Result<Option<AccountId>, Error> {
    let now = moment::present();
    match token::judge(values::moment(last_used), now)? {
        Use::Expired => {
            link.run(|connection, _| connection.exec_drop(statements::FORGET_TOKEN, (hash, number)))?;
            return Ok(None);
        }
        Use::Written => {
            let written = values::date(Civil::of(now)?);
            link.run(|connection, _| connection.exec_drop(statements::USE_TOKEN, (&written, hash)))?;
        }
        Use::Unwritten => {}
    }
    Ok(Some(AccountId { number: *number, created: values::moment(created) }))
}
