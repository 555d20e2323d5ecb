//! The loader: a helper that reads a words file, checks it, and seals the snapshot that all children then share; and
//! does the same with the TLS certificate and its key. A bad file changes nothing: all that was asked for is made, or
//! none of it.

use super::certificate::OpenPair;
use super::{Answer, Helper};
use crate::config::tls::PairFiles;
use crate::exit::{Exit, Fatal};
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Forker};
use crate::words::{self, ReadError, SameName};
use nix::errno::Errno;
use std::borrow::Cow;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// What is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The words, and from which files, or directories of such, in the order of preference; the built-in ones without any.
    pub words: Option<Vec<PathBuf>>,
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
            Some(files) if files.is_empty() => f.write_str("the built-in words")?,
            Some(files) => f.write_str(&names(files))?,
            None => {}
        }
        match &self.pair {
            Some(pair) if self.words.is_some() => write!(f, " and {pair}"),
            Some(pair) => write!(f, "{pair}"),
            None => Ok(()),
        }
    }
}

/// Files by their names.
pub fn names(files: &[PathBuf]) -> String {
    files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
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
    words: Vec<(PathBuf, Result<File, ReadError>)>,
    pair: Option<Result<OpenPair, String>>,
}

impl Opened {
    fn of(wanted: &Wanted) -> Self {
        Self {
            words: wanted.words.iter().flatten().flat_map(|path| open(path)).collect(),
            pair: wanted.pair.as_ref().map(PairFiles::open),
        }
    }
}

/// The file of a path, open; of a directory all that it holds whose names end with `.txt`, in the order of their names.
fn open(path: &Path) -> Vec<(PathBuf, Result<File, ReadError>)> {
    if !path.is_dir() {
        return vec![(path.to_owned(), words::open_file(path))];
    }
    let failed = |error| vec![(path.to_owned(), Err(error))];
    let listed: std::io::Result<Vec<PathBuf>> =
        std::fs::read_dir(path).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    let mut files = match listed {
        Ok(files) => files,
        Err(error) => return failed(ReadError::Absent(error)),
    };
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    if files.is_empty() {
        return failed(ReadError::Empty);
    }
    files.into_iter().map(|file| (words::open_file(&file), file)).map(|(opened, file)| (file, opened)).collect()
}

fn load(wanted: &Wanted, opened: Opened) -> Answer {
    let mut made = Vec::new();
    let mut warnings = Vec::new();
    // The quick one last: whatever is wrong with the words shows first, as it did before there were certificates.
    let words = wanted.words.as_ref().map_or(Ok(None), |_| load_words(opened.words).map(Some));
    let pair = words.and_then(|words| {
        if let Some((memory, of_words)) = words {
            made.push(memory);
            warnings.extend(of_words);
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

/// The snapshot's sealed memory, and what is worth a warning, a line each. One file that is refused refuses all.
fn load_words(files: Vec<(PathBuf, Result<File, ReadError>)>) -> Result<(OwnedFd, Vec<String>), (u8, String)> {
    let mut read: Vec<(String, PathBuf, Cow<'static, [u8]>)> = Vec::new();
    for (file, opened) in files {
        let name = file.display().to_string();
        let bytes = opened.and_then(words::read_opened).map_err(|error| {
            let outcome = match error {
                ReadError::Absent(_) | ReadError::Io(_) => ABSENT,
                _ => REFUSED,
            };
            (outcome, format!("words file {name} {error}"))
        })?;
        read.push((name, file, bytes.into()));
    }
    if read.is_empty() {
        read.push(("the built-in words".to_owned(), PathBuf::new(), words::BUILT_IN.as_bytes().into()));
    }
    let refused = |name: &str, why: String| (REFUSED, format!("words file {name} is refused: {why}"));
    let mut sources = Vec::new();
    let mut warnings = Vec::new();
    for (name, file, bytes) in &read {
        let parsed = words::parse(bytes).map_err(|why| refused(name, why.to_string()))?;
        if let Some((count, line)) = parsed.out_of_order {
            warnings.push(format!(
                "words file {name}: {count} entries out of order (the first in line {line}) are sorted in the loaded copy"
            ));
        }
        sources.push((parsed.note(file), parsed));
    }
    let all = read.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
    let parsed = words::merge(sources).map_err(|SameName { name, numbers: [first, second] }| {
        let [first, second] = [first, second].map(|number| read.get(number).map_or("", |(file, ..)| file.as_str()));
        refused(
            second,
            format!("its dictionary is called {name}, as that of {first}; give one of them another # name:"),
        )
    })?;
    let image = words::image(&parsed).map_err(|error| refused(&all, error.to_string()))?;
    let memory = sys::seal(c"cidian-words", &image)
        .map_err(|error| (SYSTEM, format!("words file {all}: no memory for the snapshot: {error}")))?;
    Ok((memory, warnings))
}
