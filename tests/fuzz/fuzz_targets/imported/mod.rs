//! What every importer must guarantee, whatever its input: no panic, and its output is a clean words file.

use cidian::words::import::{Collection, Failure, Intake, Labels, Notice, Watch};
use cidian::words::parse_all;
use std::path::Path;

/// Imports, writes, and reads back.
pub fn check(entries: impl FnOnce(&mut Intake<'_>) -> Result<Notice, Failure>) {
    let mut collection = Collection::new();
    let mut intake = collection.intake();
    let Ok(notice) = entries(&mut intake) else { return };
    let report = intake.finish(notice);
    if report.taken == 0 {
        return;
    }
    let watch = Watch { stop: &|| false, progress: &|_, _, _| {} };
    let labels = Labels::default();
    let mut out = Vec::new();
    let written = collection.write(&labels, &mut out, Path::new("out"), &watch).expect("memory takes everything");
    let mut problems = Vec::new();
    let parsed = parse_all(&out, &mut |problem| problems.push(problem));
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(parsed.entries.len() as u64, written.headwords);
}

/// Cuts the fuzzer's bytes in two, at a place that they specify themselves.
#[allow(dead_code, reason = "formats of one file need no cut")]
pub fn cut(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (at, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*at)))
}
