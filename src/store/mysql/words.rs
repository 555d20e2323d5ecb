//! Table `words`: looking up, and replacing it as a whole.
//!
//! It never holds more than one batch of rows, and never leaves half a dictionary behind.

use ::mysql::prelude::Queryable;
use ::mysql::{TxOpts, Value, from_row_opt};

use super::connection::Link;
use super::select::{select, select_first};
use super::{errors, statements};
use crate::store::{AboutWords, Error, WordRow, schema};

/// Most rows in one insert. A power of two: a batch is sent in inserts of powers of two, so that few statements are
/// prepared.
const MAX_ROWS: usize = 256;
/// Most bytes in one insert of more than one row: far below every server's `max_allowed_packet`.
const MAX_BYTES: usize = 1024 * 1024;

pub(super) fn find(link: &mut Link, word: &str) -> Result<Option<(String, String)>, Error> {
    link.run(|connection, _| {
        let exact: Option<(String, String)> = select_first(connection, statements::FIND_WORD, (word,))?;
        // The server compares 'a' equal to 'a '; we don't.
        Ok(exact.filter(|(found, _)| found == word))
    })
}

pub(super) fn keyed(link: &mut Link, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
    let statement = statements::keyed();
    link.run(|connection, _| {
        let mut pairs = Vec::new();
        for chunk in keys.chunks(statements::AMONG_AT_ONCE) {
            let parameters = [repeating_the_last(chunk), repeating_the_last(chunk)].concat();
            let rows: Vec<(String, String, String)> = select(connection, &statement, parameters)?;
            let own = rows.into_iter().filter(|(_, found, _)| chunk.contains(found));
            pairs.extend(own.map(|(word, _, interpret)| (word, interpret)));
        }
        Ok(pairs)
    })
}

/// As many parameters as the statement has places.
fn repeating_the_last(texts: &[String]) -> Vec<Value> {
    let last = texts.iter().rev().take(1).cycle();
    texts.iter().chain(last).take(statements::AMONG_AT_ONCE).map(|text| text.as_str().into()).collect()
}

pub(super) fn beginning(link: &mut Link, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
    // Where a text ends, comparison goes on with spaces, and a control character is less than a space. A NUL, which
    // is less than everything, makes both bounds hold for every text that begins with the prefix.
    let least = format!("{folded}\0");
    let beyond = schema::after_all_beginning_with(folded).unwrap_or_else(|| char::MAX.to_string()) + "\0";
    link.run(|connection, _| {
        let parameters = (least.as_str(), beyond.as_str(), folded.len(), limit);
        Ok(select(connection, statements::BEGINNING, parameters)?.into_iter().map(|(word,)| word).collect())
    })
}

pub(super) fn among(link: &mut Link, folded: &[String]) -> Result<Vec<String>, Error> {
    let statement = statements::among();
    link.run(|connection, _| {
        let mut words = Vec::new();
        for chunk in folded.chunks(statements::AMONG_AT_ONCE) {
            let rows: Vec<(String, String)> = select(connection, &statement, repeating_the_last(chunk))?;
            // The server compares 'a' equal to 'a '; we don't.
            words.extend(rows.into_iter().filter(|(_, found)| chunk.contains(found)).map(|(word, _)| word));
        }
        Ok(words)
    })
}

pub(super) fn after(link: &mut Link, word: &str, limit: usize) -> Result<Vec<String>, Error> {
    link.run(|connection, _| {
        Ok(select(connection, statements::AFTER, (word, limit))?.into_iter().map(|(word,)| word).collect())
    })
}

pub(super) fn holding(
    link: &mut Link,
    after: &str,
    count: usize,
    text: Option<&str>,
    found: &mut dyn FnMut(&str, &str),
) -> Result<Option<String>, Error> {
    link.run(|connection, _| {
        let last = count.saturating_sub(1);
        let bound: Option<(String,)> = select_first(connection, statements::AFTER_NEXT, (after, last))?;
        let bound = bound.map(|(word,)| word);
        // Without a bound, what is compared with itself.
        let parameters = (after, bound.as_deref(), bound.as_deref(), text, text);
        for row in connection.exec_iter(statements::HOLDING, parameters)? {
            let (word, interpret): (String, String) = from_row_opt(row?)?;
            found(&word, &interpret);
        }
        Ok(bound)
    })
}

pub(super) fn about(link: &mut Link) -> Result<AboutWords, Error> {
    let rows: Vec<(String, String)> = link.run(|connection, _| select(connection, statements::ABOUT, ()))?;
    Ok(AboutWords::from_meta(rows))
}

pub(super) fn replace(
    link: &mut Link,
    about: &AboutWords,
    rows: &mut dyn Iterator<Item = WordRow<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Error> {
    let explain = |failure| errors::explain(&failure);
    let mut connection = link.patient()?;
    // Rolled back when it is dropped, and by the server if we are killed.
    let mut transaction = connection.start_transaction(TxOpts::default()).map_err(explain)?;
    transaction.exec_drop(statements::CLEAR_WORDS, ()).map_err(explain)?;
    let mut batch = Batch::default();
    let mut count = 0_u64;
    for row in rows {
        schema::check_word(row.word)?;
        if !batch.takes(&row) {
            count += batch.send(&mut transaction).map_err(explain)?;
            progress(count);
        }
        batch.push(&row);
    }
    count += batch.send(&mut transaction).map_err(explain)?;
    for (name, value) in about.to_meta(count) {
        transaction.exec_drop(statements::SET_ABOUT, (name, &value, &value)).map_err(explain)?;
    }
    transaction.commit().map_err(explain)?;
    progress(count);
    Ok(count)
}

/// Rows that have been taken and not yet sent.
#[derive(Default)]
struct Batch {
    values: Vec<Value>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    /// Whether a row fits in; a first one always does.
    fn takes(&self, row: &WordRow<'_>) -> bool {
        self.rows == 0 || (self.rows < MAX_ROWS && self.bytes.saturating_add(size(row)) <= MAX_BYTES)
    }

    fn push(&mut self, row: &WordRow<'_>) {
        let folded = schema::cut_folded(row.folded);
        self.values.extend([row.word.into(), folded.into(), schema::cut_folded(row.key).into(), row.interpret.into()]);
        self.rows += 1;
        self.bytes = self.bytes.saturating_add(size(row));
    }

    /// Sends all rows; gives back how many they were.
    fn send(&mut self, transaction: &mut impl Queryable) -> ::mysql::Result<u64> {
        let sent = self.rows as u64;
        while self.rows > 0 {
            let rows = if self.rows.is_power_of_two() { self.rows } else { self.rows.next_power_of_two() / 2 };
            let values: Vec<Value> = self.values.drain(..rows * 4).collect();
            transaction.exec_drop(statements::insert_words(rows), values)?;
            self.rows -= rows;
        }
        self.bytes = 0;
        Ok(sent)
    }
}

fn size(row: &WordRow<'_>) -> usize {
    row.word.len().saturating_add(row.folded.len()).saturating_add(row.key.len()).saturating_add(row.interpret.len())
}
