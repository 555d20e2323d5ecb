//! The loader: a helper that reads a words file, checks it, and seals the snapshot that all children then share; and
//! does the same with the TLS certificate and its key. A bad file changes nothing: all that was asked for is made, or
//! none of it.

use super::certificate::OpenPair;
use super::{Answer, Helper};
use crate::config::tls::PairFiles;
use crate::exit::{Exit, Fatal};
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Forker};
use crate::words::{self, ReadError};
use nix::errno::Errno;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// What is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The words, and from which file; the built-in ones without one.
    pub words: Option<Option<PathBuf>>,
    /// The TLS certificate.
    pub pair: Option<PairFiles>,
}

impl Wanted {
    /// Whether there is nothing to load.
    pub fn is_nothing(&self) -> bool {
        self.words.is_none() && self.pair.is_none()
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.words {
            Some(Some(file)) => write!(f, "{}", file.display())?,
            Some(None) => f.write_str("the built-in words")?,
            None => {}
        }
        match &self.pair {
            Some(pair) if self.words.is_some() => write!(f, " and {pair}"),
            Some(pair) => write!(f, "{pair}"),
            None => Ok(()),
        }
    }
}

/// A load at work.
#[derive(Debug)]
pub struct Loader {
    helper: Helper,
    wanted: Wanted,
}

/// What was made, of what was wanted.
#[derive(Debug)]
pub struct Loaded {
    /// The snapshot's sealed memory.
    pub words: Option<OwnedFd>,
    /// The certificate's sealed memory.
    pub pair: Option<OwnedFd>,
    /// What is worth a warning: entries out of order, a certificate that has expired.
    pub warnings: Vec<String>,
}

const MADE: u8 = b'm';
const REFUSED: u8 = b'r';
const ABSENT: u8 = b'a';
const SYSTEM: u8 = b's';
const PAIR_REFUSED: u8 = b'p';

impl Loader {
    /// Starts to load.
    ///
    /// # Errors
    /// No process, or no descriptor.
    pub fn start(forker: &mut Forker, sandbox: &Sandbox, wanted: Wanted) -> Result<Self, Errno> {
        let helper = Helper::start(forker, sandbox, || Opened::of(&wanted), |_, opened| load(&wanted, opened))?;
        Ok(Self { helper, wanted })
    }

    /// The helper.
    pub fn helper(&self) -> &Helper {
        &self.helper
    }

    /// What it loads, for the log.
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Ends it: a newer load is wanted.
    pub fn give_up(self) {
        self.helper.give_up();
    }

    /// Takes what was made; waits for it if it is not made yet.
    ///
    /// # Errors
    /// [`Exit::Data`] if the words file is refused, [`Exit::NoInput`] if it is not there, [`Exit::Configuration`] if the
    /// certificate or its key is refused, [`Exit::System`] if there is no memory.
    pub fn finish(&self) -> Result<Loaded, Fatal> {
        let Some(answer) = self.helper.answer() else {
            return Err(Fatal::new(Exit::System, format!("{}: the loader was killed", self.wanted)));
        };
        let exit = match answer.outcome {
            MADE => {
                let mut made = answer.made.into_iter();
                let words = self.wanted.words.as_ref().and_then(|_| made.next());
                let pair = self.wanted.pair.as_ref().and_then(|_| made.next());
                if words.is_some() == self.wanted.words.is_some() && pair.is_some() == self.wanted.pair.is_some() {
                    let warnings = answer.message.lines().map(str::to_owned).collect();
                    return Ok(Loaded { words, pair, warnings });
                }
                Exit::System
            }
            REFUSED => Exit::Data,
            ABSENT => Exit::NoInput,
            PAIR_REFUSED => Exit::Configuration,
            _ => Exit::System,
        };
        Err(Fatal::new(exit, answer.message))
    }
}

/// The files, open: the sandbox opens nothing.
struct Opened {
    words: Option<Result<File, ReadError>>,
    pair: Option<Result<OpenPair, String>>,
}

impl Opened {
    fn of(wanted: &Wanted) -> Self {
        Self {
            words: wanted.words.as_ref().and_then(Option::as_deref).map(words::open_file),
            pair: wanted.pair.as_ref().map(PairFiles::open),
        }
    }
}

fn load(wanted: &Wanted, opened: Opened) -> Answer {
    let mut made = Vec::new();
    let mut warnings = Vec::new();
    // The quick one last: whatever is wrong with the words shows first, as it did before there were certificates.
    let words = wanted.words.as_ref().map_or(Ok(None), |file| load_words(file.as_deref(), opened.words).map(Some));
    let pair = words.and_then(|words| {
        if let Some((memory, warning)) = words {
            made.push(memory);
            warnings.extend(warning);
        }
        let pair = wanted.pair.as_ref().zip(opened.pair);
        pair.map(|(files, opened)| opened.and_then(|opened| files.load(opened)))
            .transpose()
            .map_err(|why| (PAIR_REFUSED, why))
    });
    match pair {
        Ok(pair) => {
            if let Some(pair) = pair {
                made.push(pair.memory);
                warnings.extend(pair.warning);
            }
            // One a line, whatever the files are called.
            let message = warnings.iter().map(|warning| warning.replace('\n', "\\n")).collect::<Vec<_>>().join("\n");
            Answer { outcome: MADE, message, made }
        }
        Err((outcome, message)) => Answer { outcome, message, made: Vec::new() },
    }
}

/// The snapshot's sealed memory, and what is worth a warning.
fn load_words(
    file: Option<&Path>,
    opened: Option<Result<File, ReadError>>,
) -> Result<(OwnedFd, Option<String>), (u8, String)> {
    let name = file.map_or_else(|| "the built-in words".to_owned(), |file| file.display().to_string());
    let read;
    let bytes = match opened {
        None => words::BUILT_IN.as_bytes(),
        Some(opened) => {
            read = opened.and_then(words::read_opened).map_err(|error| {
                let outcome = match error {
                    ReadError::Absent(_) | ReadError::Io(_) => ABSENT,
                    _ => REFUSED,
                };
                (outcome, format!("words file {name} {error}"))
            })?;
            &read
        }
    };
    let refused = |why: String| (REFUSED, format!("words file {name} is refused: {why}"));
    let parsed = words::parse(bytes).map_err(|why| refused(why.to_string()))?;
    let image = words::image(&parsed).map_err(|error| refused(error.to_string()))?;
    let warning = parsed.out_of_order.map(|(count, line)| {
        format!(
            "words file {name}: {count} entries out of order (the first in line {line}) are sorted in the loaded copy"
        )
    });
    let memory = sys::seal(c"cidian-words", &image)
        .map_err(|error| (SYSTEM, format!("words file {name}: no memory for the snapshot: {error}")))?;
    Ok((memory, warning))
}
