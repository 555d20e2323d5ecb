//! The loader: a helper that reads a words file, checks it, and seals the snapshot that all children then share. A
//! bad file changes nothing.

use super::exit::{Exit, Fatal};
use super::helper::{Answer, Helper};
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Forker};
use crate::words::{self, ReadError};
use nix::errno::Errno;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A load at work.
#[derive(Debug)]
pub struct Loader {
    helper: Helper,
    from: String,
}

/// A snapshot that was made.
#[derive(Debug)]
pub struct Loaded {
    /// Its sealed memory.
    pub memory: OwnedFd,
    /// What is worth a warning: entries out of order.
    pub warning: Option<String>,
}

const MADE: u8 = b'm';
const REFUSED: u8 = b'r';
const ABSENT: u8 = b'a';
const SYSTEM: u8 = b's';

impl Loader {
    /// Starts to load a words file; the built-in words without one.
    ///
    /// # Errors
    /// No process, or no descriptor.
    pub fn start(forker: &mut Forker, sandbox: &Sandbox, file: Option<&Path>) -> Result<Self, Errno> {
        let from = file.map_or_else(|| "the built-in words".to_owned(), |file| file.display().to_string());
        let path = file.map(PathBuf::from);
        let name = from.clone();
        let open = || path.as_deref().map(words::open_file);
        Ok(Self { helper: Helper::start(forker, sandbox, open, |_, file| load(file, &name))?, from })
    }

    /// The helper.
    pub fn helper(&self) -> &Helper {
        &self.helper
    }

    /// Where the words come from, for the log.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Ends it: a newer load is wanted.
    pub fn give_up(self) {
        self.helper.give_up();
    }

    /// Takes the snapshot; waits for it if it is not made yet.
    ///
    /// # Errors
    /// [`Exit::Data`] if the file is refused, [`Exit::NoInput`] if it is not there, [`Exit::System`] if there is no
    /// memory for it.
    pub fn finish(&self) -> Result<Loaded, Fatal> {
        let Some(answer) = self.helper.answer() else {
            return Err(Fatal::new(Exit::System, format!("{}: the loader was killed", self.from)));
        };
        match (answer.outcome, answer.made) {
            (MADE, Some(memory)) => {
                Ok(Loaded { memory, warning: Some(answer.message).filter(|message| !message.is_empty()) })
            }
            (REFUSED, _) => Err(Fatal::new(Exit::Data, answer.message)),
            (ABSENT, _) => Err(Fatal::new(Exit::NoInput, answer.message)),
            _ => Err(Fatal::new(Exit::System, answer.message)),
        }
    }
}

fn load(file: Option<Result<File, ReadError>>, name: &str) -> Answer {
    let answer = |outcome, message: String| Answer { outcome, message, made: None };
    let read;
    let bytes = match file {
        None => words::BUILT_IN.as_bytes(),
        Some(opened) => {
            read = match opened.and_then(words::read_opened) {
                Ok(bytes) => bytes,
                Err(error @ (ReadError::Absent(_) | ReadError::Io(_))) => {
                    return answer(ABSENT, format!("words file {name} {error}"));
                }
                Err(error) => return answer(REFUSED, format!("words file {name} {error}")),
            };
            &read
        }
    };
    let parsed = match words::parse(bytes) {
        Ok(parsed) => parsed,
        Err(refused) => return answer(REFUSED, format!("words file {name} is refused: {refused}")),
    };
    let image = match words::image(&parsed) {
        Ok(image) => image,
        Err(error) => return answer(REFUSED, format!("words file {name} is refused: {error}")),
    };
    let warning = parsed.out_of_order.map_or_else(String::new, |(count, line)| {
        format!(
            "words file {name}: {count} entries out of order (the first in line {line}) are sorted in the loaded copy"
        )
    });
    match sys::seal(c"cidian-words", &image) {
        Ok(memory) => Answer { outcome: MADE, message: warning, made: Some(memory) },
        Err(error) => answer(SYSTEM, format!("words file {name}: no memory for the snapshot: {error}")),
    }
}
