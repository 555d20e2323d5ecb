//! The snapshot's layout, and its making: one flat run of bytes that any process can map and search.
//!
//! All numbers are `u32` in native byte order: an image never leaves the machine, nor outlives the daemon.
//!
//! | part | content |
//! | --- | --- |
//! | header | [`MAGIC`], then [`FIELDS`] numbers: headwords, folded entries, title length, licence length |
//! | entries | headwords + 1 offsets into the text: entry *i* lies between offset *i* and offset *i* + 1 |
//! | folded | (offset into the folded text, entry number) pairs, and a last offset with 0 |
//! | title, licence | UTF-8 |
//! | folded text | the lower case of each headword that is not lower case itself, sorted with (lower case, headword) |
//! | text | for each entry: headword length in bytes (`u16`), headword, interpretation |
//!
//! Headwords that are their own lower case, nearly all of them, need no second index: the first one serves.

use super::fold::fold;
use super::parse::Parsed;

pub(super) const MAGIC: [u8; 8] = *b"cidian1\0";
pub(super) const FIELDS: usize = 4;
pub(super) const HEADER: usize = MAGIC.len() + FIELDS * 4;

/// The dictionary does not fit into an image: offsets are 32 bits wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the dictionary is larger than 4 GiB")
    }
}

impl std::error::Error for TooLarge {}

/// Makes the image of a words file.
///
/// # Errors
/// The text is larger than 4 GiB.
pub fn image(parsed: &Parsed<'_>) -> Result<Vec<u8>, TooLarge> {
    let entries = &parsed.entries;
    let mut folded: Vec<(String, usize)> = entries
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| {
            let lower = fold(entry.headword);
            (lower != entry.headword).then_some((lower, at))
        })
        .collect();
    // Entries are sorted by headword already, so their number decides in byte order among equals.
    folded.sort_unstable();

    let text_size: usize = entries.iter().map(|entry| 2 + entry.headword.len() + entry.interpret.len()).sum();
    let folded_size: usize = folded.iter().map(|(lower, _)| lower.len()).sum();
    let size = HEADER
        + 4 * (entries.len() + 1)
        + 8 * (folded.len() + 1)
        + parsed.title.len()
        + parsed.licence.len()
        + folded_size
        + text_size;
    if u32::try_from(size).is_err() {
        return Err(TooLarge);
    }

    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(&MAGIC);
    for field in [entries.len(), folded.len(), parsed.title.len(), parsed.licence.len()] {
        push_number(&mut out, field)?;
    }
    let mut offset = 0;
    for entry in entries {
        push_number(&mut out, offset)?;
        offset += 2 + entry.headword.len() + entry.interpret.len();
    }
    push_number(&mut out, offset)?;
    let mut offset = 0;
    for (lower, at) in &folded {
        push_number(&mut out, offset)?;
        push_number(&mut out, *at)?;
        offset += lower.len();
    }
    push_number(&mut out, offset)?;
    push_number(&mut out, 0)?;
    out.extend_from_slice(parsed.title.as_bytes());
    out.extend_from_slice(parsed.licence.as_bytes());
    for (lower, _) in &folded {
        out.extend_from_slice(lower.as_bytes());
    }
    for entry in entries {
        let length = u16::try_from(entry.headword.len()).map_err(|_| TooLarge)?;
        out.extend_from_slice(&length.to_ne_bytes());
        out.extend_from_slice(entry.headword.as_bytes());
        out.extend_from_slice(entry.interpret.as_bytes());
    }
    Ok(out)
}

fn push_number(out: &mut Vec<u8>, number: usize) -> Result<(), TooLarge> {
    out.extend_from_slice(&u32::try_from(number).map_err(|_| TooLarge)?.to_ne_bytes());
    Ok(())
}
