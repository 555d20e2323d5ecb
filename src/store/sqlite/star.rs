//! The notebook in the embedded store.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::accounts::live;
use super::values::{count, number};
use super::{Sqlite, statements, values};
use crate::store::moment::{self, Civil};
use crate::store::notebook::{self, StarRows};
use crate::store::star::{damaged, due_before};
use crate::store::{
    AccountId, Error, Grade, Grading, Learned, Memory, Microseconds, Record, Star, StarText, Starring, Stars,
    Unstarring, schema,
};

/// A row, its times still text.
pub(super) struct Raw {
    word: String,
    tags: String,
    note: String,
    times: [Option<String>; 3],
    memory: Memory,
    state: u8,
}

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    let memory = Memory {
        stability: row.get(5)?,
        difficulty: row.get(6)?,
        elapsed_days: row.get(7)?,
        scheduled_days: row.get(8)?,
        reps: row.get(9)?,
        lapses: row.get(10)?,
        ..Memory::new(Microseconds(0))
    };
    let times = [Some(row.get(1)?), Some(row.get(4)?), row.get(12)?];
    Ok(Raw { word: row.get(0)?, tags: row.get(2)?, note: row.get(3)?, times, memory, state: row.get(11)? })
}

fn time(text: &str) -> Result<Microseconds, Error> {
    values::moment(text).ok_or_else(damaged)
}

fn star(raw: Raw) -> Result<Star, Error> {
    let Raw { word, tags, note, times: [created, due, last_review], memory, state } = raw;
    let time_of = |text: Option<String>| text.map(|text| time(&text)).transpose();
    let memory = Memory {
        due: time_of(due)?.ok_or_else(damaged)?,
        last_review: time_of(last_review)?,
        learned: Learned::of_number(state).ok_or_else(damaged)?,
        ..memory
    };
    let tags = tags.split_whitespace().map(str::to_owned).collect();
    Ok(Star { word, created: time_of(created)?.ok_or_else(damaged)?, tags, note, memory })
}

/// A transaction about the stars of one account.
struct Rows<'a> {
    transaction: Transaction<'a>,
    account: AccountId,
    now: Civil,
}

impl Rows<'_> {
    fn id(&self) -> i64 {
        number(self.account)
    }
}

impl StarRows for Rows<'_> {
    type Failure = rusqlite::Error;

    fn is_live(&mut self) -> rusqlite::Result<bool> {
        Ok(live(&self.transaction, self.account)?.is_some())
    }

    fn is_looked_up(&mut self, word: &str) -> rusqlite::Result<bool> {
        self.transaction.prepare_cached(statements::LOOKED_UP)?.exists((self.id(), word))
    }

    fn text(&mut self, word: &str) -> rusqlite::Result<Option<(String, String)>> {
        self.transaction
            .prepare_cached(statements::STAR_TEXT)?
            .query_row((self.id(), word), |row| row.try_into())
            .optional()
    }

    fn count(&mut self) -> rusqlite::Result<u64> {
        count(&self.transaction, statements::COUNT_STARS, (self.id(),))
    }

    fn insert(&mut self, word: &str, tags: &str, note: &str) -> rusqlite::Result<()> {
        let star = (self.id(), word, self.now.text(), tags, note);
        self.transaction.prepare_cached(statements::INSERT_STAR)?.execute(star).map(drop)
    }

    fn set_text(&mut self, word: &str, tags: &str, note: &str) -> rusqlite::Result<()> {
        let text = (tags, note, self.id(), word);
        self.transaction.prepare_cached(statements::SET_STAR_TEXT)?.execute(text).map(drop)
    }

    fn delete(&mut self, word: &str) -> rusqlite::Result<()> {
        self.transaction.prepare_cached(statements::DELETE_STAR)?.execute((self.id(), word)).map(drop)
    }

    fn star(&mut self, word: &str) -> rusqlite::Result<Option<Result<Star, Error>>> {
        let mut select = self.transaction.prepare_cached(statements::STAR)?;
        Ok(select.query_row((self.id(), word), raw).optional()?.map(star))
    }

    fn insert_review(&mut self, given: &Record, grade: Grade) -> rusqlite::Result<bool> {
        let review = (self.id(), self.now.text(), given.origin.cast_signed(), &given.word, grade.number());
        Ok(self.transaction.prepare_cached(statements::INSERT_REVIEW)?.execute(review)? > 0)
    }

    fn set_memory(
        &mut self,
        word: &str,
        memory: &Memory,
        due: Civil,
        last_review: Option<Civil>,
    ) -> rusqlite::Result<()> {
        let parameters = rusqlite::params![
            due.text(),
            memory.stability,
            memory.difficulty,
            memory.elapsed_days,
            memory.scheduled_days,
            memory.reps,
            memory.lapses,
            memory.learned.number(),
            last_review.map(Civil::text),
            self.id(),
            word,
        ];
        self.transaction.prepare_cached(statements::SET_MEMORY)?.execute(parameters).map(drop)
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.transaction.commit()
    }
}

