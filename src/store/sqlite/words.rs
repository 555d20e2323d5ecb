//! Table `words`: looking up.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use super::accounts::live;
use super::load::Load;
use super::{Sqlite, statements};
use crate::store::load::load;
use crate::store::words::{FoundRow, MOST_KEYED, articles};
use crate::store::{AboutWords, AccountId, Error, Loading, LookedUp, Standing, WordRow, WordTable, schema};

impl WordTable for Sqlite {
    fn look_up_exactly(&mut self, word: &str) -> Result<Option<LookedUp>, Error> {
        self.read(|connection| {
            let exact = exactly(connection, word)?;
            exact.map(|exact| Ok(LookedUp::exactly(exact, generation(connection)?))).transpose()
        })
    }

    /// In this process a statement costs next to nothing: it runs those that are needed.
    fn look_up(&mut self, word: &str, keys: &[String], account: Option<AccountId>) -> Result<LookedUp, Error> {
        self.read(|connection| {
            let generation = generation(connection)?;
            let exact = exactly(connection, word)?;
            if let Some(exact) = exact {
                return Ok(LookedUp::exactly(exact, generation));
            }
            let standing = account.map(|account| live(connection, account)).transpose()?;
            let standing = standing.map(Standing::of_found);
            let mut select = connection.prepare_cached(statements::FIND_KEYED)?;
            let mut keyed = Vec::new();
            for key in keys {
                keyed.extend(rows(&mut select, (key, MOST_KEYED))?);
            }
            Ok(LookedUp { exact: None, keyed: articles(keyed), standing, generation })
        })
    }

    fn has_keyless_words(&mut self) -> Result<bool, Error> {
        self.run(|connection| connection.prepare_cached(statements::HAS_KEYLESS)?.query_row((), |row| row.get(0)))
    }

    fn find_word(&mut self, word: &str) -> Result<Option<(String, String)>, Error> {
        self.run(|connection| exactly(connection, word))
    }

    fn words_keyed(&mut self, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
        self.read(|connection| {
            let mut found = Vec::new();
            for statement in [statements::FIND_KEYED, statements::FIND_KEYLESS] {
                let mut select = connection.prepare_cached(statement)?;
                for key in keys {
                    found.extend(rows(&mut select, (key, MOST_KEYED))?);
                }
            }
            Ok(articles(found))
        })
    }

    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
        // A blob is greater than every text.
        let beyond = schema::after_all_beginning_with(folded).map_or(Value::Blob(Vec::new()), Value::Text);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(|connection| {
            let mut select = connection.prepare_cached(statements::BEGINNING)?;
            select.query_map((folded, beyond, limit), |row| row.get(0))?.collect()
        })
    }

    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error> {
        self.read(|connection| {
            let mut select = connection.prepare_cached(statements::AMONG)?;
            let mut words = Vec::new();
            for text in folded {
                for word in select.query_map((text,), |row| row.get(0))? {
                    words.push(word?);
                }
            }
            Ok(words)
        })
    }

    fn words_after(&mut self, word: &str, limit: usize) -> Result<Vec<String>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.run(|connection| {
            connection.prepare_cached(statements::AFTER)?.query_map((word, limit), |row| row.get(0))?.collect()
        })
    }

    fn word_at(&mut self, at: u64) -> Result<Option<String>, Error> {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        self.run(|connection| {
            connection.prepare_cached(statements::WORD_AT)?.query_row((at,), |row| row.get(0)).optional()
        })
    }

    fn words_holding(
        &mut self,
        after: &str,
        count: usize,
        text: Option<&str>,
        found: &mut dyn FnMut(&str, &str),
    ) -> Result<Option<String>, Error> {
        let last = i64::try_from(count.saturating_sub(1)).unwrap_or(i64::MAX);
        self.read(|connection| {
            let bound: Option<String> = connection
                .prepare_cached(statements::AFTER_NEXT)?
                .query_row((after, last), |row| row.get(0))
                .optional()?;
            // A blob is greater than every text.
            let up_to = bound.clone().map_or(Value::Blob(Vec::new()), Value::Text);
            let mut select = connection.prepare_cached(statements::HOLDING)?;
            let mut rows = select.query((after, up_to, text))?;
            let mut of_several: Vec<FoundRow> = Vec::new();
            while let Some(row) = rows.next()? {
                if row.get_ref(2)?.as_str()?.is_empty() {
                    found(row.get_ref(1)?.as_str()?, row.get_ref(3)?.as_str()?);
                } else {
                    of_several.push((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?, row.get(2)?, row.get(3)?));
                }
            }
            if text.is_none() {
                articles(of_several).iter().for_each(|(word, interpret)| found(word, interpret));
                return Ok(bound);
            }
            // Other dictionaries' articles of the same headwords, too.
            let mut words: Vec<String> = of_several.into_iter().map(|(_, word, ..)| word).collect();
            words.dedup();
            for word in words {
                if let Some((word, interpret)) = exactly(connection, &word)? {
                    found(&word, &interpret);
                }
            }
            Ok(bound)
        })
    }

    fn about_words(&mut self) -> Result<AboutWords, Error> {
        let rows: Vec<(String, String)> = self.run(|connection| {
            connection.prepare_cached(statements::ABOUT)?.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })?;
        Ok(AboutWords::from_meta(rows))
    }

    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Loading, Error> {
        load(Load::begin(self), about, rows, progress)
    }
}

/// Which rows are valid.
fn generation(connection: &Connection) -> rusqlite::Result<u32> {
    let value: Option<String> =
        connection.prepare_cached(statements::GENERATION)?.query_row((), |row| row.get(0)).optional()?;
    Ok(value.and_then(|value| value.parse().ok()).unwrap_or_default())
}

fn exactly(connection: &Connection, word: &str) -> rusqlite::Result<Option<(String, String)>> {
    Ok(articles(rows(&mut connection.prepare_cached(statements::FIND_WORD)?, (word,))?).pop())
}

fn rows(select: &mut CachedStatement<'_>, parameters: impl Params) -> rusqlite::Result<Vec<FoundRow>> {
    let row = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?, row.get(2)?, row.get(3)?));
    select.query_map(parameters, row)?.collect()
}
