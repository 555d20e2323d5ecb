//! Importers: a dictionary in another format becomes a words file.
//!
//! Each format has one file here, whose `entries` function reads bytes from any source (so that tests and fuzzers can
//! hand it anything) and gives headwords and texts to an [`Intake`]. [`Collection`] keeps them and writes them sorted.
//! An importer never panics on its input, allocates by a number that a file claims, leaves out an entry without
//! counting it, or writes anything except through [`Collection::write`].

mod articles;
mod cedict;
mod collection;
mod dictd;
mod dsl;
mod ecdict;
mod failure;
mod files;
mod kingsoft;
mod lzo;
mod markup;
mod mdx;
mod media;
mod notice;
mod page;
mod pinyin;
mod plain;
mod report;
mod spelling;
mod stardict;
mod style;
#[cfg(test)]
mod tests;
mod tidy;
mod verify;
mod wiki;
mod xdxf;

pub use collection::{Collection, Intake, TextAt, Written};
pub use failure::Failure;
pub use files::Watch;
pub use notice::{Labels, Notice, name_of};
pub use report::{Refusal, Report};
pub use verify::verify;

use clap::ValueEnum;
use std::path::Path;

/// A format that can be imported, with what the command line's help says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// NAME.index with NAME.dict or NAME.dict.dz, as Debian's dict-* packages have it
    Dictd,
    /// NAME.ifo with NAME.idx, NAME.dict and NAME.syn; 2.4.2 and 3.0.0
    Stardict,
    /// ECDICT's CSV: word, phonetic, definition, translation, exchange …
    Ecdict,
    /// CC-CEDICT: Chinese headwords in both scripts, found by pinyin, too
    Cedict,
    /// MDict's NAME.mdx, versions 1 and 2; one that is encrypted with a user's key is refused
    Mdx,
    /// ABBYY Lingvo's NAME.dsl or NAME.dsl.dz, in UTF-8, UTF-16 or the code page it names
    Dsl,
    /// A words file in any order, errors included
    Plain,
}

/// The user's choices among a format's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// The columns of ECDICT that are shown, by their names; `None` for all that are meant for reading.
    pub columns: Option<Vec<String>>,
    /// Whether CC-CEDICT's entries are found by their pinyin, too.
    pub pinyin: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self { columns: None, pinyin: true }
    }
}

/// The name of a source without its directory and format: `wn` of `/usr/share/dictd/wn.dict.dz`.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let unpacked = [".dz", ".gz"].iter().find_map(|packed| name.strip_suffix(packed)).unwrap_or(&name);
    let stem = unpacked.rsplit_once('.').map_or(unpacked, |(stem, _)| stem);
    if stem.is_empty() { unpacked.to_owned() } else { stem.to_owned() }
}

/// Reads one source into the collection, and reports the result.
///
/// # Errors
/// The source does not exist, or is damaged; or the collection is full.
pub fn import(
    format: Format,
    path: &Path,
    choices: &Choices,
    collection: &mut Collection,
    watch: &Watch<'_>,
) -> Result<Report, Failure> {
    let mut intake = collection.intake();
    let notice = match format {
        Format::Dictd => dictd::import(path, &mut intake, watch),
        Format::Stardict => stardict::import(path, &mut intake, watch),
        Format::Ecdict => {
            watch.open(path).and_then(|source| ecdict::entries(source, choices.columns.as_deref(), &mut intake))
        }
        Format::Cedict => watch.open(path).and_then(|source| cedict::entries(source, choices.pinyin, &mut intake)),
        Format::Mdx => watch.open(path).and_then(|source| mdx::entries(source, &mut intake)),
        Format::Dsl => dsl::import(path, &mut intake, watch),
        Format::Plain => watch.open(path).and_then(|source| plain::entries(source, &mut intake)),
    };
    let mut notice = notice.map_err(|failure| failure.of(path))?;
    let stem = stem(path);
    if notice.title.is_empty() {
        notice.title = notice::one_line(&stem);
    }
    let own_name = notice::name_of(if notice.name.is_empty() { &stem } else { &notice.name });
    // An import that joined several dictionaries gave the file no name, and importing it again gives it none.
    if notice.made.is_none() || !notice.name.is_empty() {
        notice.name.clone_from(&own_name);
    }
    let mut report = intake.finish(notice);
    report.name = own_name;
    Ok(report)
}

/// The importers over bytes from anywhere, for fuzzers. Files are found and opened by [`import`].
pub mod formats {
    pub use super::cedict::entries as cedict;
    pub use super::dictd::entries as dictd;
    pub use super::dsl::entries as dsl;
    pub use super::ecdict::entries as ecdict;
    pub use super::mdx::entries as mdx;
    pub use super::plain::entries as plain;
    pub use super::stardict::{Parts as StarDictParts, entries as stardict};
}
