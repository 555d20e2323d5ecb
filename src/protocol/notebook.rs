//! `G`, the notebook: what it asks, and the lines of its replies, read and written.
//!
//! Fields that may hold blanks are separated by `\t`, entries by `\n`, both written as escapes: a request is one line,
//! and holds no control characters.

use super::failure::{Failure, bad};
use super::limits::{MAX_NOTE_CHARS, MAX_STARS_PAGE, MAX_TAG_CHARS, MAX_TAGS_BYTES, MAX_WORD_CHARS};
use super::reply::TIME;
use crate::text::{cut, escape, escape_into, trim_blanks, unescape};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// What `G` asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notebook {
    /// `add entry`: star a word that was looked up.
    Add(StarEntry),
    /// `import entries`: star words of the dictionary, whether they were looked up or not.
    Import(Vec<StarEntry>),
    /// `remove word[\ttags]`: take a star away, or only some of its tags.
    Remove {
        /// The headword.
        word: String,
        /// The tags; without any, the star itself.
        tags: Vec<String>,
    },
    /// `grade n word`: how well a word was remembered.
    Grade {
        /// How well.
        grade: Grade,
        /// The headword.
        word: String,
    },
    /// `list [after]`: a page of all stars, in the byte order of headwords.
    List {
        /// The headword after which the page begins.
        after: Option<String>,
    },
    /// `due until [n]`: stars that are to be reviewed.
    Due {
        /// Where the day of the person who asks ends.
        until: OffsetDateTime,
        /// How many at most, 1 to [`MAX_STARS_PAGE`].
        most: u32,
    },
    /// `count until`: how many stars there are, and how many of them are due.
    Count {
        /// Where the day of the person who asks ends.
        until: OffsetDateTime,
    },
    /// `pick number [tag]`: one headword of the dictionary, by a number.
    Pick {
        /// The number; headwords are counted round and round.
        number: u64,
        /// A tag that it is to have.
        tag: Option<String>,
    },
}

/// A word to be starred.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StarEntry {
    /// The word.
    pub word: String,
    /// Tags that it gets, besides those it has.
    pub tags: Vec<String>,
    /// A note in place of the one it has; an empty one removes that. `None` leaves it.
    pub note: Option<String>,
}

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
    /// All of them, the worst first: their numbers on the wire begin with 1.
    pub const ALL: [Self; 4] = [Self::Again, Self::Hard, Self::Good, Self::Easy];

    /// Its number on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// What became of one entry of `import`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// It is starred now.
    New,
    /// It was starred before, and has got its tags and its note.
    Known,
    /// The dictionary has no such word.
    NotFound,
    /// Its tags are more than a star can have; it is as it was.
    TooManyTags,
    /// There is no room for another star.
    Full,
}

impl Imported {
    const ALL: [(Self, &'static str); 5] = [
        (Self::New, "new"),
        (Self::Known, "known"),
        (Self::NotFound, "notfound"),
        (Self::TooManyTags, "tags"),
        (Self::Full, "full"),
    ];

    /// Its word on the wire.
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    /// The meaning of a word on the wire.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == word).map(|(known, _)| known)
    }
}

/// How far a star has come in being learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StarState {
    /// Never reviewed.
    New,
    /// Reviewed, and to be seen again within minutes.
    Learning,
    /// To be seen again after days.
    Review,
    /// Forgotten, and to be seen again within minutes.
    Relearning,
}

impl StarState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::New, Self::Learning, Self::Review, Self::Relearning];

    /// Its word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Learning => "learning",
            Self::Review => "review",
            Self::Relearning => "relearning",
        }
    }
}

/// One star: a line of `list` and `due`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarRow {
    /// The headword.
    pub word: String,
    /// When it was starred.
    pub created: OffsetDateTime,
    /// When it is to be reviewed.
    pub due: OffsetDateTime,
    /// How far it has come.
    pub state: StarState,
    /// How often it was reviewed.
    pub reps: u32,
    /// How often it was forgotten.
    pub lapses: u32,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its note.
    pub note: String,
}

