//! A server with several dictionaries: which ones it has, the articles of each in an entry, and asking only some of
//! them. If the server has only one, or does not know these requests, nothing here sends any.

use super::connection::Connection;
use super::entry::{Dictionaries, Entry, may_be_of_several};
use crate::client::error::{Error, Result};
use crate::protocol::{Code, Request};
use crate::words::possible_names;
use std::collections::VecDeque;

/// How many texts that only look like the name of a dictionary are remembered.
const MOST_STRANGERS: usize = 50;

impl Connection {
    /// The entry with the articles of each dictionary. Which there are is asked when an entry first looks as if
    /// there were several, or others since a reload: so nothing may be under way. If that can't be had, the entry stays
    /// as it came: whatever is wrong with the connection, the next request finds out.
    pub(crate) fn apart(&mut self, entry: Entry) -> Entry {
        if !may_be_of_several(&entry) {
            return entry;
        }
        if self.has_to_ask(&entry) {
            let dictionaries = self.about().map(|pairs| Dictionaries::of(&pairs)).unwrap_or_default();
            let strangers = possible_names(&entry.escaped).filter(|name| !dictionaries.has(name)).map(str::to_owned);
            self.no_dictionaries.extend(strangers);
            self.dictionaries = Some(dictionaries);
        }
        match &self.dictionaries {
            Some(dictionaries) => dictionaries.apart(entry),
            None => entry,
        }
    }

    /// Whether [`Connection::apart`] would have to ask first.
    pub(crate) fn has_to_ask(&self, entry: &Entry) -> bool {
        let Some(dictionaries) = self.dictionaries.as_ref().filter(|_| may_be_of_several(entry)) else {
            return may_be_of_several(entry);
        };
        let is_new = |name: &str| !dictionaries.has(name) && !self.no_dictionaries.iter().any(|other| other == name);
        self.no_dictionaries.len() < MOST_STRANGERS && possible_names(&entry.escaped).any(is_new)
    }

    /// One `Q` or `D`, and its reply.
    ///
    /// # Errors
    /// As [`Connection::entry`].
    pub(crate) fn entry_apart(&mut self, request: &Request<'_>) -> Result<Option<Entry>> {
        self.send_one(request);
        let entry = self.entry()?;
        Ok(entry.map(|entry| self.apart(entry)))
    }

    /// Asks only the dictionaries that are wanted from now on, if only some are.
    ///
    /// # Errors
    /// [`Error::NoSuchDictionary`], [`Error::DictionariesNotKnown`], or as [`Connection::status`].
    pub(crate) fn choose_dictionaries(&mut self, name: &str) -> Result<()> {
        if self.wanted.is_empty() {
            return Ok(());
        }
        let dictionaries = self.wanted.join(" ");
        match self.ask(&Request::Choose { name, dictionaries: &dictionaries }) {
            Ok(_) => Ok(()),
            Err(Error::Refused(failure)) if failure.code == Code::BadReq => Err(Error::DictionariesNotKnown),
            Err(Error::Refused(failure)) if failure.code == Code::NotFound => {
                let there = Dictionaries::of(&self.about()?).into_names();
                let is_there = |wanted: &&String| there.iter().any(|name| name.eq_ignore_ascii_case(wanted));
                let missing: Vec<String> = self.wanted.iter().filter(|wanted| !is_there(wanted)).cloned().collect();
                Err(Error::NoSuchDictionary { missing, there })
            }
            Err(error) => Err(error),
        }
    }
}

/// Replies to `Q` or `D` that are under way, with the articles of each dictionary.
pub(crate) struct Replies {
    /// How many have not been read.
    left: usize,
    /// Those that were read before their turn.
    held: VecDeque<Result<Option<Entry>>>,
}

impl Replies {
    /// How many are under way.
    pub(crate) fn new(count: usize) -> Self {
        Self { left: count, held: VecDeque::new() }
    }

    /// The next of them; `None` behind the last. If it has to be asked which dictionaries there are, all others are
    /// read first.
    pub(crate) fn next(&mut self, connection: &mut Connection) -> Option<Result<Option<Entry>>> {
        let reply = match self.held.pop_front() {
            Some(reply) => reply,
            None if self.left == 0 => return None,
            None => self.read(connection),
        };
        let Ok(Some(entry)) = reply else { return Some(reply) };
        if connection.has_to_ask(&entry) {
            while self.left > 0 {
                let reply = self.read(connection);
                self.held.push_back(reply);
            }
        }
        Some(Ok(Some(connection.apart(entry))))
    }

    fn read(&mut self, connection: &mut Connection) -> Result<Option<Entry>> {
        let reply = connection.entry();
        self.left -= 1;
        if matches!(&reply, Err(error) if error.ends_connection()) {
            self.left = 0;
        }
        reply
    }
}
