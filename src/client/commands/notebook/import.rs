//! `cidian import`: a list of words, or a file that Anki or `cidian export --csv` has written, becomes stars. A line
//! that can't become a star is reported with its number, and the others are taken all the same.

use super::link::{Asks, OwnLink};
use super::source::{Line, lines};
use crate::client::commands::context::Context;
use crate::client::error::{Error, Result};
use crate::client::exit::Exit;
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::server::connection::line_length;
use crate::client::terminal::console::Console;
use crate::files::{self, Pipes};
use crate::protocol::{Imported, MAX_LINE, Notebook, Request, StarEntry};
use crate::words::has_utf16_mark;
use clap::Args;
use serde::Serialize;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The largest file that is read: far above any list of words.
const MOST_BYTES: u64 = 64 << 20;
/// How many refused lines are reported one by one.
const TOLD: usize = 20;
/// The width of the bar.
const BAR: usize = 30;

/// What `import` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArguments {
    /// A word a line, or what Anki exports as plain text, or CSV with a column "word"; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// A tag for all of them; may be repeated
    #[arg(long = "tag", value_name = "TAG", value_parser = super::star::tag)]
    pub(crate) tags: Vec<String>,
}

/// What `--json` prints.
#[derive(Debug, Default, Serialize)]
struct ImportLine {
    ok: bool,
    new: u64,
    known: u64,
    refused: Vec<RefusedLine>,
}

#[derive(Debug, Serialize)]
struct RefusedLine {
    line: u64,
    word: String,
    why: &'static str,
}

/// `cidian import`.
///
/// # Errors
/// Whatever can go wrong with that; what was taken before is taken. Refused lines show in the exit status.
pub(crate) fn run(context: &mut Context<'_>, arguments: &ImportArguments) -> Result<Exit> {
    let failed = |reason| Error::File { path: arguments.file.clone(), reason };
    let bytes = read(context.console, &arguments.file).map_err(failed)?;
    let text = text(&arguments.file, bytes)?;
    let mut line = ImportLine { ok: true, ..ImportLine::default() };
    let mut entries = Vec::new();
    for Line { number, entry } in lines(&text, &arguments.tags).map_err(|why| failed(io::Error::other(why)))? {
        match entry {
            Ok(entry) => entries.push((number, entry)),
            Err((word, why)) => line.refused.push(RefusedLine { line: number, word, why }),
        }
    }
    let mut link = OwnLink::new(context)?;
    let console = &mut *context.console;
    let name = link.name.clone();
    let taken = take(console, &mut link, &name, &entries, &mut line);
    console.progress("");
    taken?;
    link.leave();
    // Those that the server refused came after those that were never sent.
    line.refused.sort_by_key(|refused| refused.line);
    tell(console, &arguments.file, &line)?;
    Ok(if line.refused.is_empty() { Exit::Done } else { Exit::NotFound })
}

fn take(
    console: &mut Console,
    link: &mut impl Asks,
    name: &str,
    entries: &[(u64, StarEntry)],
    line: &mut ImportLine,
) -> Result<()> {
    let mut done = 0;
    while done < entries.len() {
        let batch = batch(name, &entries[done..]);
        if batch.is_empty() {
            let (number, entry) = &entries[done];
            line.refused.push(RefusedLine { line: *number, word: entry.word.clone(), why: "too long" });
            done += 1;
            continue;
        }
        let outcomes = link.ask(console, |connection| connection.import_stars(name, &batch))?;
        for ((number, entry), (_, outcome)) in entries[done..].iter().zip(&outcomes) {
            let why = match outcome {
                Imported::New => {
                    line.new += 1;
                    continue;
                }
                Imported::Known => {
                    line.known += 1;
                    continue;
                }
                Imported::NotFound => "not in the dictionary",
                Imported::TooManyTags => "too many tags",
                Imported::Full => "the notebook is full",
            };
            line.refused.push(RefusedLine { line: *number, word: entry.word.clone(), why });
        }
        done += batch.len();
        console.progress(&bar(done, entries.len()));
    }
    Ok(())
}

/// As many entries as one request takes.
fn batch(name: &str, entries: &[(u64, StarEntry)]) -> Vec<StarEntry> {
    let none = Request::Notebook { name, what: Notebook::Import(Vec::new()) };
    let mut length = line_length(&none);
    let mut batch = Vec::new();
    for (_, entry) in entries {
        // With what separates it from the one before.
        length += entry.text().len() + if batch.is_empty() { 0 } else { 2 };
        if length > MAX_LINE {
            break;
        }
        batch.push(entry.clone());
    }
    batch
}

fn bar(done: usize, all: usize) -> String {
    let filled = done * BAR / all.max(1);
    format!("[{}{}] {done}/{all}", "#".repeat(filled), ".".repeat(BAR - filled))
}

fn tell(console: &mut Console, file: &Path, line: &ImportLine) -> Result<()> {
    if console.manner().json {
        return console.write_json(line);
    }
    for refused in line.refused.iter().take(TOLD) {
        let RefusedLine { line, word, why } = refused;
        console.complain(&Message::Notebook(&NotebookMessage::ImportRefused { file, line: *line, word, why }))?;
    }
    if let Some(more @ 1..) = line.refused.len().checked_sub(TOLD) {
        console.complain(&Message::Notebook(&NotebookMessage::ImportRefusedMore { more }))?;
    }
    let (new, known, refused) = (line.new, line.known, line.refused.len() as u64);
    console.say(&Message::Notebook(&NotebookMessage::Imported { new, known, refused }))
}

fn read(console: &Console, path: &Path) -> io::Result<Vec<u8>> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(bytes)
    } else {
        let notice = || console.notice(&Message::WaitingForPipe { path });
        Ok(files::open(path, Pipes::Taken(&notice))?.read(MOST_BYTES)?.to_vec())
    }
}

/// The file's text, without a byte-order mark.
fn text(path: &Path, bytes: Vec<u8>) -> Result<String> {
    if has_utf16_mark(&bytes) {
        return Err(Error::Utf16 { path: path.to_owned() });
    }
    let text = String::from_utf8(bytes).map_err(|wrong| {
        let valid = &wrong.as_bytes()[..wrong.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let byte = valid.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Error::NotUtf8 { path: path.to_owned(), line, byte }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bar_of_so_much() {
        assert_eq!(bar(0, 10), format!("[{}] 0/10", ".".repeat(BAR)));
        assert_eq!(bar(10, 10), format!("[{}] 10/10", "#".repeat(BAR)));
        assert_eq!(bar(0, 0).len(), bar(1, 1).len());
    }

    proptest! {
        #[test]
        fn batches_hold_all_and_fit(words in proptest::collection::vec("[a词\\\\ b]{1,200}", 1..40)) {
            let entry = |word: &String| StarEntry { word: format!("x{word}x"), ..StarEntry::default() };
            let entries: Vec<_> = words.iter().map(|word| (1, entry(word))).collect();
            let (mut done, mut seen) = (0, Vec::new());
            while done < entries.len() {
                let batch = batch("somebody", &entries[done..]);
                prop_assert!(!batch.is_empty());
                let request = Request::Notebook { name: "somebody", what: Notebook::Import(batch.clone()) };
                prop_assert!(line_length(&request) <= MAX_LINE);
                done += batch.len();
                seen.extend(batch);
            }
            prop_assert_eq!(seen, entries.into_iter().map(|(_, entry)| entry).collect::<Vec<_>>());
        }
    }
}
