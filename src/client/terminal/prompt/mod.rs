//! The prompt for words on a terminal: line editing, earlier words by arrow keys, completions by TAB. All other
//! questions are answered with plain lines; no password passes through this file.

mod completion;
mod inputrc;

pub(crate) use self::completion::Source;

use self::completion::{Completions, Worker};
use super::interrupt;
use crate::directories;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustyline::completion::Completer;
use rustyline::config::{BellStyle, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::{DefaultHistory, History};
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};
use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The largest file of remembered words that is read: a larger one is not ours.
const MOST_BYTES: u64 = 4 << 20;
/// How many words are remembered.
const REMEMBERED: usize = 1_000;

/// What was typed at the prompt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    Line(String),
    /// Ctrl-C: the line is cleared.
    Cleared,
    /// Ctrl-D on an empty line.
    End,
    /// It contains something that is not text.
    Unreadable,
}

/// The prompt, as long as words are asked for.
pub(crate) struct LinePrompt {
    editor: Editor<Completions, DefaultHistory>,
    remembered: Option<PathBuf>,
    /// Whether anything was asked: the editor may have read more than it gave back.
    used: bool,
    /// Ends when this does.
    _worker: Worker,
}

impl LinePrompt {
    /// A prompt whose completions come from `source`. Words of earlier days are read from the person's file; without
    /// one they last as long as the prompt.
    ///
    /// # Errors
    /// The terminal can't be used so.
    pub(crate) fn new(source: Source) -> io::Result<Self> {
        let config = Config::builder()
            .max_history_size(REMEMBERED)
            .and_then(|config| config.history_ignore_dups(true))
            .map_err(system)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .bell_style(BellStyle::None)
            .edit_mode(inputrc::edit_mode(|name| std::env::var_os(name)))
            // Lines that are pasted are words to look up, each of them.
            .bracketed_paste(false)
            .build();
        let mut editor = Editor::with_config(config).map_err(system)?;
        let (worker, completions) = Worker::start(source)?;
        editor.set_helper(Some(completions));
        let remembered =
            directories::state(|name| std::env::var_os(name)).map(|directory| directory.join("lookup_words"));
        // One that is there has to be a file: a pipe would keep the person waiting.
        let remembered = remembered
            .filter(|path| path.metadata().map_or(true, |found| found.len() <= MOST_BYTES && found.is_file()));
        if let Some(path) = &remembered {
            // Nothing remembered yet, or nothing readable: words are remembered from now on.
            let _ = editor.load_history(path);
        }
        Ok(Self { editor, remembered, used: false, _worker: worker })
    }

    /// Whether lines wait that were typed before this prompt was: the terminal still has them as lines. What comes
    /// later is read by the editor alone, which keeps it in order.
    pub(crate) fn lines_wait(&self) -> bool {
        !self.used && keys_wait()
    }

    /// Asks for a word. `begun` stands there already, to be changed.
    ///
    /// # Errors
    /// The terminal failed.
    pub(crate) fn ask(&mut self, prompt: &str, begun: &str) -> io::Result<Typed> {
        self.used = true;
        let typed = interrupt::restoring(|| self.editor.readline_with_initial(prompt, (begun, "")));
        match typed {
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            // An unexpected change of the window's size: the line is asked for again.
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Ok(Typed::Cleared),
            Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                // The rest of what is not text belongs to the same line.
                discard_waiting();
                Ok(Typed::Unreadable)
            }
            Err(error) => Err(system(error)),
        }
    }

    /// Keeps a word for the next time. A failure is ignored.
    pub(crate) fn remember(&mut self, line: &str) {
        if line.trim().is_empty() || line.chars().any(char::is_control) {
            return;
        }
        if !self.editor.add_history_entry(line).is_ok_and(|new| new) {
            return;
        }
        if let Some(path) = &self.remembered
            && make_private(path).is_ok()
        {
            let _ = self.editor.history_mut().append(path);
        }
    }
}

/// Makes the file, if it is not there, so that only its owner reads it.
fn make_private(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        directories::make_private(directory)?;
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Whether the terminal has something to be read: keys, or whole lines where it gives out lines.
fn keys_wait() -> bool {
    let input = io::stdin();
    let mut wait = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    poll(&mut wait, PollTimeout::ZERO) == Ok(1)
}

/// Drops what was typed and not read.
fn discard_waiting() {
    let _ = nix::sys::termios::tcflush(io::stdin(), nix::sys::termios::FlushArg::TCIFLUSH);
}

fn system(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        ReadlineError::Errno(errno) => errno.into(),
        other => io::Error::other(other.to_string()),
    }
}

impl Helper for Completions {}
impl Highlighter for Completions {}
impl Validator for Completions {}

/// It shows no hints: it uses the pause after a key to ask for what TAB may want next.
impl Hinter for Completions {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        self.expect(&line[..pos]);
        None
    }
}

impl Completer for Completions {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let begun = line[..pos].trim_start();
        // A key typed meanwhile goes before any completion.
        Ok((pos - begun.len(), self.of(begun, keys_wait)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_words_of_before_are_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/lookup_words");
        make_private(&path).unwrap();
        make_private(&path).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        // The crate keeps what is there, and the mode.
        let config = Config::builder().build();
        for word in ["apple", "ice cream", "词"] {
            let mut history = DefaultHistory::with_config(&config);
            let _ = history.load(&path);
            history.add(word).unwrap();
            history.append(&path).unwrap();
        }
        let mut history = DefaultHistory::with_config(&config);
        history.load(&path).unwrap();
        assert_eq!(history.iter().collect::<Vec<_>>(), ["apple", "ice cream", "词"]);
        assert_eq!(mode(&path), 0o600);
    }
}
