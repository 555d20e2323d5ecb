//! Table `words`: what a row is, the notes of the table about itself, and how words are looked up in it.

use std::time::{Duration, Instant};

use super::{AccountId, Error, Standing, schema};
use crate::words::{self, DictionaryNote};

/// The most rows that one question by keys is answered with: a headword has some dozens of homographs at the most, and
/// anything beyond that is a mistake, which a session need not read.
pub(super) const MOST_KEYED: u32 = 400;

/// The notes of table `words` about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AboutWords {
    /// The dictionary's title, empty without one.
    pub title: String,
    /// Its licence, empty if it names none.
    pub licence: String,
    /// How many headwords there are.
    pub headwords: u64,
    /// The dictionaries that it is made of, in the order of preference; empty where that is not known.
    pub dictionaries: Vec<DictionaryNote>,
    /// Which load of the table it is of.
    pub generation: u32,
}

impl AboutWords {
    /// From the rows of table `meta`. What is missing, or is not a number where one is needed, is treated as if nothing
    /// had been loaded.
    pub(super) fn from_meta(rows: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut about = Self::default();
        for (name, value) in rows {
            match name.as_str() {
                schema::TITLE => about.title = value,
                schema::LICENCE => about.licence = value,
                schema::HEADWORDS => about.headwords = value.parse().unwrap_or_default(),
                schema::DICTIONARIES => about.dictionaries = words::notes_from_text(&value),
                schema::GENERATION => about.generation = value.parse().unwrap_or_default(),
                _ => {}
            }
        }
        about
    }

    /// The rows of table `meta` but for the generation, with the number of headwords that were really loaded.
    pub(super) fn to_meta(&self, headwords: u64) -> [(&'static str, String); 4] {
        [
            (schema::TITLE, self.title.clone()),
            (schema::LICENCE, self.licence.clone()),
            (schema::HEADWORDS, headwords.to_string()),
            (schema::DICTIONARIES, words::notes_to_text(&self.dictionaries)),
        ]
    }
}

/// One row of table `words`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordRow<'a> {
    /// The headword as the dictionary spells it.
    pub word: &'a str,
    /// The dictionary's name; empty where there is only one.
    pub dictionary: &'a str,
    /// The headword in Unicode lower case, by Rust's rules.
    pub folded: &'a str,
    /// Its key, by which it is found where it is not spelled exactly so.
    pub key: &'a str,
    /// The interpretation, with the escapes it has in the words file and on the wire.
    pub interpret: &'a str,
}

impl WordRow<'_> {
    /// How large it is, in bytes.
    pub(super) fn size(&self) -> usize {
        [self.word, self.dictionary, self.folded, self.key, self.interpret].iter().map(|text| text.len()).sum()
    }
}

/// What table `words` has for a lookup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// The headword that was asked for, and its interpretation.
    pub exact: Option<(String, String)>,
    /// Without one: headwords that have one of the keys, and their interpretations.
    pub keyed: Vec<(String, String)>,
    /// How the account stands that was asked for; not always known where there is an exact one.
    pub standing: Option<Standing>,
    /// Which load of the table is valid.
    pub generation: u32,
}

impl LookedUp {
    /// The headword that was asked for.
    pub(super) fn exactly(found: (String, String), generation: u32) -> Self {
        Self { exact: Some(found), generation, ..Self::default() }
    }
}

/// How long after it was read the valid generation is taken for valid: to read it with each lookup costs a server a
/// quarter more. A load ends only when the one before it is not taken for valid any more.
pub(super) const GENERATION_HOLDS: Duration = Duration::from_millis(50);

/// The valid generation of table `words`, as it was last read.
#[derive(Debug, Default)]
pub(super) struct KnownGeneration(Option<(u32, Instant)>);

impl KnownGeneration {
    /// The valid generation if it was read a short time ago.
    pub(super) fn valid(&self) -> Option<u32> {
        self.0.filter(|(_, asked)| asked.elapsed() < GENERATION_HOLDS).map(|(generation, _)| generation)
    }

    /// This one was valid at that time or after.
    pub(super) fn seen(&mut self, generation: u32, asked: Instant) {
        self.0 = Some((generation, asked));
    }
}

/// A row as it was found: its number, its headword, its dictionary, its interpretation.
pub(super) type FoundRow = (u64, String, String, String);

/// Headwords and interpretations of rows, in the byte order of headwords. Several of one headword are one, in the order
/// of their numbers, each below the name of its dictionary.
pub(super) fn articles(mut rows: Vec<FoundRow>) -> Vec<(String, String)> {
    rows.sort_by(|(left_id, left, ..), (right_id, right, ..)| (left, left_id).cmp(&(right, right_id)));
    let mut articles: Vec<(String, String)> = Vec::with_capacity(rows.len());
    for (_, word, dictionary, interpret) in rows {
        match articles.last_mut().filter(|(last, _)| *last == word) {
            Some((_, article)) => words::append(article, &dictionary, &interpret),
            None if dictionary.is_empty() => articles.push((word, interpret)),
            None => {
                let mut article = String::with_capacity(interpret.len() + dictionary.len() + 4);
                words::append(&mut article, &dictionary, &interpret);
                articles.push((word, article));
            }
        }
    }
    articles
}

