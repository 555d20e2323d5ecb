//! dictd's format: an index of (headword, offset, length) lines with numbers in base 64, and the texts in one file.
//! Entries that begin with `00-database` describe the dictionary itself; one of them may say that the texts are HTML.

use super::articles::{Article, visit};
use super::collection::Intake;
use super::failure::Failure;
use super::files::{Watch, siblings};
use super::markup::{Dialect, decoded, plain};
use super::notice::Notice;
use super::report::Refusal;
use super::tidy::{NOT_UTF8, decode};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io::Read;
use std::path::Path;

/// Digits of the index's numbers, as in RFC 2229's base 64: most significant first.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Finds the files that belong to `path` (the index, the dictionary, or the common part of their names).
pub(super) fn import(path: &Path, intake: &mut Intake<'_>, watch: &Watch<'_>) -> Result<Notice, Failure> {
    let with = siblings(path, &[".index", ".dict.dz", ".dict"]);
    let index_path = with(".index");
    let packed = with(".dict.dz");
    let dictionary_path = if packed.exists() { packed } else { with(".dict") };
    let index = watch.read(&index_path)?;
    let dictionary = watch.open(&dictionary_path)?;
    let notice = entries(&index, dictionary, intake).map_err(|failure| match &failure {
        // The index is read by lines; a failure without a line is the dictionary's own.
        Failure::Damaged { place, .. } if place.starts_with("line") => failure.of(&index_path),
        _ => failure.of(&dictionary_path),
    })?;
    Ok(notice)
}

/// One line of the index.
struct Line<'a> {
    headword: &'a [u8],
    /// The fourth column, the headword as it was before it was folded for the index.
    original: Option<&'a [u8]>,
    offset: u64,
    length: u64,
}

impl<'a> Line<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, String> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut columns = line.split(|&byte| byte == b'\t');
        let headword = columns.next().unwrap_or_default();
        let mut next = |what: &str| {
            let column = columns.next().ok_or_else(|| format!("no {what}"))?;
            number(column).ok_or_else(|| format!("{what} {:?} is not base 64", String::from_utf8_lossy(column)))
        };
        let (offset, length) = (next("offset")?, next("length")?);
        let original = columns.next().filter(|column| !column.is_empty());
        Ok(Self { headword, original, offset, length })
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let value = DIGITS.iter().position(|known| known == digit)?;
        number.checked_mul(64)?.checked_add(value as u64)
    })
}

/// The property of the dictionary that a line of the index describes, if any: `00-database-short`, or `00databaseshort`
/// in dictionaries whose index knows only letters and digits.
fn about(headword: &[u8]) -> Option<&[u8]> {
    headword.strip_prefix(b"00-database-").or_else(|| headword.strip_prefix(b"00database"))
}

/// The entries of a dictionary in this format, unpacked. Those of one headword keep the index's order.
///
/// # Errors
/// An invalid line of the index, or one that points outside the dictionary; a dictionary that can't be read.
pub fn entries(index: &[u8], dictionary: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let lines = || {
        let lines = index.split(|&byte| byte == b'\n').enumerate();
        lines.filter(|(_, line)| !line.is_empty()).map(|(at, line)| (at, Line::parse(line)))
    };
    let mut articles = Vec::new();
    // The lines that describe the dictionary, and the pieces they point at.
    let mut about_at = BTreeMap::new();
    let mut about_pieces = HashSet::new();
    for (at, line) in lines() {
        let place = || format!("line {}", at + 1);
        let line = line.map_err(|message| Failure::damaged(place(), message))?;
        if let Some(what) = about(line.headword) {
            about_at.insert(at, what);
            about_pieces.insert((line.offset, line.length));
        }
        articles.push(Article::new(line.offset, line.length, at, place)?);
    }
    let utf8 = about_at.values().any(|what| *what == b"utf8");
    let mut texts = vec![None; articles.last().map_or(0, |article| article.number as usize + 1)];
    let (mut short, mut info) = (None, None);
    let mut is_html = false;
    let mut kept = None;
    visit(&mut articles, dictionary, |article, bytes, same| {
        let number = article.number as usize;
        let about = about_at.get(&number);
        if about.is_none() && same && kept.is_some() {
            texts[number] = kept;
            return Ok(());
        }
        let mut text = decode(bytes);
        if matches!(text, Cow::Owned(_)) && (utf8 || text.contains('\u{fffd}')) {
            text = String::from_utf8_lossy(bytes);
            intake.report.note(NOT_UTF8);
        }
        match about {
            Some(&b"short") => short = Some(text.into_owned()),
            Some(&b"info") => info = Some(text.into_owned()),
            // It precedes the texts that it is about.
            Some(&(b"mime-header" | b"mimeheader")) => is_html = text.to_ascii_lowercase().contains("text/html"),
            Some(_) => {}
            None if is_html => texts[number] = Some(intake.laid_out(&plain(&text, Dialect::Html))?),
            None => texts[number] = Some(intake.text(&text)?),
        }
        kept = texts[number];
        Ok(())
    })
    .map_err(|failure| match failure {
        // An entry's number is that of its line.
        Failure::Damaged { file, place, message } => {
            Failure::Damaged { file, place: place.replacen("entry", "line", 1), message }
        }
        other => other,
    })?;
    for (at, line) in lines() {
        let Ok(line) = line else { continue };
        // Other names of the same pieces (`00-gcide-short`) are not entries either.
        let alias = || line.headword.starts_with(b"00-") && about_pieces.contains(&(line.offset, line.length));
        let Some(text) = texts.get(at).copied().flatten().filter(|_| !alias()) else { continue };
        let place = format_args!("index line {}", at + 1);
        let headword = decode(line.original.unwrap_or(line.headword));
        if utf8 && matches!(headword, Cow::Owned(_)) {
            intake.refuse(Refusal::NotUtf8, "", place);
            continue;
        }
        // FOLDOC has an article about `&#36;` itself.
        let is_entity = headword.starts_with('&') && headword.find(';') == Some(headword.len() - 1);
        let headword = if is_entity { headword } else { Cow::Owned(decoded(&headword).into_owned()) };
        intake.entry_repeated(&headword, line.original.is_none(), text, place)?;
    }
    let title = without_names(&short.unwrap_or_default());
    Ok(Notice::new(&title, &without_names(&info.unwrap_or_default())))
}

/// The text of an entry about the dictionary, without the line that repeats the entry's name.
fn without_names(text: &str) -> String {
    let named = |line: &&str| about(line.trim().as_bytes()).is_none();
    let lines: Vec<&str> = text.lines().filter(named).map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
