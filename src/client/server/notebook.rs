//! The notebook's part of a conversation: requests by `G`, replies read with the same distrust as all others.

use super::connection::{Connection, Entry, counted, line_length, strange};
use crate::client::error::{Error, Result, WordFault};
use crate::protocol::{
    Code, Failure, Grade, Imported, MAX_LINE, MAX_STARS_PAGE, Notebook, Request, StarEntry, StarRow, parse_entry,
    parse_star_row, parse_time,
};
use time::OffsetDateTime;

/// The most stars that are taken: far above what a server keeps.
const MOST_STARS: usize = 500_000;
/// The longest line of a star: its parts are within a request's limits, and no longer.
const MAX_STAR_LINE: usize = 4 * MAX_LINE;

impl Connection {
    /// Stars a word that was looked up; the headword, or `None` if it never was.
    ///
    /// # Errors
    /// As [`Connection::status`]; [`Error::BadWord`] for what fits into no request.
    pub(crate) fn star(&mut self, name: &str, entry: &StarEntry) -> Result<Option<String>> {
        found(self.notebook(name, &entry.word, Notebook::Add(entry.clone())))
    }

    /// Removes a star, or tags of it; false if there is no star.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn unstar(&mut self, name: &str, word: &str, tags: &[String]) -> Result<bool> {
        let what = Notebook::Remove { word: word.to_owned(), tags: tags.to_vec() };
        Ok(found(self.notebook(name, word, what))?.is_some())
    }

    /// Grades a word; when it is to be reviewed again, or `None` for one that was never looked up.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn grade(&mut self, name: &str, grade: Grade, word: &str) -> Result<Option<OffsetDateTime>> {
        let what = Notebook::Grade { grade, word: word.to_owned() };
        let Some(due) = found(self.notebook(name, word, what))? else { return Ok(None) };
        parse_time(&due).map(Some).ok_or_else(|| strange(due.as_bytes()))
    }

    /// Stars words of the dictionary; what became of each, in order.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn import_stars(&mut self, name: &str, entries: &[StarEntry]) -> Result<Vec<(String, Imported)>> {
        let first = entries.first().map_or("", |entry| entry.word.as_str());
        let rest = self.notebook(name, first, Notebook::Import(entries.to_vec()))?;
        if counted(&rest)? != entries.len() as u64 {
            return Err(strange(rest.as_bytes()));
        }
        self.rows(&rest, entries.len() as u64, |line| {
            let (word, outcome) = parse_entry(line).filter(|_| line.len() <= MAX_STAR_LINE)?;
            Some((word.to_owned(), Imported::from_word(outcome)?))
        })
    }

    /// Hands on all stars, in the byte order of headwords.
    ///
    /// # Errors
    /// As [`Connection::status`], or what `each` fails with.
    pub(crate) fn stars(&mut self, name: &str, mut each: impl FnMut(StarRow) -> Result<()>) -> Result<()> {
        let (mut after, mut count) = (None::<String>, 0);
        loop {
            let word = after.clone().unwrap_or_default();
            let page = self.star_rows(name, &word, Notebook::List { after: after.clone() }, MAX_STARS_PAGE)?;
            let whole = page.len() < MAX_STARS_PAGE as usize;
            for star in page {
                // A server that goes in circles would never end.
                let goes_on = after.as_ref().is_none_or(|after| *after < star.word);
                count += 1;
                if !goes_on || count > MOST_STARS {
                    return Err(strange(star.word.as_bytes()));
                }
                after = Some(star.word.clone());
                each(star)?;
            }
            if whole {
                return Ok(());
            }
        }
    }

    /// The stars that are to be reviewed before the day ends, at most `most`.
    ///
    /// # Errors
    /// As [`Connection::status`].
    pub(crate) fn due(&mut self, name: &str, until: OffsetDateTime, most: u32) -> Result<Vec<StarRow>> {
        let most = most.clamp(1, MAX_STARS_PAGE);
        self.star_rows(name, "", Notebook::Due { until, most }, most)
    }

    /// How many stars there are, and how many of them are due.
    ///
    /// # Errors
    /// As [`Connection::status`].
    pub(crate) fn count_stars(&mut self, name: &str, until: OffsetDateTime) -> Result<(u64, u64)> {
        let rest = self.notebook(name, "", Notebook::Count { until })?;
        let counts = rest.split_once(' ').and_then(|(all, due)| Some((all.parse().ok()?, due.parse().ok()?)));
        counts.ok_or_else(|| strange(rest.as_bytes()))
    }

    /// One headword of the dictionary, by a number; `None` if no headword has the tag.
    ///
    /// # Errors
    /// As [`Connection::status`].
    pub(crate) fn pick(&mut self, name: &str, what: Notebook) -> Result<Option<Entry>> {
        let Some(rest) = found(self.notebook(name, "", what))? else { return Ok(None) };
        let (headword, escaped) = parse_entry(&rest).ok_or_else(|| strange(rest.as_bytes()))?;
        let entry = Entry::new(headword.to_owned(), escaped.to_owned());
        Ok(Some(self.apart(entry)))
    }

    fn star_rows(&mut self, name: &str, word: &str, what: Notebook, most: u32) -> Result<Vec<StarRow>> {
        let rest = self.notebook(name, word, what)?;
        self.rows(&rest, most.into(), |line| parse_star_row(line).filter(|_| line.len() <= MAX_STAR_LINE))
    }

    /// One request, and the first line of its reply. `word` is the one to complain of if it is too long.
    fn notebook(&mut self, name: &str, word: &str, what: Notebook) -> Result<String> {
        let request = Request::Notebook { name, what };
        if line_length(&request) > MAX_LINE {
            return Err(Error::BadWord { word: word.to_owned(), fault: WordFault::TooLong });
        }
        self.ask(&request)
    }
}

/// `notfound` is of a word, and no failure.
fn found(asked: Result<String>) -> Result<Option<String>> {
    match asked {
        Ok(rest) => Ok(Some(rest)),
        Err(Error::Refused(Failure { code: Code::NotFound, .. })) => Ok(None),
        Err(error) => Err(error),
    }
}
