//! `cidian export`: the words of a history with their interpretations, as a deck for Anki or as CSV. A file that is
//! there already is replaced only by a whole one.

use super::account::{LoggedIn, Who, log_in};
use super::connection::Entry;
use super::console::{Console, csv_line};
use super::error::{Error, Result};
use super::history::{self, Choice, Tally};
use super::messages::Message;
use super::show::{ExportLine, shown};
use super::stream::Connector;
use crate::protocol::{HistoryRow, printable};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Tells Anki how to read the rest, so that nobody has to choose anything there.
const ANKI_HEAD: &str = "#separator:tab\n#html:true\n#columns:Front\tBack\n";

/// What is to be written where; `-` is standard output.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) anki: Option<PathBuf>,
    pub(crate) csv: Option<PathBuf>,
    pub(crate) choice: Choice,
}

/// `cidian export`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn run(console: &mut Console, connector: &Connector, who: &Who, export: &Export) -> Result<()> {
    let LoggedIn { mut connection, name } = log_in(console, connector, who)?;
    let tallies = history::tally(&mut connection, &name, &export.choice)?;
    let (mut anki, mut csv) = (ANKI_HEAD.to_owned(), csv_line(&["word", "interpretation", "count", "first", "last"]));
    let mut words = 0;
    history::definitions(&mut connection, &name, &tallies, |tally, entry| {
        // A card without a back teaches nothing; a word that is gone from the dictionary still counts in a table.
        if let Some(entry) = entry {
            push_card(&mut anki, tally, entry);
        }
        words += 1;
        csv.push_str(&csv_row(&name, tally, entry));
        Ok(())
    })?;
    connection.leave();
    for (path, text) in [(&export.anki, &anki), (&export.csv, &csv)] {
        let Some(path) = path else { continue };
        if path.as_os_str() == "-" {
            console.write(text)?;
        } else {
            write_file(path, text).map_err(|reason| Error::File { path: path.clone(), reason })?;
        }
    }
    let on_output = [&export.anki, &export.csv].into_iter().flatten().any(|path| path.as_os_str() == "-");
    if on_output {
        return Ok(());
    }
    if console.manner().json {
        console.write_json(&ExportLine { ok: true, words })
    } else {
        console.say(&Message::Exported { words })
    }
}

fn push_card(out: &mut String, tally: &Tally, entry: &Entry) {
    for (field, end) in [(printable(&tally.word), '\t'), (shown(&entry.text()), '\n')] {
        for c in field.chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                // Anki takes a quote at a field's beginning for CSV's.
                '"' => out.push_str("&quot;"),
                '\n' => out.push_str("<br>"),
                '\t' => out.push(' '),
                // A line that begins so would be one of the file's head.
                '#' if out.ends_with('\n') => out.push_str("&#35;"),
                c => out.push(c),
            }
        }
        out.push(end);
    }
}

fn csv_row(name: &str, tally: &Tally, entry: Option<&Entry>) -> String {
    let time = |time| history::wire_time(&HistoryRow { name, word: &tally.word, time });
    let text = entry.map(|entry| shown(&entry.text())).unwrap_or_default();
    csv_line(&[&printable(&tally.word), &text, &tally.count.to_string(), &time(tally.first), &time(tally.last)])
}

/// Writes a file whole or not at all, where it is a file; into a pipe or a device as it is.
fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return File::options().write(true).open(path)?.write_all(text.as_bytes());
    }
    // A link stays one: what it leads to is replaced.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = target.with_file_name(name);
    let written = File::create_new(&part).and_then(|mut file| {
        if let Ok(there) = target.metadata() {
            file.set_permissions(there.permissions())?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let moved = written.and_then(|()| std::fs::rename(&part, &target));
    if moved.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn cards_are_lines_whatever_is_on_them() {
        let tally = |word: &str| Tally {
            word: word.into(),
            count: 1,
            first: datetime!(2026-11-23 0:00 UTC),
            last: datetime!(2026-11-23 0:00 UTC),
        };
        let mut out = ANKI_HEAD.to_owned();
        let entry = Entry { headword: "x".into(), escaped: "n. <b> & \\\"q\\\"\\nv. \\t two\u{1b}".into() };
        push_card(&mut out, &tally("#hash"), &entry);
        push_card(&mut out, &tally("a#b"), &Entry { headword: "a".into(), escaped: "词".into() });
        assert_eq!(
            out[ANKI_HEAD.len()..].to_owned(),
            "&#35;hash\tn. &lt;b&gt; &amp; \\&quot;q\\&quot;<br>v.   two\\u{1b}\na#b\t词\n"
        );
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deck.txt");
        write_file(&path, "one").unwrap();
        write_file(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(write_file(&directory.path().join("none/deck"), "x").is_err());
        assert!(write_file(Path::new("/dev/full"), "x").is_err());
        write_file(Path::new("/dev/null"), "x").unwrap();
    }
}
