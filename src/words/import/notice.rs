//! Titles and licences: the authors of a dictionary stay named in the words file that is made from it.

use crate::text::escape;
use std::collections::HashSet;
use std::io::{self, Write};

/// How the line begins that says who made a words file. What follows it, an import wrote.
pub(super) const MADE_BY: &str = "Made by: cidiand words import (cidian ";
/// What begins a source's part among several, after an empty line.
const NEXT_SOURCE: &str = "\n\n---- ";
/// Between the titles of several sources.
const BETWEEN_TITLES: &str = " + ";

/// The short licence is cut to this many characters.
const SHORT: usize = 240;
/// How much of the full text is kept.
const FULL: usize = 256 << 10;

/// What a source states about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// Its title, one line.
    pub title: String,
    /// Its licence, one short line; where an earlier import made it of several sources, a line for each of them.
    pub licence: String,
    /// All that it states, in lines.
    pub text: String,
    /// If an earlier import made it: the texts of its sources with their titles, as that import wrote them.
    pub made: Option<String>,
    /// A short name in ASCII, by which a program asks for the dictionary; empty where the file's stem will do.
    pub name: String,
    /// The language of the headwords, a code (`en`); empty if it is not known.
    pub from: String,
    /// The language of the interpretations.
    pub to: String,
}

impl Notice {
    /// A notice whose short licence is found in its text.
    pub(super) fn new(title: &str, text: &str) -> Self {
        Self { title: one_line(title), licence: short_licence(text), text: text.to_owned(), ..Self::default() }
    }

    /// The titles of its sources, or its own.
    fn titles(&self) -> Vec<&str> {
        if self.made.is_some() { self.title.split(BETWEEN_TITLES).collect() } else { vec![&self.title] }
    }

    /// Whether a line of its licence begins with the title of the source that it is about.
    fn names_its_source(&self, licence: &str) -> bool {
        let is_of = |title: &str| licence.strip_prefix(title).is_some_and(|rest| rest.starts_with(": "));
        self.made.is_some() && self.titles().into_iter().any(is_of)
    }
}

/// The text as one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first paragraph that grants something, or else claims something, or else has any text.
pub(super) fn short_licence(text: &str) -> String {
    let any = || paragraphs(text).into_iter().find(|paragraph| !paragraph.is_empty());
    shortened(granting(text).or_else(any).unwrap_or_default())
}

/// The first paragraph that grants something, or else claims something: in a text that may be about anything.
pub(super) fn stated_licence(text: &str) -> String {
    shortened(granting(text).unwrap_or_default())
}

fn paragraphs(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.split(|line| !line.contains(char::is_alphanumeric)).map(|lines| one_line(&lines.join(" "))).collect()
}

fn granting(text: &str) -> Option<String> {
    let paragraphs = paragraphs(text);
    let holds = |marks: &[&str]| {
        let found = paragraphs.iter().find(|paragraph| {
            let lower = paragraph.to_lowercase();
            marks.iter().any(|mark| lower.contains(mark))
        });
        found.cloned()
    };
    holds(&["licen", "public domain", "creative commons", "free software", "许可"])
        .or_else(|| holds(&["copyright", "©", "版权"]))
}

fn shortened(found: String) -> String {
    if found.chars().count() <= SHORT {
        return found;
    }
    let cut: String = found.chars().take(SHORT - 1).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole_words, _)| whole_words);
    format!("{}…", cut.trim_end_matches([',', ';', ' ']))
}

/// The user's labels for the result, where the sources have none, or too much.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Instead of the sources' titles.
    pub title: Option<String>,
    /// Instead of the sources' short licences; their texts stay.
    pub licence: Option<String>,
    /// Instead of the name that the source states, or that of its file.
    pub name: Option<String>,
    /// The language of the headwords, instead of the source's.
    pub from: Option<String>,
    /// The language of the interpretations, instead of the source's.
    pub to: Option<String>,
}

