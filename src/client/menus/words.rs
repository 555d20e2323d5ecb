//! Looking words up until `##`: what is typed, what is found, and what may have been meant. (On the wire `##` is a word
//! like any other; it has its meaning only at this prompt.)

use super::{Menus, Next};
use crate::client::commands::lookup::OFFERED;
use crate::client::commands::notebook::star::star_one;
use crate::client::commands::{reverse, sentence};
use crate::client::error::{Error, Result, WordFault};
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::render;
use crate::client::terminal::interrupt;
use crate::client::terminal::prompt::{LinePrompt, Typed};
use crate::client::word::{checked_word, may_lead};
use crate::protocol::Request;
use crate::sys::ignore_interrupts;

/// What an asterisk in what was typed means.
#[derive(Debug, PartialEq, Eq)]
enum Asterisk {
    /// Nothing: it is part of a pattern, or it is not there.
    None,
    /// Star the headword that was found last.
    Alone,
    /// Look this up, and star it.
    Behind(String),
}

impl Asterisk {
    /// `*` alone is for the last word, `*2` for the second of those that were offered, and `word *` for a word that is
    /// looked up first. `word*` is a pattern, but of the word that was found last.
    fn of(typed: &str, last: Option<&str>, offered: &[String]) -> Self {
        let typed = typed.trim();
        if typed == "*" {
            return Self::Alone;
        }
        if let Some(number) = typed.strip_prefix('*').and_then(|number| number.trim().parse::<usize>().ok()) {
            return offered.get(number.wrapping_sub(1)).map_or(Self::None, |word| Self::Behind(word.clone()));
        }
        let Some(word) = typed.strip_suffix('*') else { return Self::None };
        if last.is_some_and(|last| last == word) {
            return Self::Alone;
        }
        match word.strip_suffix([' ', '\t']).map(str::trim_end) {
            Some(word) if !word.is_empty() && !word.contains(['*', '?']) => Self::Behind(word.to_owned()),
            _ => Self::None,
        }
    }
}