impl Notebook {
    /// Reads what follows the name.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let (verb, rest) = cut(text, ' ');
        let needed = || rest.ok_or_else(|| bad("a field is missing"));
        match verb {
            "add" => Ok(Self::Add(entry(&plain(needed()?)?)?)),
            "import" => Ok(Self::Import(plain(needed()?)?.split('\n').map(entry).collect::<Result<_, _>>()?)),
            "remove" => {
                let StarEntry { word, tags, note } = entry(&plain(needed()?)?)?;
                if note.is_some() {
                    return Err(bad("remove takes a word and tags"));
                }
                Ok(Self::Remove { word, tags })
            }
            "grade" => {
                let (number, word) = needed()?.split_once(' ').ok_or_else(|| bad("a field is missing"))?;
                let grade = Grade::ALL.into_iter().find(|grade| grade.number().to_string() == number);
                let grade = grade.ok_or_else(|| bad("a grade is 1, 2, 3 or 4"))?;
                Ok(Self::Grade { grade, word: only_word(word)? })
            }
            "list" => Ok(Self::List { after: rest.map(only_word).transpose()? }),
            "due" => {
                let (until, most) = cut(needed()?, ' ');
                let most = match most {
                    None => Some(MAX_STARS_PAGE),
                    // `parse` alone would take a plus sign.
                    Some(most) if !most.bytes().all(|byte| byte.is_ascii_digit()) => None,
                    Some(most) => most.parse().ok().filter(|n| (1..=MAX_STARS_PAGE).contains(n)),
                };
                let most = most.ok_or_else(|| bad(format!("n is 1 to {MAX_STARS_PAGE}")))?;
                Ok(Self::Due { until: moment(until)?, most })
            }
            "count" => Ok(Self::Count { until: moment(needed()?)? }),
            "pick" => {
                let (number, tag) = cut(needed()?, ' ');
                let digits = number.bytes().all(|byte| byte.is_ascii_digit());
                let number = number.parse().ok().filter(|_| digits).ok_or_else(|| bad("pick takes a number"))?;
                let tags = tag.map(|tag| plain(tag).and_then(|tag| check_tags(&tag))).transpose()?;
                match tags.as_deref() {
                    None => Ok(Self::Pick { number, tag: None }),
                    Some([tag]) => Ok(Self::Pick { number, tag: Some(tag.clone()) }),
                    Some(_) => Err(bad("pick takes one tag")),
                }
            }
            _ => Err(bad("the notebook knows add, import, remove, grade, list, due, count and pick")),
        }
    }

    /// Writes what [`Notebook::parse`] reads.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Add(entry) => format!("add {}", entry.text()),
            Self::Import(entries) => {
                format!("import {}", entries.iter().map(StarEntry::text).collect::<Vec<_>>().join("\\n"))
            }
            Self::Remove { word, tags } => {
                format!("remove {}", StarEntry { word: word.clone(), tags: tags.clone(), note: None }.text())
            }
            Self::Grade { grade, word } => format!("grade {} {}", grade.number(), escape(word)),
            Self::List { after: None } => "list".to_owned(),
            Self::List { after: Some(after) } => format!("list {}", escape(after)),
            Self::Due { until, most } => format!("due {} {most}", time_text(*until)),
            Self::Count { until } => format!("count {}", time_text(*until)),
            Self::Pick { number, tag: None } => format!("pick {number}"),
            Self::Pick { number, tag: Some(tag) } => format!("pick {number} {}", escape(tag)),
        }
    }

    /// Its verb.
    pub(super) fn verb(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Import(_) => "import",
            Self::Remove { .. } => "remove",
            Self::Grade { .. } => "grade",
            Self::List { .. } => "list",
            Self::Due { .. } => "due",
            Self::Count { .. } => "count",
            Self::Pick { .. } => "pick",
        }
    }
}

impl StarEntry {
    /// As it stands in a request.
    pub fn text(&self) -> String {
        let mut text = self.word.clone();
        if !self.tags.is_empty() || self.note.is_some() {
            text.push('\t');
            text.push_str(&self.tags.join(" "));
        }
        if let Some(note) = &self.note {
            text.push('\t');
            text.push_str(note);
        }
        escape(&text)
    }
}

/// The value of a field. Backslashes are taken more strictly than in a reply, where they may be a dictionary's own.
fn plain(field: &str) -> Result<String, Failure> {
    let mut rest = field.chars();
    while let Some(c) = rest.next() {
        if c == '\\' && !matches!(rest.next(), Some('n' | 't' | '\\')) {
            return Err(bad("a backslash is written \\\\"));
        }
    }
    Ok(unescape(field))
}

fn entry(text: &str) -> Result<StarEntry, Failure> {
    let mut fields = text.split('\t');
    let word = only_word_of(fields.next().unwrap_or_default())?;
    let tags = check_tags(fields.next().unwrap_or_default())?;
    let note = fields.next().map(check_note).transpose()?;
    if fields.next().is_some() {
        return Err(bad("an entry is a word, tags and a note"));
    }
    Ok(StarEntry { word, tags, note })
}

fn only_word(field: &str) -> Result<String, Failure> {
    only_word_of(&plain(field)?)
}

