//! The schema, and what both stores hold to: which version is there, how long a word may be.
//!
//! This module never talks to a database.

use super::{Error, SCHEMA_VERSION};

/// The schema for MariaDB and MySQL, as it stands at the top of the tree.
pub(super) const MYSQL: &str = include_str!("../../schema.sql");

/// Our tables, each with the version of the schema that brought it.
pub(super) const TABLES: [(&str, u32); 8] =
    [("hist", 1), ("meta", 1), ("user", 1), ("words", 1), ("token", 2), ("dict_key", 3), ("star", 3), ("review", 3)];

/// The oldest version that `init-db` brings to ours.
const OLDEST: u32 = 1;

/// Longest headword, in characters: what the column `word` holds.
pub const MAX_WORD_CHARS: usize = 256;

/// How much of a headword's lower case is kept, in characters: what the column `folded` holds.
const MAX_FOLDED_CHARS: usize = 510;

/// Longest name of an account, in characters: what the columns `name` hold.
pub const MAX_NAME_CHARS: usize = 32;

/// Names of rows in table `meta`.
pub(super) const VERSION: &str = "schema_version";
pub(super) const IDENTITY: &str = "identity";
pub(super) const TITLE: &str = "title";
pub(super) const LICENCE: &str = "licence";
pub(super) const HEADWORDS: &str = "headwords";
pub(super) const DICTIONARIES: &str = "dictionaries";
/// Which rows of table `words` are valid.
pub(super) const GENERATION: &str = "words_generation";
/// The mark of the load that is under way, if one is.
pub(super) const LOAD: &str = "words_load";
/// The generation of table `words` that a new database begins with.
pub(super) const FIRST_GENERATION: u32 = 1;
/// The generation of rows that were not loaded but put in by other means: always valid.
pub(super) const NOT_LOADED: u32 = 0;

/// What was found where our schema should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// None of our tables, or only some of ours: an interrupted init.
    Incomplete,
    /// Tables by our names that are not ours.
    Foreign,
    /// The tables of the classroom schema, which can be upgraded.
    Classroom,
    /// All that belong to this version. (Those of a newer version are unknown to us.)
    Version(u32),
}

impl Found {
    /// Judges by the names of the existing tables and by the version in `meta`, if there is one.
    pub(super) fn judge(tables: &[String], version: Option<&str>) -> Result<Self, Error> {
        let has = |name: &str| tables.iter().any(|table| table == name);
        if !has("meta") {
            // Ours is made with `meta` first.
            return Ok(if tables.is_empty() { Self::Incomplete } else { Self::Foreign });
        }
        let Some(version) = version else { return Ok(Self::Incomplete) };
        let version = version
            .parse()
            .map_err(|_| Error::configuration("the schema_version in table meta of the database is not a number"))?;
        let complete = TABLES.iter().all(|(name, since)| version < *since || has(name));
        Ok(if complete || version > SCHEMA_VERSION { Self::Version(version) } else { Self::Incomplete })
    }

    /// Whether the program can work with what is there.
    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Self::Version(SCHEMA_VERSION) => Ok(()),
            Self::Incomplete => Err(missing()),
            other => Err(other.refuse()),
        }
    }

    /// Whether the schema may be made, completed, or brought to our version here.
    pub(super) fn may_init(self) -> Result<(), Error> {
        match self {
            Self::Version(OLDEST..=SCHEMA_VERSION) | Self::Incomplete => Ok(()),
            other => Err(other.refuse()),
        }
    }

    fn refuse(self) -> Error {
        match self {
            Self::Classroom => Error::configuration(
                "the database has the classroom schema (passwords in plain text, times as text): run cidiand init-db \
                 --upgrade, which hashes the passwords, converts the times, loses no row, and keeps the old tables \
                 under other names",
            ),
            Self::Foreign => Error::configuration(
                "the database holds tables of another program or of an older schema (a table user, hist or words, \
                 but no table meta): give Cidian a database of its own, and run cidiand init-db on it",
            ),
            Self::Version(version) if version > SCHEMA_VERSION => Error::configuration(format!(
                "the database has schema version {version}, made by a newer Cidian; this one knows version \
                 {SCHEMA_VERSION}"
            )),
            Self::Version(version) => Error::configuration(format!(
                "the database has schema version {version}, this program needs version {SCHEMA_VERSION}: run cidiand \
                 init-db, which adds what is missing and changes nothing else"
            )),
            Self::Incomplete => missing(),
        }
    }
}

/// The error for a database without our schema.
pub(super) fn missing() -> Error {
    Error::configuration("the database has no schema, or only part of it: run cidiand init-db")
}

/// Checks a headword before any database sees it, so that both stores refuse alike and neither truncates it.
pub(super) fn check_word(word: &str) -> Result<(), Error> {
    let chars = word.chars().count();
    if chars == 0 || chars > MAX_WORD_CHARS {
        return Err(Error::bug(format!(
            "the store received a headword of {chars} characters; 1 to {MAX_WORD_CHARS} are allowed"
        )));
    }
    Ok(())
}

/// Checks an account's name in the same way.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let chars = name.chars().count();
    if chars == 0 || chars > MAX_NAME_CHARS {
        let why = format!("the store received a name of {chars} characters; 1 to {MAX_NAME_CHARS} are allowed");
        return Err(Error::bug(why));
    }
    Ok(())
}

/// As much of a headword's lower case as the column `folded` holds: all of it, but for a headword of nothing but 'İ' of
/// the greatest length, which is then found as it is written only.
pub(super) fn cut_folded(folded: &str) -> &str {
    folded.char_indices().nth(MAX_FOLDED_CHARS).map_or(folded, |(end, _)| &folded[..end])
}

