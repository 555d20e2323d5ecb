//! The store on a MariaDB or MySQL server: one connection, prepared statements, no pool.
//!
//! A call that loses its connection connects again and runs again, once, because each is made so that this is
//! harmless. It never writes a lookup twice, and never takes another session's row for its own.

mod cluster;
mod connect;
mod connection;
mod contained;
mod errors;
mod load;
mod locks;
mod operator;
mod recent;
mod record;
mod select;
mod setup;
mod star;
pub(super) mod statements;
mod tls;
mod tokens;
mod upgrade;
mod words;

use ::mysql::consts::{CapabilityFlags, StatusFlags};
use ::mysql::prelude::Queryable;
use ::mysql::{Conn, Value};
use ::mysql_common::packets::HandshakePacket;

use self::connect::{HURRIED, USUAL};
use self::connection::{Attempt, Link};
use self::select::{select, select_first};
use super::location::Server;
use super::moment;
use super::words::{Stopped, load as load_words};
use super::{
    AboutWords, Account, AccountId, Batch, DictKey, Each, Error, Forgetting, Hosts, Identity, Loading, LookedUp,
    Microseconds, PastLookup, Place, Registration, Standing, Store, TokenHash, Whose, WordRow, schema,
};
use crate::sys::StoreKey;

pub(super) use setup::{check, init, is_cluster, upgrade, weaknesses};

/// Has the driver compile the regular expressions with which it reads a server's version: more than 100 KiB, which it
/// otherwise keeps in each process that has ever connected.
pub(super) fn warm_up() {
    for version in ["10.11.19-MariaDB", "8.4.0"] {
        let greeting = HandshakePacket::new(
            10,
            version.as_bytes(),
            0,
            [0; 8],
            None::<&[u8]>,
            CapabilityFlags::empty(),
            0,
            StatusFlags::empty(),
            None::<&[u8]>,
        );
        let read = greeting.maria_db_server_version_parsed().or_else(|| greeting.server_version_parsed());
        debug_assert!(read.is_some(), "{version}");
    }
}

/// An open store on a server.
#[derive(Debug)]
pub(super) struct MySql {
    link: Link,
}

impl MySql {
    /// Connects.
    pub(super) fn open(server: &Server, hosts: &Hosts, _: StoreKey) -> Result<Self, Error> {
        Ok(Self { link: Link::open(server, USUAL, hosts)? })
    }

    /// Connects, for somebody who does not wait for long.
    pub(super) fn open_for_writer(server: &Server, hosts: &Hosts, _: StoreKey) -> Result<Self, Error> {
        let mut link = Link::open(server, HURRIED, hosts)?;
        link.find_cluster()?;
        Ok(Self { link })
    }
}

impl Store for MySql {
    fn identity(&mut self) -> Result<Identity, Error> {
        let row: Option<(String,)> =
            self.link.run(|connection, _| select_first(connection, statements::ABOUT_ITSELF, (schema::IDENTITY,)))?;
        Identity::from_meta(row.as_ref().map(|(value,)| value.as_str()))
    }

