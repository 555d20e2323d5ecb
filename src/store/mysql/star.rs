//! The notebook on the server. Each piece of work may be repeated.

use ::mysql::prelude::{FromRow, Queryable};
use ::mysql::{Params, Row, TxOpts, Value};

use super::accounts::live;
use super::connection::{Attempt, Link};
use super::select::{select, select_first};
use super::{MySql, statements, values};
use crate::store::moment::{self, Civil};
use crate::store::star::{AHEAD, damaged, with_tags, without_tags};
use crate::store::{
    AccountId, Error, Grade, Grading, Learned, MOST_STARS, Memory, Microseconds, PastReview, Place, Record, Star,
    StarText, Starring, Stars, Unstarring, schema,
};

/// A row, its values as they come.
struct Raw(Vec<Value>);

impl FromRow for Raw {
    fn from_row_opt(row: Row) -> Result<Self, ::mysql::FromRowError> {
        Ok(Self(row.unwrap()))
    }
}

/// What is none of what the schema says is damaged.
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

fn stars(rows: Vec<Raw>) -> Result<Vec<Star>, Error> {
    rows.into_iter().map(star).collect()
}

fn is_live(connection: &mut impl Queryable, account: AccountId) -> ::mysql::Result<bool> {
    let which = (values::id(account), values::created(account));
    let found: Option<(u64,)> = select_first(connection, statements::SHARE_ACCOUNT, which)?;
    Ok(found.is_some())
}

fn is_looked_up(connection: &mut impl Queryable, account: AccountId, word: &str) -> ::mysql::Result<bool> {
    let found: Option<(u64,)> =
        select_first(connection, statements::LOOKED_UP, (values::id(account), word, word.len()))?;
    Ok(found.is_some())
}

fn text_of(
    connection: &mut impl Queryable,
    account: AccountId,
    word: &str,
) -> ::mysql::Result<Option<(String, String)>> {
    select_first(connection, statements::STAR_TEXT, (values::id(account), word))
}

/// Stars a headword, or adds to what it has.
fn put(
    connection: &mut impl Queryable,
    account: AccountId,
    word: &str,
    text: &StarText,
    now: &Value,
) -> ::mysql::Result<Starring> {
    let id = values::id(account);
    let known = text_of(connection, account, word)?;
    let (tags, note) = known.as_ref().map_or(("", ""), |(tags, note)| (tags.as_str(), note.as_str()));
    let Some(tags) = with_tags(tags, &text.tags) else { return Ok(Starring::TooManyTags) };
    let note = text.note.as_deref().unwrap_or(note);
    if known.is_some() {
        connection.exec_drop(statements::SET_STAR_TEXT, (tags, note, id, word))?;
        return Ok(Starring::Known(word.to_owned()));
    }
    let count: Option<(u64,)> = select_first(connection, statements::COUNT_STARS, (&id,))?;
    if count.is_none_or(|(count,)| count >= MOST_STARS) {
        return Ok(Starring::Full);
    }
    connection.exec_drop(statements::INSERT_STAR, (id, word, now, tags, note, now))?;
    Ok(Starring::New(word.to_owned()))
}

impl Stars for MySql {
    fn star(&mut self, account: AccountId, words: &[String], text: &StarText) -> Result<Starring, Error> {
        words.iter().try_for_each(|word| schema::check_word(word))?;
        let now = values::date(moment::now()?);
        self.link.run(|connection, attempt| {
            // A transaction that is dropped is rolled back.
            let mut transaction = connection.start_transaction(TxOpts::default())?;
            if !is_live(&mut transaction, account)? {
                return Ok(Starring::Gone);
            }
            for word in words {
                let starred = text_of(&mut transaction, account, word)?.is_some();
                if starred || is_looked_up(&mut transaction, account, word)? {
                    let done = put(&mut transaction, account, word, text, &now)?;
                    transaction.commit()?;
                    // The attempt whose answer was lost may have starred it.
                    return Ok(match done {
                        Starring::Known(word) if attempt == Attempt::AfterLoss => Starring::New(word),
                        done => done,
                    });
                }
            }
            Ok(Starring::NeverLookedUp)
        })
    }

    fn import_stars(
        &mut self,
        account: AccountId,
        entries: &[(Option<String>, StarText)],
    ) -> Result<Option<Vec<Starring>>, Error> {
        entries.iter().filter_map(|(word, _)| word.as_ref()).try_for_each(|word| schema::check_word(word))?;
        let now = values::date(moment::now()?);
        self.link.run(|connection, _| {
            let mut transaction = connection.start_transaction(TxOpts::default())?;
            if !is_live(&mut transaction, account)? {
                return Ok(None);
            }
            let mut done = Vec::with_capacity(entries.len());
            for (word, text) in entries {
                done.push(match word {
                    Some(word) => put(&mut transaction, account, word, text, &now)?,
                    None => Starring::NeverLookedUp,
                });
            }
            transaction.commit()?;
            Ok(Some(done))
        })
    }

    fn unstar(&mut self, account: AccountId, word: &str, tags: &[String]) -> Result<Unstarring, Error> {
        let id = values::id(account);
        self.link.run(|connection, attempt| {
            let mut transaction = connection.start_transaction(TxOpts::default())?;
            if !is_live(&mut transaction, account)? {
                return Ok(Unstarring::Gone);
            }
            let Some((known, note)) = text_of(&mut transaction, account, word)? else {
                // The attempt whose answer was lost may have taken it away.
                let done = attempt == Attempt::AfterLoss && tags.is_empty();
                return Ok(if done { Unstarring::Done } else { Unstarring::NotStarred });
            };
            if tags.is_empty() {
                transaction.exec_drop(statements::DELETE_STAR, (&id, word))?;
            } else {
                transaction.exec_drop(statements::SET_STAR_TEXT, (without_tags(&known, tags), note, &id, word))?;
            }
            transaction.commit()?;
            Ok(Unstarring::Done)
        })
    }

