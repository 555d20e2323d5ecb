//! `words import`: from the sources to a words file in its place, with progress, a summary, and an end that leaves the
//! old file as it was whenever the new one is not complete. Knows no format: those are `words::import`'s.

use super::exit::{Exit, Fatal};
use super::options::{DictionaryFormat, Import};
use super::replacement::Replacement;
use super::tools::broken_pipe_is_fine;
use crate::words::import::{self, Collection, Failure, Format, Labels, Report, Watch, Written};
use nix::sys::signal::Signal;
use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal as _, Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The bar's length on the terminal.
const BAR: usize = 30;

impl From<DictionaryFormat> for Format {
    fn from(format: DictionaryFormat) -> Self {
        match format {
            DictionaryFormat::Dictd => Self::Dictd,
            DictionaryFormat::Stardict => Self::StarDict,
            DictionaryFormat::Ecdict => Self::Ecdict,
            DictionaryFormat::Cedict => Self::Cedict,
            DictionaryFormat::Plain => Self::Plain,
        }
    }
}

/// `cidiand words import`.
pub(super) fn import_words(request: &Import) -> Result<Exit, Fatal> {
    let stop = Stop::install().map_err(|error| Fatal::new(Exit::System, format!("signals: {error}")))?;
    let bar = Bar { on: io::stderr().is_terminal(), shown: Cell::new(None) };
    let progress = |file: &Path, done: u64, total: u64| bar.show(file, done, total);
    let asked = || stop.asked().is_some();
    let watch = Watch { stop: &asked, progress: &progress };
    let outcome = make(request, &watch);
    bar.clear();
    let (reports, written) = match outcome {
        Ok(done) => done,
        Err(Outcome::Fatal(fatal)) => return Err(fatal),
        Err(Outcome::Nothing(reports)) => {
            summary(request, &reports, None)?;
            return Err(Fatal::new(Exit::Data, "nothing in the sources is usable; no words file was written"));
        }
        Err(Outcome::Stopped) => {
            // The temporary file is gone by now. Who sent the signal shall see that it ended us.
            let _ = writeln!(io::stderr(), "stopped; {} is as it was", request.output.display());
            let signal = stop.asked().unwrap_or(Signal::SIGTERM);
            let _ = signal_hook::low_level::emulate_default_handler(signal as i32);
            return Err(Fatal::new(Exit::System, "stopped"));
        }
    };
    summary(request, &reports, Some(&written))?;
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
            Failure::Damaged { .. } | Failure::TooLarge => Exit::Data,
        };
        Self::Fatal(Fatal::new(exit, failure.to_string()))
    }
}

fn make(request: &Import, watch: &Watch<'_>) -> Result<(Vec<Report>, Written), Outcome> {
    let mut collection = Collection::new();
    let mut reports = Vec::new();
    for source in &request.sources {
        reports.push(import::import(request.from.into(), source, &mut collection, watch)?);
    }
    if collection.entries() == 0 {
        return Err(Outcome::Nothing(reports));
    }
    let cant = |error: io::Error| {
        let exit = if error.kind() == io::ErrorKind::InvalidData { Exit::Software } else { Exit::System };
        Outcome::Fatal(Fatal::new(exit, format!("{} can't be written: {error}", request.output.display())))
    };
    let mut replacement = Replacement::create(&request.output).map_err(cant)?;
    let labels = Labels { title: request.title.clone(), licence: request.licence.clone() };
    let mut out = BufWriter::with_capacity(1 << 20, replacement.file());
    let written = collection.write(&labels, &mut out, &request.output, watch).map_err(|failure| match failure {
        Failure::Read(_, error) => cant(error),
        other => other.into(),
    })?;
    out.flush().map_err(cant)?;
    drop(out);
    replacement.file().rewind().map_err(cant)?;
    import::verify(replacement.file()).map_err(cant)?;
    if (watch.stop)() {
        return Err(Outcome::Stopped);
    }
    replacement.finish().map_err(cant)?;
    Ok((reports, written))
}

fn summary(request: &Import, reports: &[Report], written: Option<&Written>) -> Result<(), Fatal> {
    let mut text = String::new();
    for (at, (source, report)) in request.sources.iter().zip(reports).enumerate() {
        let (merged, nothing_new) = written.and_then(|written| written.merged.get(at).copied()).unwrap_or_default();
        let refused: u64 = report.refused.values().map(|refused| refused.count).sum();
        let _ = writeln!(text, "{}: {}", source.display(), report.title);
        let _ = writeln!(
            text,
            "  {} entries read, {} taken, {merged} of them merged with others of their headword, {refused} refused",
            report.read, report.taken
        );
        if nothing_new > 0 {
            let _ = writeln!(text, "  {nothing_new} of those merged say what another says already, and are left out");
        }
        for (refusal, refused) in &report.refused {
            let more = if refused.count > refused.examples.len() as u64 { ", …" } else { "" };
            let _ = writeln!(text, "  {} {refusal}: {}{more}", refused.count, refused.examples.join(", "));
        }
        for (note, count) in &report.notes {
            let _ = writeln!(text, "  {count} {note}");
        }
    }
    if let Some(written) = written {
        if written.lowered > 0 {
            let why = "filed under another source's lower-case headword: their source capitalises them all";
            let _ = writeln!(text, "{} entries {why}", written.lowered);
        }
        let (headwords, bytes) = (written.headwords, written.bytes);
        let _ = writeln!(text, "{}: {headwords} headwords, {bytes} bytes", request.output.display());
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

/// A bar on the terminal, drawn again when there is another percent.
struct Bar {
    on: bool,
    shown: Cell<Option<u64>>,
}

impl Bar {
    fn show(&self, file: &Path, done: u64, total: u64) {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100);
        if !self.on || self.shown.replace(Some(percent)) == Some(percent) {
            return;
        }
        let full = usize::try_from(percent).unwrap_or(100) * BAR / 100;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let name = crate::text::printable(&name);
        let (bar, rest) = ("#".repeat(full), "-".repeat(BAR - full));
        let _ = write!(io::stderr(), "\r\x1b[K[{bar}{rest}] {percent:3} % {name}");
    }

    fn clear(&self) {
        if self.shown.get().is_some() && self.on {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