fn only_word_of(plain: &str) -> Result<String, Failure> {
    let word = trim_blanks(plain);
    if word.is_empty() {
        return Err(bad("a field is missing"));
    }
    if word.chars().any(char::is_control) || word.chars().count() > MAX_WORD_CHARS {
        return Err(bad(format!("a word has at most {MAX_WORD_CHARS} characters, and no control characters")));
    }
    Ok(word.to_owned())
}

/// The tags in a text with blanks between them, each once, in their order.
///
/// # Errors
/// `badreq`: one is too long, or they are too many.
pub fn check_tags(text: &str) -> Result<Vec<String>, Failure> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split_whitespace() {
        if tag.chars().count() > MAX_TAG_CHARS || tag.chars().any(char::is_control) {
            return Err(bad(format!("a tag has at most {MAX_TAG_CHARS} characters")));
        }
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    if tags.join(" ").len() > MAX_TAGS_BYTES {
        return Err(bad(format!("the tags of a word have at most {MAX_TAGS_BYTES} bytes")));
    }
    Ok(tags)
}

/// A note, without the blanks around it.
///
/// # Errors
/// `badreq`: it is too long, or no single line.
pub fn check_note(text: &str) -> Result<String, Failure> {
    let note = trim_blanks(text);
    if note.chars().any(char::is_control) || note.chars().count() > MAX_NOTE_CHARS {
        return Err(bad(format!("a note is one line of at most {MAX_NOTE_CHARS} characters")));
    }
    Ok(note.to_owned())
}

/// A moment, to the microsecond.
fn moment(text: &str) -> Result<OffsetDateTime, Failure> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok().map(|moment| moment.to_offset(UtcOffset::UTC));
    // Years that a database keeps, and that are written with four digits.
    let moment = moment.filter(|moment| (1_000..=9_999).contains(&moment.year()));
    let whole = moment.and_then(|moment| moment.replace_nanosecond(moment.microsecond() * 1_000).ok());
    whole.ok_or_else(|| bad("until is a time like 2026-11-23T05:32:10Z"))
}

/// A moment as replies have it, in UTC with microseconds.
pub fn time_text(time: OffsetDateTime) -> String {
    // Years outside 0..=9999 can't be stored, so formatting can't fail.
    time.to_offset(UtcOffset::UTC).format(TIME).unwrap_or_else(|_| "-".to_owned())
}

/// Reads what [`time_text`] wrote.
pub fn parse_time(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, TIME).ok().map(PrimitiveDateTime::assume_utc)
}

/// Writes a line of `list` and `due`: headword, when it was starred, when it is due, its state, how often it was
/// reviewed and forgotten, its tags with blanks between, its note.
pub fn push_star_row(out: &mut Vec<u8>, row: &StarRow) {
    let StarRow { word, created, due, state, reps, lapses, tags, note } = row;
    let (created, due, tags) = (time_text(*created), time_text(*due), tags.join(" "));
    let mut line = format!("{word}\t{created}\t{due}\t{}\t{reps}\t{lapses}\t{tags}\t", state.as_str());
    escape_into(note, &mut line);
    line.push('\n');
    out.extend_from_slice(line.as_bytes());
}