/// The least text above all that begin with `prefix`, in the order of code points, if there is one.
pub(super) fn after_all_beginning_with(prefix: &str) -> Option<String> {
    let mut letters: Vec<char> = prefix.chars().collect();
    while let Some(last) = letters.pop() {
        // The range itself steps over the surrogates, which are not characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            letters.push(next);
            return Some(letters.into_iter().collect());
        }
    }
    None
}

/// The statements of our own schema file: `--` comments are left out, a `;` ends a statement unless it is quoted.
/// It is made for that file, not for SQL at large.
pub(super) fn statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut quote = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match quote {
            Some(end) if letter == end => quote = None,
            Some(_) => {}
            None if letter == '-' && letters.peek() == Some(&'-') => {
                while letters.next_if(|&letter| letter != '\n').is_some() {}
                continue;
            }
            None if letter == ';' => {
                statements.push(std::mem::take(&mut statement));
                continue;
            }
            None if matches!(letter, '\'' | '"' | '`') => quote = Some(letter),
            None => {}
        }
        statement.push(letter);
    }
    statements.push(statement);
    statements.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Kind;

    #[test]
    fn the_splitter_knows_comments_and_quotes() {
        let script = "-- a; b's\nCREATE 'x;--y' -- tail;\n;;\n INSERT `a;b` \"c';\"; -- end";
        assert_eq!(statements(script), ["CREATE 'x;--y'", "INSERT `a;b` \"c';\""]);
    }

    #[test]
    fn our_file_makes_our_tables_and_records_our_version() {
        let statements = statements(MYSQL);
        for (table, _) in TABLES {
            let head = format!("CREATE TABLE IF NOT EXISTS {table} (");
            assert_eq!(statements.iter().filter(|text| text.starts_with(&head)).count(), 1, "{table}");
        }
        assert!(statements[0].contains(" meta "), "first, so that an interrupted init is told from another schema");
        let last = statements.last().unwrap();
        assert!(last.contains(&format!("('{VERSION}', '{SCHEMA_VERSION}')")), "last, when all stands");
        assert_eq!(statements.iter().filter(|text| text.contains(&format!("('{IDENTITY}', "))).count(), 1);
    }

    #[test]
    fn what_is_found_is_judged() {
        let names = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let all = names("user hist words meta token dict_key star review");
        assert_eq!(Found::judge(&all, Some("4")), Ok(Found::Version(4)));
        assert_eq!(Found::judge(&all, Some("3")), Ok(Found::Version(3)));
        assert_eq!(Found::judge(&names("user hist words meta token"), Some("2")), Ok(Found::Version(2)));
        assert_eq!(Found::judge(&names("user hist words meta token"), Some("3")), Ok(Found::Incomplete));
        assert_eq!(Found::judge(&names("user hist words meta"), Some("1")), Ok(Found::Version(1)));
        // An upgrade that was interrupted; one that was not; and what a later version may be like.
        assert_eq!(Found::judge(&all, Some("1")), Ok(Found::Version(1)));
        assert_eq!(Found::judge(&names("user hist words meta"), Some("2")), Ok(Found::Incomplete));
        assert_eq!(Found::judge(&names("user meta"), Some("5")), Ok(Found::Version(5)));
        assert_eq!(Found::judge(&names("user meta"), Some("1")), Ok(Found::Incomplete));
        assert_eq!(Found::judge(&names("user meta"), None), Ok(Found::Incomplete));
        assert_eq!(Found::judge(&[], None), Ok(Found::Incomplete));
        assert_eq!(Found::judge(&names("user"), None), Ok(Found::Foreign));
        assert_eq!(Found::judge(&all, Some("x")).unwrap_err().kind, Kind::Configuration);
        for (found, part) in [
            (Found::Incomplete, "cidiand init-db"),
            (Found::Foreign, "another program"),
            (Found::Classroom, "cidiand init-db --upgrade"),
            (Found::Version(5), "newer"),
            (Found::Version(1), "cidiand init-db"),
        ] {
            let error = found.check().unwrap_err();
            assert!(error.kind == Kind::Configuration && error.message.contains(part), "{error}");
        }
        for refused in [Found::Foreign, Found::Classroom, Found::Version(5), Found::Version(0)] {
            assert!(refused.may_init().is_err(), "{refused:?}");
        }
        for taken in [Found::Incomplete, Found::Version(1), Found::Version(2), Found::Version(3), Found::Version(4)] {
            assert!(taken.may_init().is_ok(), "{taken:?}");
        }
    }

    #[test]
    fn the_upper_bound_of_a_prefix() {
        assert_eq!(after_all_beginning_with("ice").as_deref(), Some("icf"));
        assert_eq!(after_all_beginning_with("a\u{10FFFF}").as_deref(), Some("b"));
        assert_eq!(after_all_beginning_with("\u{D7FF}").as_deref(), Some("\u{E000}"));
        assert_eq!(after_all_beginning_with("\u{10FFFF}"), None);
        assert_eq!(after_all_beginning_with(""), None);
    }

    #[test]
    fn lower_case_at_most_doubles_a_word() {
        // What the width of the column `folded` rests on.
        let most = (char::MIN..=char::MAX).map(|letter| letter.to_lowercase().count()).max();
        assert_eq!(most, Some(2));
        let (longest, over) = ("𠮷".repeat(MAX_FOLDED_CHARS), "𠮷".repeat(MAX_FOLDED_CHARS + 1));
        assert_eq!((cut_folded(&longest), cut_folded(&over)), (&*longest, &*longest));
        assert!(MYSQL.contains(&format!("folded     VARCHAR({MAX_FOLDED_CHARS}) ")));
    }
}