/// The longest name that is made of a title; a number may have to follow it.
const MAX_NAME: usize = 60;

/// The text as a dictionary's name: ASCII letters, digits, `-`, `.` and `_`; anything else between them becomes `-`.
pub fn name_of(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_start_matches(['-', '.']);
    // ASCII: each byte is a character.
    name[..name.len().min(MAX_NAME)].trim_end_matches(['-', '.']).to_owned()
}

/// The lines that name the sources above their articles, escaped. Sources with the same name get a number.
pub(super) fn headings(notices: &[Notice]) -> Vec<String> {
    let same = |at: usize, all: &[Notice]| all.iter().filter(|other| other.title == notices[at].title).count();
    let heading = |at: usize| {
        let title = if notices[at].title.is_empty() { &notices[at].name } else { &notices[at].title };
        let number = if same(at, notices) > 1 { format!(" {}", same(at, &notices[..=at])) } else { String::new() };
        escape(&format!("[{}]", format!("{title}{number}").trim()))
    };
    (0..notices.len()).map(heading).collect()
}

/// For each source, the headings that an earlier import has put above its articles; none if it was of one source.
pub(super) fn headings_within(notices: &[Notice]) -> Vec<Vec<String>> {
    let within = |notice: &Notice| -> Vec<String> {
        let titles = if notice.made.is_some() { notice.titles() } else { Vec::new() };
        let are_several = titles.len() > 1;
        titles.into_iter().filter(|_| are_several).map(|title| escape(&format!("[{title}]"))).collect()
    };
    notices.iter().map(within).collect()
}

/// The titles joined. One that an earlier import wrote is not repeated.
fn joined_titles(notices: &[Notice]) -> String {
    if let [only] = notices {
        return only.title.clone();
    }
    let (mut titles, mut seen) = (Vec::new(), HashSet::new());
    for notice in notices {
        titles.extend(notice.titles().into_iter().filter(|title| seen.insert(*title) || notice.made.is_none()));
    }
    titles.join(BETWEEN_TITLES)
}

/// The licences, each once, and with several sources each with the title that it belongs to.
fn licences(notices: &[Notice]) -> Vec<String> {
    let mut seen = HashSet::new();
    let lines = notices.iter().flat_map(|notice| {
        notice.licence.lines().map(move |licence| {
            let is_named = notices.len() == 1 || notice.names_its_source(licence);
            if is_named { licence.to_owned() } else { format!("{}: {licence}", notice.title) }
        })
    });
    lines.filter(|line| seen.insert(line.clone())).collect()
}

/// The full texts of all sources, each once, under their titles.
fn texts(notices: &[Notice]) -> String {
    let mut all = String::new();
    for notice in notices {
        if !notice.text.trim().is_empty() {
            all.push_str(&format!("{NEXT_SOURCE}{} ----\n\n{}", notice.title, laid_out(&notice.text)));
        }
        let made = notice.made.as_deref().unwrap_or_default().trim_matches('\n');
        if !made.is_empty() {
            all.push_str("\n\n");
            all.push_str(made);
        }
    }
    let mut seen = HashSet::new();
    let each_once: Vec<&str> = all.split(NEXT_SOURCE).filter(|source| seen.insert(*source)).collect();
    each_once.join(NEXT_SOURCE)
}

/// A text without the indentation that all lines after its first have in common, and not longer than [`FULL`].
fn laid_out(text: &str) -> String {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let common = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indentation).min().unwrap_or(0);
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let line = if at == 0 { line } else { line.get(common..).unwrap_or("") };
        if out.len() + line.len() + 1 > FULL {
            out.push('…');
            break;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.trim_end().to_owned()
}

