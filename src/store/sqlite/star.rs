//! The notebook in the embedded store.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::accounts::live;
use super::values::{number, place};
use super::{Sqlite, statements};
use crate::store::moment::{self, Civil};
use crate::store::star::{AHEAD, damaged, with_tags, without_tags};
use crate::store::{
    AccountId, Error, Grade, Grading, Learned, MOST_STARS, Memory, Microseconds, PastReview, Place, Record, Star,
    StarText, Starring, Stars, Unstarring, schema,
};

/// A row, its times still text.
struct Raw {
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
    Civil::parse(text).and_then(Civil::moment).ok_or_else(damaged)
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

fn is_looked_up(connection: &Connection, account: AccountId, word: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached(statements::LOOKED_UP)?.exists((number(account), word))
}

/// Stars a headword, or adds to what it has.
fn put(
    connection: &Connection,
    account: AccountId,
    word: &str,
    text: &StarText,
    now: &str,
) -> rusqlite::Result<Starring> {
    let id = number(account);
    let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let known = connection.prepare_cached(statements::STAR_TEXT)?.query_row((id, word), pair).optional()?;
    let (tags, note) = known.as_ref().map_or(("", ""), |(tags, note)| (tags.as_str(), note.as_str()));
    let Some(tags) = with_tags(tags, &text.tags) else { return Ok(Starring::TooManyTags) };
    let note = text.note.as_deref().unwrap_or(note);
    if known.is_some() {
        connection.prepare_cached(statements::SET_STAR_TEXT)?.execute((tags, note, id, word))?;
        return Ok(Starring::Known(word.to_owned()));
    }
    let count: i64 = connection.prepare_cached(statements::COUNT_STARS)?.query_row((id,), |row| row.get(0))?;
    if count.unsigned_abs() >= MOST_STARS {
        return Ok(Starring::Full);
    }
    connection.prepare_cached(statements::INSERT_STAR)?.execute((id, word, now, tags, note))?;
    Ok(Starring::New(word.to_owned()))
}

impl Stars for Sqlite {
    fn star(&mut self, account: AccountId, words: &[String], text: &StarText) -> Result<Starring, Error> {
        words.iter().try_for_each(|word| schema::check_word(word))?;
        let now = moment::now()?.text();
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Starring::Gone);
            }
            for word in words {
                let starred = transaction.prepare_cached(statements::STAR_TEXT)?.exists((number(account), word))?;
                if starred || is_looked_up(&transaction, account, word)? {
                    let done = put(&transaction, account, word, text, &now)?;
                    transaction.commit()?;
                    return Ok(done);
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
        let now = moment::now()?.text();
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(None);
            }
            let mut done = Vec::with_capacity(entries.len());
            for (word, text) in entries {
                done.push(match word {
                    Some(word) => put(&transaction, account, word, text, &now)?,
                    None => Starring::NeverLookedUp,
                });
            }
            transaction.commit()?;
            Ok(Some(done))
        })
    }

    fn unstar(&mut self, account: AccountId, word: &str, tags: &[String]) -> Result<Unstarring, Error> {
        self.write(|transaction| {
            if live(&transaction, account)?.is_none() {
                return Ok(Unstarring::Gone);
            }
            let id = number(account);
            let pair = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
            let known = transaction.prepare_cached(statements::STAR_TEXT)?.query_row((id, word), pair).optional()?;
            let Some((known, note)) = known else { return Ok(Unstarring::NotStarred) };
            if tags.is_empty() {
                transaction.prepare_cached(statements::DELETE_STAR)?.execute((id, word))?;
            } else {
                transaction.prepare_cached(statements::SET_STAR_TEXT)?.execute((
                    without_tags(&known, tags),
                    note,
                    id,
                    word,
                ))?;
            }
            transaction.commit()?;
            Ok(Unstarring::Done)
        })
    }

    fn grade(&mut self, account: AccountId, grade: Grade, given: &Record) -> Result<Grading, Error> {
        schema::check_word(&given.word)?;
        let now = Civil::of(given.time)?.text();
        self.write(|transaction| grade_in(transaction, account, grade, given, &now))?
    }

    fn stars_after(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        let rows = self.run(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            rows_after(connection, account, after, limit).map(Some)
        })?;
        rows.map(stars).transpose()
    }

    fn stars_due(&mut self, account: AccountId, until: Microseconds, limit: u32) -> Result<Option<Vec<Star>>, Error> {
        let (until, soon) = bounds(until)?;
        let rows = self.run(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            let mut select = connection.prepare_cached(statements::STARS_DUE)?;
            select.query_map((number(account), until, soon, limit), raw)?.collect::<rusqlite::Result<_>>().map(Some)
        })?;
        rows.map(stars).transpose()
    }

    fn count_stars(&mut self, account: AccountId, until: Microseconds) -> Result<Option<(u64, u64)>, Error> {
        let (until, soon) = bounds(until)?;
        self.run(|connection| {
            if live(connection, account)?.is_none() {
                return Ok(None);
            }
            let id = number(account);
            let all: i64 = connection.prepare_cached(statements::COUNT_STARS)?.query_row((id,), |row| row.get(0))?;
            let due: i64 = connection
                .prepare_cached(statements::COUNT_DUE_STARS)?
                .query_row((id, until, soon), |row| row.get(0))?;
            Ok(Some((all.unsigned_abs(), due.unsigned_abs())))
        })
    }
}

