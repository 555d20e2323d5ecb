//! `cidian random` and `cidian today`: one word out of the whole dictionary.

use super::options::PickArguments;
use super::speech::Speaker;
use crate::client::commands::answer::{print_entry, print_json};
use crate::client::commands::context::{Context, LoggedIn};
use crate::client::error::{Error, Result};
use crate::client::exit::Exit;
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::render::Clock;
use crate::client::server::connection::Entry;
use crate::client::terminal::console::Console;
use crate::protocol::Notebook;
use sha2::{Digest, Sha256};
use std::io;
use time::Date;

/// Which word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Any.
    Random,
    /// The same for a whole day.
    OfToday,
}

/// `cidian random` and `cidian today`.
///
/// # Errors
/// Whatever can go wrong with that; that there is no word with the tag shows in the exit status.
pub(crate) fn run(
    context: &mut Context<'_>,
    which: Which,
    arguments: &PickArguments,
    speaker: &mut Speaker,
) -> Result<Exit> {
    let number = match which {
        Which::Random => getrandom::u64().map_err(|reason| Error::System(io::Error::other(reason)))?,
        Which::OfToday => {
            let clock = Clock::system();
            number_of(clock.local(clock.now()).date())
        }
    };
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let found = connection.pick(&name, Notebook::Pick { number, tag: arguments.tag.clone() })?;
    connection.leave();
    let Some(entry) = found else {
        let tag = arguments.tag.as_deref().unwrap_or_default();
        console.complain(&Message::Notebook(&NotebookMessage::NoWordWithTag { tag }))?;
        return Ok(Exit::NotFound);
    };
    let headword = entry.headword.clone();
    show(console, entry)?;
    speaker.say_if_asked(console, &headword)?;
    Ok(Exit::Done)
}

fn show(console: &mut Console, entry: Entry) -> Result<()> {
    let headword = entry.headword.clone();
    if console.manner().json {
        return print_json(console, &headword, entry);
    }
    print_entry(console, &headword, entry)
}

/// The number of a day: far from those of its neighbours.
fn number_of(day: Date) -> u64 {
    let digest = Sha256::digest(format!("cidian today {day}"));
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn each_day_has_a_number() {
        let numbers: std::collections::HashSet<u64> =
            (1..=365).map(|day| number_of(Date::from_ordinal_date(2026, day).unwrap()) % 20_000).collect();
        assert!(numbers.len() > 355, "{}", numbers.len());
        assert_eq!(number_of(date!(2026 - 11 - 29)), number_of(date!(2026 - 11 - 29)));
    }
}
