//! `DEFINE` and `MATCH`: which databases and strategies exist, and what is found with them.

use super::super::clock::new_record;
use super::super::replies::Awaits;
use super::super::stores::Stores;
use super::super::{Session, WordSource};
use crate::dict::{
    Readings, Text, database_name, database_title, push_article, push_definition, push_match_row, push_status,
};
use crate::protocol::{Code, Failure, MAX_SUGGESTIONS, trim_blanks, unescape};
use crate::words::fields::with_tags_in_brackets;
use crate::words::matching::{Pattern, Strategy};
use crate::words::{DictionaryNote, articles};
use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// The most rows of a `MATCH`: no client shows more, and GoldenDict asks at every key.
const MOST_ROWS: usize = 1_000;
/// How long a pattern may take.
pub(in crate::session) const PATTERN_TIME: Duration = Duration::from_secs(1);

/// The strategies: name, description, and what they are; `None` for the server's own choice, which has no other name.
pub(super) const STRATEGIES: [(&str, &str, Option<Strategy>); 13] = [
    ("exact", "Match headwords exactly, in any case", Some(Strategy::Exact)),
    ("prefix", "Match the beginning of headwords", Some(Strategy::Prefix)),
    ("suffix", "Match the end of headwords", Some(Strategy::Suffix)),
    ("substring", "Match anywhere in headwords", Some(Strategy::Substring)),
    ("word", "Match whole words in headwords", Some(Strategy::Word)),
    ("first", "Match the first word of headwords", Some(Strategy::First)),
    ("last", "Match the last word of headwords", Some(Strategy::Last)),
    ("re", "POSIX basic regular expressions", Some(Strategy::BasicExpression)),
    ("regexp", "POSIX extended regular expressions", Some(Strategy::ExtendedExpression)),
    ("lev", "Match headwords with a similar spelling", Some(Strategy::Spelling)),
    ("soundex", "Match headwords that sound alike in English", Some(Strategy::Sound)),
    ("nprefix", "Match the beginning, as skip#count#word", Some(Strategy::CountedPrefix)),
    ("suggest", "What may have been meant: beginnings, then near spellings", None),
];

/// A dictionary, as DICT shows it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    /// What clients call it.
    pub name: String,
    pub title: String,
    pub headwords: u64,
    /// The name of the dictionary; `None` if there is only one.
    pub dictionary: Option<String>,
}

/// The definitions of one headword.
struct Definitions<'a> {
    headword: Cow<'a, str>,
    /// Which of the databases each is of, and its text without the escapes of the words file.
    articles: Vec<(usize, String)>,
}

/// The databases that a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Chosen {
    /// `*`.
    All,
    /// `!`: the first that has the word.
    First,
    /// One by its number.
    One(usize),
}

impl Chosen {
    fn of(databases: &[Database], name: &str) -> Option<Self> {
        match name {
            "*" => Some(Self::All),
            "!" => Some(Self::First),
            name => databases.iter().position(|other| other.name.eq_ignore_ascii_case(name)).map(Self::One),
        }
    }
}

