//! `words import`: from the sources to a words file in its place, with progress and a summary. Unless the new file is
//! complete, the old one stays as it was. The formats are known to `words::import` only.

use super::progress::Progress;
use super::replacement::Replacement;
use super::tools::broken_pipe_is_fine;
use crate::config::options::Import;
use crate::exit::{Exit, Fatal};
use crate::words::import::{self, Choices, Collection, Failure, Format, Labels, Report, Watch, Written};
use nix::sys::signal::Signal;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// `cidiand words import`.
pub(crate) fn import_words(request: &Import) -> Result<Exit, Fatal> {
    let stop = Stop::install().map_err(|error| Fatal::new(Exit::System, format!("signals: {error}")))?;
    let bar = RefCell::new(Progress::new());
    let progress = |file: &Path, done: u64, total: u64| bar.borrow_mut().show_file(file, done, total);
    let asked = || stop.asked().is_some();
    let watch = Watch { stop: &asked, progress: &progress };
    let outcome = check(request).and_then(|()| make(request, &watch));
    drop(bar);
    let (reports, files) = match outcome {
        Ok(Made { reports, files }) => (reports, files),
        Err(Outcome::Fatal(fatal)) => return Err(fatal),
        Err(Outcome::Nothing(reports)) => {
            summary(request, &reports, &[])?;
            return Err(Fatal::new(Exit::Data, "nothing in the sources is usable; no words file was written"));
        }
        Err(Outcome::Stopped) => {
            // The temporary file is gone by now. The sender of the signal should see that it ended us.
            let _ = writeln!(io::stderr(), "stopped; {} is unchanged", request.output.display());
            let signal = stop.asked().unwrap_or(Signal::SIGTERM);
            let _ = signal_hook::low_level::emulate_default_handler(signal as i32);
            return Err(Fatal::new(Exit::System, "stopped"));
        }
    };
    summary(request, &reports, &files)?;
    Ok(Exit::Success)
}

/// How an import ends without a words file.
enum Outcome {
    Fatal(Fatal),
    Nothing(Vec<Report>),
    Stopped,
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        let exit = match &failure {
            Failure::Stopped => return Self::Stopped,
            Failure::Absent(..) | Failure::Read(..) => Exit::NoInput,
            Failure::Damaged { .. } | Failure::Locked(..) | Failure::TooLarge => Exit::Data,
        };
        Self::Fatal(Fatal::new(exit, failure.to_string()))
    }
}

/// What an import made.
struct Made {
    /// For each source.
    reports: Vec<Report>,
    files: Vec<MadeFile>,
}

/// A words file that was written.
struct MadeFile {
    path: PathBuf,
    /// The first of its sources; those that follow it are in it, too.
    first_source: usize,
    written: Written,
}

/// Whether a file of each source is asked for.
fn into_directory(request: &Import) -> bool {
    request.output.as_os_str().as_bytes().ends_with(b"/")
}

/// What the command line asks for must be one thing.
fn check(request: &Import) -> Result<(), Outcome> {
    let usage = |message: &str| Err(Outcome::Fatal(Fatal::new(Exit::Usage, message)));
    if into_directory(request) && request.sources.len() > 1 && (request.title.is_some() || request.name.is_some()) {
        return usage("--title and --name describe one dictionary; several sources in a directory have their own");
    }
    if request.columns.is_some() && request.from != Format::Ecdict {
        return usage("--columns needs --from ecdict");
    }
    if request.no_pinyin && request.from != Format::Cedict {
        return usage("--no-pinyin needs --from cedict");
    }
    Ok(())
}

fn make(request: &Import, watch: &Watch<'_>) -> Result<Made, Outcome> {
    let choices = Choices { columns: request.columns.clone(), pinyin: !request.no_pinyin };
    let read =
        |source: &Path, collection: &mut Collection| import::import(request.from, source, &choices, collection, watch);
    let mut made = Made { reports: Vec::new(), files: Vec::new() };
    // They take their places together, when all of them are complete.
    let mut replacements = Vec::new();
    if into_directory(request) {
        let mut names = HashSet::new();
        for (first_source, source) in request.sources.iter().enumerate() {
            let mut collection = Collection::new();
            let report = read(source, &mut collection)?;
            let name = free_name(request.name.as_ref().unwrap_or(&report.name), &mut names);
            made.reports.push(report);
            if collection.entries() == 0 {
                continue;
            }
            if replacements.is_empty() {
                make_directory(&request.output)?;
            }
            let path = request.output.join(format!("{name}.txt"));
            let (replacement, written) = write(request, &mut collection, Some(name), &path, watch)?;
            replacements.push((path.clone(), replacement));
            made.files.push(MadeFile { path, first_source, written });
        }
    } else {
        let mut collection = Collection::new();
        for source in &request.sources {
            made.reports.push(read(source, &mut collection)?);
        }
        if collection.entries() > 0 {
            let path = request.output.clone();
            let (replacement, written) = write(request, &mut collection, request.name.clone(), &path, watch)?;
            replacements.push((path.clone(), replacement));
            made.files.push(MadeFile { path, first_source: 0, written });
        }
    }
    if made.files.is_empty() {
        return Err(Outcome::Nothing(made.reports));
    }
    if (watch.stop)() {
        return Err(Outcome::Stopped);
    }
    for (path, replacement) in replacements {
        replacement.finish().map_err(|error| cant_write(&path, &error))?;
    }
    Ok(made)
}

