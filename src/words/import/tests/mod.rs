//! Tests of the importers on small dictionaries that are made here, good ones and damaged ones.

mod dictd;
mod dsl;
mod lines;
mod mdx;
mod merging;
mod stardict;

use super::{Collection, Failure, Intake, Labels, Notice, Refusal, Report, Watch, verify};
use crate::words::parse;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::Path;

const UNWATCHED: Watch<'static> = Watch { stop: &|| false, progress: &|_, _, _| {} };

/// Imports one source.
fn imported(read: impl FnOnce(&mut Intake<'_>) -> Result<Notice, Failure>) -> Result<(Report, Collection), Failure> {
    let mut collection = Collection::new();
    let mut intake = collection.intake();
    let notice = read(&mut intake)?;
    let report = intake.finish(notice);
    Ok((report, collection))
}

/// The words file of a collection, which must be taken without a problem.
fn words_file(collection: &mut Collection) -> Vec<u8> {
    let mut out = Vec::new();
    let written = collection.write(&Labels::default(), &mut out, Path::new("out"), &UNWATCHED).unwrap();
    assert_eq!(written.bytes, out.len() as u64);
    assert_eq!(verify(out.as_slice()).unwrap(), written.headwords);
    out
}

/// Headwords and interpretations as `parse` reads them from the words file.
fn pairs(collection: &mut Collection) -> Vec<(String, String)> {
    let file = words_file(collection);
    let parsed = parse(&file).unwrap();
    assert_eq!(parsed.out_of_order, None);
    parsed.entries.iter().map(|entry| (entry.headword.to_owned(), entry.interpret.to_string())).collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect()
}

fn refused(report: &Report, refusal: Refusal) -> u64 {
    report.refused.get(&refusal).map_or(0, |refused| refused.count)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
