//! The notebook on the server. Each operation may safely be repeated.

use ::mysql::prelude::{FromRow, Queryable};
use ::mysql::{Conn, Params, Row, Transaction, TxOpts, Value};

use super::accounts::live;
use super::connection::{Attempt, Link};
use super::select::{count, exists, select, select_first};
use super::{MySql, statements, values};
use crate::store::moment::{self, Civil};
use crate::store::notebook::{self, StarRows};
use crate::store::star::{damaged, due_before};
use crate::store::{
    AccountId, Error, Grade, Grading, Learned, Memory, Microseconds, Record, Star, StarText, Starring, Stars,
    Unstarring, schema,
};

/// A row, its values as they come.
pub(super) struct Raw(Vec<Value>);

impl FromRow for Raw {
    fn from_row_opt(row: Row) -> Result<Self, ::mysql::FromRowError> {
        Ok(Self(row.unwrap()))
    }
}

/// A value that the schema does not allow is damaged.
fn star(Raw(row): Raw) -> Result<Star, Error> {
    let [word, created, tags, note, due, stability, difficulty, elapsed, scheduled, reps, lapses, state, last] =
        <[Value; 13]>::try_from(row).map_err(|_| damaged())?;
    let text = |value| ::mysql::from_value_opt::<String>(value).map_err(|_| damaged());
    let real = |value| ::mysql::from_value_opt::<f64>(value).map_err(|_| damaged());
    let days = |value| ::mysql::from_value_opt::<i64>(value).map_err(|_| damaged());
    let count = |value| ::mysql::from_value_opt::<u32>(value).map_err(|_| damaged());
    let time = |value: &Value| values::moment(value).ok_or_else(damaged);
    let state = ::mysql::from_value_opt::<u8>(state).ok().and_then(Learned::of_number).ok_or_else(damaged)?;
    Ok(Star {
        word: text(word)?,
        created: time(&created)?,
        tags: text(tags)?.split_whitespace().map(str::to_owned).collect(),
        note: text(note)?,
        memory: Memory {
            due: time(&due)?,
            stability: real(stability)?,
            difficulty: real(difficulty)?,
            elapsed_days: days(elapsed)?,
            scheduled_days: days(scheduled)?,
            reps: count(reps)?,
            lapses: count(lapses)?,
            learned: state,
            last_review: if last == Value::NULL { None } else { Some(time(&last)?) },
        },
    })
}

pub(super) fn stars(rows: Vec<Raw>) -> Result<Vec<Star>, Error> {
    rows.into_iter().map(star).collect()
}

/// A transaction about the stars of one account.
struct Rows<'a> {
    transaction: Transaction<'a>,
    account: AccountId,
    now: Value,
}

impl<'a> Rows<'a> {
    fn begin(connection: &'a mut Conn, account: AccountId, now: &Value) -> ::mysql::Result<Self> {
        let transaction = connection.start_transaction(TxOpts::default())?;
        Ok(Self { transaction, account, now: now.clone() })
    }

    fn id(&self) -> Value {
        values::id(self.account)
    }
}

impl StarRows for Rows<'_> {
    type Failure = ::mysql::Error;

    fn is_live(&mut self) -> ::mysql::Result<bool> {
        let which = (self.id(), values::created(self.account));
        exists(&mut self.transaction, statements::SHARE_ACCOUNT, which)
    }

    fn is_looked_up(&mut self, word: &str) -> ::mysql::Result<bool> {
        let parameters = (self.id(), word, word.len());
        exists(&mut self.transaction, statements::LOOKED_UP, parameters)
    }

    fn text(&mut self, word: &str) -> ::mysql::Result<Option<(String, String)>> {
        let id = self.id();
        select_first(&mut self.transaction, statements::STAR_TEXT, (id, word))
    }

    fn count(&mut self) -> ::mysql::Result<u64> {
        let id = self.id();
        count(&mut self.transaction, statements::COUNT_STARS, (id,))
    }

    fn insert(&mut self, word: &str, tags: &str, note: &str) -> ::mysql::Result<()> {
        let star = (self.id(), word, &self.now, tags, note, &self.now);
        self.transaction.exec_drop(statements::INSERT_STAR, star)
    }

    fn set_text(&mut self, word: &str, tags: &str, note: &str) -> ::mysql::Result<()> {
        let text = (tags, note, self.id(), word);
        self.transaction.exec_drop(statements::SET_STAR_TEXT, text)
    }

    fn delete(&mut self, word: &str) -> ::mysql::Result<()> {
        let id = self.id();
        self.transaction.exec_drop(statements::DELETE_STAR, (id, word))
    }

    fn star(&mut self, word: &str) -> ::mysql::Result<Option<Result<Star, Error>>> {
        let id = self.id();
        let row: Option<Raw> = select_first(&mut self.transaction, statements::STAR, (id, word))?;
        Ok(row.map(star))
    }

    fn insert_review(&mut self, given: &Record, grade: Grade) -> ::mysql::Result<bool> {
        // By an attempt whose answer was lost. Others wait for the star's row.
        let identity = (self.id(), &self.now, given.origin);
        if exists(&mut self.transaction, statements::HAS_REVIEW, identity)? {
            return Ok(false);
        }
        let review = (self.id(), &self.now, given.origin, &given.word, grade.number());
        self.transaction.exec_drop(statements::INSERT_REVIEW, review)?;
        Ok(true)
    }

    fn set_memory(
        &mut self,
        word: &str,
        memory: &Memory,
        due: Civil,
        last_review: Option<Civil>,
    ) -> ::mysql::Result<()> {
        let parameters = (
            values::date(due),
            memory.stability,
            memory.difficulty,
            memory.elapsed_days,
            memory.scheduled_days,
            memory.reps,
            memory.lapses,
            memory.learned.number(),
            last_review.map_or(Value::NULL, values::date),
            self.id(),
            word,
        );
        self.transaction.exec_drop(statements::SET_MEMORY, parameters)
    }

    fn commit(self) -> ::mysql::Result<()> {
        self.transaction.commit()
    }
}