/// Until when what is of days is due, and what is of minutes.
fn bounds(until: Microseconds) -> Result<(String, String), Error> {
    let soon = Microseconds(moment::present().0.saturating_add(AHEAD));
    Ok((Civil::of(until.max(soon))?.text(), Civil::of(soon)?.text()))
}

fn stars(rows: Vec<Raw>) -> Result<Vec<Star>, Error> {
    rows.into_iter().map(star).collect()
}

fn rows_after(connection: &Connection, account: AccountId, after: &str, limit: u32) -> rusqlite::Result<Vec<Raw>> {
    let mut select = connection.prepare_cached(statements::STARS_AFTER)?;
    select.query_map((number(account), after, limit), raw)?.collect()
}

fn grade_in(
    transaction: Transaction<'_>,
    account: AccountId,
    grade: Grade,
    given: &Record,
    now: &str,
) -> rusqlite::Result<Result<Grading, Error>> {
    if live(&transaction, account)?.is_none() {
        return Ok(Ok(Grading::Gone));
    }
    let (id, word) = (number(account), given.word.as_str());
    let mut known = transaction.prepare_cached(statements::STAR)?.query_row((id, word), raw).optional()?;
    if known.is_none() {
        if !is_looked_up(&transaction, account, word)? {
            return Ok(Ok(Grading::NeverLookedUp));
        }
        if put(&transaction, account, word, &StarText::default(), now)? == Starring::Full {
            return Ok(Ok(Grading::Full));
        }
        known = transaction.prepare_cached(statements::STAR)?.query_row((id, word), raw).optional()?;
    }
    let star = match known.map(star) {
        Some(Ok(star)) => star,
        Some(Err(error)) => return Ok(Err(error)),
        None => return Err(rusqlite::Error::QueryReturnedNoRows),
    };
    let identity = (id, now, given.origin.cast_signed(), word, grade.number());
    if transaction.prepare_cached(statements::INSERT_REVIEW)?.execute(identity)? == 0 {
        // This very grade was kept before.
        return Ok(Ok(Grading::Due(star.memory.due)));
    }
    let memory = match star.memory.graded(grade, given.time) {
        Ok(memory) => memory,
        Err(error) => return Ok(Err(error)),
    };
    let text = |time: Microseconds| Civil::of(time).map(Civil::text);
    let (due, last) = match (text(memory.due), memory.last_review.map(text).transpose()) {
        (Ok(due), Ok(last)) => (due, last),
        (Err(error), _) | (_, Err(error)) => return Ok(Err(error)),
    };
    transaction.prepare_cached(statements::SET_MEMORY)?.execute(rusqlite::params![
        due,
        memory.stability,
        memory.difficulty,
        memory.elapsed_days,
        memory.scheduled_days,
        memory.reps,
        memory.lapses,
        memory.learned.number(),
        last,
        id,
        word,
    ])?;
    transaction.commit()?;
    Ok(Ok(Grading::Due(memory.due)))
}

/// A page of all stars of an account, whether it is locked or not.
pub(super) fn stars_of(store: &mut Sqlite, account: AccountId, after: &str, limit: u32) -> Result<Vec<Star>, Error> {
    stars(store.run(|connection| rows_after(connection, account, after, limit))?)
}

/// A page of its grades, the newest first.
pub(super) fn reviews_of(
    store: &mut Sqlite,
    account: AccountId,
    before: Option<Place>,
    limit: u32,
) -> Result<Vec<PastReview>, Error> {
    let place = before.map(place).transpose()?;
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let rows: Vec<(String, u8, String, i64)> = store.run(|connection| match &place {
        None => connection.prepare_cached(statements::REVIEWS)?.query_map((number(account), limit), row)?.collect(),
        Some((time, origin)) => connection
            .prepare_cached(statements::REVIEWS_BEFORE)?
            .query_map((number(account), time, origin, limit), row)?
            .collect::<rusqlite::Result<_>>(),
    })?;
    let review = |(word, grade, text, origin): (String, u8, String, i64)| {
        Ok(PastReview { word, grade, time: time(&text)?, origin: origin.cast_unsigned() })
    };
    rows.into_iter().map(review).collect()
}
