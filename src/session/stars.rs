//! The notebook: stars, their tags and notes, grades, and what is due. Each request is one piece of work for the store,
//! which is done as a whole or not at all.

use super::Session;
use super::clock::{instant, new_record};
use crate::ipc::parent::ParentRequest;
use crate::protocol::{
    self, Code, Failure, Imported, Notebook, StarEntry, StarRow, StarState, push_ok_text, push_star_row, time_text,
};
use crate::store::{Grade, Grading, Learned, Microseconds, Star, StarText, Starring, Unstarring};
use time::OffsetDateTime;

impl Session<'_> {
    /// Answers one `G`.
    pub(super) fn notebook(&mut self, name: &str, what: &Notebook) -> Result<(), Failure> {
        match what {
            Notebook::Add(entry) => self.star(name, entry),
            Notebook::Import(entries) => self.import_stars(name, entries),
            Notebook::Remove { word, tags } => self.unstar(name, word, tags),
            Notebook::Grade { grade, word } => self.grade(name, *grade, word),
            Notebook::List { after } => {
                let (account, after) = (self.logged_in_as(name)?, after.as_deref().unwrap_or_default());
                let limit = protocol::MAX_STARS_PAGE;
                let stars = self.stores.with(|store| store.stars_after(account, after, limit))?;
                self.show_stars(stars)
            }
            Notebook::Due { until, most } => {
                let (account, until) = (self.logged_in_as(name)?, microseconds(*until));
                let stars = self.stores.with(|store| store.stars_due(account, until, *most))?;
                self.show_stars(stars)
            }
            Notebook::Pick { number, tag } => self.pick(name, *number, tag.as_deref()),
            Notebook::Count { until } => {
                let (account, until) = (self.logged_in_as(name)?, microseconds(*until));
                let (all, due) =
                    self.stores.with(|store| store.count_stars(account, until))?.ok_or_else(|| self.gone())?;
                self.done_with(&format!("{all} {due}"))
            }
        }
    }

    fn star(&mut self, name: &str, entry: &StarEntry) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.spend(ParentRequest::Changing)?;
        let words = self.perhaps_meant(&entry.word)?;
        let text = text_of(entry);
        match self.stores.write(|store| store.star(account, &words, &text))? {
            Starring::New(headword) | Starring::Known(headword) => self.done_with(&headword),
            Starring::NeverLookedUp => Err(self.never_looked_up()),
            Starring::TooManyTags => Err(Failure::new(
                Code::BadReq,
                format!("the tags of a word have at most {} bytes", protocol::MAX_TAGS_BYTES),
            )),
            Starring::Full => Err(full()),
            Starring::Gone => Err(self.gone()),
        }
    }

    fn import_stars(&mut self, name: &str, entries: &[StarEntry]) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.spend(ParentRequest::Changing)?;
        self.renew_words();
        let mut found = Vec::with_capacity(entries.len());
        for entry in entries {
            let headword = self.dictionaries.words.find(&entry.word, &self.dictionaries.asked, &mut self.stores)?;
            found.push((headword.map(|found| found.article.headword.into_owned()), text_of(entry)));
        }
        let done = self.stores.write(|store| store.import_stars(account, &found))?.ok_or_else(|| self.gone())?;
        let out = self.replies.out();
        push_ok_text(out, &done.len().to_string());
        for (entry, outcome) in entries.iter().zip(done) {
            let (word, outcome) = match &outcome {
                Starring::New(headword) => (headword, Imported::New),
                Starring::Known(headword) => (headword, Imported::Known),
                Starring::NeverLookedUp | Starring::Gone => (&entry.word, Imported::NotFound),
                Starring::TooManyTags => (&entry.word, Imported::TooManyTags),
                Starring::Full => (&entry.word, Imported::Full),
            };
            protocol::push_pair(out, word, outcome.as_str());
        }
        Ok(())
    }

    fn unstar(&mut self, name: &str, word: &str, tags: &[String]) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.spend(ParentRequest::Changing)?;
        match self.stores.write(|store| store.unstar(account, word, tags))? {
            Unstarring::Done => self.done(),
            Unstarring::NotStarred => Err(Failure::new(Code::NotFound, "this word has no star")),
            Unstarring::Gone => Err(self.gone()),
        }
    }

    fn grade(&mut self, name: &str, grade: protocol::Grade, word: &str) -> Result<(), Failure> {
        let account = self.logged_in_as(name)?;
        self.spend(ParentRequest::Changing)?;
        let grade = match grade {
            protocol::Grade::Again => Grade::Again,
            protocol::Grade::Hard => Grade::Hard,
            protocol::Grade::Good => Grade::Good,
            protocol::Grade::Easy => Grade::Easy,
        };
        let given = new_record(&mut self.writer.clock, word, self.face.peer())?;
        match self.stores.write(|store| store.grade(account, grade, &given))? {
            Grading::Due(due) => self.done_with(&time_text(instant(due))),
            Grading::NeverLookedUp => Err(self.never_looked_up()),
            Grading::Full => Err(full()),
            Grading::Gone => Err(self.gone()),
        }
    }

    /// The headwords that a word to be starred may be: itself, and what it is found as.
    fn perhaps_meant(&mut self, word: &str) -> Result<Vec<String>, Failure> {
        self.renew_words();
        let found = self.dictionaries.words.find(word, &self.dictionaries.asked, &mut self.stores)?;
        let found = found.map(|found| found.article.headword.into_owned());
        let other = found.filter(|headword| headword != word);
        Ok([word.to_owned()].into_iter().chain(other).collect())
    }

    fn show_stars(&mut self, stars: Option<Vec<Star>>) -> Result<(), Failure> {
        let stars = stars.ok_or_else(|| self.gone())?;
        let out = self.replies.out();
        push_ok_text(out, &stars.len().to_string());
        for star in stars {
            push_star_row(out, &row(star));
        }
        Ok(())
    }

    /// This cannot be known while lookups wait in the spool.
    fn never_looked_up(&self) -> Failure {
        if self.parent.scoreboard.spooled().1 > 0 {
            return Failure::new(Code::Unavailable, "lookups are still being added to the history; try again later");
        }
        Failure::new(Code::NotFound, "this word was never looked up")
    }
}

fn full() -> Failure {
    Failure::new(Code::Denied, format!("the notebook is full: {} words", crate::store::MOST_STARS))
}

fn text_of(entry: &StarEntry) -> StarText {
    StarText { tags: entry.tags.clone(), note: entry.note.clone() }
}

fn row(star: Star) -> StarRow {
    let Star { word, created, tags, note, memory } = star;
    let state = match memory.learned {
        Learned::New => StarState::New,
        Learned::Learning => StarState::Learning,
        Learned::Review => StarState::Review,
        Learned::Relearning => StarState::Relearning,
    };
    let (created, due) = (instant(created), instant(memory.due));
    StarRow { word, created, due, state, reps: memory.reps, lapses: memory.lapses, tags, note }
}

fn microseconds(time: OffsetDateTime) -> Microseconds {
    // The years of four digits fit.
    Microseconds(i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX))
}
