//! `cidian star` and `cidian unstar`.

use crate::client::commands::context::{Context, LoggedIn};
use crate::client::error::{Error, Result};
use crate::client::exit::Exit;
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::server::connection::Connection;
use crate::client::terminal::console::Console;
use crate::client::word::checked_word;
use crate::protocol::{StarEntry, check_note, check_tags};
use clap::Args;
use serde::Serialize;

/// What `star` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct StarArguments {
    /// The words; quote one that holds a space
    #[arg(value_name = "WORD", required = true)]
    pub(crate) words: Vec<String>,

    /// A tag for them, besides those they have; may be repeated
    #[arg(long = "tag", value_name = "TAG", value_parser = tag)]
    pub(crate) tags: Vec<String>,

    /// A note, which replaces the one they have: the sentence in which you met the word, for example; '' removes it
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub(crate) note: Option<String>,
}

/// What `unstar` takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct UnstarArguments {
    /// The words; quote one that holds a space
    #[arg(value_name = "WORD", required = true)]
    pub(crate) words: Vec<String>,

    /// Take only this tag away; may be repeated
    #[arg(long = "tag", value_name = "TAG", value_parser = tag)]
    pub(crate) tags: Vec<String>,
}

/// One tag, as it is typed.
pub(crate) fn tag(text: &str) -> std::result::Result<String, String> {
    match check_tags(text).as_deref() {
        Ok([tag]) => Ok(tag.clone()),
        Ok(_) => Err("a tag is one word".to_owned()),
        Err(failure) => Err(failure.message.clone()),
    }
}

/// A note, as it is typed: lines and TABs in it become blanks.
pub(crate) fn note(text: &str) -> std::result::Result<String, String> {
    check_note(&text.split_whitespace().collect::<Vec<_>>().join(" ")).map_err(|failure| failure.message)
}

/// What `--json` prints for a word.
#[derive(Debug, Serialize)]
struct StarLine<'a> {
    word: &'a str,
    starred: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    headword: Option<&'a str>,
}

/// `cidian star`.
///
/// # Errors
/// Whatever can go wrong with that; a word that was never looked up shows in the exit status.
pub(crate) fn star(context: &mut Context<'_>, arguments: &StarArguments) -> Result<Exit> {
    let StarArguments { words, tags, note } = arguments;
    let words = checked(words)?;
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let entry = |word: &str| StarEntry { word: word.to_owned(), tags: tags.clone(), note: note.clone() };
    // On a terminal several words that were looked up as one are one.
    if words.len() > 1 && console.manner().shows_terminal && !console.manner().json {
        let joined = words.join(" ");
        let together =
            checked_word(&name, &joined).is_ok() && joined.chars().count() <= crate::protocol::MAX_WORD_CHARS;
        if together && let Some(headword) = connection.star(&name, &entry(&joined))? {
            console.say(&Message::Notebook(&NotebookMessage::Starred { word: &headword }))?;
            connection.leave();
            return Ok(Exit::Done);
        }
    }
    let mut exit = Exit::Done;
    for word in words {
        let headword = connection.star(&name, &entry(word))?;
        if headword.is_none() {
            exit = Exit::NotFound;
        }
        told(console, word, headword.as_deref())?;
    }
    connection.leave();
    Ok(exit)
}

/// Stars a word at the prompt for words, and shows that it has.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn star_one(connection: &mut Connection, name: &str, word: &str) -> Result<Option<String>> {
    connection.star(name, &StarEntry { word: word.to_owned(), ..StarEntry::default() })
}

fn told(console: &mut Console, word: &str, headword: Option<&str>) -> Result<()> {
    if console.manner().json {
        return console.write_json(&StarLine { word, starred: headword.is_some(), headword });
    }
    match headword {
        Some(word) => console.say(&Message::Notebook(&NotebookMessage::Starred { word })),
        None => console.complain(&Message::Notebook(&NotebookMessage::NeverLookedUp { word })),
    }
}

/// `cidian unstar`.
///
/// # Errors
/// Whatever can go wrong with that; a word without a star shows in the exit status.
pub(crate) fn unstar(context: &mut Context<'_>, arguments: &UnstarArguments) -> Result<Exit> {
    let UnstarArguments { words, tags } = arguments;
    let words = checked(words)?;
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let mut exit = Exit::Done;
    for word in words {
        let done = connection.unstar(&name, word, tags)?;
        if !done {
            exit = Exit::NotFound;
        }
        if console.manner().json {
            console.write_json(&StarLine { word, starred: done && !tags.is_empty(), headword: None })?;
        } else if !done {
            console.complain(&Message::Notebook(&NotebookMessage::NotStarred { word }))?;
        } else if tags.is_empty() {
            console.say(&Message::Notebook(&NotebookMessage::Unstarred { word }))?;
        } else {
            console.say(&Message::Notebook(&NotebookMessage::WithoutTags { word, tags }))?;
        }
    }
    connection.leave();
    Ok(exit)
}

/// Before a password is asked for.
fn checked(words: &[String]) -> Result<Vec<&str>> {
    words
        .iter()
        .map(|word| checked_word("", word).map_err(|fault| Error::BadWord { word: word.clone(), fault }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_notes_as_they_are_typed() {
        assert_eq!(tag(" cet6 ").as_deref(), Ok("cet6"));
        assert!(tag("").is_err() && tag("a b").is_err() && tag(&"x".repeat(65)).is_err());
        assert_eq!(note(" An apple\n\ta day ").as_deref(), Ok("An apple a day"));
        assert_eq!(note("").as_deref(), Ok(""));
        assert!(note(&"x".repeat(513)).is_err() && note("\u{1b}[2J").is_err());
    }
}