/// A name that no earlier source has, in any case: the daemon does not distinguish names that differ only in case.
fn free_name(wanted: &str, names: &mut HashSet<String>) -> String {
    let wanted = if wanted.is_empty() { "dictionary" } else { wanted };
    let numbered = (2_u32..).map(|number| format!("{wanted}-{number}"));
    let mut free = std::iter::once(wanted.to_owned()).chain(numbered);
    let free = free.find(|name| names.insert(name.to_ascii_lowercase()));
    free.unwrap_or_else(|| wanted.to_owned())
}

fn make_directory(path: &Path) -> Result<(), Outcome> {
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(cant_write(path, &error)),
        _ => Ok(()),
    }
}

fn cant_write(path: &Path, error: &io::Error) -> Outcome {
    let exit = if error.kind() == io::ErrorKind::InvalidData { Exit::Software } else { Exit::System };
    let remedy = if path.is_dir() { "; to write a file for each source, end the name with a slash" } else { "" };
    Outcome::Fatal(Fatal::new(exit, format!("cannot write {}: {error}{remedy}", path.display())))
}

/// Writes a words file beside its place, and reads it again.
fn write(
    request: &Import,
    collection: &mut Collection,
    name: Option<String>,
    path: &Path,
    watch: &Watch<'_>,
) -> Result<(Replacement, Written), Outcome> {
    let cant = |error: io::Error| cant_write(path, &error);
    let mut replacement = Replacement::create(path).map_err(cant)?;
    let labels = Labels {
        title: request.title.clone(),
        licence: request.licence.clone(),
        name,
        from: request.source_language.clone(),
        to: request.target_language.clone(),
    };
    let mut out = BufWriter::with_capacity(1 << 20, replacement.file());
    let written = collection.write(&labels, &mut out, path, watch).map_err(|failure| match failure {
        Failure::Read(_, error) => cant(error),
        other => other.into(),
    })?;
    out.flush().map_err(cant)?;
    drop(out);
    replacement.file().rewind().map_err(cant)?;
    import::verify(replacement.file()).map_err(cant)?;
    Ok((replacement, written))
}

fn summary(request: &Import, reports: &[Report], files: &[MadeFile]) -> Result<(), Fatal> {
    let mut text = String::new();
    for (at, (source, report)) in request.sources.iter().zip(reports).enumerate() {
        let file = files.iter().rfind(|file| file.first_source <= at);
        let merged = file.and_then(|file| file.written.merged.get(at - file.first_source).copied());
        let (merged, nothing_new) = merged.unwrap_or_default();
        let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
        let _ = writeln!(text, "{}: {}", source.display(), report.title);
        let _ = writeln!(
            text,
            "  {} entries read, {} taken, {merged} of them merged with others of the same headword, {refused} refused",
            report.read, report.taken
        );
        for warning in &report.warnings {
            let _ = writeln!(text, "  warning: {warning}");
        }
        if nothing_new > 0 {
            let _ = writeln!(text, "  {nothing_new} of the merged entries repeat another's text, and are left out");
        }
        for (refusal, refused) in &report.refused {
            let more = if refused.count > refused.examples.len() as u64 { ", …" } else { "" };
            let _ = writeln!(text, "  {} {refusal}: {}{more}", refused.count, refused.examples.join(", "));
        }
        for (note, count) in &report.notes {
            let _ = writeln!(text, "  {count} {note}");
        }
    }
    for MadeFile { path, written, .. } in files {
        if written.lowered > 0 {
            let why = "filed under another source's lower-case headword, because their source capitalises every \
                       headword";
            let _ = writeln!(text, "{} entries {why}", written.lowered);
        }
        let (headwords, bytes) = (written.headwords, written.bytes);
        let _ = writeln!(text, "{}: {headwords} headwords, {bytes} bytes", path.display());
    }
    io::stdout().lock().write_all(text.as_bytes()).or_else(broken_pipe_is_fine)
}

/// The signals that end an import: they only set a flag, so that the temporary file is removed in due order.
struct Stop([(Signal, Arc<AtomicBool>); 3]);

impl Stop {
    fn install() -> io::Result<Self> {
        let flags = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].map(|signal| (signal, Arc::default()));
        for (signal, flag) in &flags {
            signal_hook::flag::register(*signal as i32, Arc::clone(flag))?;
        }
        Ok(Self(flags))
    }

    fn asked(&self) -> Option<Signal> {
        self.0.iter().find(|(_, flag)| flag.load(Ordering::Relaxed)).map(|(signal, _)| *signal)
    }
}
