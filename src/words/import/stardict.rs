//! StarDict's format, versions 2.4.2 and 3.0.0: `.ifo` describes the dictionary, `.idx` says where each headword's data
//! is in `.dict`, `.syn` has further headwords. Only data that is text is taken.

use super::articles::{Article, visit};
use super::collection::{Habit, Intake, TextAt};
use super::failure::Failure;
use super::files::{Watch, siblings};
use super::kingsoft;
use super::markup::{self, Dialect};
use super::notice::{Notice, one_line};
use super::report::Refusal;
use super::tidy::{NOT_UTF8, decode, transcription};
use super::wiki;
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// The files of a dictionary, unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// `.ifo`
    pub info: &'a [u8],
    /// `.idx`
    pub index: &'a [u8],
    /// `.syn`; empty if there is none.
    pub synonyms: &'a [u8],
}

/// Finds the files that belong to `path` (one of them, or the common part of their names).
pub(super) fn import(path: &Path, intake: &mut Intake<'_>, watch: &Watch<'_>) -> Result<Notice, Failure> {
    let with = siblings(path, &[".ifo", ".idx.gz", ".idx", ".dict.dz", ".dict", ".syn.dz", ".syn"]);
    let present = |names: [&str; 2]| names.into_iter().map(&with).find(|file| file.exists());
    let info_path = with(".ifo");
    let index_path = present([".idx", ".idx.gz"]).unwrap_or_else(|| with(".idx"));
    let dictionary_path = present([".dict.dz", ".dict"]).unwrap_or_else(|| with(".dict"));
    let synonyms_path = present([".syn", ".syn.dz"]);
    let info = watch.read(&info_path)?;
    let index = watch.read(&index_path)?;
    let synonyms = synonyms_path.as_ref().map(|path| watch.read(path)).transpose()?.unwrap_or_default();
    let dictionary = watch.open(&dictionary_path)?;
    let parts = Parts { info: &info, index: &index, synonyms: &synonyms };
    entries(parts, dictionary, intake).map_err(|failure| match &failure {
        Failure::Damaged { place, .. } if place.starts_with(".ifo") => failure.of(&info_path),
        Failure::Damaged { place, .. } if place.starts_with(".idx") => failure.of(&index_path),
        Failure::Damaged { place, .. } if place.starts_with(".syn") => {
            failure.of(synonyms_path.as_deref().unwrap_or(path))
        }
        _ => failure.of(&dictionary_path),
    })
}

/// The parts of `.ifo` that matter here.
struct Info {
    text: String,
    types: Vec<u8>,
    offset_bytes: usize,
    words: Option<usize>,
    /// Size of `.idx`, unpacked, in bytes.
    index_size: Option<usize>,
}

impl Info {
    fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let damaged = |message: &str| Failure::damaged(".ifo", message);
        let text = decode(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned();
        if !text.starts_with("StarDict's dict ifo file") {
            return Err(damaged("it does not begin with \"StarDict's dict ifo file\""));
        }
        let mut info = Self { text, types: Vec::new(), offset_bytes: 4, words: None, index_size: None };
        info.types = info.value("sametypesequence").unwrap_or("").as_bytes().to_owned();
        match info.value("version") {
            Some("2.4.2" | "3.0.0") => {}
            other => return Err(damaged(&format!("version {other:?}; only 2.4.2 and 3.0.0 are supported"))),
        }
        match info.value("idxoffsetbits") {
            None | Some("32") => {}
            Some("64") => info.offset_bytes = 8,
            Some(other) => return Err(damaged(&format!("idxoffsetbits is {other:?}, neither 32 nor 64"))),
        }
        let number = |key| info.value(key).and_then(|number| number.parse().ok());
        (info.words, info.index_size) = (number("wordcount"), number("idxfilesize"));
        Ok(info)
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.text.lines().filter_map(|line| line.split_once('=')).find(|(k, _)| k.trim() == key).map(|(_, v)| v.trim())
    }

