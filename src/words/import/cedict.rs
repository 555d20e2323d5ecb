//! CC-CEDICT: `Traditional Simplified [pin1 yin1] /gloss/gloss/`, a line each; comments begin with `#`, and those of
//! the form `#! key=value` describe the dictionary. CC-Canto adds a reading in jyutping: `[pin1 yin1] {jyut6 ping3}`.

use super::collection::Intake;
use super::failure::Failure;
use super::files::{line_end, read_line};
use super::notice::{Notice, one_line, short_licence};
use super::pinyin;
use super::report::Refusal;
use std::io::{BufReader, Read};

/// Dictionaries in this format whose glosses are not English, and their languages.
const SISTERS: [(&str, &str); 2] = [("HanDeDict", "de"), ("CFDICT", "fr")];

/// The entries of a CC-CEDICT file: the simplified headword, and the traditional one if it differs; and, if `pinyin` is
/// set, the reading as headwords of their own, as people write it: `píngguǒ`, `ping2guo3`, `pingguo`.
///
/// # Errors
/// It can't be read.
pub fn entries(source: impl Read, pinyin: bool, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let mut source = BufReader::with_capacity(64 << 10, source);
    let end = line_end(&mut source)?;
    let mut about = About::default();
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        number += 1;
        if !read_line(&mut source, end, &mut line, number)? {
            break;
        }
        let place = format_args!("line {number}");
        let bytes = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        let Ok(text) = std::str::from_utf8(bytes) else {
            intake.refuse(Refusal::NotUtf8, "", place);
            continue;
        };
        let text = text.trim();
        if let Some(comment) = text.strip_prefix('#') {
            about.note(comment);
        } else if !text.is_empty() && text != "%" {
            one(text, pinyin, intake, place)?;
        }
    }
    Ok(about.notice())
}

fn one(line: &str, aliases: bool, intake: &mut Intake<'_>, place: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    let Some(Parts { traditional, simplified, reading, cantonese, glosses }) = parts(line) else {
        intake.refuse(Refusal::BadLine, line, place);
        return Ok(());
    };
    // Both scripts, since one alone is often several words' (面: face, and noodles); and the word itself, since it may
    // have been found by its reading.
    let scripts = if traditional == simplified { String::new() } else { format!(" [{simplified}/{traditional}]") };
    let mut text = format!("{simplified}{scripts} {}", pinyin::with_marks(reading));
    if !cantonese.is_empty() {
        text.push_str(&format!(" [{cantonese}]"));
    }
    let mut empty = true;
    for gloss in glosses.split('/').map(str::trim).filter(|gloss| !gloss.is_empty()) {
        text.push_str(if empty { " " } else { "; " });
        text.push_str(&pinyin::in_brackets(gloss));
        empty = false;
    }
    let text = intake.text(if empty { "" } else { &text })?;
    intake.entry(simplified, text, place)?;
    if traditional != simplified {
        intake.entry(traditional, text, place)?;
    }
    if aliases && !empty {
        for spelling in pinyin::spellings(reading) {
            intake.entry(&spelling, text, place)?;
            intake.report.note("headwords in pinyin");
        }
    }
    Ok(())
}

/// The parts of a line.
struct Parts<'a> {
    traditional: &'a str,
    simplified: &'a str,
    /// In pinyin.
    reading: &'a str,
    /// In jyutping; empty but in CC-Canto, which has it in braces.
    cantonese: &'a str,
    /// With the slashes between them.
    glosses: &'a str,
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let (headwords, rest) = line.split_once('[')?;
    let (reading, rest) = rest.split_once(']')?;
    let (traditional, simplified) = headwords.trim().split_once([' ', '\t'])?;
    // Newer files have [[pin1yin1]].
    let (reading, rest) = (reading.trim_start_matches('['), rest.trim_start_matches(']').trim());
    let (cantonese, rest) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).unwrap_or(("", rest));
    let glosses = rest.trim().strip_prefix('/')?;
    // Behind the last slash CC-Canto says where an entry comes from: `# adapted from cc-cedict`.
    let glosses =
        glosses.rsplit_once('/').filter(|(_, rest)| rest.trim().starts_with('#')).map_or(glosses, |(all, _)| all);
    let [traditional, simplified, reading, cantonese] = [traditional, simplified, reading, cantonese].map(str::trim);
    Some(Parts { traditional, simplified, reading, cantonese, glosses })
}

#[derive(Default)]
struct About {
    title: String,
    licence: String,
    date: String,
    text: String,
}

impl About {
    fn note(&mut self, comment: &str) {
        if let Some((key, value)) = comment.strip_prefix('!').and_then(|pair| pair.split_once('=')) {
            match key.trim() {
                "license" | "licence" => self.licence = one_line(value),
                "date" => self.date = one_line(value),
                _ => {}
            }
        } else if self.title.is_empty() {
            self.title = one_line(comment);
        } else if self.text.len() < 1 << 20 {
            self.text.push_str(comment.trim());
            self.text.push('\n');
        }
    }

    fn notice(self) -> Notice {
        // The date is a moment in UTC; its day is enough.
        let day = self.date.split('T').next().unwrap_or("");
        let title = if day.is_empty() { self.title } else { format!("{} ({day})", self.title) };
        let named = short_licence(&self.text);
        let licence = match (named.contains("icen"), self.licence.is_empty()) {
            (true, _) | (false, true) => named,
            (false, false) => self.licence,
        };
        // Others have taken the format over, and say in their head who they are.
        let is_of = |name: &str| title.contains(name) || self.text.contains(name);
        let to = SISTERS.iter().find(|(name, _)| is_of(name)).map_or("en", |(_, language)| language);
        Notice { title, licence, text: self.text, from: "zh".into(), to: to.into(), ..Notice::default() }
    }
}
