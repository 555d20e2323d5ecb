//! The lookups of a history that the person has asked for, as they come.

use super::query::{Choice, Chosen};
use crate::client::error::Result;
use crate::client::render::Clock;
use crate::client::server::connection::Connection;
use crate::protocol::{Count, HistoryRow};
use std::collections::HashSet;

/// Hands on the lookups that are chosen, newest first.
///
/// # Errors
/// Whatever can go wrong with that, or what `each` fails with.
pub(crate) fn chosen(
    connection: &mut Connection,
    name: &str,
    count: Option<Count>,
    choice: &Choice,
    mut each: impl FnMut(&HistoryRow<'_>) -> Result<()>,
) -> Result<()> {
    let everything = choice.is_everything();
    let chosen: Chosen = choice.at(Clock::system());
    let mut starred = HashSet::new();
    if choice.starred {
        connection.stars(name, |star| {
            starred.insert(star.word);
            Ok(())
        })?;
    }
    let mut left = match count {
        Some(Count::Last(n)) => u64::from(n),
        Some(Count::All) | None => u64::MAX,
    };
    // The server counts lookups, not those that are chosen.
    let asked = if everything { count.unwrap_or(Count::All) } else { Count::All };
    connection.history(name, asked, |row| {
        if left > 0
            && (everything || chosen.takes(row.word, row.time) && (!choice.starred || starred.contains(row.word)))
        {
            left -= 1;
            each(&row)?;
        }
        Ok(())
    })
}
