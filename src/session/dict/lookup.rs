//! `DEFINE` and `MATCH`: the databases and strategies that there are, and what is found with them.

use super::super::Session;
use super::super::clock::new_record;
use super::super::replies::Awaits;
use crate::dict::{
    Readings, Text, database_name, database_title, push_article, push_definition, push_match_row, push_status,
};
use crate::protocol::{Code, Failure, MAX_SUGGESTIONS, trim_blanks, unescape};
use crate::words::matching::{Pattern, Strategy};
use std::time::{Duration, Instant};

/// The most rows of a `MATCH`: no client shows more, and GoldenDict asks at every key.
const MOST_ROWS: usize = 1_000;
/// How long a pattern may take.
const PATTERN_TIME: Duration = Duration::from_secs(1);

/// The strategies: name, description, and what they are; none for the server's own choice, which has no other name.
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
    ("lev", "Match headwords that are spelled nearly so", Some(Strategy::Spelling)),
    ("soundex", "Match headwords that sound alike in English", Some(Strategy::Sound)),
    ("nprefix", "Match the beginning, as skip#count#word", Some(Strategy::CountedPrefix)),
    ("suggest", "What may have been meant: beginnings, then near spellings", None),
];

/// A dictionary, as DICT shows it.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub name: String,
    pub title: String,
    pub licence: String,
    pub headwords: u64,
}

/// One definition that was found.
struct Definition {
    /// Which of the databases has it.
    database: usize,
    headword: String,
    /// Without the escapes of the words file.
    interpret: String,
}

impl Session<'_> {
    /// The dictionaries, in the order of preference.
    pub(super) fn databases(&mut self) -> Result<Vec<Database>, Failure> {
        self.renew_words();
        let generation = self.words.generation();
        let known = self.dialogue.as_ref().and_then(|dialogue| dialogue.databases.as_ref());
        if let Some((_, databases)) = known.filter(|(of, _)| *of == generation) {
            return Ok(databases.clone());
        }
        let about = self.words.about(&mut self.stores)?;
        let databases = vec![Database {
            name: database_name("words"),
            title: database_title(&about.title),
            licence: about.licence,
            headwords: about.headwords,
        }];
        if let Some(dialogue) = &mut self.dialogue {
            dialogue.databases = Some((generation, databases.clone()));
        }
        Ok(databases)
    }

    /// `DEFINE`: by the rules of a lookup, and kept as one where the session is somebody's.
    pub(super) fn dict_define(&mut self, database: &str, word: &Readings) -> Result<(), Failure> {
        let databases = self.databases()?;
        if !names_any(&databases, database) {
            return self.invalid_database();
        }
        let is_kept = self.is_somebodys()?;
        let Some(definitions) = self.definitions(word)? else {
            return self.refuse_command(552, "no match", Code::NotFound);
        };
        let mime = self.has_mime();
        let write = |out: &mut Vec<u8>| {
            push_status(out, 150, &format!("{} definitions retrieved", definitions.len()));
            for definition in &definitions {
                let Some(database) = databases.get(definition.database) else { continue };
                push_definition(out, &definition.headword, &database.name, &database.title);
                let mut text = Text::prose(out, mime);
                push_article(text.out(), &definition.headword, &definition.interpret);
                text.end();
            }
            push_status(out, 250, "ok");
        };
        if !is_kept {
            write(self.replies.out());
            return Ok(());
        }
        let mut kept: Vec<&str> = Vec::new();
        for headword in definitions.iter().map(|definition| definition.headword.as_str()) {
            if !kept.contains(&headword) {
                kept.push(headword);
                let record = new_record(&mut self.clock, headword, self.face.peer())?;
                self.replies.records.push(record);
            }
        }
        self.replies.waiting(Awaits::Record, write);
        Ok(())
    }

    /// What the first reading of a word that is in a dictionary means.
    fn definitions(&mut self, word: &Readings) -> Result<Option<Vec<Definition>>, Failure> {
        for reading in word.iter().map(trim_blanks).filter(|reading| !reading.is_empty()) {
            if let Some(found) = self.words.find(reading, &mut self.stores)? {
                let (headword, interpret) = (found.article.headword.into_owned(), unescape(&found.article.interpret));
                return Ok(Some(vec![Definition { database: 0, headword, interpret }]));
            }
        }
        Ok(None)
    }

    /// `MATCH`: never kept.
    pub(super) fn dict_match(&mut self, database: &str, strategy: &str, word: &Readings) -> Result<(), Failure> {
        let databases = self.databases()?;
        if !names_any(&databases, database) {
            return self.invalid_database();
        }
        let strategy = match STRATEGIES.iter().find(|(name, _, _)| name.eq_ignore_ascii_case(strategy)) {
            Some((_, _, strategy)) => *strategy,
            None if strategy == "." => None,
            None => return self.refuse_command(551, "invalid strategy, use SHOW STRAT for a list", Code::NotFound),
        };
        let mut wrong = None;
        let mut headwords = Vec::new();
        for reading in word.iter() {
            match self.matches(strategy, reading) {
                Ok(found) => headwords = found,
                Err(failure) if failure.code == Code::BadReq => wrong = wrong.or(Some(failure)),
                Err(failure) => return Err(failure),
            }
            if !headwords.is_empty() {
                break;
            }
        }
        let Some(database) = databases.first().filter(|_| !headwords.is_empty()) else {
            return match wrong {
                Some(failure) => Err(failure),
                None => self.refuse_command(552, "no match", Code::NotFound),
            };
        };
        let mime = self.has_mime();
        let out = self.replies.out();
        push_status(out, 152, &format!("{} matches found", headwords.len()));
        let mut list = Text::list(out, mime);
        headwords.iter().for_each(|headword| push_match_row(list.out(), &database.name, headword));
        list.end();
        push_status(out, 250, "ok");
        Ok(())
    }

    fn matches(&mut self, strategy: Option<Strategy>, text: &str) -> Result<Vec<String>, Failure> {
        let word = trim_blanks(text);
        if word.is_empty() {
            return Ok(Vec::new());
        }
        let Some(strategy) = strategy else { return self.words.suggest(word, MAX_SUGGESTIONS, &mut self.stores) };
        let is_expression = matches!(strategy, Strategy::BasicExpression | Strategy::ExtendedExpression);
        self.matching(strategy, if is_expression { text } else { word }, MOST_ROWS)
    }

    /// Headwords by a pattern, in whatever language it was asked for.
    pub(in crate::session) fn matching(
        &mut self,
        strategy: Strategy,
        text: &str,
        most: usize,
    ) -> Result<Vec<String>, Failure> {
        let pattern = Pattern::new(strategy, text).map_err(|why| Failure::new(Code::BadReq, why.to_string()))?;
        let end = Instant::now() + PATTERN_TIME;
        let matches = self.words.matching(&pattern, most, || Instant::now() < end, &mut self.stores)?;
        if matches.unfinished && matches.headwords.is_empty() {
            return Err(Failure::new(Code::Unavailable, "the pattern takes too long; a narrower one may not"));
        }
        Ok(matches.headwords)
    }
}

/// Whether a name in a command stands for any of the databases: its own, `*` for all, `!` for the first that matches.
fn names_any(databases: &[Database], name: &str) -> bool {
    matches!(name, "*" | "!") || databases.iter().any(|database| database.name.eq_ignore_ascii_case(name))
}