/// What came of a load of table `words`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Loading {
    /// What was loaded is what is looked up from now on.
    Done {
        /// How many headwords there are.
        headwords: u64,
        /// Hosts of the database that do not show it yet, each with what is known of it.
        behind: Vec<String>,
    },
    /// Another load is under way, or has overtaken this one: nothing has changed. What is known of it.
    Overtaken(String),
}

/// What a store does for table `words`.
pub trait WordTable {
    /// The entry of exactly this headword, and which load is valid: what a hit needs, at the least cost.
    fn look_up_exactly(&mut self, word: &str) -> Result<Option<LookedUp>, Error>;

    /// What a lookup needs of table `words`, in one statement: the entry of exactly this headword, or without one those
    /// that have one of these keys, no more than some hundreds; and how an account stands. The headword's own key has
    /// to be one of the keys. Rows without a key need not be found.
    fn look_up(&mut self, word: &str, keys: &[String], account: Option<AccountId>) -> Result<LookedUp, Error>;

    /// Whether there are rows in table `words` without a key.
    fn has_keyless_words(&mut self) -> Result<bool, Error>;

    /// The interpretation of exactly this headword of table `words`, with the headword.
    fn find_word(&mut self, word: &str) -> Result<Option<(String, String)>, Error>;

    /// Headwords and interpretations by their keys, in the byte order of headwords, and no more of them than some
    /// hundreds for a key. Rows without a key, which an older version wrote, are found by their lower case.
    fn words_keyed(&mut self, keys: &[String]) -> Result<Vec<(String, String)>, Error>;

    /// Headwords whose lower case begins with `folded`, in the byte order of (lower case, headword).
    fn words_beginning(&mut self, folded: &str, limit: usize) -> Result<Vec<String>, Error>;

    /// Headwords whose lower case is one of `folded`, in any order.
    fn words_among(&mut self, folded: &[String]) -> Result<Vec<String>, Error>;

    /// Headwords after one, in the order of the table's index, which is that of bytes.
    fn words_after(&mut self, word: &str, limit: usize) -> Result<Vec<String>, Error>;

    /// The headword of table `words` at this position, in an order that stays.
    fn word_at(&mut self, at: u64) -> Result<Option<String>, Error>;

    /// Hands over headwords and interpretations after a headword, in the order of bytes: of the next `count` those
    /// whose interpretation holds `text`, or all without one. Returns the last headword that was looked at, if there
    /// may be more. A row may be handed over twice, after a lost connection.
    fn words_holding(
        &mut self,
        after: &str,
        count: usize,
        text: Option<&str>,
        found: &mut dyn FnMut(&str, &str),
    ) -> Result<Option<String>, Error>;

    /// The notes of table `words` about itself.
    fn about_words(&mut self) -> Result<AboutWords, Error>;

    /// Replaces the content of table `words`: all of it at once for readers, or after an error nothing.
    /// `rows` is read once, in parts that bound the memory and each transaction; rows of one headword follow one
    /// another in the order of preference, and no two of them are of one dictionary. `progress` is called from time to
    /// time with how many rows have been sent. Of `about` the number of headwords does not matter: they are counted.
    fn replace_words(
        &mut self,
        about: &AboutWords,
        rows: &mut dyn Iterator<Item = WordRow<'_>>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Loading, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_headword_are_one_article_in_the_order_of_their_numbers() {
        let row = |id, word: &str, dictionary: &str, text: &str| {
            (id, word.to_owned(), dictionary.to_owned(), text.to_owned())
        };
        let rows = vec![
            row(9, "bee", "b", "2"),
            row(7, "apple", "", "x"),
            row(5, "bee", "a", "1"),
            row(8, "ant", "b", r"1\n2"),
            row(10, "apple", "", "by hand"),
        ];
        let pairs = [("ant", r"[b]\n1\n2"), ("apple", r"x\nby hand"), ("bee", r"[a]\n1\n[b]\n2")];
        assert_eq!(articles(rows), pairs.map(|(word, text)| (word.to_owned(), text.to_owned())));
    }

    #[test]
    fn the_generation_is_known_for_a_short_time() {
        let mut known = KnownGeneration::default();
        assert_eq!(known.valid(), None);
        let now = Instant::now();
        known.seen(3, now + GENERATION_HOLDS);
        assert_eq!(known.valid(), Some(3));
        known.seen(4, now.checked_sub(GENERATION_HOLDS).unwrap());
        assert_eq!(known.valid(), None);
    }

    #[test]
    fn what_is_said_of_the_words_reads_as_it_was_written() {
        let dictionaries =
            vec![DictionaryNote { name: "a".into(), title: "T\t1".into(), headwords: 2, ..DictionaryNote::default() }];
        let about = AboutWords { title: "t".into(), dictionaries, ..AboutWords::default() };
        let rows = about.to_meta(7).map(|(name, value)| (name.to_owned(), value));
        assert_eq!(AboutWords::from_meta(rows), AboutWords { headwords: 7, ..about });
    }
}