impl Session<'_> {
    /// The dictionaries, in the order of preference.
    pub(super) fn databases(&mut self) -> Result<Rc<[Database]>, Failure> {
        self.renew_words();
        let generation = self.dictionaries.words.known_generation();
        let known = self.client.dialogue.as_ref().and_then(|dialogue| dialogue.databases.as_ref());
        if let Some((_, databases)) = known.filter(|(of, _)| Some(*of) == generation) {
            return Ok(Rc::clone(databases));
        }
        let notes = self.dictionaries.words.dictionaries(&mut self.stores)?;
        let databases: Rc<[Database]> = if notes.len() > 1 {
            let database = |note: DictionaryNote| Database {
                name: database_name(&note.name),
                title: database_title(if note.title.is_empty() { &note.name } else { &note.title }),
                headwords: note.headwords as u64,
                dictionary: Some(note.name),
            };
            notes.into_iter().map(database).collect()
        } else {
            let about = self.dictionaries.words.about(&mut self.stores)?;
            let (name, title) = (database_name("words"), database_title(&about.title));
            Rc::new([Database { name, title, headwords: about.headwords, dictionary: None }])
        };
        let generation = self.dictionaries.words.known_generation();
        if let Some(dialogue) = &mut self.client.dialogue {
            dialogue.databases = generation.map(|generation| (generation, Rc::clone(&databases)));
        }
        Ok(databases)
    }

    /// `DEFINE`: by the rules of a lookup, and recorded as one if the session acts for an account.
    pub(super) fn dict_define(&mut self, database: &str, word: &Readings) -> Result<(), Failure> {
        let databases = self.databases()?;
        let Some(chosen) = Chosen::of(&databases, database) else { return self.invalid_database() };
        let is_kept = self.is_somebodys()?;
        let mime = self.has_mime();
        let Some(Definitions { headword, articles }) =
            definitions(self.dictionaries.words, &mut self.stores, &databases, chosen, word)?
        else {
            return self.refuse_command(552, "no match", Code::NotFound);
        };
        let write = |out: &mut Vec<u8>| {
            match articles.len() {
                1 => push_status(out, 150, "1 definitions retrieved"),
                count => push_status(out, 150, &format!("{count} definitions retrieved")),
            }
            for (number, article) in &articles {
                let Some(database) = databases.get(*number) else { continue };
                push_definition(out, &headword, &database.name, &database.title);
                let mut text = Text::prose(out, mime);
                push_article(text.out(), &headword, &with_tags_in_brackets(article));
                text.end();
            }
            push_status(out, 250, "ok");
        };
        if !is_kept {
            write(self.replies.out());
            return Ok(());
        }
        let record = new_record(&mut self.writer.clock, &headword, self.face.peer())?;
        self.replies.records.push(record);
        self.replies.waiting(Awaits::Record, write);
        Ok(())
    }

    /// `MATCH`: never kept.
    pub(super) fn dict_match(&mut self, database: &str, strategy: &str, word: &Readings) -> Result<(), Failure> {
        let databases = self.databases()?;
        let Some(chosen) = Chosen::of(&databases, database) else { return self.invalid_database() };
        let strategy = match STRATEGIES.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(strategy)) {
            Some((_, _, strategy)) => *strategy,
            None if strategy == "." => None,
            None => return self.refuse_command(551, "invalid strategy, use SHOW STRAT for a list", Code::NotFound),
        };
        let mut wrong = None;
        let mut rows = Vec::new();
        for reading in word.iter() {
            match self.rows(&databases, chosen, strategy, reading) {
                Ok(found) => rows = found,
                Err(failure) if failure.code == Code::BadReq => wrong = wrong.or(Some(failure)),
                Err(failure) => return Err(failure),
            }
            if !rows.is_empty() {
                break;
            }
        }
        if rows.is_empty() {
            return match wrong {
                Some(failure) => Err(failure),
                None => self.refuse_command(552, "no match", Code::NotFound),
            };
        }
        let mime = self.has_mime();
        let out = self.replies.out();
        push_status(out, 152, &format!("{} matches found", rows.len()));
        let mut list = Text::list(out, mime);
        for (number, headword) in &rows {
            let name = databases.get(*number).map_or("words", |database| &database.name);
            push_match_row(list.out(), name, headword);
        }
        list.end();
        push_status(out, 250, "ok");
        Ok(())
    }

    /// The rows of a `MATCH`: numbers of databases, and headwords that match; database by database.
    fn rows(
        &mut self,
        databases: &[Database],
        chosen: Chosen,
        strategy: Option<Strategy>,
        text: &str,
    ) -> Result<Vec<(usize, String)>, Failure> {
        let end = Instant::now() + PATTERN_TIME;
        let headwords = self.matches(strategy, text, &asked(databases, chosen), end)?;
        let of_one = |number: usize, headwords: Vec<String>| {
            headwords.into_iter().map(|headword| (number, headword)).collect::<Vec<_>>()
        };
        let number = match chosen {
            Chosen::One(number) => number,
            Chosen::All | Chosen::First if databases.len() < 2 => 0,
            Chosen::All => return self.of_each(databases, headwords),
            Chosen::First => {
                let is_whole = strategy.is_none() || headwords.len() < MOST_ROWS;
                let mut rows = self.of_each(databases, headwords)?;
                let Some(first) = rows.first().map(|(number, _)| *number) else { return Ok(rows) };
                rows.retain(|(number, _)| *number == first);
                if is_whole {
                    return Ok(rows);
                }
                // A longer list was cut off: there may be more of this one, or any of those before it.
                for number in 0..=first {
                    let headwords = self.matches(strategy, text, &asked(databases, Chosen::One(number)), end)?;
                    if !headwords.is_empty() {
                        return Ok(of_one(number, headwords));
                    }
                }
                return Ok(rows);
            }
        };
        Ok(of_one(number, headwords))
    }

    /// Headwords with each of the databases that have them.
    fn of_each(&mut self, databases: &[Database], headwords: Vec<String>) -> Result<Vec<(usize, String)>, Failure> {
        let names = names(databases);
        let mut rows = Vec::new();
        for (place, headword) in headwords.into_iter().enumerate() {
            let Some(interpret) = self.dictionaries.words.interpretation(&headword, &mut self.stores)? else {
                continue;
            };
            let has = articles(&interpret, &names);
            let numbers = databases
                .iter()
                .enumerate()
                .filter(|(_, database)| has.iter().any(|(name, _)| database.dictionary.as_deref() == Some(name)));
            rows.extend(numbers.map(|(number, _)| (number, place, headword.clone())));
        }
        rows.sort_unstable();
        Ok(rows.into_iter().map(|(number, _, headword)| (number, headword)).collect())
    }

    fn matches(
        &mut self,
        strategy: Option<Strategy>,
        text: &str,
        asked: &[String],
        end: Instant,
    ) -> Result<Vec<String>, Failure> {
        let word = trim_blanks(text);
        if word.is_empty() {
            return Ok(Vec::new());
        }
        let Some(strategy) = strategy else {
            return self.dictionaries.words.suggest(word, MAX_SUGGESTIONS, asked, &mut self.stores);
        };
        let is_expression = matches!(strategy, Strategy::BasicExpression | Strategy::ExtendedExpression);
        self.matching(strategy, if is_expression { text } else { word }, MOST_ROWS, asked, end)
    }

    /// Headwords by a pattern, in whatever language it was asked for.
    pub(in crate::session) fn matching(
        &mut self,
        strategy: Strategy,
        text: &str,
        most: usize,
        asked: &[String],
        end: Instant,
    ) -> Result<Vec<String>, Failure> {
        let pattern = Pattern::new(strategy, text).map_err(|why| Failure::new(Code::BadReq, why.to_string()))?;
        let matches =
            self.dictionaries.words.matching(&pattern, most, asked, || Instant::now() < end, &mut self.stores)?;
        if matches.unfinished && matches.headwords.is_empty() {
            return Err(Failure::new(Code::Unavailable, "the search takes too long; try a narrower pattern"));
        }
        Ok(matches.headwords)
    }
}