impl Menus<'_> {
    /// Words until `##`.
    pub(super) fn look_up(&mut self, name: &str) -> Result<Next> {
        let mut prompt = self.line_prompt(name);
        // What may have been meant by the word before: its number is enough.
        let mut offered: Vec<String> = Vec::new();
        // The headword that was found last.
        let mut last: Option<String> = None;
        loop {
            let Some(typed) = self.ask_word(prompt.as_mut())? else { return self.log_out() };
            let (typed, starred) = match Asterisk::of(&typed, last.as_deref(), &offered) {
                // The speech command reads the last one again.
                Asterisk::None if typed.trim() == "!" && self.speaker.is_there() && last.is_some() => {
                    let Self { console, speaker, .. } = self;
                    speaker.say(console, last.as_deref().unwrap_or_default())?;
                    continue;
                }
                Asterisk::None => (typed, false),
                Asterisk::Behind(word) => (word, true),
                Asterisk::Alone => {
                    if self.star_last(name, last.as_deref())? == Next::LevelOne {
                        return Ok(Next::LevelOne);
                    }
                    continue;
                }
            };
            let picked = typed.trim().parse().ok().and_then(|number: usize| offered.get(number.wrapping_sub(1)));
            let typed = picked.cloned().unwrap_or(typed);
            if let Some(prompt) = prompt.as_mut().filter(|_| typed.trim() != "##") {
                prompt.remember(&typed);
            }
            let word = match checked_word(name, &typed) {
                Ok("##") => return Ok(Next::LevelTwo),
                Ok(word) => word,
                Err(WordFault::Empty) => continue,
                Err(fault) => {
                    self.console.complain(&Message::BadWord { word: &typed, fault })?;
                    continue;
                }
            };
            offered.clear();
            let request = Request::Lookup { name, word };
            let answer = self.link.get().exchange(|connection| connection.entry_apart(&request));
            match answer {
                Ok(Some(entry)) => {
                    let headword = entry.headword.clone();
                    crate::client::commands::answer::print_entry(self.console, word, entry)?;
                    let Self { console, speaker, .. } = self;
                    speaker.say_if_asked(console, &headword)?;
                    last = Some(headword);
                    if starred && self.star_last(name, last.as_deref())? == Next::LevelOne {
                        return Ok(Next::LevelOne);
                    }
                }
                Ok(None) => {
                    last = None;
                    if !self.gloss(name, word)? {
                        offered = match self.words_for(name, word)? {
                            headwords if headwords.is_empty() => self.not_found(name, word)?,
                            headwords => headwords,
                        };
                    }
                }
                Err(Error::Lost { sent: true }) => self.console.complain(&Message::LookupUnknown)?,
                Err(error) => {
                    if matches!(error, Error::Unreachable { .. } | Error::LoginRefused(_)) {
                        word.clone_into(&mut self.unsent);
                    }
                    if self.tell_at_level_two(&error)? == Next::LevelOne {
                        return Ok(Next::LevelOne);
                    }
                }
            }
        }
    }

    /// Stars the headword that was found last, and reports it.
    fn star_last(&mut self, name: &str, last: Option<&str>) -> Result<Next> {
        let Some(word) = last else {
            self.console.complain(&Message::Notebook(&NotebookMessage::NothingToStar))?;
            return Ok(Next::LevelTwo);
        };
        let starred = self.link.get().exchange(|connection| star_one(connection, name, word));
        match starred {
            Ok(Some(word)) => self.console.say(&Message::Notebook(&NotebookMessage::Starred { word: &word }))?,
            Ok(None) => self.console.complain(&Message::Notebook(&NotebookMessage::NeverLookedUp { word }))?,
            Err(error) => return self.tell_at_level_two(&error),
        }
        Ok(Next::LevelTwo)
    }

    /// The headwords of a sentence, on a terminal; returns whether there were any. If they can't be had, it is as if
    /// there were none: whatever is wrong with the connection, the next request finds out.
    fn gloss(&mut self, name: &str, text: &str) -> Result<bool> {
        if !self.console.manner().asks_terminal || !sentence::is_sentence(text) {
            return Ok(false);
        }
        let mut pieces = Vec::new();
        let asked = self.link.get().exchange(|connection| {
            sentence::pieces(connection, name, text, |piece| {
                pieces.push(piece);
                Ok(())
            })
        });
        if asked.is_err() || pieces.is_empty() {
            return Ok(false);
        }
        for piece in pieces {
            crate::client::commands::answer::print_entry(self.console, piece.typed, piece.entry)?;
        }
        Ok(true)
    }

    /// Shows what a Chinese word leads to, on a terminal. If it can't be had, it is as if there were nothing.
    fn words_for(&mut self, name: &str, word: &str) -> Result<Vec<String>> {
        if !self.console.manner().asks_terminal || !may_lead(word) {
            return Ok(Vec::new());
        }
        let asked = self.link.get().exchange(|connection| connection.reverse(name, word));
        let Ok(entries) = asked else { return Ok(Vec::new()) };
        if !entries.is_empty() {
            reverse::list(self.console, word, &entries)?;
        }
        Ok(entries.into_iter().map(|entry| entry.headword).collect())
    }

    /// Line editing, where both ends are a terminal that can.
    fn line_prompt(&mut self, name: &str) -> Option<LinePrompt> {
        let manner = self.console.manner();
        if !manner.asks_terminal || !manner.moves {
            return None;
        }
        let (link, name) = (self.link.clone(), name.to_owned());
        // A terminal that can't be used so is still one for lines.
        LinePrompt::new(Box::new(move |text| link.get().suggest_quickly(&name, text))).ok()
    }

    /// Asks for a word; `None` at the end of the input. Ctrl-C on a terminal clears the line.
    fn ask_word(&mut self, prompt: Option<&mut LinePrompt>) -> Result<Option<String>> {
        let manner = self.console.manner();
        let text = manner.language.say(&Message::AskWord);
        // Lines that came before the prompt are taken as lines.
        let lines_wait = self.console.input.holds_line() || prompt.as_ref().is_some_and(|prompt| prompt.lines_wait());
        let Some(prompt) = prompt.filter(|_| !lines_wait) else {
            if !manner.asks_terminal {
                return self.console.ask(&Message::AskWord);
            }
            return interrupt::clearing(&text, || self.console.ask(&Message::AskWord));
        };
        self.console.flush()?;
        // A second Ctrl-C may come when the line is cleared and the editor does not look yet.
        let _interrupts = ignore_interrupts();
        loop {
            let begun = std::mem::take(&mut self.unsent);
            match prompt.ask(&text, &begun).map_err(Error::Input)? {
                Typed::Line(line) => return Ok(Some(line)),
                Typed::End => return Ok(None),
                Typed::Cleared => {}
                Typed::Unreadable => {
                    self.console.complain(&Message::UnreadableLine)?;
                    self.console.flush()?;
                }
            }
        }
    }

    /// Reports it, and what may have been meant. If that can't be had, the lookup has not failed: whatever is wrong
    /// with the connection, the next request finds out.
    fn not_found(&mut self, name: &str, word: &str) -> Result<Vec<String>> {
        self.console.complain(&Message::NotFound { word })?;
        self.console.flush()?;
        let found = self.link.get().exchange(|connection| connection.meant(name, word));
        let Ok(mut headwords) = found else { return Ok(Vec::new()) };
        headwords.truncate(OFFERED);
        if headwords.is_empty() {
            return Ok(headwords);
        }
        // A script that types words means words, not numbers.
        if self.console.manner().asks_terminal {
            let manner = self.console.manner();
            let mut lines = String::new();
            let text = manner.language.say(&Message::DidYouMeanNumbered { headwords: &headwords });
            render::wrapped(&mut lines, &text, "", "", self.console.look().columns);
            self.console.write(&lines)?;
            Ok(headwords)
        } else {
            self.console.say(&Message::DidYouMean { headwords: &headwords })?;
            Ok(Vec::new())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_asterisk_means() {
        let offered = ["pear".to_owned(), "peer".to_owned()];
        let of = |typed| Asterisk::of(typed, Some("apple"), &offered);
        assert_eq!(of(" * "), Asterisk::Alone);
        assert_eq!(of("apple*"), Asterisk::Alone);
        assert_eq!(of("*2"), Asterisk::Behind("peer".into()));
        assert_eq!(of("zoo *"), Asterisk::Behind("zoo".into()));
        assert_eq!(of("ice cream  *"), Asterisk::Behind("ice cream".into()));
        for pattern in ["zoo*", "app*", "*3", "*0", "wom?n *", "a*b", "**", "* *", "apple", "*pple", ""] {
            assert_eq!(of(pattern), Asterisk::None, "{pattern}");
        }
        assert_eq!(Asterisk::of("apple*", None, &[]), Asterisk::None);
    }
}