/// Writes the comments that begin a words file: the titles joined, each licence, then each source's full text. Of a
/// file that was written here before, they become what they were.
pub(super) fn write(notices: &[Notice], labels: &Labels, out: &mut dyn Write) -> io::Result<()> {
    let only = if let [only] = notices { Some(only) } else { None };
    let title = labels.title.as_deref().map_or_else(|| joined_titles(notices), one_line);
    writeln!(out, "# title: {title}")?;
    let licences = labels.licence.as_ref().map_or_else(|| licences(notices), |licence| vec![one_line(licence)]);
    for licence in licences {
        writeln!(out, "# licence: {licence}")?;
    }
    if let Some(name) = labels.name.as_ref().or(only.map(|notice| &notice.name)).filter(|name| !name.is_empty()) {
        writeln!(out, "# name: {name}")?;
    }
    for (key, label, said) in [
        ("from", &labels.from, notices.first().map(|notice| &notice.from)),
        ("to", &labels.to, notices.first().map(|notice| &notice.to)),
    ] {
        // With several sources, a language is written only if it is the same for all.
        let same = |code: &&String| notices.iter().all(|notice| [&notice.from, &notice.to].contains(code));
        let said = said.filter(|code| notices.len() == 1 || same(code));
        if let Some(code) = label.as_ref().or(said).filter(|code| !code.is_empty()) {
            writeln!(out, "# {key}: {}", one_line(code))?;
        }
    }
    writeln!(out, "#\n# {MADE_BY}{})", env!("CARGO_PKG_VERSION"))?;
    for line in texts(notices).lines().skip(1) {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let line = line.trim_end();
        // A line of the text must not be taken for one of ours.
        let quoted = [MADE_BY, "title:", "licence:", "name:", "from:", "to:"]
            .iter()
            .any(|key| line.trim_start().starts_with(key));
        let mark = match (line.is_empty(), quoted) {
            (true, _) => "#",
            (false, false) => "# ",
            (false, true) => "# > ",
        };
        writeln!(out, "{mark}{line}")?;
    }
    writeln!(out, "#")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::parse;

    #[test]
    fn the_short_licence_is_what_grants() {
        let gpl = "File of\nthe dictionary\n\n=====\n X is free software; you can\n redistribute it.\n\nNO WARRANTY";
        assert_eq!(short_licence(gpl), "X is free software; you can redistribute it.");
        assert_eq!(short_licence("A dictionary\n\nCopyright 1985 by Denis"), "Copyright 1985 by Denis");
        assert_eq!(short_licence("\n\n  Made at home\n"), "Made at home");
        assert_eq!(short_licence(""), "");
        let long = short_licence(&format!("licence {}", "word ".repeat(100)));
        assert!(long.ends_with("word…") && long.chars().count() <= SHORT, "{long}");
    }

    #[test]
    fn names_are_short_and_plain() {
        for (text, name) in
            [("WordNet (r) 3.0", "WordNet-r-3.0"), ("..x y..", "x-y"), ("词典", ""), ("a_b-c.d", "a_b-c.d")]
        {
            assert_eq!(name_of(text), name);
        }
        let long = name_of(&"Very long title ".repeat(10));
        assert!(long.len() <= MAX_NAME && crate::words::is_name(&long), "{long}");
    }

    #[test]
    fn a_notice_is_shown_by_the_words_file_and_can_not_forge_one() {
        let text = "title: Fake\nlicence: none\nname: fake\n\x1b[1m\n";
        let one = Notice { title: "One".into(), licence: "GPL".into(), text: text.into(), ..Notice::default() };
        let two = Notice { title: "Two".into(), ..Notice::default() };
        let mut out = Vec::new();
        write(&[one, two], &Labels::default(), &mut out).unwrap();
        out.extend_from_slice(b"a\tb\n");
        let parsed = parse(&out).unwrap();
        assert_eq!((parsed.title.as_str(), parsed.licence.as_str()), ("One + Two", "One: GPL"));
        assert!(!out.contains(&0x1b));
        assert!(!String::from_utf8(out).unwrap().contains("# name: fake"));
    }
}
