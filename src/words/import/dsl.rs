//! DSL, ABBYY Lingvo's source format. A card consists of headwords, which stand at the beginnings of their lines, and
//! of text in lines that begin with a blank. The format is described in the help of Lingvo's compiler, and by the
//! programs that read it (GoldenDict).

mod characters;
mod header;
mod markup;

use super::collection::Intake;
use super::failure::Failure;
use super::files::Watch;
use super::notice::{Notice, one_line};
use characters::decode;
use header::header;
use markup::{headwords, shown, title, without_comments};
use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};
use std::path::{Component, Path, PathBuf};

/// The most files that one dictionary is taken from.
const MOST_FILES: usize = 256;

/// Languages by the beginnings of the names that Lingvo has for them, and their codes.
const LANGUAGES: [(&str, &str); 27] = [
    ("belarus", "be"),
    ("bulgar", "bg"),
    ("chinese", "zh"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("estonian", "et"),
    ("finnish", "fi"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hungarian", "hu"),
    ("italian", "it"),
    ("japanese", "ja"),
    ("kazakh", "kk"),
    ("korean", "ko"),
    ("latin", "la"),
    ("norwegian", "no"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("russian", "ru"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("tatar", "tt"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
];

fn language(name: &str) -> String {
    let name = name.to_lowercase();
    LANGUAGES.iter().find(|(begin, _)| name.starts_with(begin)).map_or("", |(_, code)| code).to_owned()
}

/// A card: its headwords as they are written, with the line of the first, and the lines of its body.
#[derive(Default)]
struct Card<'a> {
    line: usize,
    headwords: Vec<&'a str>,
    body: Vec<&'a str>,
}

/// The file that an `#INCLUDE` means: beside the file that includes it, or in a directory below. A full path is of its
/// author's machine, so only the name counts.
fn included(name: &str, beside: &Path) -> PathBuf {
    let name = name.replace("\\\\", "\\").replace('\\', "/");
    let relative: PathBuf = Path::new(&name).components().filter(|component| *component != Component::CurDir).collect();
    let directory = beside.parent().unwrap_or(Path::new(""));
    let is_below =
        relative.components().all(|component| matches!(component, Component::Normal(_))) && !name.contains(':');
    match (is_below, name.rsplit('/').next()) {
        (false, Some(last)) => directory.join(last),
        _ => directory.join(relative),
    }
}

/// The entries of a DSL file, and of the files that it includes.
///
/// # Errors
/// A file can't be read; there is more than can be loaded.
pub(super) fn import(path: &Path, intake: &mut Intake<'_>, watch: &Watch<'_>) -> Result<Notice, Failure> {
    let mut seen = HashSet::from([path.to_owned()]);
    let mut ahead = VecDeque::from([path.to_owned()]);
    let mut notice = None;
    while let Some(path) = ahead.pop_front() {
        let mut includes = Vec::new();
        let own = read(&watch.read(&path)?, &mut includes, intake).map_err(|failure| failure.of(&path))?;
        notice.get_or_insert(own);
        for name in includes {
            let file = included(&name, &path);
            if !file.is_file() || seen.len() == MOST_FILES {
                intake
                    .report
                    .warnings
                    .push(format!("#INCLUDE {name:?} left out: there is no such file beside this one"));
            } else if seen.insert(file.clone()) {
                ahead.push_back(file);
            }
        }
    }
    Ok(notice.unwrap_or_default())
}

/// The entries of a DSL file, unpacked, without those of files that it includes.
///
/// # Errors
/// There is more than can be loaded.
pub fn entries(bytes: &[u8], intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    read(bytes, &mut Vec::new(), intake)
}

/// Reads a file; the names of those that it includes go to `includes`.
fn read(bytes: &[u8], includes: &mut Vec<String>, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let mut text = decode(bytes);
    if text.contains('\r') && !text.contains('\n') {
        text = text.replace('\r', "\n").into();
    }
    let text = without_comments(&text);
    let mut notice = Notice::default();
    let mut card = Card::default();
    let mut in_header = true;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_end_matches(['\r', '\0']);
        if line.trim().is_empty() {
            continue;
        }
        if in_header && line.starts_with('#') {
            if let Some(name) = header(line, "NAME") {
                notice.title = one_line(name);
            } else if let Some(name) = header(line, "INDEX_LANGUAGE") {
                notice.from = language(name);
            } else if let Some(name) = header(line, "CONTENTS_LANGUAGE") {
                notice.to = language(name);
            } else if let Some(name) = header(line, "INCLUDE") {
                includes.push(name.to_owned());
            }
            continue;
        }
        in_header = false;
        if line.starts_with([' ', '\t']) {
            card.body.push(line.trim());
            continue;
        }
        if !card.body.is_empty() {
            enter(&card, intake)?;
            card = Card::default();
        }
        if card.headwords.is_empty() {
            card.line = at + 1;
        }
        card.headwords.push(line.trim());
    }
    enter(&card, intake)?;
    Ok(notice)
}

/// Makes entries of a card, and of the cards within it (`@ headword`), which it shows, too.
fn enter(card: &Card<'_>, intake: &mut Intake<'_>) -> Result<(), Failure> {
    let Some((first, others)) = card.headwords.split_first() else { return Ok(()) };
    let named = headwords(first, None);
    let name = named.last().map_or("", String::as_str);
    let mut whole: Vec<Cow<'_, str>> = Vec::new();
    let mut inner: Vec<Card<'_>> = Vec::new();
    let mut is_inner = false;
    for &line in &card.body {
        if let Some(headword) = line.strip_prefix('@') {
            let headword = headword.trim();
            let follows_headword = is_inner && inner.last().is_some_and(|card| card.body.is_empty());
            is_inner = !headword.is_empty();
            if is_inner {
                // A card within has several headwords as others have, a line each.
                match inner.last_mut().filter(|_| follows_headword) {
                    Some(card) => card.headwords.push(headword),
                    None => inner.push(Card { line: card.line, headwords: vec![headword], body: Vec::new() }),
                }
                whole.push(title(headword, name).into());
            }
            continue;
        }
        whole.push(line.into());
        if let Some(inner) = inner.last_mut().filter(|_| is_inner) {
            inner.body.push(line);
        }
    }
    let text = intake.laid_out(&shown(&whole, name))?;
    let place = format_args!("line {}", card.line);
    let mut before = Vec::new();
    let others = others.iter().flat_map(|written| headwords(written, Some(name)));
    for headword in named.iter().cloned().chain(others) {
        if !before.contains(&headword) {
            intake.entry(&headword, text, place)?;
            if before.len() < 64 {
                before.push(headword);
            }
        }
    }
    for card in inner.iter().filter(|card| !card.body.is_empty()) {
        for headword in card.headwords.iter().flat_map(|written| headwords(written, Some(name))) {
            let text = intake.laid_out(&shown(&card.body, &headword))?;
            intake.entry(&headword, text, place)?;
        }
    }
    Ok(())
}
