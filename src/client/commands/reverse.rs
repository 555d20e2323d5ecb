//! Looking up backwards: the headwords that a Chinese word leads to are listed, and the person chooses one. A server
//! that does not know the request counts as having found nothing.

use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::server::connection::{Connection, Entry};
use crate::client::terminal::console::Console;
use crate::client::terminal::table::Table;
use crate::client::word::may_lead;
use crate::protocol::{Code, MAX_LINE, MAX_REVERSE, Request, escape, parse_entry, printable, unescape};
use crate::words::fields::fields;
use std::time::Duration;

/// Of a longer line no more is kept, in bytes.
const MOST_OF_LINE: usize = 4 << 10;

/// The first line of an interpretation, for a list: without pronunciation and tags, its escapes kept.
fn first_line(escaped: &str) -> String {
    let text = unescape(escaped);
    let fields = fields(&text);
    let senses = fields.phonetic.and_then(|phonetic| fields.untagged.strip_prefix(phonetic)).unwrap_or(fields.untagged);
    let line = senses.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    escape(crate::protocol::pieces(line, MOST_OF_LINE).next().unwrap_or_default())
}

impl Connection {
    /// Asks for headwords that mean a text, best first, each with the first line of its interpretation. Not safe for a
    /// terminal.
    ///
    /// # Errors
    /// As [`Connection::status`]; also more of them, or longer ones, than there can be.
    pub(crate) fn reverse(&mut self, name: &str, text: &str) -> Result<Vec<Entry>> {
        let rest = match self.ask(&Request::Reverse { name, text }) {
            // An older server, or more than fits into a request.
            Err(Error::Refused(failure)) if matches!(failure.code, Code::BadReq | Code::TooLong) => {
                return Ok(Vec::new());
            }
            status => status?,
        };
        let entries = self.rows(&rest, MAX_REVERSE as u64, |line| {
            let (headword, escaped) = parse_entry(line).filter(|(headword, _)| headword.len() <= MAX_LINE)?;
            Some(Entry::new(headword.to_owned(), escaped.to_owned()))
        })?;
        let shortened = |entry: Entry| {
            let entry = self.apart(entry);
            // The dictionary that has the article, if there are several.
            let all = entry.apart();
            let article = all.iter().find(|article| article.contains(text)).or(all.first()).copied();
            let line = first_line(article.unwrap_or_default());
            Entry::new(entry.headword, line)
        };
        Ok(entries.into_iter().map(shortened).collect())
    }

    /// Asks for headwords that may have been meant: those that a Chinese text leads to, else what is near to it.
    ///
    /// # Errors
    /// As [`Connection::suggest`].
    pub(crate) fn meant(&mut self, name: &str, text: &str) -> Result<Vec<String>> {
        if may_lead(text) {
            let entries = self.reverse(name, text)?;
            if !entries.is_empty() {
                return Ok(entries.into_iter().map(|entry| entry.headword).collect());
            }
        }
        self.suggest(name, text)
    }

    /// Asks for what may stand in a text's place while it is typed: headwords that it begins, or that it leads to. A
    /// connection that was not in time is of no use any more.
    ///
    /// # Errors
    /// As [`Connection::suggest`].
    pub(crate) fn complete_within(&mut self, patience: Duration, name: &str, text: &str) -> Result<Vec<String>> {
        self.within(patience, |connection| {
            let near = connection.suggest(name, text)?;
            if !may_lead(text) || near.iter().any(|headword| headword.starts_with(text)) {
                return Ok(near);
            }
            Ok(connection.reverse(name, text)?.into_iter().map(|entry| entry.headword).collect())
        })
    }
}

/// Shows what a word leads to, a numbered line each.
///
/// # Errors
/// [`Error::Output`].
pub(crate) fn list(console: &mut Console, word: &str, entries: &[Entry]) -> Result<()> {
    console.say(&Message::WordsFor { word })?;
    let mut table = Table::<3>::new();
    for (at, entry) in entries.iter().enumerate() {
        table.add([format!("{:>4}", at + 1), printable(&entry.headword), printable(&entry.text())]);
    }
    let page = console.look().columns;
    console.write(&table.lay_out(page, [2, 1]))
}

/// A person's answer to a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The number of an entry, counted from zero.
    Entry(usize),
    /// No choice.
    Nothing,
    /// Something else was typed.
    Other(String),
}

/// Asks which of `count` entries is wanted.
///
/// # Errors
/// As [`Console::ask`].
pub(crate) fn choose(console: &mut Console, count: usize) -> Result<Choice> {
    console.flush()?;
    let typed = console.ask(&Message::AskNumber)?.unwrap_or_default();
    Ok(match typed.trim() {
        "" => Choice::Nothing,
        number => match number.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) => Choice::Entry(number - 1),
            _ => Choice::Other(typed.clone()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_for_a_list() {
        for (escaped, line) in [
            (r"/ˈæp.əl/ n. 苹果; 苹果树\n» An apple. 一个苹果。\n{cet4 k2}", "n. 苹果; 苹果树"),
            (r"n. 猫 {k2}", "n. 猫"),
            (r"\n\n  first\\n\n second", r"first\\n"),
            ("", ""),
        ] {
            assert_eq!(first_line(escaped), line);
        }
    }
}
