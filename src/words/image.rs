//! The snapshot's layout, and how it is made: one flat run of bytes that any process can map and search.
//!
//! All numbers are `u32` in native byte order: an image never leaves the machine, nor outlives the daemon.
//!
//! | part | content |
//! | --- | --- |
//! | header | [`MAGIC`], then [`FIELDS`] numbers: headwords, folded entries, keyed entries, lists of characters, title length, licence length, length of the dictionaries |
//! | entries | headwords + 1 offsets into the text: entry *i* lies between offset *i* and offset *i* + 1 |
//! | folded | (offset into the folded text, entry number) pairs, and a last offset with 0 |
//! | keys | the same for the keys: (offset into the key text, entry number) pairs, and a last offset with 0 |
//! | characters | (code, offset into the lists) pairs, and a last one with the end of the lists: see [`super::reverse::characters`] |
//! | title, licence | UTF-8 |
//! | dictionaries | what each of them states about itself, a line each |
//! | folded text | the lower case of each headword that is not lower case itself, sorted with (lower case, headword) |
//! | key text | the [key](super::lookup::key) of each headword that is not its lower case, sorted with (key, headword) |
//! | lists | which entries have a character |
//! | text | for each entry: headword length in bytes (`u16`), headword, interpretation |
//!
//! Headwords that are their own lower case, which are nearly all, need no second index: the first one serves for them.
//! For most headwords the key is the lower case, so they need no third index. The headwords of a key are therefore
//! those that the three indexes have under it.

use super::fold::fold;
use super::lookup::{MAX_KEY_CHARS, key};
use super::parse::Parsed;
use super::reverse::characters::{Builder, Lists};
use super::several::{articles, notes_to_text};

pub(super) const MAGIC: [u8; 8] = *b"cidian4\0";
pub(super) const FIELDS: usize = 7;
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
    let mut folded: Vec<(String, usize)> = Vec::new();
    let mut keys: Vec<(String, usize)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        if is_plain(entry.headword) {
            continue;
        }
        let lower = fold(entry.headword);
        let key = key(entry.headword);
        if key != lower {
            keys.push((key, at));
        }
        if lower != entry.headword {
            folded.push((lower, at));
        }
    }
    // Entries are sorted by headword already, so their number decides in byte order among equals.
    folded.sort_unstable();
    keys.sort_unstable();

    let characters = characters(parsed);
    let dictionaries = notes_to_text(&parsed.dictionaries);
    let text_size: usize = entries.iter().map(|entry| 2 + entry.headword.len() + entry.interpret.len()).sum();
    let text_of = |index: &[(String, usize)]| index.iter().map(|(text, _)| text.len()).sum::<usize>();
    let size = HEADER
        + 4 * (entries.len() + 1)
        + 8 * (folded.len() + 1)
        + 8 * (keys.len() + 1)
        + 8 * (characters.count() + 1)
        + characters.iter().map(|(_, list)| list.len()).sum::<usize>()
        + parsed.title.len()
        + parsed.licence.len()
        + dictionaries.len()
        + text_of(&folded)
        + text_of(&keys)
        + text_size;
    if u32::try_from(size).is_err() {
        return Err(TooLarge);
    }

    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(&MAGIC);
    let of_indexes = [entries.len(), folded.len(), keys.len(), characters.count()];
    let of_texts = [parsed.title.len(), parsed.licence.len(), dictionaries.len()];
    for field in of_indexes.into_iter().chain(of_texts) {
        push_number(&mut out, field)?;
    }
    let mut offset = 0;
    for entry in entries {
        push_number(&mut out, offset)?;
        offset += 2 + entry.headword.len() + entry.interpret.len();
    }
    push_number(&mut out, offset)?;
    push_index(&mut out, &folded)?;
    push_index(&mut out, &keys)?;
    let mut offset = 0;
    for (code, list) in characters.iter() {
        push_number(&mut out, code)?;
        push_number(&mut out, offset)?;
        offset += list.len();
    }
    push_number(&mut out, 0)?;
    push_number(&mut out, offset)?;
    out.extend_from_slice(parsed.title.as_bytes());
    out.extend_from_slice(parsed.licence.as_bytes());
    out.extend_from_slice(dictionaries.as_bytes());
    for (text, _) in folded.iter().chain(&keys) {
        out.extend_from_slice(text.as_bytes());
    }
    characters.iter().for_each(|(_, list)| out.extend_from_slice(list));
    for entry in entries {
        let length = u16::try_from(entry.headword.len()).map_err(|_| TooLarge)?;
        out.extend_from_slice(&length.to_ne_bytes());
        out.extend_from_slice(entry.headword.as_bytes());
        out.extend_from_slice(entry.interpret.as_bytes());
    }
    Ok(out)
}

/// Whether a headword can be seen at a glance to be its own lower case and its own key: most are.
fn is_plain(headword: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=MAX_KEY_CHARS).contains(&headword.len()) && headword.bytes().all(is_plain)
}

fn characters(parsed: &Parsed<'_>) -> Lists {
    let names: Vec<String> = parsed.dictionaries.iter().map(|note| note.name.clone()).collect();
    let mut builder = Builder::new();
    for (at, entry) in (0..).zip(&parsed.entries) {
        if names.len() < 2 {
            builder.article(entry.headword, &entry.interpret);
        } else {
            for (_, article) in articles(&entry.interpret, &names) {
                builder.article(entry.headword, article);
            }
        }
        builder.end_entry(at);
    }
    builder.finish()
}

fn push_index(out: &mut Vec<u8>, index: &[(String, usize)]) -> Result<(), TooLarge> {
    let mut offset = 0;
    for (text, at) in index {
        push_number(out, offset)?;
        push_number(out, *at)?;
        offset += text.len();
    }
    push_number(out, offset)?;
    push_number(out, 0)
}

fn push_number(out: &mut Vec<u8>, number: usize) -> Result<(), TooLarge> {
    out.extend_from_slice(&u32::try_from(number).map_err(|_| TooLarge)?.to_ne_bytes());
    Ok(())
}
