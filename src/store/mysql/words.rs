//! Table `words`: looking up.

use std::time::Instant;

use ::mysql::prelude::Queryable;
use ::mysql::{Value, from_row_opt};

use super::load::Load;
use super::select::{select, select_first};
use super::{MySql, statements, values};
use crate::store::load::load;
use crate::store::words::{FoundRow, articles};
use crate::store::{AboutWords, AccountId, Error, Loading, LookedUp, Standing, WordRow, WordTable, schema};

impl WordTable for MySql {
    fn look_up_exactly(&mut self, word: &str) -> Result<Option<LookedUp>, Error> {
        if let Some(valid) = self.generation.valid() {
            let rows: Vec<(u64, String, String, String, u32)> =
                self.link.run(|connection, _| select(connection, statements::LOOK_UP_IN_GENERATION, (word,)))?;
            // What is answered late may be of a load that is not valid any more.
            if self.generation.valid() == Some(valid) {
                return Ok(exactly_of(word, rows.into_iter(), valid));
            }
        }
        type Row = (String, u64, String, String, String, u32);
        let asked = Instant::now();
        let rows: Vec<Row> = self.link.run(|connection, _| select(connection, statements::LOOK_UP_EXACTLY, (word,)))?;
        let Some((value, ..)) = rows.first() else { return Ok(None) };
        let valid = value.parse().unwrap_or_default();
        self.generation.seen(valid, asked);
        let rows =
            rows.into_iter().map(|(_, id, word, dictionary, interpret, of)| (id, word, dictionary, interpret, of));
        Ok(exactly_of(word, rows, valid))
    }

    fn look_up(&mut self, word: &str, keys: &[String], account: Option<AccountId>) -> Result<LookedUp, Error> {
        type Row = (String, Option<u64>, Option<u64>, Option<String>, Option<String>, Option<String>);
        let (now, later) = keys.split_at(keys.len().min(MOST_KEYS));
        let places = now.len().next_power_of_two().max(FEWEST_KEYS);
        let statement = statements::look_up(places);
        let (number, created) =
            account.map_or((Value::NULL, Value::NULL), |account| (values::id(account), values::created(account)));
        let mut parameters = vec![number, created];
        let again = now.iter().rev().take(1).cycle();
        parameters.extend(now.iter().chain(again).take(places).map(|key| schema::cut_folded(key).into()));
        parameters.resize(2 + places, Value::NULL);
        let asked = Instant::now();
        let rows: Vec<Row> = self.link.run(|connection, _| select(connection, &statement, parameters.clone()))?;
        let Some((generation, usable, ..)) = rows.first() else {
            return Err(Error::configuration("table meta has no words_generation: run cidiand init-db"));
        };
        let (generation, standing) = (generation.parse().unwrap_or_default(), Standing::of_found(*usable));
        self.generation.seen(generation, asked);
        let mut found = LookedUp { standing: account.map(|_| standing), generation, ..LookedUp::default() };
        let rows = rows
            .into_iter()
            .filter_map(|(_, _, id, word, dictionary, interpret)| Some((id?, word?, dictionary?, interpret?)));
        found.keyed = articles(rows.collect());
        if let Some(exact) = found.keyed.iter().position(|(found, _)| found == word) {
            found.exact = Some(found.keyed.swap_remove(exact));
            found.keyed.clear();
        } else if !later.is_empty() {
            found.keyed.extend(self.words_keyed(later)?);
        }
        Ok(found)
    }

    fn has_keyless_words(&mut self) -> Result<bool, Error> {
        let row: Option<(bool,)> =
            self.link.run(|connection, _| select_first(connection, statements::HAS_KEYLESS, ()))?;
        Ok(row.is_some_and(|(has,)| has))
    }

    fn find_word(&mut self, word: &str) -> Result<Option<(String, String)>, Error> {
        let rows: Vec<FoundRow> = self.link.run(|connection, _| select(connection, statements::FIND_WORD, (word,)))?;
        Ok(exactly(word, rows))
    }

