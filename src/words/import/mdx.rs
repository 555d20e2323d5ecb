//! MDX, the format of MDict (MdxBuilder, `mdict-utils`), versions 1 and 2. There is no published specification; this
//! reader follows what other programs that read the format agree on (`readmdict.py` of 2023 among them):
//!
//! - a header in UTF-16 that is a tag with attributes (encoding, title, style sheet, whether it is encrypted);
//! - keys: an index of blocks (in version 2 packed, and perhaps scrambled with a key that is stored beside it), then
//!   the blocks, each a run of (offset, headword);
//! - records: sizes of blocks, then the blocks, which together make one long text. A record ends where the next one
//!   begins.
//!
//! The file is read once from beginning to end; only the headwords and one block are in memory, and no size in it is
//! trusted before that many bytes were read.

mod blocks;
mod header;
mod keys;
mod links;

use super::articles::{Article, visit};
use super::collection::{Habit, Intake};
use super::failure::Failure;
use super::markup::{Dialect, decoded, plain};
use super::notice::Notice;
use super::report::Refusal;
use blocks::{Blocks, Records};
use header::Header;
use keys::Keys;
use links::{Found, resolve};
use std::collections::HashMap;
use std::io::Read;

/// Longest header, in bytes: descriptions and style sheets are in it.
const MAX_HEADER: u32 = 16 << 20;

/// A record in which `` `1` `` begins style 1, with what the styles stand for.
fn with_styles(record: &str, styles: &HashMap<String, (String, String)>) -> String {
    let mut out = String::with_capacity(record.len());
    let mut end_before = "";
    let mut rest = record;
    while let Some((before, after)) = rest.split_once('`') {
        let number = after.split_once('`').filter(|(number, _)| styles.contains_key(*number));
        // A style is long and its number short: a record must not grow without a bound.
        let Some((number, after)) = number.filter(|_| out.len() < super::files::MAX_PIECE) else {
            out.push_str(before);
            out.push('`');
            rest = after;
            continue;
        };
        let (begin, end) = &styles[number];
        out.push_str(before);
        out.push_str(end_before);
        out.push_str(begin);
        end_before = end;
        rest = after;
    }
    out.push_str(rest);
    out.push_str(end_before);
    out
}

/// The entries of an MDX file.
///
/// # Errors
/// It can't be read, is cut off or damaged, is of version 3, or is locked with its user's key.
pub fn entries(source: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let mut blocks = Blocks::new(source);
    let size = u32::try_from(blocks.number(4, "header")?).unwrap_or(u32::MAX);
    if size > MAX_HEADER {
        return Err(Failure::damaged("header", "it does not begin like an MDX file"));
    }
    let header = blocks.bytes(u64::from(size), "header")?;
    let checksum = blocks.bytes(4, "header")?;
    if adler2::adler32_slice(&header).to_le_bytes() != *checksum {
        return Err(Failure::damaged("header", "its checksum is wrong, or it is not an MDX file"));
    }
    let header = Header::parse(&header)?;
    let number_bytes = if header.second_version { 8 } else { 4 };
    let mut keys = Keys::default();
    blocks.keys(&header, number_bytes, |block| keys.add(block, &header, number_bytes))?;
    let records = blocks.records(number_bytes)?;

    let mut offsets: Vec<u64> = keys.keys.iter().map(|&(offset, ..)| offset).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let ends = offsets.iter().skip(1).copied().chain([records.size()]);
    let mut articles = Vec::with_capacity(offsets.len());
    for (number, (&offset, end)) in offsets.iter().zip(ends).enumerate() {
        let length = end.checked_sub(offset).ok_or_else(|| {
            Failure::damaged("keys", format!("a record begins at {offset}, but the records end at {end}"))
        })?;
        articles.push(Article::new(offset, length, number, || format!("record {}", number + 1))?);
    }
    let found = read_records(&mut articles, records, &header, intake)?;
    drop(articles);
    enter(&keys, &offsets, &found, header.strips_keys, intake)?;
    Ok(header.notice)
}

/// Reads the records, each once.
fn read_records(
    articles: &mut [Article],
    records: Records<impl Read>,
    header: &Header,
    intake: &mut Intake<'_>,
) -> Result<Vec<Found>, Failure> {
    let mut found = vec![Found::Nothing; articles.len()];
    visit(articles, records, |article, bytes, _| {
        let record = header.text(bytes);
        let links = links::targets(&record);
        let shown = if !links.is_empty() {
            Found::Links(links)
        } else if header.is_text {
            Found::Text(intake.laid_out(&record)?)
        } else {
            let record = if header.styles.is_empty() { record } else { with_styles(&record, &header.styles) };
            Found::Text(intake.laid_out(&plain(&record, Dialect::Html))?)
        };
        found[article.number as usize] = shown;
        Ok(())
    })?;
    Ok(found)
}

/// Makes entries of headwords and records; links become the texts that they lead to.
fn enter(
    keys: &Keys,
    offsets: &[u64],
    found: &[Found],
    strips_keys: bool,
    intake: &mut Intake<'_>,
) -> Result<(), Failure> {
    let record_of = |number: usize| offsets.binary_search(&keys.keys[number].0).unwrap_or(0);
    let led_to = resolve(keys, found, record_of, strips_keys);
    let named = (0..keys.keys.len()).filter_map(|number| match found[record_of(number)] {
        Found::Text(text) => Some((decoded(keys.headword(number)), text)),
        _ => None,
    });
    let habit = Habit::of(intake, named);
    for number in 0..keys.keys.len() {
        let place = format_args!("headword {}", number + 1);
        let headword = decoded(keys.headword(number));
        match &found[record_of(number)] {
            Found::Text(text) => intake.entry_by_habit(&headword, *text, habit, place)?,
            Found::Nothing => intake.refuse(Refusal::NoText, &headword, place),
            Found::Links(targets) => {
                let texts = led_to.texts(targets);
                if texts.is_empty() {
                    intake.refuse(Refusal::DanglingLink, &headword, place);
                }
                for text in texts {
                    intake.entry_by_habit(&headword, text, habit, place)?;
                }
            }
        }
    }
    Ok(())
}
