//! The store on a MariaDB or MySQL server: one connection, prepared statements, no pool.
//!
//! A call that loses its connection connects again and runs again, once, because each is made so that this is
//! harmless. It never writes a lookup twice, and never takes another session's row for its own.

mod connection;
mod errors;
mod operator;
mod setup;
pub(super) mod statements;
mod tls;
mod tokens;
mod words;

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, TxOpts, Value};

use self::connection::{Attempt, Link, select, select_first};
use super::location::Server;
use super::moment::{self, Civil};
use super::{
    AboutWords, Account, AccountId, Error, Forgetting, Microseconds, PastLookup, Record, Registration, Standing, Store,
    TokenHash, WordRow, schema,
};
use crate::sys::StoreKey;

pub(super) use setup::{check, init};

/// Most lookups in one insert. A power of two: batches are filled up to one, so that few statements are prepared.
const MAX_ROWS: usize = 64;

/// An open store on a server.
#[derive(Debug)]
pub(super) struct MySql {
    link: Link,
    /// The account that was last used, and its name, which every lookup's row repeats. Names never change, and
    /// numbers are never used again.
    owner: Option<(AccountId, String)>,
}

impl MySql {
    /// Connects.
    pub(super) fn open(server: &Server, _: StoreKey) -> Result<Self, Error> {
        Ok(Self { link: Link::open(server)?, owner: None })
    }

    /// The name of an account that may be used, from memory if we know it: `None` if there is no such account now.
    fn owner(&mut self, account: AccountId) -> Result<Option<String>, Error> {
        if let Some((_, name)) = self.owner.as_ref().filter(|(id, _)| *id == account) {
            return Ok(Some(name.clone()));
        }
        let name = self.link.run(|connection, _| live(connection, account))?;
        self.owner = name.clone().map(|name| (account, name));
        Ok(name)
    }
}

impl Store for MySql {
    fn register(&mut self, name: &str, passwd: &str) -> Result<Registration, Error> {
        let created = statements::date(moment::now()?);
        self.link.run(|connection, _| {
            match connection.exec_drop(statements::REGISTER, (name, passwd, &created)) {
                Ok(()) => return Ok(Registration::Made(AccountId(connection.last_insert_id()))),
                Err(failure) if errors::code(&failure) == Some(errors::DUPLICATE) => {}
                Err(failure) => return Err(failure),
            }
            // An attempt whose answer was lost may have made the account. Its hash has our salt: nobody else's is
            // the same.
            Ok(match find_account(connection, name)? {
                Some(account) if account.passwd == passwd => Registration::Made(account.id),
                _ => Registration::NameTaken,
            })
        })
    }

    fn account(&mut self, name: &str) -> Result<Option<Account>, Error> {
        let account = self.link.run(|connection, _| find_account(connection, name))?;
        if let Some(account) = &account {
            self.owner = Some((account.id, name.to_owned()));
        }
        Ok(account)
    }

    fn standing(&mut self, account: AccountId) -> Result<Standing, Error> {
        let name = self.link.run(|connection, _| live(connection, account))?;
        Ok(if name.is_some() { Standing::Live } else { Standing::Gone })
    }

    fn set_passwd(&mut self, account: AccountId, passwd: &str) -> Result<Standing, Error> {
        self.link.run(|connection, _| tokens::set_passwd(connection, statements::SET_PASSWD, account, passwd))
    }

