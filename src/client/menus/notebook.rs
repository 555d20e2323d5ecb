//! The menu of the notebook: reviewing, the stars, a look back.

use super::link::SharedLink;
use super::{Menus, Next};
use crate::client::commands::notebook::link::Asks;
use crate::client::commands::notebook::list;
use crate::client::commands::notebook::options::{ReviewArguments, StatsArguments};
use crate::client::commands::notebook::review;
use crate::client::commands::notebook::stats;
use crate::client::error::Result;
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::server::connection::Connection;
use crate::client::terminal::console::Console;

impl Asks for SharedLink {
    fn ask<T>(&mut self, _: &mut Console, work: impl FnMut(&mut Connection) -> Result<T>) -> Result<T> {
        self.get().exchange(work)
    }
}

impl Menus<'_> {
    /// The menu, until it is left for level two.
    pub(super) fn notebook(&mut self, name: &str) -> Result<Next> {
        loop {
            self.console.say(&Message::Notebook(&NotebookMessage::Menu))?;
            let choice = self.console.ask(&Message::AskChoice)?;
            let Self { console, link, speaker, .. } = self;
            let done = match choice.as_deref().map(str::trim) {
                None | Some("4") => return Ok(Next::LevelTwo),
                Some("1") => review::review(console, link, name, &ReviewArguments::default(), speaker),
                Some("2") => {
                    let stars = link.ask(console, |connection| list::stars(connection, name, None));
                    stars.and_then(|stars| console.paged(|console| list::print(console, &stars)))
                }
                Some("3") => stats::show(console, link, name, &StatsArguments::default()),
                Some(typed) => {
                    console.complain(&Message::UnknownChoice { typed, last: 4 })?;
                    Ok(())
                }
            };
            if let Err(error) = done
                && self.tell_at_level_two(&error)? == Next::LevelOne
            {
                return Ok(Next::LevelOne);
            }
        }
    }
}