impl Stars for Sqlite {
    fn star(&mut self, account: AccountId, words: &[String], text: &StarText) -> Result<Starring, Error> {
        words.iter().try_for_each(|word| schema::check_word(word))?;
        let now = moment::now()?;
        self.write(|transaction| notebook::star(Rows { transaction, account, now }, words, text))
    }

    fn import_stars(
        &mut self,
        account: AccountId,
        entries: &[(Option<String>, StarText)],
    ) -> Result<Option<Vec<Starring>>, Error> {
        entries.iter().filter_map(|(word, _)| word.as_ref()).try_for_each(|word| schema::check_word(word))?;
        let now = moment::now()?;
        self.write(|transaction| notebook::import(Rows { transaction, account, now }, entries))
    }

    fn unstar(&mut self, account: AccountId, word: &str, tags: &[String]) -> Result<Unstarring, Error> {
        let now = moment::now()?;
        self.write(|transaction| notebook::unstar(Rows { transaction, account, now }, word, tags))
    }

    fn grade(&mut self, account: AccountId, grade: Grade, given: &Record) -> Result<Grading, Error> {
        schema::check_word(&given.word)?;
        let now = Civil::of(given.time)?;
        self.write(|transaction| notebook::grade(Rows { transaction, account, now }, grade, given))?
    }

    fn stars_after(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        let rows = self.read(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            rows_after(connection, account, after, limit).map(Some)
        })?;
        rows.map(stars).transpose()
    }

    fn stars_due(&mut self, account: AccountId, until: Microseconds, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        let (until, soon) = due_before(until)?.map(Civil::text).into();
        let rows = self.read(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            let mut select = connection.prepare_cached(statements::STARS_DUE)?;
            select.query_map((number(account), until, soon, limit), raw)?.collect::<rusqlite::Result<_>>().map(Some)
        })?;
        rows.map(stars).transpose()
    }

    fn count_stars(&mut self, account: AccountId, until: Microseconds) -> Result<Option<(u64, u64)>, Error> {
        let (until, soon) = due_before(until)?.map(Civil::text).into();
        self.read(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            let id = number(account);
            let all = count(connection, statements::COUNT_STARS, (id,))?;
            Ok(Some((all, count(connection, statements::COUNT_DUE_STARS, (id, until, soon))?)))
        })
    }
}

pub(super) fn stars(rows: Vec<Raw>) -> Result<Vec<Star>, Error> {
    rows.into_iter().map(star).collect()
}

pub(super) fn rows_after(
    connection: &Connection,
    account: AccountId,
    after: &str,
    limit: u32,
) -> rusqlite::Result<Vec<Raw>> {
    let mut select = connection.prepare_cached(statements::STARS_AFTER)?;
    select.query_map((number(account), after, limit), raw)?.collect()
}
