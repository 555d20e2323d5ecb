//! Statistics of the words in a history: how often each was looked up, when last, and what it means. Only one entry for
//! each headword is in memory, never the whole history, and the number of entries is limited.

use super::budget::Budget;
use super::chosen::chosen;
use super::format::wire_time;
use super::query::{Choice, Format, Wanted};
use crate::client::commands::context::{Context, LoggedIn};
use crate::client::error::Result;
use crate::client::messages::Message;
use crate::client::render::show::TopLine;
use crate::client::render::{Clock, LONG, TimeText};
use crate::client::server::connection::{Connection, Entry};
use crate::client::server::dictionaries::Replies;
use crate::client::terminal::console::{Console, csv_row};
use crate::client::terminal::table::Table;
use crate::protocol::{Count, DEFAULT_HISTORY, HistoryRow, Request, escape, pieces, printable};
use std::collections::HashMap;
use time::OffsetDateTime;

/// The most requests under way; what is sent stays within the socket's buffers.
const WINDOW: usize = 16;

/// The statistics of one headword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) word: String,
    pub(crate) count: u64,
    pub(crate) first: OffsetDateTime,
    pub(crate) last: OffsetDateTime,
}

/// Counts the lookups that are chosen: the most looked up words first, of those the latest first.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn tally(connection: &mut Connection, name: &str, choice: &Choice) -> Result<Vec<Tally>> {
    let mut words: HashMap<String, (u64, OffsetDateTime, OffsetDateTime)> = HashMap::new();
    let mut budget = Budget::new();
    chosen(connection, name, Some(Count::All), choice, |row| {
        match words.get_mut(row.word) {
            Some((count, first, last)) => {
                *count += 1;
                *first = row.time.min(*first);
                *last = row.time.max(*last);
            }
            None => {
                budget.take(row.word.len())?;
                words.insert(row.word.to_owned(), (1, row.time, row.time));
            }
        }
        Ok(())
    })?;
    let mut tallies: Vec<Tally> =
        words.into_iter().map(|(word, (count, first, last))| Tally { word, count, first, last }).collect();
    tallies.sort_by(|a, b| b.count.cmp(&a.count).then(b.last.cmp(&a.last)).then_with(|| a.word.cmp(&b.word)));
    Ok(tallies)
}

/// Asks what each headword means, without leaving a trace in the history, and hands the answers on in order; `None`
/// for one that is in the dictionary no more.
///
/// # Errors
/// Whatever can go wrong with that, or what `each` fails with.
pub(crate) fn definitions(
    connection: &mut Connection,
    name: &str,
    tallies: &[Tally],
    mut each: impl FnMut(&Tally, Option<Entry>) -> Result<()>,
) -> Result<()> {
    for window in tallies.chunks(WINDOW) {
        let mut lines = Vec::new();
        for tally in window {
            Request::Define { name, word: &tally.word }.push_line(&mut lines);
        }
        connection.send(&lines);
        let mut replies = Replies::new(window.len());
        for tally in window {
            let entry = replies.next(connection).transpose()?.flatten();
            each(tally, entry)?;
        }
    }
    Ok(())
}

/// `cidian history --top`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn top(context: &mut Context<'_>, wanted: &Wanted) -> Result<()> {
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let mut tallies = tally(&mut connection, &name, &wanted.choice)?;
    let most = match wanted.count {
        Some(Count::All) => usize::MAX,
        Some(Count::Last(n)) => n as usize,
        None => DEFAULT_HISTORY as usize,
    };
    tallies.truncate(most);
    if wanted.oldest_first {
        tallies.reverse();
    }
    let format = Format::or_default(wanted.format, console);
    let mut lines = TopLines::new(format, console);
    console.paged(|console| {
        definitions(&mut connection, &name, &tallies, |tally, entry| lines.add(console, &name, tally, entry))?;
        if tallies.is_empty() && format == Format::Table {
            return console.say(&Message::HistoryEmpty);
        }
        lines.lay_out(console)
    })?;
    connection.leave();
    Ok(())
}

/// Tallies on their way out.
struct TopLines {
    format: Format,
    table: Table<4>,
    times: TimeText,
    first: bool,
}

impl TopLines {
    fn new(format: Format, console: &Console) -> Self {
        let local = console.manner().shows_terminal;
        let times = if local { TimeText::Local(Clock::system()) } else { TimeText::Utc };
        Self { format, table: Table::new(), times, first: true }
    }

    fn add(&mut self, console: &mut Console, name: &str, tally: &Tally, entry: Option<Entry>) -> Result<()> {
        let first = std::mem::replace(&mut self.first, false);
        let language = console.manner().language;
        let last = wire_time(&HistoryRow { name, word: &tally.word, time: tally.last });
        // A line of a table has room for the article of the first dictionary.
        let text = entry.map(|entry| match self.format {
            Format::Table => entry.into_first_text(),
            _ => entry.into_text(),
        });
        match self.format {
            Format::Table => {
                if first {
                    let time = match self.times {
                        TimeText::Utc => Message::HeadTime,
                        TimeText::Local(_) => Message::HeadLastTime,
                    };
                    let heads = [Message::HeadLookups, Message::HeadWord, time, Message::HeadInterpretation];
                    self.table.add(heads.map(|head| language.say(&head)));
                }
                let time = self.times.of(tally.last, language);
                let line = text.as_deref().unwrap_or_default().split('\n').map(str::trim).find(|line| !line.is_empty());
                let line = pieces(line.unwrap_or_default(), LONG).next().unwrap_or_default();
                let line = printable(&line.replace('\t', " "));
                self.table.add([tally.count.to_string(), printable(&tally.word), time, line]);
                if self.table.is_full() { self.lay_out(console) } else { Ok(()) }
            }
            Format::Csv => {
                if first {
                    console.write_csv(&["count", "word", "last", "interpretation"])?;
                }
                let fields = [&tally.count.to_string(), &printable(&tally.word), &last];
                csv_row(&fields.map(String::as_str), text.as_deref().unwrap_or_default(), &[], &mut |text| {
                    console.write(text)
                })
            }
            Format::Json => console.write_json(&TopLine {
                word: &tally.word,
                count: tally.count,
                last: &last,
                interpretation: text.as_deref(),
            }),
            Format::Tsv => {
                console.write(&format!("{}\t{}\t{last}\t", tally.count, printable(&tally.word)))?;
                console.write_long(text.as_deref().unwrap_or_default(), |text| printable(&escape(text)))?;
                console.write("\n")
            }
        }
    }

    fn lay_out(&mut self, console: &mut Console) -> Result<()> {
        console.write_table(&mut self.table, [3, 1])
    }
}
