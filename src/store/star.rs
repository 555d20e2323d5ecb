//! The notebook: an account's starred headwords, and how they are scheduled for review.
//!
//! The schedule is FSRS's, with the parameters that its authors have trained; nothing is trained here. What a grade
//! does to a star is a pure function of the two and of the time.

use super::moment::{self, Civil};
use super::{AccountId, Error, Microseconds, Place, Record};
use chrono::DateTime;
use rs_fsrs::{Card, FSRS, Parameters, Rating, State};

/// The most stars of one account.
pub const MOST_STARS: u64 = 50_000;
/// The most bytes that the tags of a star have together, with a blank between two.
pub const MOST_TAGS_BYTES: usize = 512;
/// A card that is to be seen again within minutes is due this much earlier, so that it comes at the end of the same
/// review.
const AHEAD: i64 = 20 * 60 * 1_000_000;

/// How well a word was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// Not at all.
    Again = 1,
    /// Hardly.
    Hard = 2,
    /// Well.
    Good = 3,
    /// Without having to think.
    Easy = 4,
}

impl Grade {
    /// As the database has it.
    pub(super) fn number(self) -> u8 {
        self as u8
    }
}

/// How far a star has come in being learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Learned {
    /// Never reviewed.
    New = 0,
    /// Reviewed, and to be seen again within minutes.
    Learning = 1,
    /// To be seen again after days.
    Review = 2,
    /// Forgotten, and to be seen again within minutes.
    Relearning = 3,
}

impl Learned {
    /// As the database has it.
    pub(super) fn number(self) -> u8 {
        self as u8
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        [Self::New, Self::Learning, Self::Review, Self::Relearning].into_iter().find(|known| known.number() == number)
    }
}

/// What is known of how well a word is remembered: FSRS's state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// When it is to be reviewed.
    pub due: Microseconds,
    /// After how many days it is remembered with a probability of 90 %.
    pub stability: f64,
    /// From 1 to 10.
    pub difficulty: f64,
    /// Days between the last review and the one before.
    pub elapsed_days: i64,
    /// Days between the last review and when it is due; 0 for minutes.
    pub scheduled_days: i64,
    /// How often it was reviewed.
    pub reps: u32,
    /// How often it was forgotten.
    pub lapses: u32,
    /// How far it has come.
    pub learned: Learned,
    /// When it was last reviewed.
    pub last_review: Option<Microseconds>,
}

impl Memory {
    /// Of a word that is starred now.
    pub(super) fn new(now: Microseconds) -> Self {
        Self {
            due: now,
            stability: 0.0,
            difficulty: 0.0,
            elapsed_days: 0,
            scheduled_days: 0,
            reps: 0,
            lapses: 0,
            learned: Learned::New,
            last_review: None,
        }
    }

    /// After it was graded.
    ///
    /// # Errors
    /// A time is outside the calendar.
    pub(super) fn graded(self, grade: Grade, now: Microseconds) -> Result<Self, Error> {
        let time = |time: Microseconds| {
            DateTime::from_timestamp_micros(time.0)
                .ok_or_else(|| Error::bug(format!("{} µs is outside the calendar", time.0)))
        };
        // A clock may have been set back.
        let now = Microseconds(now.0.max(self.last_review.map_or(i64::MIN, |last| last.0)));
        let is_new = self.last_review.is_none();
        let card = Card {
            due: time(self.due)?,
            // Whatever stands in the database: the formulas want numbers in their range.
            stability: if is_new { 0.0 } else { in_range(self.stability, 0.01, 36_500.0) },
            difficulty: if is_new { 0.0 } else { in_range(self.difficulty, 1.0, 10.0) },
            elapsed_days: self.elapsed_days,
            scheduled_days: self.scheduled_days,
            reps: i32::try_from(self.reps).unwrap_or(i32::MAX - 1).min(i32::MAX - 1),
            lapses: i32::try_from(self.lapses).unwrap_or(i32::MAX - 1).min(i32::MAX - 1),
            state: match self.learned {
                _ if is_new => State::New,
                Learned::New => State::New,
                Learned::Learning => State::Learning,
                Learned::Review => State::Review,
                Learned::Relearning => State::Relearning,
            },
            last_review: time(self.last_review.unwrap_or(now))?,
        };
        let rating = match grade {
            Grade::Again => Rating::Again,
            Grade::Hard => Rating::Hard,
            Grade::Good => Rating::Good,
            Grade::Easy => Rating::Easy,
        };
        let card = FSRS::new(Parameters::default()).next(card, time(now)?, rating).card;
        Ok(Self {
            due: Microseconds(card.due.timestamp_micros()),
            stability: in_range(card.stability, 0.01, 36_500.0),
            difficulty: in_range(card.difficulty, 1.0, 10.0),
            elapsed_days: card.elapsed_days,
            scheduled_days: card.scheduled_days,
            reps: card.reps.unsigned_abs(),
            lapses: card.lapses.unsigned_abs(),
            learned: match card.state {
                State::New => Learned::New,
                State::Learning => Learned::Learning,
                State::Review => Learned::Review,
                State::Relearning => Learned::Relearning,
            },
            last_review: Some(now),
        })
    }
}

