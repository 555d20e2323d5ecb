//! How an entry that was found is printed: for a person, a pipe, a filter, or as an object.

use crate::client::arguments::{Field, Parts};
use crate::client::error::Result;
use crate::client::render;
use crate::client::render::show::{EntryLine, LookupLine, shown};
use crate::client::server::connection::Entry;
use crate::client::terminal::console::Console;
use crate::protocol::{escape, printable, unescape};
use crate::words::fields::fields;
use crate::words::lookup::{How, how};

/// How answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The interpretation, its newlines real.
    Plain,
    /// With the headword, for a terminal.
    Person,
    /// A line for a line, escapes kept.
    Filter,
    /// An object a line.
    Json,
}

/// How the server found an entry, as far as that shows: a name of [`How`], or `other` where a server has other rules.
fn form(word: &str, entry: &Entry) -> &'static str {
    how(word, &entry.headword).map_or("other", How::name)
}

/// Shows an entry to a person, through a pager if the screen can't hold it.
///
/// # Errors
/// [`Error::Output`](crate::client::error::Error::Output).
pub(crate) fn print_entry(console: &mut Console, asked: &str, entry: Entry) -> Result<()> {
    console.paged(|console| {
        if entry.escaped.len() <= render::LONG {
            return console.write(&render::entry(&entry, asked, console.look()));
        }
        // No dictionary has such an entry: it is shown, but not laid out.
        console.write(&format!("{}\n", printable(&entry.headword)))?;
        write_text(console, &entry.into_text(), shown)
    })
}

/// Prints an entry that was found for a word, in a style.
///
/// # Errors
/// [`Error::Output`](crate::client::error::Error::Output).
pub(super) fn print_found(console: &mut Console, style: Style, parts: &Parts, word: &str, entry: Entry) -> Result<()> {
    let entry = match style {
        Style::Json => entry,
        _ => shortened(parts, entry),
    };
    match (style, parts.field.as_slice()) {
        (Style::Json, _) => print_json(console, word, entry),
        (Style::Person, _) => print_entry(console, word, entry),
        (Style::Plain, [] | [Field::Interpretation]) => write_text(console, &entry.into_text(), shown),
        (Style::Filter, [] | [Field::Interpretation]) => write_text(console, &entry.escaped, printable),
        (Style::Plain | Style::Filter, fields) => {
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    console.write("\t")?;
                }
                match field {
                    Field::Word => console.write(&printable(word))?,
                    Field::Headword => console.write(&printable(&entry.headword))?,
                    Field::Form => console.write(form(word, &entry))?,
                    // In a line of several fields it is one, with its escapes.
                    Field::Interpretation => console.write_long(&entry.escaped, printable)?,
                }
            }
            console.write("\n")
        }
    }
}

/// Prints an entry that was found for a word as an object.
///
/// # Errors
/// [`Error::Output`](crate::client::error::Error::Output).
pub(crate) fn print_json(console: &mut Console, word: &str, mut entry: Entry) -> Result<()> {
    let form = form(word, &entry);
    let headword = entry.headword.clone();
    let articles = std::mem::take(&mut entry.articles);
    let texts: Vec<String> = articles.iter().map(|article| unescape(&article.escaped)).collect();
    let whole = entry.into_text();
    // Each dictionary has its own at the ends of its article.
    let all: Vec<_> = match texts.as_slice() {
        [] => vec![fields(&whole)],
        texts => texts.iter().map(|text| fields(text)).collect(),
    };
    let phonetic = all.iter().find_map(|fields| fields.phonetic).map(|phonetic| phonetic.trim_matches('/').to_owned());
    let mut tags: Vec<String> = Vec::new();
    for tag in all.iter().flat_map(|fields| &fields.tags) {
        if !tags.iter().any(|other| other == tag) {
            tags.push((*tag).to_owned());
        }
    }
    let entries = articles.iter().zip(&texts).map(|(article, interpretation)| EntryLine {
        dictionary: &article.dictionary,
        headword: &headword,
        interpretation,
    });
    console.write_json(&LookupLine {
        word,
        found: true,
        headword: Some(&headword),
        form: Some(form).filter(|form| *form != How::Exact.name()),
        interpretation: Some(whole),
        phonetic,
        tags,
        entries: entries.collect(),
        suggestions: None,
    })
}

/// The entry as much of it as is wanted.
fn shortened(parts: &Parts, entry: Entry) -> Entry {
    if !parts.first_line {
        return entry;
    }
    let headword = entry.headword.clone();
    let text = entry.into_first_text();
    let first = fields(&text).untagged.lines().map(str::trim_end).find(|line| !line.is_empty()).unwrap_or_default();
    Entry::new(headword, escape(first))
}

/// Writes a text as `safe` makes it, in colours where they are wanted, and a newline behind it.
fn write_text(console: &mut Console, text: &str, safe: fn(&str) -> String) -> Result<()> {
    if console.manner().colour && text.len() <= render::LONG {
        console.write(&render::painted(&safe(text)))?;
    } else {
        console.write_long(text, safe)?;
    }
    console.write("\n")
}
