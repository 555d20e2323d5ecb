//! `cidian history`, `history --top` and `history clear`: rows as they come, a page at a time; a whole history is in
//! memory only where its last row has to be printed first, and then within a limit.

mod budget;
mod chosen;
mod format;
mod query;
mod top;
mod when;

pub(crate) use self::chosen::chosen;
pub(crate) use self::format::wire_time;
pub(crate) use self::query::{Choice, Format, Wanted};
pub(crate) use self::top::{Tally, definitions, tally, top};
pub(crate) use self::when::{When, WhenError};

use self::budget::Budget;
use self::format::Rows;
use super::context::{Context, LoggedIn};
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::server::connection::Connection;
use crate::client::terminal::console::Console;
use crate::client::word::checked_word;
use crate::protocol::{Count, HistoryRow, Request};
use std::collections::{HashMap, HashSet};
use time::OffsetDateTime;

/// `cidian history`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn print(context: &mut Context<'_>, wanted: &Wanted) -> Result<()> {
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let format = Format::or_default(wanted.format, console);
    let mut whole = false;
    console.paged(|console| {
        let rows = print_rows(console, &mut connection, &name, wanted, format)?;
        whole = true;
        // A person who sees nothing wants to know why; a script sees it.
        if rows > 0 || format != Format::Table {
            Ok(())
        } else if wanted.choice.is_everything() {
            console.say(&Message::HistoryEmpty)
        } else {
            console.say(&Message::NothingMatches)
        }
    })?;
    // After the pager was left early, no more rows are awaited.
    if whole {
        connection.leave();
    }
    Ok(())
}

/// Shows a history to a person, as a table.
///
/// # Errors
/// Whatever can go wrong with that; the rows that came before are shown.
pub(crate) fn show(console: &mut Console, connection: &mut Connection, name: &str, count: Count) -> Result<()> {
    let choice = Choice::default();
    let wanted = Wanted { count: Some(count), choice, oldest_first: false, distinct: false, format: None };
    let rows = match count {
        Count::Last(_) if console.manner().shows_terminal => print_counted(console, connection, name, &wanted)?,
        _ => print_rows(console, connection, name, &wanted, Format::Table)?,
    };
    if rows == 0 { console.say(&Message::HistoryEmpty) } else { Ok(()) }
}

/// The last lookups as a table; the first row of a word shows how often it is among them, if more than once.
fn print_counted(console: &mut Console, connection: &mut Connection, name: &str, wanted: &Wanted) -> Result<u64> {
    let mut kept: Vec<(String, String, OffsetDateTime)> = Vec::new();
    let mut budget = Budget::new();
    let outcome = chosen(connection, name, wanted.count, &wanted.choice, |row| {
        budget.take(row.name.len() + row.word.len())?;
        kept.push((row.name.to_owned(), row.word.to_owned(), row.time));
        Ok(())
    });
    let mut times: HashMap<&str, u64> = HashMap::new();
    for (_, word, _) in &kept {
        *times.entry(word).or_default() += 1;
    }
    let mut rows = Rows::new(Format::Table, console);
    for (name, word, time) in &kept {
        let row = HistoryRow { name, word, time: *time };
        rows.add_counted(console, &row, times.remove(word.as_str()).unwrap_or_default())?;
    }
    rows.lay_out(console)?;
    outcome.map(|()| rows.count())
}

fn print_rows(
    console: &mut Console,
    connection: &mut Connection,
    name: &str,
    wanted: &Wanted,
    format: Format,
) -> Result<u64> {
    let mut rows = Rows::new(format, console);
    let mut kept: Vec<(String, String, OffsetDateTime)> = Vec::new();
    let mut budget = Budget::new();
    let mut seen = HashSet::new();
    // The server counts lookups, not words.
    let (asked, most) = match wanted.count {
        Some(Count::Last(n)) if wanted.distinct => (Some(Count::All), n as usize),
        count => (count, usize::MAX),
    };
    let outcome = chosen(connection, name, asked, &wanted.choice, |row| {
        if wanted.distinct {
            if seen.len() >= most || seen.contains(row.word) {
                return Ok(());
            }
            budget.take(row.word.len())?;
            seen.insert(row.word.to_owned());
        }
        if wanted.oldest_first {
            budget.take(row.name.len() + row.word.len())?;
            kept.push((row.name.to_owned(), row.word.to_owned(), row.time));
            Ok(())
        } else {
            rows.add(console, row)
        }
    });
    for (name, word, time) in kept.iter().rev() {
        rows.add(console, &HistoryRow { name, word, time: *time })?;
    }
    rows.lay_out(console)?;
    outcome.map(|()| rows.count())
}

/// `cidian history clear`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn clear(context: &mut Context<'_>, word: Option<&str>) -> Result<()> {
    // Blanks must not clear everything, and a word that can't be sent is reported before a password is asked for.
    let word = word
        .map(|word| checked_word("", word).map_err(|fault| Error::BadWord { word: word.to_owned(), fault }))
        .transpose()?;
    let LoggedIn { mut connection, name } = context.log_in()?;
    let mut count = 0_u64;
    if let Some(word) = word {
        // The server reports that it is done, not how much that was.
        connection.history(&name, Count::All, |row| {
            count += u64::from(row.word == word);
            Ok(())
        })?;
    }
    connection.ask(&Request::Clear { name: &name, word })?;
    connection.leave();
    context.console.done(&word.map_or(Message::HistoryCleared, |word| Message::LookupsCleared { word, count }))
}