/// `f64::clamp` would let through a NaN.
fn in_range(value: f64, least: f64, most: f64) -> f64 {
    if value >= least { value.min(most) } else { least }
}

/// A starred headword.
#[derive(Debug, Clone, PartialEq)]
pub struct Star {
    /// The headword.
    pub word: String,
    /// When it was starred.
    pub created: Microseconds,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its note.
    pub note: String,
    /// How well it is remembered.
    pub memory: Memory,
}

/// What a star is to have besides its word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StarText {
    /// Tags that it gets, besides those it has.
    pub tags: Vec<String>,
    /// A note in place of the one that it has; `None` leaves the old one.
    pub note: Option<String>,
}

/// What came of starring a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Starring {
    /// It is starred now; this is the headword.
    New(String),
    /// It was starred before, and has got its tags and its note.
    Known(String),
    /// It was never looked up. (Of an import: the word is not to be starred.)
    NeverLookedUp,
    /// Its tags would be more than [`MOST_TAGS_BYTES`].
    TooManyTags,
    /// The account has [`MOST_STARS`].
    Full,
    /// The account is gone, or locked; nothing was done.
    Gone,
}

/// What came of taking a star, or tags of it, away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unstarring {
    /// That is done.
    Done,
    /// The word is not starred.
    NotStarred,
    /// The account is gone, or locked; nothing was done.
    Gone,
}

/// What came of grading a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grading {
    /// It is graded, and is to be reviewed again then.
    Due(Microseconds),
    /// It is neither starred nor was it ever looked up.
    NeverLookedUp,
    /// It was not starred, and the account has [`MOST_STARS`].
    Full,
    /// The account is gone, or locked; nothing was done.
    Gone,
}

/// A grade that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastReview {
    /// The headword.
    pub word: String,
    /// 1 to 4, the worst first.
    pub grade: u8,
    /// When.
    pub time: Microseconds,
    /// Which session's it was.
    pub origin: u64,
}

impl PastReview {
    /// Its place among the grades of its account.
    pub fn place(&self) -> Place {
        Place { time: self.time, origin: self.origin }
    }
}

/// What a store does for the notebook. Every method commits before it returns; where the account is gone or locked,
/// those that read return `None`.
pub trait Stars {
    /// Stars the first of `words` that was looked up, or adds tags and a note to one that is starred. Repeating a call
    /// after an error changes nothing more.
    fn star(&mut self, account: AccountId, words: &[String], text: &StarText) -> Result<Starring, Error>;

    /// Stars headwords whether they were looked up or not, all or none of them. In the place of a headword `None` is
    /// [`Starring::NeverLookedUp`].
    fn import_stars(
        &mut self,
        account: AccountId,
        entries: &[(Option<String>, StarText)],
    ) -> Result<Option<Vec<Starring>>, Error>;

    /// Takes a star away, with all that is known of it, or only some of its tags.
    fn unstar(&mut self, account: AccountId, word: &str, tags: &[String]) -> Result<Unstarring, Error>;

    /// Keeps a grade, and what follows from it for the star. Its identity is that of a lookup: a repeated call counts
    /// once. The word of the record is the one that is graded; one that is not starred is starred, if it was looked up.
    fn grade(&mut self, account: AccountId, grade: Grade, given: &Record) -> Result<Grading, Error>;

    /// The stars after a headword, in the byte order of headwords.
    fn stars_after(&mut self, account: AccountId, after: &str, limit: u32) -> Result<Option<Vec<Star>>, Error>;

    /// The stars that are due: those of minutes now, or soon; those of days if that is before `until`. Those that were
    /// never reviewed come last, else what has been due for longest comes first.
    fn stars_due(&mut self, account: AccountId, until: Microseconds, limit: u32) -> Result<Option<Vec<Star>>, Error>;

    /// How many stars there are, and how many of them are due.
    fn count_stars(&mut self, account: AccountId, until: Microseconds) -> Result<Option<(u64, u64)>, Error>;
}

/// Before when what is of days is due, and what is of minutes.
pub(super) fn due_before(until: Microseconds) -> Result<[Civil; 2], Error> {
    let soon = Microseconds(moment::present().0.saturating_add(AHEAD));
    Ok([Civil::of(until.max(soon))?, Civil::of(soon)?])
}