/// Reads such a line. What a later version adds at its end is left alone.
pub fn parse_star_row(line: &str) -> Option<StarRow> {
    let mut fields = line.split('\t');
    let word = fields.next().filter(|word| !trim_blanks(word).is_empty())?.to_owned();
    let (created, due) = (parse_time(fields.next()?)?, parse_time(fields.next()?)?);
    let state = fields.next()?;
    let state = StarState::ALL.into_iter().find(|known| known.as_str() == state)?;
    let (reps, lapses) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let tags = fields.next()?.split_whitespace().map(str::to_owned).collect();
    let note = unescape(fields.next()?);
    Some(StarRow { word, created, due, state, reps, lapses, tags, note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Code, Request};
    use proptest::prelude::*;
    use time::macros::datetime;

    fn code(line: &str) -> Code {
        Request::parse(line.as_bytes()).expect_err(line).code
    }

    #[test]
    fn every_verb_reads_as_it_is_written() {
        for line in [
            "G ann add apple",
            r"G ann add ice cream\tfood cold",
            r"G ann add ice cream\tfood\tI ate an ice cream.",
            r"G ann add ice cream\t\t",
            r"G ann add a\\b\t\tC:\\new\\table",
            r"G ann import apple\npear\tfruit\nzoo\t\tLook!",
            "G ann remove ice cream",
            r"G ann remove apple\tfruit",
            "G ann grade 3 ice cream",
            "G ann list",
            "G ann list ice cream",
            "G ann due 2026-11-23T05:32:10.123456Z 20",
            "G ann count 2026-11-23T05:32:10.123456Z",
            "G ann pick 18446744073709551615",
            "G ann pick 7 cet6",
        ] {
            let mut out = Vec::new();
            Request::parse(line.as_bytes()).expect(line).push_line(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{line}\n"));
        }
        let until = datetime!(2026-11-23 5:32:10.5 UTC);
        assert_eq!(
            Request::parse(b"G ann due 2026-11-23T13:32:10.5000009+08:00").unwrap(),
            Request::Notebook { name: "ann", what: Notebook::Due { until, most: MAX_STARS_PAGE } }
        );
        let entry =
            StarEntry { word: "ice cream".into(), tags: vec!["b".into(), "a".into()], note: Some("x y".into()) };
        assert_eq!(
            Request::parse(br"G ann add  ice cream \t b a  b\t x y ").unwrap(),
            Request::Notebook { name: "ann", what: Notebook::Add(entry) }
        );
    }

    #[test]
    fn what_the_notebook_does_not_know_is_badreq() {
        let long = "x".repeat(MAX_WORD_CHARS + 1);
        for line in [
            "G",
            "G ",
            "G ann",
            "G ann ",
            "G ann frob x",
            "G ann add",
            "G ann add ",
            r"G ann add \ttag",
            r"G ann add a\tb\tc\td",
            r"G ann add a\nb",
            r"G ann add a\b",
            r"G ann list a\",
            r"G ann import a\n\nb",
            r"G ann remove a\tb\tc",
            "G ann grade 3",
            "G ann grade 0 a",
            "G ann grade 5 a",
            "G ann grade +3 a",
            "G ann grade three a",
            "G ann list ",
            "G ann due",
            "G ann due now",
            "G ann due 2026-11-23T05:32:10Z ",
            "G ann due 2026-11-23T05:32:10Z 0",
            "G ann due 2026-11-23T05:32:10Z 501",
            "G ann due 2026-11-23T05:32:10Z +5",
            "G ann count",
            "G ann pick",
            "G ann pick x",
            "G ann pick -1",
            "G ann pick 18446744073709551616",
            "G ann pick 7 ",
            "G ann pick 7 a b",
            "G ann count 0999-01-01T00:00:00Z",
            &format!("G ann add {long}"),
            &format!(r"G ann add a\t{}", "t".repeat(MAX_TAG_CHARS + 1)),
        ] {
            assert_eq!(code(line), Code::BadReq, "{line}");
        }
        assert_eq!(code(&format!("G {} list", "n".repeat(33))), Code::BadName);
    }

    #[test]
    fn a_star_reads_as_it_is_written() {
        let row = StarRow {
            word: "ice cream".into(),
            created: datetime!(2026-11-23 05:32:10.123456 UTC),
            due: datetime!(2026-12-01 00:00 UTC),
            state: StarState::Relearning,
            reps: 7,
            lapses: 1,
            tags: vec!["food".into(), "cet6".into()],
            note: r"C:\new, and so on".into(),
        };
        let mut out = Vec::new();
        push_star_row(&mut out, &row);
        let line = std::str::from_utf8(&out).unwrap().strip_suffix('\n').unwrap();
        assert_eq!(parse_star_row(line), Some(row.clone()));
        assert_eq!(parse_star_row(&format!("{line}\tmore")), Some(row), "what a later version adds");
        for bad in ["", "a", "a\tb\tc", &line.replace("relearning", "asleep"), &line.replace('7', "-7"), &line[9..]] {
            assert_eq!(parse_star_row(bad), None, "{bad:?}");
        }
        for (outcome, word) in Imported::ALL {
            assert_eq!((outcome.as_str(), Imported::from_word(word)), (word, Some(outcome)));
        }
    }

    proptest! {
        #[test]
        fn any_request_reads_back(text in r"(add|import|remove|grade|list|due|count|pick) ?[1-5]? ?(\\t|\\n|\\\\|[a词 T:Z-]){0,12}") {
            if let Ok(what) = Notebook::parse(&text) {
                prop_assert_eq!(Notebook::parse(&what.text()).unwrap(), what);
            }
        }

        #[test]
        fn any_entry_reads_back(word in "[^\\p{C}\\s]{1,20}", tags in "[a-z ]{0,20}", note in proptest::option::of("[^\\p{C}\\s]{0,40}")) {
            let entry = StarEntry { word, tags: check_tags(&tags).unwrap(), note };
            let what = Notebook::Import(vec![entry.clone(), entry]);
            prop_assert_eq!(Notebook::parse(&what.text()).unwrap(), what);
        }

        #[test]
        fn any_line_is_a_star_or_not(line in any::<String>()) {
            let _ = parse_star_row(&line);
        }
    }
}