impl Stars for MySql {
    fn star(&mut self, account: AccountId, words: &[String], text: &StarText) -> Result<Starring, Error> {
        words.iter().try_for_each(|word| schema::check_word(word))?;
        let now = values::date(moment::now()?);
        self.link.run(|connection, attempt| {
            match notebook::star(Rows::begin(connection, account, &now)?, words, text)? {
                // The attempt whose answer was lost may have starred it.
                Starring::Known(word) if attempt == Attempt::AfterLoss => Ok(Starring::New(word)),
                done => Ok(done),
            }
        })
    }

    fn import_stars(
        &mut self,
        account: AccountId,
        entries: &[(Option<String>, StarText)],
    ) -> Result<Option<Vec<Starring>>, Error> {
        entries.iter().filter_map(|(word, _)| word.as_ref()).try_for_each(|word| schema::check_word(word))?;
        let now = values::date(moment::now()?);
        self.link.run(|connection, _| notebook::import(Rows::begin(connection, account, &now)?, entries))
    }

    fn unstar(&mut self, account: AccountId, word: &str, tags: &[String]) -> Result<Unstarring, Error> {
        let now = values::date(moment::now()?);
        self.link.run(|connection, attempt| {
            match notebook::unstar(Rows::begin(connection, account, &now)?, word, tags)? {
                // The attempt whose answer was lost may have taken it away.
                Unstarring::NotStarred if attempt == Attempt::AfterLoss && tags.is_empty() => Ok(Unstarring::Done),
                done => Ok(done),
            }
        })
    }

    fn grade(&mut self, account: AccountId, grade: Grade, given: &Record) -> Result<Grading, Error> {
        schema::check_word(&given.word)?;
        let now = values::date(Civil::of(given.time)?);
        self.link.run(|connection, _| notebook::grade(Rows::begin(connection, account, &now)?, grade, given))?
    }

    fn stars_after(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        read(&mut self.link, account, statements::STARS_AFTER, (values::id(account), after, limit))
    }

    fn stars_due(&mut self, account: AccountId, until: Microseconds, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        let (until, soon) = due_before(until)?.map(values::date).into();
        read(&mut self.link, account, statements::STARS_DUE, (values::id(account), until, soon, limit))
    }

    fn count_stars(&mut self, account: AccountId, until: Microseconds) -> Result<Option<(u64, u64)>, Error> {
        let (until, soon) = due_before(until)?.map(values::date).into();
        let id = values::id(account);
        self.link.run(|connection, _| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            let all = count(connection, statements::COUNT_STARS, (&id,))?;
            Ok(Some((all, count(connection, statements::COUNT_DUE_STARS, (&id, &until, &soon))?)))
        })
    }
}

/// Stars of an account that may be used.
fn read(
    link: &mut Link,
    account: AccountId,
    statement: &str,
    parameters: impl Into<Params>,
) -> Result<Option<Vec<Star>>, Error> {
    let parameters = parameters.into();
    let rows = link.run(|connection, _| {
        if live(connection, account)?.is_none() {
            return Ok(None);
        }
        select(connection, statement, parameters.clone()).map(Some)
    })?;
    rows.map(stars).transpose()
}
