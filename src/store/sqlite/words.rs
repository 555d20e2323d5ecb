//! Table `words`: looking up.

use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use super::{Sqlite, live};
use crate::store::words::{FoundRow, articles};
use crate::store::{AboutWords, AccountId, Error, LookedUp, MOST_KEYED, Standing, schema};

/// The rows that are valid.
macro_rules! valid {
    () => {
        "(generation = 0 OR \
          generation = (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'words_generation'))"
    };
}

const FIND_WORD: &str = concat!("SELECT id, word, dictionary, interpret FROM words WHERE word = ? AND ", valid!());
/// By the key.
const FIND_KEYED: &str =
    concat!("SELECT id, word, dictionary, interpret FROM words WHERE lookup_key = ?1 AND ", valid!(), " LIMIT ?2");
/// In rows that know none by the lower case.
const FIND_KEYLESS: &str = concat!(
    "SELECT id, word, dictionary, interpret FROM words WHERE folded = ?1 AND lookup_key IS NULL AND ",
    valid!(),
    " LIMIT ?2"
);
const HAS_KEYLESS: &str = "SELECT EXISTS (SELECT 1 FROM words WHERE lookup_key IS NULL)";
const GENERATION: &str = "SELECT value FROM meta WHERE name = 'words_generation'";
/// A range of the index: `LIKE` would need escapes, and takes an ASCII letter for its capital.
const BEGINNING: &str = concat!(
    "SELECT DISTINCT word FROM words WHERE folded >= ? AND folded < ? AND ",
    valid!(),
    " ORDER BY folded, word LIMIT ?"
);
const AMONG: &str = concat!("SELECT DISTINCT word FROM words WHERE folded = ? AND ", valid!());
const AFTER: &str = concat!("SELECT DISTINCT word FROM words WHERE word > ? AND ", valid!(), " ORDER BY word LIMIT ?");
/// By an index alone: no interpretation is read.
const AT: &str =
    concat!("SELECT word FROM words WHERE ", valid!(), " GROUP BY folded, word ORDER BY folded, word LIMIT 1 OFFSET ?");
const AFTER_NEXT: &str =
    concat!("SELECT DISTINCT word FROM words WHERE word > ? AND ", valid!(), " ORDER BY word LIMIT 1 OFFSET ?");
const HOLDING: &str = concat!(
    "SELECT id, word, dictionary, interpret FROM words \
     WHERE word > ?1 AND word <= ?2 AND (?3 IS NULL OR instr(interpret, ?3) > 0) AND ",
    valid!(),
    " ORDER BY word, id"
);
const ABOUT: &str = "SELECT name, value FROM meta";

pub(super) fn find(store: &mut Sqlite, word: &str) -> Result<Option<(String, String)>, Error> {
    store.run(|connection| exactly(connection, word))
}

fn exactly(connection: &Connection, word: &str) -> rusqlite::Result<Option<(String, String)>> {
    Ok(articles(rows(&mut connection.prepare_cached(FIND_WORD)?, (word,))?).pop())
}

fn rows(select: &mut CachedStatement<'_>, parameters: impl Params) -> rusqlite::Result<Vec<FoundRow>> {
    let row = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?, row.get(2)?, row.get(3)?));
    select.query_map(parameters, row)?.collect()
}

/// In this process a statement costs next to nothing: it runs those that are needed.
pub(super) fn look_up(
    store: &mut Sqlite,
    word: &str,
    keys: &[String],
    account: Option<AccountId>,
) -> Result<LookedUp, Error> {
    store.run(|connection| {
        let generation: Option<String> =
            connection.prepare_cached(GENERATION)?.query_row((), |row| row.get(0)).optional()?;
        let generation = generation.and_then(|value| value.parse().ok()).unwrap_or_default();
        let exact = exactly(connection, word)?;
        if exact.is_some() {
            return Ok(LookedUp { exact, generation, ..LookedUp::default() });
        }
        let standing = account.map(|account| live(connection, account)).transpose()?;
        let standing = standing.map(|name| if name.is_some() { Standing::Live } else { Standing::Gone });
        let mut select = connection.prepare_cached(FIND_KEYED)?;
        let mut keyed = Vec::new();
        for key in keys {
            keyed.extend(rows(&mut select, (key, MOST_KEYED))?);
        }
        Ok(LookedUp { exact: None, keyed: articles(keyed), standing, generation })
    })
}

pub(super) fn has_keyless(store: &mut Sqlite) -> Result<bool, Error> {
    store.run(|connection| connection.prepare_cached(HAS_KEYLESS)?.query_row((), |row| row.get(0)))
}

pub(super) fn keyed(store: &mut Sqlite, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
    store.run(|connection| {
        let mut found = Vec::new();
        for statement in [FIND_KEYED, FIND_KEYLESS] {
            let mut select = connection.prepare_cached(statement)?;
            for key in keys {
                found.extend(rows(&mut select, (key, MOST_KEYED))?);
            }
        }
        Ok(articles(found))
    })
}

pub(super) fn beginning(store: &mut Sqlite, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
    // A blob is greater than every text.
    let beyond = schema::after_all_beginning_with(folded).map_or(Value::Blob(Vec::new()), Value::Text);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    store.run(|connection| {
        let mut select = connection.prepare_cached(BEGINNING)?;
        select.query_map((folded, beyond, limit), |row| row.get(0))?.collect()
    })
}

pub(super) fn among(store: &mut Sqlite, folded: &[String]) -> Result<Vec<String>, Error> {
    store.run(|connection| {
        let mut select = connection.prepare_cached(AMONG)?;
        let mut words = Vec::new();
        for text in folded {
            for word in select.query_map((text,), |row| row.get(0))? {
                words.push(word?);
            }
        }
        Ok(words)
    })
}

pub(super) fn after(store: &mut Sqlite, word: &str, limit: usize) -> Result<Vec<String>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    store.run(|connection| connection.prepare_cached(AFTER)?.query_map((word, limit), |row| row.get(0))?.collect())
}

pub(super) fn at(store: &mut Sqlite, at: u64) -> Result<Option<String>, Error> {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    store.run(|connection| connection.prepare_cached(AT)?.query_row((at,), |row| row.get(0)).optional())
}

pub(super) fn holding(
    store: &mut Sqlite,
    after: &str,
    count: usize,
    text: Option<&str>,
    found: &mut dyn FnMut(&str, &str),
) -> Result<Option<String>, Error> {
    let last = i64::try_from(count.saturating_sub(1)).unwrap_or(i64::MAX);
    store.run(|connection| {
        let bound: Option<String> =
            connection.prepare_cached(AFTER_NEXT)?.query_row((after, last), |row| row.get(0)).optional()?;
        // A blob is greater than every text.
        let up_to = bound.clone().map_or(Value::Blob(Vec::new()), Value::Text);
        let mut select = connection.prepare_cached(HOLDING)?;
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
        // What other dictionaries say of the same headwords, too.
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

pub(super) fn about(store: &mut Sqlite) -> Result<AboutWords, Error> {
    let rows: Vec<(String, String)> = store.run(|connection| {
        connection.prepare_cached(ABOUT)?.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    })?;
    Ok(AboutWords::from_meta(rows))
}
