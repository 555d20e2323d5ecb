//! The loader: a helper that reads a words file, checks it, and seals the snapshot that all children then share. It
//! does the same with the TLS certificate and its key. A bad file changes nothing: a load succeeds or fails as a whole.

use super::certificate::OpenPair;
use super::{Answer, Helper};
use crate::config::tls::PairFiles;
use crate::exit::{Exit, Fatal};
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Forker, SealedMap};
use crate::words::{self, Dictionary, DictionaryNote, Parsed, ReadError, SameName, Stamp};
use nix::errno::Errno;
use std::borrow::Cow;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
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

    /// Whether it is the built-in words, and nothing else.
    pub fn is_built_in_words(&self) -> bool {
        self.words.as_ref().is_some_and(Vec::is_empty) && self.pair.is_none()
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
    files.iter().map(|file| name(file)).collect::<Vec<_>>().join(", ")
}

fn name(file: &Path) -> String {
    if file == Path::new(words::BUILT_IN_NAME) { "the built-in words".to_owned() } else { file.display().to_string() }
}

/// The words that are there already.
pub type Old = Dictionary<SealedMap>;

/// A load at work.
#[derive(Debug)]
pub struct Loader {
    /// Its process.
    pub helper: Helper,
    /// What it loads.
    pub wanted: Wanted,
}

/// What was made, of what was wanted.
#[derive(Debug)]
pub struct Loaded {
    /// The snapshot's sealed memory.
    pub words: Option<OwnedFd>,
    /// The certificate's sealed memory.
    pub pair: Option<OwnedFd>,
    /// How many of several dictionaries were read, and how many there are. The others are as they were.
    pub read: Option<(usize, usize)>,
    /// What is worth a warning: entries out of order, a certificate that has expired.
    pub warnings: Vec<String>,
}

const MADE: u8 = b'm';
const REFUSED: u8 = b'r';
const ABSENT: u8 = b'a';
const SYSTEM: u8 = b's';
const PAIR_REFUSED: u8 = b'p';

