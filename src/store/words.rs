//! Table `words`: what a row is, what the table says of itself, and how it is loaded while others read it.
//!
//! A load writes its rows beside the valid ones, in transactions of bounded size, and makes them valid by one small row.
//! It never leaves half a dictionary to its readers, wherever it ends.

use std::time::{Duration, Instant};

use super::{Error, Standing, schema};
use crate::words::{self, DictionaryNote};

/// The most rows of one transaction of a load, and the most bytes of more than one row: what a commit takes with them
/// holds nobody up for long, and a member of a cluster applies it in some milliseconds.
const MOST: Most = Most { rows: 1_024, bytes: 512 * 1_024 };
/// After each of them others have the database for as long as it took, but no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What table `words` says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AboutWords {
    /// The dictionary's title, empty if it has none.
    pub title: String,
    /// Its licence, empty if it says none.
    pub licence: String,
    /// How many headwords there are.
    pub headwords: u64,
    /// The dictionaries that it is made of, in the order of preference; none where that is not known.
    pub dictionaries: Vec<DictionaryNote>,
    /// Which load of the table it is of.
    pub generation: u32,
}

impl AboutWords {
    /// From the rows of table `meta`. What is missing, or is no number where one is needed, is as if nothing had
    /// been loaded.
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

/// A row as it was found: its number, its headword, its dictionary, its interpretation.
pub(super) type FoundRow = (u64, String, String, String);

/// Headwords and interpretations of rows, in the byte order of headwords. Several of one headword are one, in the order of
/// their numbers, each below the name of its dictionary.
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

/// A load under way: which generation it writes, which one was valid when it began, and the mark that it has left in table
/// `meta`. With the mark it loses the right to change anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub generation: u32,
    pub valid: u32,
    pub mark: String,
}

/// 64 random bits, for a load's mark.
pub(super) fn random_mark() -> Result<String, Error> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| Error::world(format!("no random numbers: {error}")))?;
    Ok(format!("{:016x}", u64::from_ne_bytes(random)))
}

/// Why a load does not go on.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Another one has taken over.
    Overtaken(String),
    /// The database.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Stopped {
    /// The load's mark is not there any more.
    pub(super) fn mark_is_gone() -> Self {
        Self::Overtaken("another words load has begun, or the database was restored meanwhile".to_owned())
    }
}

/// What a store does for a load, each in one transaction. Those that have a claim do nothing once it is lost.
pub(super) trait Shelf {
    /// Begins: leaves a mark, and finds a generation that no row has.
    fn claim(&mut self) -> Result<Claim, Stopped>;

    /// Gives some rows of generation 0 the valid one instead: nobody sees a difference. How many there were.
    fn adopt(&mut self, claim: &Claim, most: u32) -> Result<u32, Stopped>;

    /// Deletes rows of these generations, no more than so many and so many bytes of them. How many there were.
    fn remove(&mut self, claim: Option<&Claim>, generations: [u32; 2], most: Most) -> Result<u32, Stopped>;

    /// Writes rows of the load's generation.
    fn insert(&mut self, claim: &Claim, rows: &[WordRow<'_>]) -> Result<(), Stopped>;

    /// Makes the load's generation the valid one, takes the mark away, and deletes what is left of generation 0.
    fn switch(&mut self, claim: &Claim, about: &[(&'static str, String)]) -> Result<(), Stopped>;

    /// Waits until each host shows the generation. Those that do not, in words.
    fn behind(&mut self, generation: u32) -> Vec<String>;
}

/// How much one transaction takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub rows: u32,
    pub bytes: u32,
}

/// Loads rows; see [`Store::replace_words`](super::Store::replace_words).
pub(super) fn load(
    shelf: &mut dyn Shelf,
    about: &AboutWords,
    rows: &mut dyn Iterator<Item = WordRow<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<Loading, Error> {
    let claim = match shelf.claim() {
        Ok(claim) => claim,
        Err(Stopped::Overtaken(by)) => return Ok(Loading::Overtaken(by)),
        Err(Stopped::Failed(error)) => return Err(error),
    };
    match fill(shelf, &claim, about, rows, progress) {
        Ok(headwords) => {
            let behind = shelf.behind(claim.generation);
            // Nobody looks them up any more. If they can't be deleted now, the next load does it.
            if let Err(Stopped::Failed(error)) = clear(shelf, None, [1, claim.generation - 1]) {
                log::warn!("the old rows of table words are left for the next words load to delete: {error}");
            }
            Ok(Loading::Done { headwords, behind })
        }
        Err(Stopped::Overtaken(by)) => Ok(Loading::Overtaken(by)),
        Err(Stopped::Failed(error)) => {
            // Nobody sees them. If they can't be deleted now, the next load does it.
            let _ = clear(shelf, Some(&claim), [claim.generation; 2]);
            Err(error)
        }
    }
}

/// Writes the rows and makes them valid. How many headwords there are.
fn fill(
    shelf: &mut dyn Shelf,
    claim: &Claim,
    about: &AboutWords,
    rows: &mut dyn Iterator<Item = WordRow<'_>>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, Stopped> {
    // What loads that did not come to their end have left.
    clear(shelf, Some(claim), [1, claim.valid - 1])?;
    clear(shelf, Some(claim), [claim.valid + 1, claim.generation - 1])?;
    while paced(|| shelf.adopt(claim, MOST.rows))? > 0 {}
    let (mut sent, mut headwords, mut last) = (0_u64, 0_u64, "");
    let mut chunk: Vec<WordRow<'_>> = Vec::new();
    let mut bytes = 0_usize;
    let most = (MOST.rows as usize, MOST.bytes as usize);
    for row in rows {
        schema::check_word(row.word)?;
        if !chunk.is_empty() && (chunk.len() >= most.0 || bytes.saturating_add(row.size()) > most.1) {
            paced(|| shelf.insert(claim, &chunk))?;
            sent += chunk.len() as u64;
            progress(sent);
            chunk.clear();
            bytes = 0;
        }
        headwords += u64::from(row.word != last);
        last = row.word;
        bytes += row.size();
        chunk.push(row);
    }
    if !chunk.is_empty() {
        paced(|| shelf.insert(claim, &chunk))?;
        sent += chunk.len() as u64;
    }
    shelf.switch(claim, &about.to_meta(headwords))?;
    progress(sent);
    Ok(headwords)
}

fn clear(shelf: &mut dyn Shelf, claim: Option<&Claim>, generations: [u32; 2]) -> Result<(), Stopped> {
    if generations[0] <= generations[1] {
        while paced(|| shelf.remove(claim, generations, MOST))? > 0 {}
    }
    Ok(())
}

/// Does a piece of work, and lets others have their turn.
fn paced<T>(work: impl FnOnce() -> Result<T, Stopped>) -> Result<T, Stopped> {
    let begin = Instant::now();
    let done = work()?;
    std::thread::sleep(begin.elapsed().min(LONGEST_PAUSE));
    Ok(done)
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
    fn what_is_said_of_the_words_reads_as_it_was_written() {
        let dictionaries =
            vec![DictionaryNote { name: "a".into(), title: "T\t1".into(), headwords: 2, ..DictionaryNote::default() }];
        let about = AboutWords { title: "t".into(), dictionaries, ..AboutWords::default() };
        let rows = about.to_meta(7).map(|(name, value)| (name.to_owned(), value));
        assert_eq!(AboutWords::from_meta(rows), AboutWords { headwords: 7, ..about });
    }
}