    fn delete_account(&mut self, account: AccountId) -> Result<Standing, Error> {
        self.link.run(|connection, attempt| {
            connection.exec_drop(statements::DELETE_ACCOUNT, (statements::id(account),))?;
            if connection.affected_rows() > 0 {
                return Ok(Standing::Live);
            }
            if attempt == Attempt::First {
                return Ok(Standing::Gone);
            }
            // The attempt whose answer was lost has deleted it, unless it is still there, locked.
            let there: Option<(u64,)> = select_first(connection, statements::EXISTS, (statements::id(account),))?;
            Ok(if there.is_none() { Standing::Live } else { Standing::Gone })
        })
    }

    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
        tokens::keep(&mut self.link, account, token)
    }

    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
        let account = tokens::account(&mut self.link, name, token)?;
        if let Some(account) = account {
            self.owner = Some((account, name.to_owned()));
        }
        Ok(account)
    }

    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
        tokens::forget(&mut self.link, account, token)
    }

    fn record(&mut self, account: AccountId, records: &[Record]) -> Result<Standing, Error> {
        let mut rows = Vec::with_capacity(records.len());
        for record in records {
            schema::check_word(&record.word)?;
            rows.push((record.word.as_str(), statements::date(Civil::of(record.time)?), record.origin));
        }
        if rows.is_empty() {
            return self.standing(account);
        }
        let Some(name) = self.owner(account)? else { return Ok(Standing::Gone) };
        self.link.run(|connection, _| {
            let outcome = if rows.len() <= MAX_ROWS {
                insert(connection, account, &name, &rows)
            } else {
                // All or none; a transaction that is dropped is rolled back.
                let mut transaction = connection.start_transaction(TxOpts::default())?;
                rows.chunks(MAX_ROWS)
                    .try_for_each(|chunk| insert(&mut transaction, account, &name, chunk))
                    .and_then(|()| transaction.commit())
            };
            match outcome {
                Ok(()) => Ok(Standing::Live),
                Err(failure) => match errors::code(&failure) {
                    // The first row found no account to belong to, or it was deleted in this very moment.
                    Some(errors::NULL_REFUSED) => Ok(Standing::Gone),
                    Some(code) if errors::NO_REFERENCED_ROW.contains(&code) => Ok(Standing::Gone),
                    _ => Err(failure),
                },
            }
        })
    }

    fn history(&mut self, account: AccountId, limit: Option<u32>) -> Result<Option<Vec<PastLookup>>, Error> {
        let limit = limit.map_or(u64::MAX, u64::from);
        let rows: Option<Vec<(String, Value)>> = self.link.run(|connection, _| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            select(connection, statements::HISTORY, (statements::id(account), limit)).map(Some)
        })?;
        let Some(rows) = rows else { return Ok(None) };
        let mut lookups = Vec::with_capacity(rows.len());
        for (word, time) in rows {
            let time: Microseconds = statements::moment(&time)
                .ok_or_else(|| Error::configuration("table hist holds a time that is no moment in UTC"))?;
            lookups.push(PastLookup { word, time });
        }
        Ok(Some(lookups))
    }

    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error> {
        self.link.run(|connection, _| {
            if live(connection, account)?.is_none() {
                return Ok(Standing::Gone);
            }
            match word {
                None => connection.exec_drop(statements::CLEAR_ALL, (statements::id(account),))?,
                Some(word) => {
                    connection.exec_drop(statements::CLEAR_WORD, (statements::id(account), word, word.len()))?;
                }
            }
            Ok(Standing::Live)
        })
    }

    fn find_word(&mut self, word: &str, folded: &str) -> Result<Option<(String, String)>, Error> {
        words::find(&mut self.link, word, folded)
    }

    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
        words::beginning(&mut self.link, folded, limit)
    }

    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error> {
        words::among(&mut self.link, folded)
    }

    fn about_words(&mut self) -> Result<AboutWords, Error> {
        words::about(&mut self.link)
    }

    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<u64, Error> {
        words::replace(&mut self.link, about, rows, progress)
    }
}

/// The account of this very name: the server would also find it under the name with spaces behind it.
fn find_account(connection: &mut Conn, name: &str) -> ::mysql::Result<Option<Account>> {
    let row: Option<(u64, String, bool, String)> = select_first(connection, statements::ACCOUNT, (name,))?;
    Ok(row.filter(|(_, _, _, found)| found == name).map(|(id, passwd, locked, _)| Account {
        id: AccountId(id),
        passwd,
        locked,
    }))
}

/// The name of an account that is there and not locked.
fn live(connection: &mut Conn, account: AccountId) -> ::mysql::Result<Option<String>> {
    let row: Option<(String,)> = select_first(connection, statements::LIVE, (statements::id(account),))?;
    Ok(row.map(|(name,)| name))
}

/// Inserts at most [`MAX_ROWS`] lookups by one statement, filled up to a power of two by repeating the last row,
/// which then is there already.
fn insert(
    connection: &mut impl Queryable,
    account: AccountId,
    name: &str,
    rows: &[(&str, Value, u64)],
) -> ::mysql::Result<()> {
    let filled = rows.len().next_power_of_two();
    let mut values = Vec::with_capacity(filled * 5);
    for (word, time, origin) in rows.iter().chain(rows.last().into_iter().cycle()).take(filled) {
        values.extend([statements::id(account), name.into(), (*word).into(), time.clone(), (*origin).into()]);
    }
    connection.exec_drop(statements::record(filled), values)
}
