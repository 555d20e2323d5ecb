//! What starring a word, removing a star and grading a word do: decided here, once for both stores, in terms of what a
//! store's transaction offers.

use super::moment::Civil;
use super::star::{damaged, with_tags, without_tags};
use super::{Error, Grade, Grading, MOST_STARS, Memory, Record, Star, StarText, Starring, Unstarring};

/// A transaction that is about the stars of one account. When it is dropped it is rolled back.
pub(super) trait StarRows: Sized {
    /// What the database reports.
    type Failure;

    /// Whether the account is there and not locked; it stays so until the transaction ends.
    fn is_live(&mut self) -> Result<bool, Self::Failure>;

    /// Whether the account has looked a headword up.
    fn is_looked_up(&mut self, word: &str) -> Result<bool, Self::Failure>;

    /// A star's tags and its note.
    fn text(&mut self, word: &str) -> Result<Option<(String, String)>, Self::Failure>;

    /// How many stars the account has.
    fn count(&mut self) -> Result<u64, Self::Failure>;

    /// Makes a star, which is due now.
    fn insert(&mut self, word: &str, tags: &str, note: &str) -> Result<(), Self::Failure>;

    /// Replaces a star's tags and its note.
    fn set_text(&mut self, word: &str, tags: &str, note: &str) -> Result<(), Self::Failure>;

    /// Deletes a star.
    fn delete(&mut self, word: &str) -> Result<(), Self::Failure>;

    /// A star; or what is wrong with its row, which is no failure of the database's.
    fn star(&mut self, word: &str) -> Result<Option<Result<Star, Error>>, Self::Failure>;

    /// Keeps a grade; `false` if this very one was kept before.
    fn insert_review(&mut self, given: &Record, grade: Grade) -> Result<bool, Self::Failure>;

    /// Replaces what is known of how well a word is remembered. The times are those of `memory`: when it is due, and when
    /// it was last reviewed.
    fn set_memory(
        &mut self,
        word: &str,
        memory: &Memory,
        due: Civil,
        last_review: Option<Civil>,
    ) -> Result<(), Self::Failure>;

    /// Makes it all durable.
    fn commit(self) -> Result<(), Self::Failure>;
}

/// Stars the first of `words` that is starred already, or was looked up.
pub(super) fn star<R: StarRows>(mut rows: R, words: &[String], text: &StarText) -> Result<Starring, R::Failure> {
    if !rows.is_live()? {
        return Ok(Starring::Gone);
    }
    for word in words {
        if rows.text(word)?.is_some() || rows.is_looked_up(word)? {
            let done = put(&mut rows, word, text)?;
            rows.commit()?;
            return Ok(done);
        }
    }
    Ok(Starring::NeverLookedUp)
}

/// Stars headwords whether they were looked up or not; `None` if the account is gone or locked.
pub(super) fn import<R: StarRows>(
    mut rows: R,
    entries: &[(Option<String>, StarText)],
) -> Result<Option<Vec<Starring>>, R::Failure> {
    if !rows.is_live()? {
        return Ok(None);
    }
    let mut done = Vec::with_capacity(entries.len());
    for (word, text) in entries {
        done.push(match word {
            Some(word) => put(&mut rows, word, text)?,
            None => Starring::NeverLookedUp,
        });
    }
    rows.commit()?;
    Ok(Some(done))
}

/// Takes a star away, or some of its tags.
pub(super) fn unstar<R: StarRows>(mut rows: R, word: &str, tags: &[String]) -> Result<Unstarring, R::Failure> {
    if !rows.is_live()? {
        return Ok(Unstarring::Gone);
    }
    let Some((known, note)) = rows.text(word)? else { return Ok(Unstarring::NotStarred) };
    if tags.is_empty() {
        rows.delete(word)?;
    } else {
        rows.set_text(word, &without_tags(&known, tags), &note)?;
    }
    rows.commit()?;
    Ok(Unstarring::Done)
}

/// Keeps a grade and what follows from it. The inner error is what is wrong with a row.
pub(super) fn grade<R: StarRows>(
    mut rows: R,
    grade: Grade,
    given: &Record,
) -> Result<Result<Grading, Error>, R::Failure> {
    let word = given.word.as_str();
    if !rows.is_live()? {
        return Ok(Ok(Grading::Gone));
    }
    let mut known = rows.star(word)?;
    if known.is_none() {
        if !rows.is_looked_up(word)? {
            return Ok(Ok(Grading::NeverLookedUp));
        }
        if put(&mut rows, word, &StarText::default())? == Starring::Full {
            return Ok(Ok(Grading::Full));
        }
        known = rows.star(word)?;
    }
    let star = match known.unwrap_or_else(|| Err(damaged())) {
        Ok(star) => star,
        Err(error) => return Ok(Err(error)),
    };
    if !rows.insert_review(given, grade)? {
        return Ok(Ok(Grading::Due(star.memory.due)));
    }
    let graded = star.memory.graded(grade, given.time).and_then(|memory| {
        let last_review = memory.last_review.map(Civil::of).transpose()?;
        Ok((memory, Civil::of(memory.due)?, last_review))
    });
    let (memory, due, last_review) = match graded {
        Ok(graded) => graded,
        Err(error) => return Ok(Err(error)),
    };
    rows.set_memory(word, &memory, due, last_review)?;
    rows.commit()?;
    Ok(Ok(Grading::Due(memory.due)))
}

/// Stars a headword, or adds to what it has.
fn put<R: StarRows>(rows: &mut R, word: &str, text: &StarText) -> Result<Starring, R::Failure> {
    let known = rows.text(word)?;
    let (tags, note) = known.as_ref().map_or(("", ""), |(tags, note)| (tags.as_str(), note.as_str()));
    let Some(tags) = with_tags(tags, &text.tags) else { return Ok(Starring::TooManyTags) };
    let note = text.note.as_deref().unwrap_or(note);
    if known.is_some() {
        rows.set_text(word, &tags, note)?;
        return Ok(Starring::Known(word.to_owned()));
    }
    if rows.count()? >= MOST_STARS {
        return Ok(Starring::Full);
    }
    rows.insert(word, &tags, note)?;
    Ok(Starring::New(word.to_owned()))
}