    fn register(&mut self, name: &str, passwd: &str) -> Result<Registration, Error> {
        let now = moment::now()?;
        let created = statements::date(now);
        self.link.run(|connection, _| {
            match connection.exec_drop(statements::REGISTER, (name, passwd, &created)) {
                Ok(()) => {
                    let made = AccountId { number: connection.last_insert_id(), created: now.moment() };
                    return Ok(Registration::Made(made));
                }
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
        self.link.run_login(|connection| find_account(connection, name))
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
            connection
                .exec_drop(statements::DELETE_ACCOUNT, (statements::id(account), statements::created(account)))?;
            if connection.affected_rows() > 0 {
                return Ok(Standing::Live);
            }
            if attempt == Attempt::First {
                return Ok(Standing::Gone);
            }
            // The attempt whose answer was lost has deleted it, unless it is still there, locked.
            let which = (statements::id(account), statements::created(account));
            let there: Option<(u64,)> = select_first(connection, statements::EXISTS, which)?;
            Ok(if there.is_none() { Standing::Live } else { Standing::Gone })
        })
    }

    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error> {
        tokens::keep(&mut self.link, account, token)
    }

    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error> {
        tokens::account(&mut self.link, name, token)
    }

    fn accounts_of_tokens(&mut self, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>> {
        tokens::accounts(&mut self.link, logins)
    }

    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error> {
        tokens::forget(&mut self.link, account, token)
    }

    fn set_dict_key(&mut self, account: AccountId, key: &DictKey) -> Result<Standing, Error> {
        tokens::set_dict_key(&mut self.link, account, key)
    }

    fn dict_key(&mut self, name: &str) -> Result<Option<(AccountId, DictKey)>, Error> {
        tokens::dict_key(&mut self.link, name)
    }

    fn record_many(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        record::many(&mut self.link, batches, Whose::Usable)
    }

    fn deliver(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        record::many(&mut self.link, batches, Whose::Known)
    }

    fn history_page(
        &mut self,
        account: AccountId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Option<Vec<PastLookup>>, Error> {
        let id = statements::id(account);
        let place = before.map(statements::place).transpose()?;
        // A reader that goes on began with what was there then.
        let is_first = place.is_none();
        let rows: Option<Vec<(String, Value, u64)>> = self.link.run_caught_up(is_first, |connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            match &place {
                None => select(connection, statements::HISTORY, (&id, limit)),
                Some((time, origin)) => {
                    select(connection, statements::HISTORY_BEFORE, (&id, time, time, origin, limit))
                }
            }
            .map(Some)
        })?;
        rows.map(past_lookups).transpose()
    }

    fn recent_lookups(&mut self, accounts: &[(AccountId, u32)]) -> Each<Option<Vec<PastLookup>>> {
        recent::lookups(&mut self.link, accounts)
    }

    fn history_size(&mut self, account: AccountId, before: Place) -> Result<u64, Error> {
        let (time, origin) = statements::place(before)?;
        let parameters = (statements::id(account), &time, &time, origin);
        let row: Option<(u64,)> =
            self.link.run(|connection, _| select_first(connection, statements::HISTORY_SIZE, parameters.clone()))?;
        Ok(row.map_or(0, |(size,)| size))
    }

    fn clear_history(&mut self, account: AccountId, word: Option<&str>) -> Result<Standing, Error> {
        self.link.run_caught_up(true, |connection| {
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

    fn words_keyed(&mut self, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
        words::keyed(&mut self.link, keys)
    }

    fn look_up(&mut self, word: &str, keys: &[String], account: Option<AccountId>) -> Result<LookedUp, Error> {
        words::look_up(&mut self.link, word, keys, account)
    }

    fn has_keyless_words(&mut self) -> Result<bool, Error> {
        words::has_keyless(&mut self.link)
    }

    fn find_word(&mut self, word: &str) -> Result<Option<(String, String)>, Error> {
        words::find(&mut self.link, word)
    }

    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
        words::beginning(&mut self.link, folded, limit)
    }

    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error> {
        words::among(&mut self.link, folded)
    }

    fn words_after(&mut self, word: &str, limit: usize) -> Result<Vec<String>, Error> {
        words::after(&mut self.link, word, limit)
    }

    fn word_at(&mut self, at: u64) -> Result<Option<String>, Error> {
        let row: Option<(String,)> =
            self.link.run(|connection, _| select_first(connection, statements::WORD_AT, (at,)))?;
        Ok(row.map(|(word,)| word))
    }

    fn words_holding(
        &mut self,
        after: &str,
        count: usize,
        text: Option<&str>,
        found: &mut dyn FnMut(&str, &str),
    ) -> Result<Option<String>, Error> {
        words::holding(&mut self.link, after, count, text, found)
    }

    fn about_words(&mut self) -> Result<AboutWords, Error> {
        words::about(&mut self.link)
    }

    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Loading, Error> {
        match load::Load::begin(&mut self.link) {
            Ok(mut shelf) => load_words(&mut shelf, about, rows, progress),
            Err(Stopped::Overtaken(by)) => Ok(Loading::Overtaken(by)),
            Err(Stopped::Failed(error)) => Err(error),
        }
    }
}

/// The account of this very name: the server would also find it under the name with spaces behind it.
fn find_account(connection: &mut Conn, name: &str) -> ::mysql::Result<Option<Account>> {
    let row: Option<(u64, String, bool, String, Value)> = select_first(connection, statements::ACCOUNT, (name,))?;
    Ok(row.filter(|(_, _, _, found, _)| found == name).map(|(number, passwd, locked, _, created)| Account {
        id: AccountId { number, created: statements::moment(&created) },
        passwd,
        locked,
    }))
}

/// Rows of a history.
fn past_lookups(rows: Vec<(String, Value, u64)>) -> Result<Vec<PastLookup>, Error> {
    let mut lookups = Vec::with_capacity(rows.len());
    for (word, time, origin) in rows {
        let time: Microseconds = statements::moment(&time)
            .ok_or_else(|| Error::configuration("table hist contains an invalid timestamp"))?;
        lookups.push(PastLookup { word, time, origin });
    }
    Ok(lookups)
}

/// The name of an account that is there and not locked.
fn live(connection: &mut Conn, account: AccountId) -> ::mysql::Result<Option<String>> {
    let row: Option<(String,)> =
        select_first(connection, statements::LIVE, (statements::id(account), statements::created(account)))?;
    Ok(row.map(|(name,)| name))
}