    fn grade(&mut self, account: AccountId, grade: Grade, given: &Record) -> Result<Grading, Error> {
        schema::check_word(&given.word)?;
        let now = values::date(Civil::of(given.time)?);
        self.link.run(|connection, _| grade_on(connection, account, grade, given, &now))?
    }

    fn stars_after(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        read(&mut self.link, account, statements::STARS_AFTER, (values::id(account), after, limit))
    }

    fn stars_due(&mut self, account: AccountId, until: Microseconds, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        let (until, soon) = bounds(until)?;
        read(&mut self.link, account, statements::STARS_DUE, (values::id(account), until, soon, limit))
    }

    fn count_stars(&mut self, account: AccountId, until: Microseconds) -> Result<Option<(u64, u64)>, Error> {
        let (until, soon) = bounds(until)?;
        let id = values::id(account);
        self.link.run(|connection, _| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            let all: Option<(u64,)> = select_first(connection, statements::COUNT_STARS, (&id,))?;
            let due: Option<(u64,)> = select_first(connection, statements::COUNT_DUE_STARS, (&id, &until, &soon))?;
            Ok(Some((all.map_or(0, |(all,)| all), due.map_or(0, |(due,)| due))))
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

/// Until when what is of days is due, and what is of minutes.
fn bounds(until: Microseconds) -> Result<(Value, Value), Error> {
    let soon = Microseconds(moment::present().0.saturating_add(AHEAD));
    Ok((values::date(Civil::of(until.max(soon))?), values::date(Civil::of(soon)?)))
}

/// What is wrong with a row is no failure of the server's.
fn grade_on(
    connection: &mut ::mysql::Conn,
    account: AccountId,
    grade: Grade,
    given: &Record,
    now: &Value,
) -> ::mysql::Result<Result<Grading, Error>> {
    let (id, word) = (values::id(account), given.word.as_str());
    let mut transaction = connection.start_transaction(TxOpts::default())?;
    if !is_live(&mut transaction, account)? {
        return Ok(Ok(Grading::Gone));
    }
    let mut known: Option<Raw> = select_first(&mut transaction, statements::STAR, (&id, word))?;
    if known.is_none() {
        if !is_looked_up(&mut transaction, account, word)? {
            return Ok(Ok(Grading::NeverLookedUp));
        }
        if put(&mut transaction, account, word, &StarText::default(), now)? == Starring::Full {
            return Ok(Ok(Grading::Full));
        }
        known = select_first(&mut transaction, statements::STAR, (&id, word))?;
    }
    let star = match known.ok_or_else(damaged).and_then(star) {
        Ok(star) => star,
        Err(error) => return Ok(Err(error)),
    };
    // By an attempt whose answer was lost. Others wait for the star's row.
    let kept: Option<(u8,)> = select_first(&mut transaction, statements::HAS_REVIEW, (&id, now, given.origin))?;
    if kept.is_some() {
        return Ok(Ok(Grading::Due(star.memory.due)));
    }
    let memory = match star.memory.graded(grade, given.time) {
        Ok(memory) => memory,
        Err(error) => return Ok(Err(error)),
    };
    let date = |time: Microseconds| Civil::of(time).map(values::date);
    let (due, last) = match (date(memory.due), memory.last_review.map_or(Ok(Value::NULL), date)) {
        (Ok(due), Ok(last)) => (due, last),
        (Err(error), _) | (_, Err(error)) => return Ok(Err(error)),
    };
    transaction.exec_drop(statements::INSERT_REVIEW, (&id, now, given.origin, word, grade.number()))?;
    let (reps, lapses) = (memory.reps, memory.lapses);
    transaction.exec_drop(
        statements::SET_MEMORY,
        (
            due,
            memory.stability,
            memory.difficulty,
            memory.elapsed_days,
            memory.scheduled_days,
            reps,
            lapses,
            memory.learned.number(),
            last,
            &id,
            word,
        ),
    )?;
    transaction.commit()?;
    Ok(Ok(Grading::Due(memory.due)))
}

/// A page of all stars of an account, whether it is locked or not.
pub(super) fn stars_of(store: &mut MySql, account: AccountId, after: &str, limit: u32) -> Result<Vec<Star>, Error> {
    let parameters = (values::id(account), after, limit);
    stars(store.link.run(|connection, _| select(connection, statements::STARS_AFTER, &parameters))?)
}

/// A page of its grades, the newest first.
pub(super) fn reviews_of(
    store: &mut MySql,
    account: AccountId,
    before: Option<Place>,
    limit: u32,
) -> Result<Vec<PastReview>, Error> {
    let id = values::id(account);
    let place = before.map(values::place).transpose()?;
    let rows: Vec<(String, u8, Value, u64)> = store.link.run(|connection, _| match &place {
        None => select(connection, statements::REVIEWS, (&id, limit)),
        Some((time, origin)) => select(connection, statements::REVIEWS_BEFORE, (&id, time, time, origin, limit)),
    })?;
    let review = |(word, grade, time, origin): (String, u8, Value, u64)| {
        Ok(PastReview { word, grade, time: values::moment(&time).ok_or_else(damaged)?, origin })
    };
    rows.into_iter().map(review).collect()
}
