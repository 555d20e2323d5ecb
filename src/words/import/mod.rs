//! Importers: a dictionary in another format becomes a words file.
//!
//! Each format has one file here, whose `entries` function reads bytes from wherever they lie (so that tests and
//! fuzzers can hand it anything) and gives headwords and texts to an [`Intake`]. [`Collection`] keeps them and writes
//! them sorted. What an importer never does: panic on what it reads, allocate by a number that a file claims, leave
//! out an entry without counting it, or write anything but through [`Collection::write`].

mod articles;
mod cedict;
mod collection;
mod dictd;
mod ecdict;
mod failure;
mod files;
mod markup;
mod notice;
mod pinyin;
mod plain;
mod report;
mod spelling;
mod stardict;
#[cfg(test)]
mod tests;
mod tidy;
mod verify;

pub use collection::{Collection, Intake, TextAt, Written};
pub use failure::Failure;
pub use files::Watch;
pub use notice::{Labels, Notice};
pub use report::{Refusal, Report};
pub use verify::verify;

use std::path::Path;

/// A format that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.index` with `.dict` or `.dict.dz`, as dictd and Debian's `dict-*` packages have it.
    Dictd,
    /// `.ifo`, `.idx`, `.dict`, `.syn`.
    StarDict,
    /// ECDICT's CSV.
    Ecdict,
    /// CC-CEDICT.
    Cedict,
    /// A words file in any order, with anything wrong in it.
    Plain,
}

/// Reads one source into the collection, and reports what came of it.
///
/// # Errors
/// The source is not there, or damaged; or the collection is full.
pub fn import(format: Format, path: &Path, collection: &mut Collection, watch: &Watch<'_>) -> Result<Report, Failure> {
    let mut intake = collection.intake();
    let notice = match format {
        Format::Dictd => dictd::import(path, &mut intake, watch),
        Format::StarDict => stardict::import(path, &mut intake, watch),
        Format::Ecdict => watch.open(path).and_then(|source| ecdict::entries(source, &mut intake)),
        Format::Cedict => watch.open(path).and_then(|source| cedict::entries(source, &mut intake)),
        Format::Plain => watch.open(path).and_then(|source| plain::entries(source, &mut intake)),
    };
    let mut notice = notice.map_err(|failure| failure.of(path))?;
    if notice.title.is_empty() {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        notice.title = notice::one_line(&stem.to_string_lossy());
    }
    Ok(intake.finish(notice))
}

/// The importers over bytes that lie anywhere: what a fuzzer drives. Files are found and opened by [`import`].
pub mod formats {
    pub use super::cedict::entries as cedict;
    pub use super::dictd::entries as dictd;
    pub use super::ecdict::entries as ecdict;
    pub use super::plain::entries as plain;
    pub use super::stardict::{Parts as StarDictParts, entries as stardict};
}