/// The tags that a star has when it gets more; `None` if they are too many.
pub(super) fn with_tags(known: &str, more: &[String]) -> Option<String> {
    let mut tags: Vec<&str> = known.split(' ').filter(|tag| !tag.is_empty()).collect();
    for tag in more {
        if !tags.contains(&tag.as_str()) {
            tags.push(tag);
        }
    }
    let tags = tags.join(" ");
    (tags.len() <= MOST_TAGS_BYTES).then_some(tags)
}

/// The tags that a star has without some of them.
pub(super) fn without_tags(known: &str, less: &[String]) -> String {
    let kept = |tag: &&str| !tag.is_empty() && !less.iter().any(|other| other == tag);
    known.split(' ').filter(kept).collect::<Vec<_>>().join(" ")
}

/// The error of a row that no program of ours has written.
pub(super) fn damaged() -> Error {
    Error::configuration("table star or review contains an invalid timestamp or state")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_796_083_199_000_000;
    const DAY: i64 = 86_400_000_000;
    const GRADES: [Grade; 4] = [Grade::Again, Grade::Hard, Grade::Good, Grade::Easy];

    #[test]
    fn a_word_that_is_remembered_is_asked_for_ever_more_rarely() {
        let mut memory = Memory::new(Microseconds(NOW));
        let mut now = Microseconds(NOW);
        let mut days = Vec::new();
        for _ in 0..6 {
            memory = memory.graded(Grade::Good, now).unwrap();
            days.push(memory.scheduled_days);
            now = memory.due;
        }
        // Ten minutes, then days: the intervals of FSRS-5 with its authors' parameters.
        assert_eq!((days[0], memory.reps, memory.lapses, memory.learned), (0, 6, 0, Learned::Review));
        assert!(days[1..].windows(2).all(|pair| pair[0] < pair[1]) && days[1] >= 1, "{days:?}");
        // Forgotten: soon again, and not so rarely afterwards.
        let forgotten = memory.graded(Grade::Again, now).unwrap();
        assert_eq!((forgotten.lapses, forgotten.learned, forgotten.scheduled_days), (1, Learned::Relearning, 0));
        assert!(forgotten.stability < memory.stability && forgotten.due.0 - now.0 < AHEAD);
        assert!(forgotten.graded(Grade::Good, forgotten.due).unwrap().scheduled_days < memory.scheduled_days);
    }

    #[test]
    fn the_first_grade_decides_about_the_beginning() {
        let after = |grade| Memory::new(Microseconds(NOW)).graded(grade, Microseconds(NOW)).unwrap();
        let minutes: Vec<i64> = GRADES.map(|grade| (after(grade).due.0 - NOW) / 60_000_000).to_vec();
        assert_eq!(minutes, [1, 5, 10, 15 * 24 * 60]);
        assert_eq!(GRADES.map(|grade| after(grade).learned == Learned::Review), [false, false, false, true]);
    }

    #[test]
    fn tags_are_kept_once() {
        let tags = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(with_tags("", &tags("b a")).as_deref(), Some("b a"));
        assert_eq!(with_tags("b a", &tags("a c")).as_deref(), Some("b a c"));
        assert_eq!(with_tags("b", &tags(&"x".repeat(MOST_TAGS_BYTES))), None);
        assert_eq!(without_tags("b a c", &tags("a z")), "b c");
        assert_eq!(without_tags("b", &tags("b")), "");
    }

    proptest! {
        /// Whatever the database contains and however often a word is graded, the result can be stored.
        #[test]
        fn any_grades_give_a_time_to_come(
            grades in proptest::collection::vec((0usize..4, -3i64..4_000), 1..40),
            stability in any::<f64>(),
            difficulty in any::<f64>(),
            learned in 0u8..4,
        ) {
            let (mut now, last_review) = (Microseconds(NOW), Some(Microseconds(NOW)));
            let learned = Learned::of_number(learned).unwrap();
            let mut memory = Memory { stability, difficulty, learned, last_review, ..Memory::new(now) };
            for (grade, days) in grades {
                now = Microseconds(now.0 + days * DAY);
                memory = memory.graded(GRADES[grade], now).unwrap();
                prop_assert!(memory.due.0 > now.0 && memory.due.0 - memory.last_review.unwrap().0 <= 36_502 * DAY);
                prop_assert!(memory.stability.is_finite() && (1.0..=10.0).contains(&memory.difficulty));
                now = Microseconds(now.0.min(NOW + 40_000 * DAY));
            }
        }
    }
}
