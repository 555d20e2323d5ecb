//! Lookups as a table, CSV, TSV or JSON lines: one row in, text out. It holds at most a table's page of rows.

use super::query::Format;
use crate::client::error::Result;
use crate::client::messages::Message;
use crate::client::render::show::HistoryLine;
use crate::client::render::{Clock, TimeText};
use crate::client::terminal::console::Console;
use crate::client::terminal::table::Table;
use crate::protocol::{HistoryRow, printable, push_history_row};

impl Format {
    /// The default format.
    pub(crate) fn or_default(format: Option<Self>, console: &Console) -> Self {
        let manner = console.manner();
        match format {
            _ if manner.json => Self::Json,
            Some(format) => format,
            None if manner.shows_terminal => Self::Table,
            None => Self::Tsv,
        }
    }
}

/// A history on its way out.
pub(crate) struct Rows {
    format: Format,
    table: Table<3>,
    times: TimeText,
    count: u64,
}

impl Rows {
    /// Nothing has come yet.
    pub(crate) fn new(format: Format, console: &Console) -> Self {
        let local = console.manner().shows_terminal;
        let times = if local { TimeText::Local(Clock::system()) } else { TimeText::Utc };
        Self { format, table: Table::new(), times, count: 0 }
    }

    /// How many have come.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Takes one.
    ///
    /// # Errors
    /// Standard output failed.
    pub(crate) fn add(&mut self, console: &mut Console, row: &HistoryRow<'_>) -> Result<()> {
        self.add_counted(console, row, 1)
    }

    /// Takes one of a word that comes several times; a table shows how often, if it is more than once.
    ///
    /// # Errors
    /// Standard output failed.
    pub(crate) fn add_counted(&mut self, console: &mut Console, row: &HistoryRow<'_>, times: u64) -> Result<()> {
        let first = self.count == 0;
        self.count += 1;
        let language = console.manner().language;
        match self.format {
            Format::Table => {
                if first {
                    let time =
                        if matches!(self.times, TimeText::Utc) { Message::HeadTime } else { Message::HeadLocalTime };
                    self.table.add([Message::HeadName, Message::HeadWord, time].map(|head| language.say(&head)));
                }
                let mut time = self.times.of(row.time, language);
                if times > 1 {
                    time.push_str("  ");
                    time.push_str(&language.say(&Message::SeveralLookups { times }));
                }
                self.table.add([printable(row.name), printable(row.word), time]);
                if self.table.is_full() { self.lay_out(console) } else { Ok(()) }
            }
            Format::Csv => {
                if first {
                    console.write_csv(&["name", "word", "time"])?;
                }
                console.write_csv(&[&printable(row.name), &printable(row.word), &wire_time(row)])
            }
            Format::Json => {
                let time = wire_time(row);
                console.write_json(&HistoryLine { name: row.name, word: row.word, time: &time })
            }
            Format::Tsv => {
                console.write(&format!("{}\t{}\t{}\n", printable(row.name), printable(row.word), wire_time(row)))
            }
        }
    }

    /// Writes what is held.
    ///
    /// # Errors
    /// Standard output failed.
    pub(crate) fn lay_out(&mut self, console: &mut Console) -> Result<()> {
        console.write_table(&mut self.table, [1, 0])
    }
}

/// The time as the server wrote it, to the byte: the wire's format and this one are the same.
pub(crate) fn wire_time(row: &HistoryRow<'_>) -> String {
    let mut line = Vec::new();
    push_history_row(&mut line, row);
    let line = String::from_utf8_lossy(&line);
    line.trim_end().rsplit('\t').next().unwrap_or_default().to_owned()
}
