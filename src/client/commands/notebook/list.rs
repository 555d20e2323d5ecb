//! `cidian stars`: what is starred, the newest first.

use crate::client::commands::context::{Context, LoggedIn};
use crate::client::commands::history::wire_time;
use crate::client::error::Result;
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::render::{Clock, TimeText};
use crate::client::server::connection::Connection;
use crate::client::terminal::console::Console;
use crate::client::terminal::table::Table;
use crate::protocol::{HistoryRow, StarRow, escape, printable};
use clap::Args;
use serde::Serialize;
use time::OffsetDateTime;

/// The columns that are cut on a narrow page: first the note, then the tags, then the word.
const CUT: [usize; 3] = [3, 2, 0];

/// What `stars` takes.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StarsArguments {
    /// Only words with this tag
    #[arg(long, value_name = "TAG", value_parser = super::star::tag)]
    pub(crate) tag: Option<String>,
}

/// What `stars --json` prints for a word.
#[derive(Debug, Serialize)]
struct StarLine<'a> {
    word: &'a str,
    created: &'a str,
    due: &'a str,
    state: &'a str,
    reps: u32,
    lapses: u32,
    tags: &'a [String],
    note: &'a str,
}

/// All stars, or those with a tag; the newest first.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn stars(connection: &mut Connection, name: &str, tag: Option<&str>) -> Result<Vec<StarRow>> {
    let mut stars = Vec::new();
    connection.stars(name, |star| {
        if tag.is_none_or(|tag| star.tags.iter().any(|own| own == tag)) {
            stars.push(star);
        }
        Ok(())
    })?;
    stars.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.word.cmp(&b.word)));
    Ok(stars)
}

/// `cidian stars`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn run(context: &mut Context<'_>, arguments: &StarsArguments) -> Result<()> {
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let stars = stars(&mut connection, &name, arguments.tag.as_deref())?;
    connection.leave();
    console.paged(|console| print(console, &stars))
}

/// Prints stars: a table for a person, lines for a script.
///
/// # Errors
/// Standard output failed.
pub(crate) fn print(console: &mut Console, stars: &[StarRow]) -> Result<()> {
    let manner = console.manner();
    if manner.json {
        return stars.iter().try_for_each(|star| json(console, star));
    }
    if !manner.shows_terminal && !manner.menus {
        return stars.iter().try_for_each(|star| tsv(console, star));
    }
    if stars.is_empty() {
        return console.say(&Message::Notebook(&NotebookMessage::NoStars));
    }
    let say = |message: NotebookMessage<'_>| manner.language.say(&Message::Notebook(&message));
    let times = TimeText::Local(Clock::system());
    let mut table = Table::<4>::new();
    table.add([
        manner.language.say(&Message::HeadWord),
        say(NotebookMessage::HeadDue),
        say(NotebookMessage::HeadTags),
        say(NotebookMessage::HeadNote),
    ]);
    for star in stars {
        let due = times.of(star.due, manner.language);
        table.add([printable(&star.word), due, printable(&star.tags.join(" ")), printable(&star.note)]);
        if table.is_full() {
            console.write_table(&mut table, CUT)?;
        }
    }
    console.write_table(&mut table, CUT)
}

fn json(console: &mut Console, star: &StarRow) -> Result<()> {
    let StarRow { word, created, due, state, reps, lapses, tags, note } = star;
    let (created, due) = (time(*created), time(*due));
    let (state, reps, lapses) = (state.as_str(), *reps, *lapses);
    console.write_json(&StarLine { word, created: &created, due: &due, state, reps, lapses, tags, note })
}

fn tsv(console: &mut Console, star: &StarRow) -> Result<()> {
    let StarRow { word, created, due, state, reps, lapses, tags, note } = star;
    let (created, due, tags) = (time(*created), time(*due), printable(&tags.join(" ")));
    let (word, note) = (printable(word), printable(&escape(note)));
    console.write(&format!("{word}\t{created}\t{due}\t{}\t{reps}\t{lapses}\t{tags}\t{note}\n", state.as_str()))
}

fn time(time: OffsetDateTime) -> String {
    wire_time(&HistoryRow { name: "", word: "", time })
}
