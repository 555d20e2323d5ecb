//! `cidiand export-user`: everything that is stored about one account, for its owner. It holds no more than a page of
//! the history in memory, and changes nothing.

use super::replacement::Replacement;
use super::tools::{broken_pipe_is_fine, fatal, open};
use super::users::instant;
use crate::config::settings::Settings;
use crate::exit::{Exit, Fatal};
use crate::store::{AccountDetails, Error, Operator, PastLookup, PastReview, Star};
use crate::sys::Origin;
use crate::text::safe_json;
use serde::Serialize;
use std::fs::Permissions;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use time::OffsetDateTime;

/// How many lookups are read at once.
const PAGE: u32 = 1_000;

/// Writes one account's data to a file or to standard output.
///
/// # Errors
/// As the help says.
pub(crate) fn run(settings: &Settings, name: &str, output: Option<&Path>, origin: Origin) -> Result<Exit, Fatal> {
    let mut export = Export { settings, name, store: open(settings, origin)? };
    let details = export.details()?;
    match output {
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            match export.write(&details, &mut out) {
                Ok(()) => {}
                Err(Trouble::Fatal(fatal)) => return Err(fatal),
                Err(Trouble::Output(error)) => broken_pipe_is_fine(error)?,
            }
        }
        Some(path) => {
            let failed = |error: io::Error| Fatal::new(Exit::System, format!("{}: {error}", path.display()));
            let mut replacement = Replacement::create(path).map_err(failed)?;
            // Before there is anything in it.
            replacement.file().set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
            let mut out = BufWriter::new(replacement.file());
            match export.write(&details, &mut out) {
                Ok(()) => {}
                Err(Trouble::Fatal(fatal)) => return Err(fatal),
                Err(Trouble::Output(error)) => return Err(failed(error)),
            }
            drop(out);
            replacement.finish().map_err(failed)?;
        }
    }
    Ok(Exit::Success)
}

/// What can go wrong while it is written.
enum Trouble {
    Fatal(Fatal),
    Output(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Fatal> for Trouble {
    fn from(fatal: Fatal) -> Self {
        Self::Fatal(fatal)
    }
}

struct Export<'a> {
    settings: &'a Settings,
    name: &'a str,
    store: Box<dyn Operator>,
}

#[derive(Serialize)]
struct Token {
    created: String,
    last_used: String,
}

#[derive(Serialize)]
struct Lookup<'a> {
    word: &'a str,
    time: String,
}

#[derive(Serialize)]
struct Starred<'a> {
    word: &'a str,
    created: String,
    tags: &'a [String],
    note: &'a str,
    due: String,
    stability: f64,
    difficulty: f64,
    elapsed_days: i64,
    scheduled_days: i64,
    reps: u32,
    lapses: u32,
    last_review: Option<String>,
}

impl<'a> Starred<'a> {
    fn of(star: &'a Star) -> Self {
        let Star { word, created, tags, note, memory } = star;
        Self {
            word,
            created: instant(*created),
            tags,
            note,
            due: instant(memory.due),
            stability: memory.stability,
            difficulty: memory.difficulty,
            elapsed_days: memory.elapsed_days,
            scheduled_days: memory.scheduled_days,
            reps: memory.reps,
            lapses: memory.lapses,
            last_review: memory.last_review.map(instant),
        }
    }
}

#[derive(Serialize)]
struct Review<'a> {
    word: &'a str,
    grade: u8,
    time: String,
}

impl Export<'_> {
    fn details(&mut self) -> Result<AccountDetails, Fatal> {
        let found = self.store.account_details(self.name);
        let found = found.map_err(|error| fatal(&self.settings.session.database, &error))?;
        found.ok_or_else(|| Fatal::new(Exit::Data, format!("there is no account {}", self.name)))
    }

    fn write(&mut self, account: &AccountDetails, out: &mut dyn Write) -> Result<(), Trouble> {
        let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
        let exported = instant(crate::store::Microseconds(i64::try_from(now).unwrap_or(i64::MAX)));
        let token = |(created, used): &(_, _)| Token { created: instant(*created), last_used: instant(*used) };
        let tokens: Vec<Token> = account.tokens.iter().map(token).collect();
        writeln!(out, "{{\"name\": {},", json(&self.name))?;
        writeln!(out, " \"created\": {},", json(&instant(account.created)))?;
        writeln!(out, " \"locked\": {},", account.locked)?;
        writeln!(out, " \"exported\": {},", json(&exported))?;
        writeln!(out, " \"tokens\": {},", json(&tokens))?;
        let id = account.id;
        self.write_list(
            out,
            "history",
            |store, last: Option<&PastLookup>| store.history_of(id, last.map(PastLookup::place), PAGE),
            |lookup| json(&Lookup { word: &lookup.word, time: instant(lookup.time) }),
        )?;
        writeln!(out, ",")?;
        self.write_list(
            out,
            "stars",
            |store, last: Option<&Star>| store.stars_of(id, last.map_or("", |star| &star.word), PAGE),
            |star| json(&Starred::of(star)),
        )?;
        writeln!(out, ",")?;
        self.write_list(
            out,
            "reviews",
            |store, last: Option<&PastReview>| store.reviews_of(id, last.map(PastReview::place), PAGE),
            |review| json(&Review { word: &review.word, grade: review.grade, time: instant(review.time) }),
        )?;
        writeln!(out, "}}")?;
        // What ends because the account was deleted is not all there was.
        if self.details()?.id != account.id {
            return Err(
                Fatal::new(Exit::Data, format!("the account {} was deleted during the export", self.name)).into()
            );
        }
        out.flush()?;
        Ok(())
    }

    /// Writes a list whose rows are read in pages, each page after the last row of the one before.
    fn write_list<Row>(
        &mut self,
        out: &mut dyn Write,
        name: &str,
        page_after: impl Fn(&mut dyn Operator, Option<&Row>) -> Result<Vec<Row>, Error>,
        text: impl Fn(&Row) -> String,
    ) -> Result<(), Trouble> {
        write!(out, " \"{name}\": [")?;
        let mut last: Option<Row> = None;
        loop {
            let page = page_after(&mut *self.store, last.as_ref());
            let page = page.map_err(|error| fatal(&self.settings.session.database, &error))?;
            let is_last = page.len() < PAGE as usize;
            for row in page {
                let comma = if last.is_some() { "," } else { "" };
                write!(out, "{comma}\n  {}", text(&row))?;
                last = Some(row);
            }
            if is_last {
                break;
            }
        }
        write!(out, "{}]", if last.is_some() { "\n " } else { "" })?;
        Ok(())
    }
}

/// Texts, numbers, booleans and lists of them: that can't fail.
fn json(value: &impl Serialize) -> String {
    safe_json(&serde_json::to_string(value).unwrap_or_default())
}