/// What the first reading of a word that is in the databases means: in `*` and `!` as in a lookup, in one as if there
/// were no other.
fn definitions<'a>(
    words: &'a WordSource,
    stores: &mut Stores<'_>,
    databases: &[Database],
    chosen: Chosen,
    word: &Readings,
) -> Result<Option<Definitions<'a>>, Failure> {
    let asked = asked(databases, chosen);
    let names = names(databases);
    for reading in word.iter().map(trim_blanks).filter(|reading| !reading.is_empty()) {
        let Some(found) = words.find(reading, &asked, stores)? else { continue };
        let number = |name: &str| databases.iter().position(|other| other.dictionary.as_deref() == Some(name));
        let found_articles = articles(&found.article.interpret, &names);
        let mut articles: Vec<(usize, String)> =
            found_articles.into_iter().map(|(name, text)| (number(name).unwrap_or(0), unescape(text))).collect();
        if chosen == Chosen::First {
            articles.truncate(1);
        }
        return Ok(Some(Definitions { headword: found.article.headword, articles }));
    }
    Ok(None)
}

/// The names of the dictionaries; empty if there is only one.
fn names(databases: &[Database]) -> Vec<String> {
    databases.iter().filter_map(|database| database.dictionary.clone()).collect()
}

/// The dictionaries that are asked for a command; all are without any.
fn asked(databases: &[Database], chosen: Chosen) -> Vec<String> {
    match chosen {
        Chosen::One(number) => {
            databases.get(number).and_then(|database| database.dictionary.clone()).into_iter().collect()
        }
        Chosen::All | Chosen::First => Vec::new(),
    }
}