impl Loader {
    /// Starts to load. What has not changed since `old` was made of it is taken from there.
    ///
    /// # Errors
    /// No process, or no descriptor.
    pub fn start(forker: &mut Forker, sandbox: &Sandbox, wanted: Wanted, old: Option<&Old>) -> Result<Self, Errno> {
        let helper = Helper::start(forker, sandbox, || Opened::of(&wanted), |_, opened| load(&wanted, opened, old))?;
        Ok(Self { helper, wanted })
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
                    let mut lines = answer.message.lines();
                    let read = lines.next().and_then(|counts| counts.split_once(' '));
                    let read = read.and_then(|(read, of)| Some((read.parse().ok()?, of.parse().ok()?)));
                    let warnings = lines.map(str::to_owned).collect();
                    return Ok(Loaded { words, pair, read, warnings });
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
    words: Vec<(PathBuf, Source)>,
    pair: Option<Result<OpenPair, String>>,
}

/// Where a dictionary comes from.
enum Source {
    BuiltIn,
    File(Result<File, ReadError>),
}

impl Opened {
    fn of(wanted: &Wanted) -> Self {
        let built_in = [PathBuf::from(words::BUILT_IN_NAME)];
        let files = wanted.words.as_deref().map(|files| if files.is_empty() { &built_in[..] } else { files });
        Self {
            words: files.unwrap_or_default().iter().flat_map(|path| open(path)).collect(),
            pair: wanted.pair.as_ref().map(PairFiles::open),
        }
    }
}

/// The file of a path, open; of a directory all that it holds whose names end with `.txt`, in the order of their names.
fn open(path: &Path) -> Vec<(PathBuf, Source)> {
    if path == Path::new(words::BUILT_IN_NAME) {
        return vec![(path.to_owned(), Source::BuiltIn)];
    }
    if !path.is_dir() {
        return vec![(path.to_owned(), Source::File(words::open_file(path)))];
    }
    let failed = |error| vec![(path.to_owned(), Source::File(Err(error)))];
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
    files
        .into_iter()
        .map(|file| (words::open_file(&file), file))
        .map(|(opened, file)| (file, Source::File(opened)))
        .collect()
}

fn load(wanted: &Wanted, opened: Opened, old: Option<&Old>) -> Answer {
    let mut made = Vec::new();
    let mut warnings = Vec::new();
    let mut counts = String::new();
    // The quick one last: whatever is wrong with the words shows first, as it did before there were certificates.
    let words = wanted.words.as_ref().map_or(Ok(None), |_| load_words(opened.words, old).map(Some));
    let pair = words.and_then(|words| {
        if let Some(words) = words {
            made.push(words.memory);
            warnings.extend(words.warnings);
            counts = format!("{} {}", words.read, words.of);
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
            let warnings = warnings.iter().map(|warning| warning.replace('\n', "\\n"));
            let message = std::iter::once(counts).chain(warnings).collect::<Vec<_>>().join("\n");
            Answer { outcome: MADE, message, made }
        }
        Err((outcome, message)) => Answer { outcome, message, made: Vec::new() },
    }
}

/// Words that were loaded.
struct LoadedWords {
    /// The snapshot's sealed memory.
    memory: OwnedFd,
    /// How many dictionaries were read.
    read: usize,
    /// Of how many.
    of: usize,
    /// What is worth a warning, a line each.
    warnings: Vec<String>,
}

/// What is there of a dictionary.
enum Taken {
    /// Its file's content, and which state of the file that is.
    Read(Cow<'static, [u8]>, Option<Stamp>),
    /// The file has not changed since this was made of it.
    Kept(DictionaryNote),
}

/// Reads a file, if it has changed since the old words were made of it.
fn take(file: &Path, source: Source, kept: &[DictionaryNote]) -> Result<Taken, ReadError> {
    let opened = match source {
        Source::BuiltIn => return Ok(Taken::Read(words::BUILT_IN.as_bytes().into(), None)),
        Source::File(opened) => opened?,
    };
    let stamp = Stamp::of(file, &opened.metadata().map_err(ReadError::Io)?);
    let same = kept.iter().find(|note| stamp.is_some() && note.stamp == stamp);
    match same {
        Some(note) => Ok(Taken::Kept(note.clone())),
        // A file that is changed while it is read is refused, so the stamp is that of what was read.
        None => words::read_opened(opened).map(|bytes| Taken::Read(bytes.into(), stamp)),
    }
}

/// Makes the snapshot. One file that is refused refuses all.
fn load_words(files: Vec<(PathBuf, Source)>, old: Option<&Old>) -> Result<LoadedWords, (u8, String)> {
    // A dictionary that is alone is read each time: there is nothing else to be spared.
    let notes = if files.len() > 1 { old.map(Dictionary::dictionaries).unwrap_or_default() } else { Vec::new() };
    let mut taken: Vec<(String, PathBuf, Taken)> = Vec::new();
    for (file, source) in files {
        let name = name(&file);
        let of_file = take(&file, source, &notes).map_err(|error| {
            let outcome = match error {
                ReadError::Absent(_) | ReadError::Io(_) => ABSENT,
                _ => REFUSED,
            };
            (outcome, format!("words file {name} {error}"))
        })?;
        taken.push((name, file, of_file));
    }
    let refused = |name: &str, why: String| (REFUSED, format!("words file {name} is refused: {why}"));
    let kept: Vec<DictionaryNote> = taken
        .iter()
        .filter_map(|(.., of_file)| if let Taken::Kept(note) = of_file { Some(note.clone()) } else { None })
        .collect();
    let mut of_old = old.map(|old| old.taken_apart(&kept)).unwrap_or_default().into_iter();
    let mut sources: Vec<(DictionaryNote, Parsed<'_>)> = Vec::new();
    let mut warnings = Vec::new();
    for (name, file, of_file) in &taken {
        let (bytes, stamp) = match of_file {
            Taken::Read(bytes, stamp) => (bytes, stamp),
            Taken::Kept(note) => {
                // In the order in which they were asked for.
                let parsed = of_old.next().unwrap_or_default();
                sources.push((note.clone(), parsed));
                continue;
            }
        };
        let parsed = words::parse(bytes).map_err(|why| refused(name, why.to_string()))?;
        if let Some((count, line)) = parsed.out_of_order {
            warnings.push(format!(
                "words file {name}: {count} entries out of order (the first in line {line}) are sorted in the loaded copy"
            ));
        }
        sources.push((DictionaryNote { stamp: stamp.clone(), ..parsed.note(file) }, parsed));
    }
    let all = taken.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(", ");
    let parsed = words::merge(sources).map_err(|SameName { name, numbers: [first, second] }| {
        let [first, second] = [first, second].map(|number| taken.get(number).map_or("", |(file, ..)| file.as_str()));
        refused(
            second,
            format!("its dictionary is called {name}, as that of {first}; give one of them another # name:"),
        )
    })?;
    let image = words::image(&parsed).map_err(|error| refused(&all, error.to_string()))?;
    let memory = sys::seal(c"cidian-words", &image)
        .map_err(|error| (SYSTEM, format!("words file {all}: no memory for the snapshot: {error}")))?;
    // Here, because it takes time. Without huge pages the words are the same, and found more slowly.
    let _ = sys::join_pages(memory.as_fd());
    Ok(LoadedWords { memory, read: taken.len() - kept.len(), of: taken.len(), warnings })
}