    fn words_keyed(&mut self, keys: &[String]) -> Result<Vec<(String, String)>, Error> {
        let statement = statements::keyed();
        let found = self.link.run(|connection, _| {
            let mut found: Vec<FoundRow> = Vec::new();
            for chunk in keys.chunks(statements::AMONG_AT_ONCE) {
                let parameters = [repeating_the_last(chunk), repeating_the_last(chunk)].concat();
                let rows: Vec<(u64, String, String, String, String)> = select(connection, &statement, parameters)?;
                let own = rows.into_iter().filter(|(.., key)| chunk.contains(key));
                found.extend(own.map(|(id, word, dictionary, interpret, _)| (id, word, dictionary, interpret)));
            }
            Ok(found)
        })?;
        Ok(articles(found))
    }

    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error> {
        // Where a text ends, comparison goes on with spaces, and a control character is less than a space. A NUL, which
        // is less than everything, makes both bounds hold for every text that begins with the prefix.
        let least = format!("{folded}\0");
        let beyond = schema::after_all_beginning_with(folded).unwrap_or_else(|| char::MAX.to_string()) + "\0";
        self.link.run(|connection, _| {
            let parameters = (least.as_str(), beyond.as_str(), folded.len(), limit);
            Ok(select(connection, statements::BEGINNING, parameters)?.into_iter().map(|(word,)| word).collect())
        })
    }

    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error> {
        let statement = statements::among();
        self.link.run(|connection, _| {
            let mut words = Vec::new();
            for chunk in folded.chunks(statements::AMONG_AT_ONCE) {
                let rows: Vec<(String, String)> = select(connection, &statement, repeating_the_last(chunk))?;
                // The server compares 'a' equal to 'a '; we don't.
                words.extend(rows.into_iter().filter(|(_, found)| chunk.contains(found)).map(|(word, _)| word));
            }
            Ok(words)
        })
    }

    fn words_after(&mut self, word: &str, limit: usize) -> Result<Vec<String>, Error> {
        self.link.run(|connection, _| {
            Ok(select(connection, statements::AFTER, (word, limit))?.into_iter().map(|(word,)| word).collect())
        })
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
        self.link.run(|connection, _| {
            let last = count.saturating_sub(1);
            let bound: Option<(String,)> = select_first(connection, statements::AFTER_NEXT, (after, last))?;
            let bound = bound.map(|(word,)| word);
            // Without a bound, what is compared with itself.
            let parameters = (after, bound.as_deref(), bound.as_deref(), text, text);
            let mut of_several: Vec<FoundRow> = Vec::new();
            for row in connection.exec_iter(statements::HOLDING, parameters)? {
                let (id, word, dictionary, interpret): FoundRow = from_row_opt(row?)?;
                match dictionary.is_empty() {
                    true => found(&word, &interpret),
                    false => of_several.push((id, word, dictionary, interpret)),
                }
            }
            if text.is_some() && !of_several.is_empty() {
                // Other dictionaries' articles of the same headwords.
                let mut words: Vec<String> = of_several.iter().map(|(_, word, ..)| word.clone()).collect();
                words.dedup();
                let statement = statements::of_words(statements::AMONG_AT_ONCE);
                of_several.clear();
                for chunk in words.chunks(statements::AMONG_AT_ONCE) {
                    of_several.extend(select::<FoundRow>(connection, &statement, repeating_the_last(chunk))?);
                }
            }
            articles(of_several).iter().for_each(|(word, interpret)| found(word, interpret));
            Ok(bound)
        })
    }

    fn about_words(&mut self) -> Result<AboutWords, Error> {
        let asked = Instant::now();
        let rows: Vec<(String, String)> = self.link.run(|connection, _| select(connection, statements::ABOUT, ()))?;
        let about = AboutWords::from_meta(rows);
        self.generation.seen(about.generation, asked);
        Ok(about)
    }

    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Loading, Error> {
        load(Load::begin(&mut self.link), about, rows, progress)
    }
}

/// The most keys that one statement asks for.
const MOST_KEYS: usize = 128;
/// The fewest, so that few statements are prepared.
const FEWEST_KEYS: usize = 2;

/// The article of exactly this headword. The server compares 'a' equal to 'a '; we don't.
fn exactly(word: &str, rows: Vec<FoundRow>) -> Option<(String, String)> {
    articles(rows).into_iter().find(|(found, _)| found == word)
}

/// The same, of rows of all generations.
fn exactly_of(
    word: &str,
    rows: impl Iterator<Item = (u64, String, String, String, u32)>,
    valid: u32,
) -> Option<LookedUp> {
    let rows = rows.filter(|(.., generation)| [schema::NOT_LOADED, valid].contains(generation));
    let rows = rows.map(|(id, word, dictionary, interpret, _)| (id, word, dictionary, interpret));
    exactly(word, rows.collect()).map(|exact| LookedUp::exactly(exact, valid))
}

/// As many parameters as the statement has places.
fn repeating_the_last(texts: &[String]) -> Vec<Value> {
    let last = texts.iter().rev().take(1).cycle();
    texts.iter().chain(last).take(statements::AMONG_AT_ONCE).map(|text| text.as_str().into()).collect()
}