    fn notice(&self) -> Notice {
        let title = one_line(self.value("bookname").unwrap_or(""));
        let mut text = String::new();
        for key in ["author", "email", "website", "date", "copyright", "license", "licence", "description"] {
            if let Some(value) = self.value(key).filter(|value| !value.is_empty()) {
                let value = markup::plain(value, Dialect::Pango);
                text.push_str(&format!("{key}: {value}\n\n"));
            }
        }
        Notice::new(&title, &text)
    }
}

/// Takes a headword that ends with a zero byte, and the given number of bytes after it.
fn record(bytes: &[u8], tail: usize) -> Option<(&[u8], &[u8], &[u8])> {
    let end = bytes.iter().position(|&byte| byte == 0)?;
    let (headword, rest) = bytes.split_at(end);
    let (numbers, rest) = rest[1..].split_at_checked(tail)?;
    Some((headword, numbers, rest))
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The records of an index: headword, numbers, and the record's place.
struct Records<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    tail: usize,
    name: &'static str,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<(&'a [u8], &'a [u8], usize), Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let at = self.all.len() - self.rest.len();
        let Some((headword, numbers, rest)) = record(self.rest, self.tail) else {
            self.rest = b"";
            return Some(Err(Failure::damaged(format!("{} offset {at}", self.name), "the record is truncated")));
        };
        self.rest = rest;
        Some(Ok((headword, numbers, at)))
    }
}

/// The entries of a dictionary in this format, unpacked; synonyms become entries with the text of their headwords.
///
/// # Errors
/// A part that is cut off, or that points outside another; a dictionary that can't be read.
pub fn entries(parts: Parts<'_>, dictionary: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let info = Info::parse(parts.info)?;
    let records = || Records { all: parts.index, rest: parts.index, tail: info.offset_bytes + 4, name: ".idx" };
    let mut articles = Vec::new();
    for (number, record) in records().enumerate() {
        let (_, numbers, at) = record?;
        let (offset, length) = numbers.split_at(info.offset_bytes);
        let (offset, length) = (big_endian(offset), big_endian(length));
        articles.push(Article::new(offset, length, number, || format!(".idx offset {at}"))?);
    }
    if let Some(words) = info.words.filter(|&words| words > articles.len()) {
        let found = articles.len();
        if info.index_size != Some(parts.index.len()) {
            let message = format!("{found} headwords, but .ifo announces {words}: it is truncated");
            return Err(Failure::damaged(".idx", message));
        }
        // Some programs count wrongly; the size shows that nothing is cut off.
        let warning = format!("wordcount in .ifo is {words}, but .idx has {found} headwords; its size is as .ifo says");
        intake.report.warnings.push(warning);
    }
    let mut texts: Vec<Option<TextAt>> = vec![None; articles.len()];
    let mut kept = None;
    visit(&mut articles, dictionary, |article, bytes, same| {
        if !same || kept.is_none() {
            let (text, laid_out) = text_of(bytes, &info.types, intake)
                .ok_or_else(|| Failure::damaged(format!("offset {}", article.offset), "a field is truncated"))?;
            kept = Some(if laid_out { intake.laid_out(&text)? } else { intake.text(&text)? });
        }
        texts[article.number as usize] = kept;
        Ok(())
    })?;
    drop(articles);
    // An article of XDXF begins with its key.
    let habit =
        if info.types.contains(&b'x') { Habit::REPEATS } else { Habit::of(intake, named(records().zip(&texts))) };
    for (record, text) in records().zip(&texts) {
        let ((headword, _, at), Some(text)) = (record?, *text) else { continue };
        one(intake, headword, text, habit, format_args!(".idx offset {at}"))?;
    }
    for record in (Records { all: parts.synonyms, rest: parts.synonyms, tail: 4, name: ".syn" }) {
        let (headword, number, at) = record?;
        let number = big_endian(number);
        let text = usize::try_from(number).ok().and_then(|number| texts.get(number).copied().flatten());
        let place = format_args!(".syn offset {at}");
        match text {
            Some(text) => one(intake, headword, text, habit, place)?,
            // The entries are all there: only this name of one is lost.
            None => intake.refuse(Refusal::DanglingLink, &decode(headword), place),
        }
    }
    Ok(info.notice())
}

