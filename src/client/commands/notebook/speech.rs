//! Words spoken by a command that the person has configured. The command gets the word as its last argument, and never
//! through a shell.

use crate::client::error::Result;
use crate::client::messages::Message;
use crate::client::messages::notebook::NotebookMessage;
use crate::client::terminal::console::Console;
use std::io::ErrorKind;
use std::process::{Child, Command, Stdio};

/// Reads words aloud; does nothing without a command.
#[derive(Debug, Default)]
pub(crate) struct Speaker {
    /// The program and its arguments.
    command: Vec<String>,
    /// Whether each word is read without being asked for.
    always: bool,
    speaking: Option<Child>,
}

impl Speaker {
    /// By a command, its words with blanks between; `always` reads each word.
    pub(crate) fn new(command: Option<&str>, always: bool) -> Self {
        let command = command.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        Self { command, always, speaking: None }
    }

    /// Whether there is a command.
    pub(crate) fn is_there(&self) -> bool {
        !self.command.is_empty()
    }

    /// Reads a word if each word is to be read.
    ///
    /// # Errors
    /// Standard output failed.
    pub(crate) fn say_if_asked(&mut self, console: &mut Console, word: &str) -> Result<()> {
        if self.always { self.say(console, word) } else { Ok(()) }
    }

    /// Reads a word. The last one, if it is still being read, is cut off. A failure is reported, but is not an error.
    ///
    /// # Errors
    /// Standard output failed.
    pub(crate) fn say(&mut self, console: &mut Console, word: &str) -> Result<()> {
        self.hush();
        let Some((program, arguments)) = self.command.split_first() else {
            return console.complain(&Message::Notebook(&NotebookMessage::NoSpeaker));
        };
        let Some(word) = speakable(word) else { return Ok(()) };
        let mut command = Command::new(program);
        command.args(arguments).arg(word).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => {
                self.speaking = Some(child);
                Ok(())
            }
            Err(reason) => {
                let missing = reason.kind() == ErrorKind::NotFound;
                let why = crate::client::messages::systems_words(&reason);
                let program = program.clone();
                // It is reported once.
                self.always &= !missing;
                console.complain(&Message::Notebook(&NotebookMessage::CantSay { program: &program, why: &why }))
            }
        }
    }

    /// Waits until the last word has been read.
    pub(crate) fn finish(&mut self) {
        if let Some(mut child) = self.speaking.take() {
            let _ = child.wait();
        }
    }

    fn hush(&mut self) {
        if let Some(mut child) = self.speaking.take() {
            // One that has ended is only collected.
            if !matches!(child.try_wait(), Ok(Some(_))) {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
    }
}

impl Drop for Speaker {
    /// The last word is read to its end.
    fn drop(&mut self) {
        self.finish();
    }
}

/// A word as the command gets it: nothing that it could take for an option, or that a terminal acts on.
fn speakable(word: &str) -> Option<&str> {
    let word = word.trim_start_matches(['-', '+', '@', ' ']).trim_end();
    (!word.is_empty() && !word.chars().any(char::is_control)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_an_option() {
        assert_eq!(speakable("apple"), Some("apple"));
        assert_eq!(speakable("-w/etc/passwd"), Some("w/etc/passwd"));
        assert_eq!(speakable("--"), None);
        assert_eq!(speakable("ice cream; rm -r $HOME"), Some("ice cream; rm -r $HOME"), "there is no shell");
        assert_eq!(speakable("a\u{1b}b"), None);
        let speaker = Speaker::new(Some(" espeak-ng  -v en "), false);
        assert_eq!(speaker.command, ["espeak-ng", "-v", "en"]);
        assert!(speaker.is_there() && !Speaker::new(None, true).is_there());
    }
}
