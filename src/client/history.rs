//! `cidian history` and `history clear`: rows as they come, a page at a time; never a whole history in memory.

use super::account::{LoggedIn, Who, log_in};
use super::connection::Connection;
use super::console::Console;
use super::error::{Error, Result};
use super::lookup::checked_word;
use super::messages::Message;
use super::show::HistoryLine;
use super::stream::Connector;
use super::table::Table;
use crate::protocol::{Count, HistoryRow, Request, printable, push_history_row};
use time::UtcOffset;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// How times look in a table; everywhere else they stand as on the wire.
const TABLE_TIME: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// `cidian history`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn print(console: &mut Console, connector: &Connector, who: &Who, count: Count) -> Result<()> {
    let LoggedIn { mut connection, name } = log_in(console, connector, who)?;
    let manner = console.manner();
    if manner.shows_terminal && !manner.json {
        show(console, &mut connection, &name, count)?;
    } else {
        connection.history(&name, count, |row| {
            if manner.json {
                let time = wire_time(&row);
                console.write_json(&HistoryLine { name: row.name, word: row.word, time: &time })
            } else {
                console.write(&format!("{}\t{}\t{}\n", printable(row.name), printable(row.word), wire_time(&row)))
            }
        })?;
    }
    connection.leave();
    Ok(())
}

/// Shows a history to a person, as a table.
///
/// # Errors
/// Whatever can go wrong with that; the rows that came before are shown.
pub(crate) fn show(console: &mut Console, connection: &mut Connection, name: &str, count: Count) -> Result<()> {
    let language = console.manner().language;
    let mut table = Table::new();
    let mut rows = 0u64;
    let outcome = connection.history(name, count, |row| {
        if rows == 0 {
            table.add([Message::HeadName, Message::HeadWord, Message::HeadTime].map(|head| language.say(&head)));
        }
        rows += 1;
        table.add([printable(row.name), printable(row.word), table_time(&row)]);
        if table.is_full() { console.write(&table.lay_out()) } else { Ok(()) }
    });
    console.write(&table.lay_out())?;
    outcome?;
    if rows == 0 { console.say(&Message::HistoryEmpty) } else { Ok(()) }
}

/// `cidian history clear`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn clear(console: &mut Console, connector: &Connector, who: &Who, word: Option<&str>) -> Result<()> {
    // Blanks must not clear everything, and a word that can't be sent is told before a password is asked for.
    let word = word
        .map(|word| checked_word("", word).map_err(|fault| Error::BadWord { word: word.to_owned(), fault }))
        .transpose()?;
    let LoggedIn { mut connection, name } = log_in(console, connector, who)?;
    connection.ask(&Request::Clear { name: &name, word })?;
    connection.leave();
    console.done(&Message::HistoryCleared)
}

/// The time as the server wrote it, to the byte: whoever writes the wire's format writes this one.
fn wire_time(row: &HistoryRow<'_>) -> String {
    let mut line = Vec::new();
    push_history_row(&mut line, row);
    let line = String::from_utf8_lossy(&line);
    line.trim_end().rsplit('\t').next().unwrap_or_default().to_owned()
}

fn table_time(row: &HistoryRow<'_>) -> String {
    // Years come from the protocol's four digits, so formatting can't fail; the table stays whole anyway.
    row.time.to_offset(UtcOffset::UTC).format(TABLE_TIME).unwrap_or_else(|_| "-".to_owned())
}