/// The headwords that have a text, as they are shown, with it.
fn named<'a>(
    records: impl Iterator<Item = (<Records<'a> as Iterator>::Item, &'a Option<TextAt>)>,
) -> impl Iterator<Item = (Cow<'a, str>, TextAt)> {
    records.filter_map(|(record, text)| {
        let headword = std::str::from_utf8(record.ok()?.0).ok()?;
        Some((markup::decoded(headword), (*text)?))
    })
}

fn one(
    intake: &mut Intake<'_>,
    headword: &[u8],
    text: TextAt,
    habit: Habit,
    place: std::fmt::Arguments<'_>,
) -> Result<(), Failure> {
    match std::str::from_utf8(headword) {
        Ok(headword) => intake.entry_by_habit(&markup::decoded(headword), text, habit, place),
        Err(_) => {
            intake.refuse(Refusal::NotUtf8, &String::from_utf8_lossy(headword), place);
            Ok(())
        }
    }
}

/// The text shown for a field, and whether we laid it out; `None` if it holds nothing for a reader of text.
fn shown(kind: u8, field: &[u8], intake: &mut Intake<'_>) -> Option<(String, bool)> {
    let text = decode(field);
    if matches!(text, Cow::Owned(_)) && text.contains('\u{fffd}') {
        intake.report.note(NOT_UTF8);
    }
    Some(match kind {
        // By the format's rules every type in a small letter is text, also one that no program knows.
        b'm' | b'l' => (text.into_owned(), false),
        b't' | b'y' if field.is_empty() => (String::new(), false),
        b't' | b'y' => (transcription(&text), false),
        b'g' => (markup::plain(&text, Dialect::Pango), true),
        b'x' => (markup::plain(&text, Dialect::Xdxf), true),
        b'h' => (markup::plain(&text, Dialect::Html), true),
        b'k' => (kingsoft::kingsoft(&text), true),
        b'n' => (kingsoft::wordnet(&text), true),
        b'w' => (wiki::without_markup(&text), true),
        other if other.is_ascii_lowercase() && other != b'r' => (text.into_owned(), false),
        other => {
            let what = match other {
                b'r' => "names of files",
                b'W' => "a sound",
                b'P' => "a picture",
                _ => "unknown",
            };
            intake.report.note(&format!("parts of type {:?} left out: {what}, not text", char::from(other)));
            return None;
        }
    })
}

/// The fields of an entry's data that are text, one below the other, and whether we laid out one of them. Without
/// `types` each field begins with its type.
fn text_of(mut data: &[u8], types: &[u8], intake: &mut Intake<'_>) -> Option<(String, bool)> {
    let mut text = String::new();
    let mut laid_out = false;
    let mut types_left = types.iter();
    loop {
        let (kind, last) = if types.is_empty() {
            let Some((&kind, rest)) = data.split_first() else { return Some((text, laid_out)) };
            data = rest;
            (kind, false)
        } else {
            let Some(&kind) = types_left.next() else { return Some((text, laid_out)) };
            (kind, types_left.as_slice().is_empty())
        };
        let field;
        (field, data) = if last {
            (data, &b""[..])
        } else if kind.is_ascii_uppercase() {
            let (size, rest) = data.split_first_chunk::<4>()?;
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).ok()?)?
        } else {
            match data.iter().position(|&byte| byte == 0) {
                Some(end) => (&data[..end], &data[end + 1..]),
                // The very last field of an entry often lacks its zero.
                None => (data, &b""[..]),
            }
        };
        let field = field.strip_suffix(b"\0").unwrap_or(field);
        let Some((shown, by_us)) = shown(kind, field, intake) else { continue };
        laid_out |= by_us;
        let shown = shown.trim_matches('\n');
        if !shown.is_empty() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(shown);
        }
    }
}
