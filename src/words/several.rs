//! Several dictionaries as one: each has a name, and a headword of more than one of them has one entry with all their
//! articles, each below a line `[name]`, in the order of preference.

use super::note::{DictionaryNote, MAX_NAME, Stamp, is_name};
use super::parse::{Parsed, ParsedEntry};
use crate::text::{escape, unescape};
use memchr::{memchr, memmem, memrchr};
use std::borrow::Cow;
use std::path::Path;

/// Fewer headwords do not show a habit.
const FEW: usize = 5;

/// Two dictionaries have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameName {
    /// The name.
    pub name: String,
    /// Which of the dictionaries, counted from zero.
    pub numbers: [usize; 2],
}

/// The name of a dictionary that states none: its file's stem, as far as a name can hold it.
pub fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '-' };
    let name: String = stem.chars().map(fits).take(MAX_NAME).collect();
    if name.bytes().any(|byte| byte.is_ascii_alphanumeric()) { name } else { "words".to_owned() }
}

impl Parsed<'_> {
    /// What it states about itself; without a name, its file's is used.
    pub fn note(&self, file: &Path) -> DictionaryNote {
        DictionaryNote {
            name: if self.name.is_empty() { name_of(file) } else { self.name.clone() },
            title: self.title.clone(),
            licence: self.licence.clone(),
            languages: self.languages.clone(),
            headwords: self.entries.len(),
            capitalises: self.capitalises(),
            head: self.head.clone(),
            stamp: None,
        }
    }

    /// Whether at least 80 % of its headwords begin with a capital. A few headwords do not count as a habit.
    fn capitalises(&self) -> bool {
        let capitals = self.entries.iter().filter(|entry| entry.headword.starts_with(char::is_uppercase)).count();
        self.entries.len() >= FEW && capitals * 10 >= self.entries.len() * 8
    }
}

/// Makes one of several words files, each with its note, in the order of preference. One alone stays as it is.
///
/// # Errors
/// Two have the same name.
pub fn merge<'a>(sources: Vec<(DictionaryNote, Parsed<'a>)>) -> Result<Parsed<'a>, SameName> {
    let (notes, mut parsed): (Vec<DictionaryNote>, Vec<Parsed<'a>>) = sources.into_iter().unzip();
    for (at, note) in notes.iter().enumerate() {
        if let Some(before) = notes[..at].iter().position(|other| other.name.eq_ignore_ascii_case(&note.name)) {
            return Err(SameName { name: note.name.clone(), numbers: [before, at] });
        }
    }
    if parsed.len() == 1
        && let Some(mut only) = parsed.pop()
    {
        only.dictionaries = notes;
        return Ok(only);
    }
    let joined = |texts: Vec<&str>| {
        let mut texts: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        texts.dedup();
        texts.join("; ")
    };
    let title = joined(notes.iter().map(|note| note.title.as_str()).collect());
    let licence = joined(notes.iter().map(|note| note.licence.as_str()).collect());
    let headings: Vec<String> = notes.iter().map(|note| heading(&note.name)).collect();
    let mut all: Vec<(usize, ParsedEntry<'a>)> = Vec::new();
    for (number, parsed) in parsed.into_iter().enumerate() {
        all.extend(parsed.entries.into_iter().map(|entry| (number, entry)));
    }
    // Stable, and the dictionaries were put in by preference.
    all.sort_by(|(_, left), (_, right)| left.headword.cmp(right.headword));
    let mut entries: Vec<ParsedEntry<'a>> = Vec::with_capacity(all.len());
    for (number, entry) in all {
        let article = format!("{}\\n{}", headings[number], shielded(&entry.interpret, &headings));
        match entries.last_mut().filter(|last| last.headword == entry.headword) {
            Some(last) => {
                let text = last.interpret.to_mut();
                text.push_str("\\n");
                text.push_str(&article);
            }
            None => entries.push(ParsedEntry { headword: entry.headword, interpret: article.into() }),
        }
    }
    Ok(Parsed { title, licence, entries, dictionaries: notes, ..Parsed::default() })
}

fn heading(name: &str) -> String {
    format!("[{name}]")
}

/// An article without headings: lines that are one, or look like one that was changed so, get one more blank at their
/// beginning.
fn shielded<'a>(article: &'a str, headings: &[String]) -> Cow<'a, str> {
    with_headings(article, headings, |line| format!(" {line}"))
}

/// The article that [`shielded`] has made this one from.
pub(super) fn unshielded<'a>(article: &'a str, names: &[String]) -> Cow<'a, str> {
    let headings: Vec<String> = names.iter().map(|name| heading(name)).collect();
    with_headings(article, &headings, |line| line.strip_prefix(' ').unwrap_or(line).to_owned())
}

/// Changes the lines of an article that are a heading, or one behind blanks.
fn with_headings<'a>(article: &'a str, headings: &[String], change: impl Fn(&str) -> String) -> Cow<'a, str> {
    if !headings.iter().any(|heading| article.contains(heading.as_str())) {
        return Cow::Borrowed(article);
    }
    let is_heading = |line: &str| headings.iter().any(|heading| heading == line.trim_start_matches(' '));
    let text = unescape(article);
    let lines = text.split('\n').map(|line| if is_heading(line) { change(line) } else { line.to_owned() });
    Cow::Owned(escape(&lines.collect::<Vec<_>>().join("\n")))
}

/// Takes an entry of several dictionaries apart: names and articles (with the escapes of the wire), in order. An entry of
/// one dictionary is its article.
pub fn articles<'t, 'n>(interpret: &'t str, names: &'n [String]) -> Vec<(&'n str, &'t str)> {
    let [first, _, ..] = names else {
        return vec![(only_name(names), interpret)];
    };
    let mut found: Vec<(&str, &str)> = Vec::new();
    // The article that is not ended yet: its name, and where it begins.
    let mut open: Option<(&str, usize)> = None;
    for line in line_begins(interpret) {
        let Some((name, after)) = heading_at(interpret, line, names) else { continue };
        let end = line.saturating_sub(2);
        match open {
            Some((before, begin)) => found.push((before, interpret.get(begin..end).unwrap_or_default())),
            // No heading names its dictionary.
            None if line > 0 => found.push((first, &interpret[..end])),
            None => {}
        }
        open = Some((name, after));
    }
    let (name, begin) = open.unwrap_or((first, 0));
    found.push((name, &interpret[begin..]));
    found
}

/// The same, without an allocation for an entry of one dictionary: a search does this for each entry that it looks at.
pub(super) fn each_article<'t, 'n>(
    interpret: &'t str,
    names: &'n [String],
) -> impl Iterator<Item = (&'n str, &'t str)> {
    let only = (names.len() < 2).then(|| (only_name(names), interpret));
    let of_several = if only.is_none() { articles(interpret, names) } else { Vec::new() };
    only.into_iter().chain(of_several)
}

/// The name of one dictionary that may have none.
fn only_name(names: &[String]) -> &str {
    names.first().map_or("words", String::as_str)
}

/// Adds a dictionary's article to those that a headword has already: below its name, if it has one. [`articles`] takes
/// the result apart.
pub fn append(articles: &mut String, dictionary: &str, article: &str) {
    if !articles.is_empty() {
        articles.push_str("\\n");
    }
    if !dictionary.is_empty() {
        articles.push_str(&heading(dictionary));
        articles.push_str("\\n");
    }
    articles.push_str(article);
}

/// The places of a text with escapes where a line begins with a bracket.
fn line_begins(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let first = text.starts_with('[').then_some(0);
    first.into_iter().chain(memmem::find_iter(bytes, br"\n[").filter(|at| is_escape(bytes, *at)).map(|at| at + 2))
}

/// Whether the backslash at a place is not itself behind one.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    bytes[..at].iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 0
}

/// The names in lines of a text that may be headings.
pub fn possible_names(interpret: &str) -> impl Iterator<Item = &str> {
    line_begins(interpret).filter_map(|line| {
        let (name, rest) = interpret.get(line + 1..)?.split_once(']')?;
        (is_name(name) && (rest.is_empty() || rest.starts_with(r"\n"))).then_some(name)
    })
}

/// The name in the line that begins at a place, if it is a heading, and where what follows the line begins.
fn heading_at<'n>(text: &str, line: usize, names: &'n [String]) -> Option<(&'n str, usize)> {
    let inner = text.as_bytes().get(line + 1..)?;
    let length = memchr(b']', &inner[..inner.len().min(MAX_NAME + 1)])?;
    let name = names.iter().find(|name| name.as_bytes() == &inner[..length])?.as_str();
    let after = line + length + 2;
    match text.get(after..)? {
        "" => Some((name, after)),
        rest => rest.starts_with(r"\n").then_some((name, after + 2)),
    }
}

/// Where what follows a heading begins, if a place of an entry of several dictionaries is in one.
pub(super) fn behind_heading(interpret: &str, place: usize, names: &[String]) -> Option<usize> {
    if names.len() < 2 {
        return None;
    }
    let before = interpret.as_bytes().get(..=place)?;
    let near = before.len().saturating_sub(MAX_NAME + 2);
    let line = near + memrchr(b'[', &before[near..])?;
    let begins_line = line == 0 || interpret[..line].ends_with(r"\n") && is_escape(interpret.as_bytes(), line - 2);
    heading_at(interpret, line, names).map(|(_, after)| after).filter(|after| begins_line && place < *after)
}

/// Whether a dictionary is searched; without names all of them are.
pub fn is_wanted(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
}

/// The articles of some of several dictionaries in an entry, below their names; `None` if they have none in it.
pub fn only<'t>(interpret: &'t str, names: &[String], wanted: &[String]) -> Option<Cow<'t, str>> {
    if wanted.is_empty() {
        return Some(Cow::Borrowed(interpret));
    }
    let all = articles(interpret, names);
    let count = all.len();
    let some: Vec<(&str, &str)> = all.into_iter().filter(|(name, _)| is_wanted(wanted, name)).collect();
    match some.len() {
        0 => None,
        same if same == count => Some(Cow::Borrowed(interpret)),
        _ => Some(Cow::Owned(joined(&some))),
    }
}

/// One text of articles, each below its name.
pub(super) fn joined(articles: &[(&str, &str)]) -> String {
    articles.iter().map(|(name, article)| format!("{}\\n{article}", heading(name))).collect::<Vec<_>>().join("\\n")
}

/// An entry that was made of several, with one article of each dictionary, in the order of the dictionaries.
pub(super) fn in_order<'t>(interpret: Cow<'t, str>, names: &[String]) -> Cow<'t, str> {
    let all = articles(&interpret, names);
    let place = |name: &str| names.iter().position(|other| other == name);
    if all.windows(2).all(|pair| place(pair[0].0) < place(pair[1].0)) {
        return interpret;
    }
    let of_name = |name: &String| {
        let own = all.iter().filter(|(other, _)| other == name).map(|(_, article)| *article);
        own.collect::<Vec<_>>().join("\\n")
    };
    let grouped: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), of_name(name))).collect();
    let grouped: Vec<(&str, &str)> = grouped
        .iter()
        .filter(|(name, _)| all.iter().any(|(other, _)| other == name))
        .map(|(name, article)| (*name, article.as_str()))
        .collect();
    Cow::Owned(joined(&grouped))
}

/// Writes notes as a text, a line each, for [`notes_from_text`].
pub fn notes_to_text(notes: &[DictionaryNote]) -> String {
    let mut text = String::new();
    for note in notes {
        let [from, to] = &note.languages;
        let headwords = note.headwords.to_string();
        let capitalises = if note.capitalises { CAPITALISES } else { "" };
        let stamp = note.stamp.as_ref().map_or_else(String::new, Stamp::to_text);
        let fields: [&str; 9] =
            [&note.name, &note.title, &note.licence, from, to, &headwords, capitalises, &note.head, &stamp];
        text.push_str(&fields.map(escape).join("\t"));
        text.push('\n');
    }
    text
}

/// The seventh field of a dictionary that begins its headwords with capitals.
const CAPITALISES: &str = "A";

/// Reads what [`notes_to_text`] has written; anything else is passed over. The last three fields may be missing.
pub fn notes_from_text(text: &str) -> Vec<DictionaryNote> {
    let note = |line: &str| {
        let mut fields = line.split('\t').map(unescape);
        let mut next = || fields.next();
        Some(DictionaryNote {
            name: next()?,
            title: next()?,
            licence: next()?,
            languages: [next()?, next()?],
            headwords: next()?.parse().ok()?,
            capitalises: next().is_some_and(|field| field == CAPITALISES),
            head: next().unwrap_or_default(),
            stamp: next().and_then(|field| Stamp::from_text(&field)),
        })
    };
    text.lines().filter_map(note).collect()
}

/// The names in what [`notes_to_text`] has written, and whether each begins its headwords with capitals.
pub(super) fn names_from_text(text: &str) -> Vec<(String, bool)> {
    let name = |line: &str| {
        let mut fields = line.split('\t');
        Some((fields.next()?.to_owned(), fields.nth(5) == Some(CAPITALISES)))
    };
    text.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Dictionary, image, is_name, parse};
    use super::*;
    use proptest::prelude::*;

    fn merged<'a>(files: &[(&str, &'a str)]) -> Parsed<'a> {
        let source = |(file, text): &(&str, &'a str)| {
            let parsed = parse(text.as_bytes()).unwrap();
            (parsed.note(Path::new(file)), parsed)
        };
        merge(files.iter().map(source).collect()).unwrap()
    }

    #[test]
    fn articles_stand_below_their_names_in_order() {
        let files = [
            ("b/first.txt", "apple\tn. 1\nbee\tn. 2\n"),
            ("two.txt", "# name: Second-1\n# title: T\nant\tn. 3\napple\tn. 4\\nn. 5\n"),
        ];
        let parsed = merged(&files);
        let pairs: Vec<(&str, &str)> = parsed.entries.iter().map(|entry| (entry.headword, &*entry.interpret)).collect();
        assert_eq!(
            pairs,
            [
                ("ant", r"[Second-1]\nn. 3"),
                ("apple", r"[first]\nn. 1\n[Second-1]\nn. 4\nn. 5"),
                ("bee", r"[first]\nn. 2")
            ]
        );
        let names: Vec<String> = parsed.dictionaries.iter().map(|note| note.name.clone()).collect();
        assert_eq!(articles(pairs[1].1, &names), [("first", "n. 1"), ("Second-1", r"n. 4\nn. 5")]);
        let dictionary = Dictionary::open(image(&parsed).unwrap()).unwrap();
        assert_eq!(dictionary.dictionaries(), parsed.dictionaries);
        assert_eq!((dictionary.title(), dictionary.headwords()), ("T", 3));
    }

    #[test]
    fn some_of_an_entry() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let of = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
            only(r"[a]\nx\n[b]\ny\nz\n[c]\nw", &names, &wanted).map(Cow::into_owned)
        };
        assert_eq!(of(&["b"]).as_deref(), Some(r"[b]\ny\nz"));
        assert_eq!(of(&["C", "a"]).as_deref(), Some(r"[a]\nx\n[c]\nw"));
        assert_eq!(of(&[]).as_deref(), Some(r"[a]\nx\n[b]\ny\nz\n[c]\nw"));
        assert_eq!(of(&["d"]), None);
        let joined = in_order(r"[b]\n1\n[c]\n2\n[a]\n3\n[b]\n4".into(), &names);
        assert_eq!(joined, r"[a]\n3\n[b]\n1\n4\n[c]\n2");
        let text = r"[a]\nx [b]\n[b]\ny";
        let behind = [0, 2, 5, 8, 12, 13, 16].map(|place| behind_heading(text, place, &names));
        assert_eq!(behind, [Some(5), Some(5), None, None, Some(17), Some(17), Some(17)]);
        let possible: Vec<&str> = possible_names(r"[a]\nx\n[1913 Webster]\n[Obs.]\n [b]\n[c] y\n[d]").collect();
        assert_eq!(possible, ["a", "Obs.", "d"]);
    }

    #[test]
    fn a_heading_is_a_whole_line() {
        let names = ["a", "b"].map(str::to_owned);
        for (text, expected) in [
            (r"[a]\nx [b]\n y", vec![("a", r"x [b]\n y")]),
            (r"[a]\n\\n[b]\nx", vec![("a", r"\\n[b]\nx")]),
            (r"[a]\n\\\n[b]\nx", vec![("a", r"\\"), ("b", "x")]),
            (r"x\n[b]\ny", vec![("a", "x"), ("b", "y")]),
            (r"[a]\nx\n[b]", vec![("a", "x"), ("b", "")]),
            (r"[c]\nx", vec![("a", r"[c]\nx")]),
            ("", vec![("a", "")]),
        ] {
            assert_eq!(articles(text, &names), expected, "{text}");
        }
    }

    #[test]
    fn one_alone_stays_as_it_is() {
        let text = "# name: n\n# title: t\napple\tn. 1\n[n]\tx\n";
        let (one, plain) = (merged(&[("a.txt", text)]), parse(text.as_bytes()).unwrap());
        assert_eq!((&one.entries, &one.title), (&plain.entries, &plain.title));
        assert_eq!(articles(r"[n]\nx", &["n".to_owned()]), [("n", r"[n]\nx")]);
    }

    #[test]
    fn names() {
        for (file, name) in
            [("/x/ecdict.big.txt", "ecdict.big"), ("词典.txt", "words"), ("my words.txt", "my-words"), ("", "words")]
        {
            assert_eq!(name_of(Path::new(file)), name);
        }
        assert!(is_name("a-b_c.1") && !is_name("") && !is_name("a b") && !is_name("词") && !is_name(&"x".repeat(65)));
        let same = [("a.txt", "x 1"), ("b/A.txt", "x 1")].map(|(file, text)| {
            (parse(text.as_bytes()).unwrap().note(Path::new(file)), parse(text.as_bytes()).unwrap())
        });
        assert_eq!(merge(same.into()), Err(SameName { name: "A".into(), numbers: [0, 1] }));
    }

    proptest! {
        /// Whatever articles hold, they come apart as they went in, except for the blank before what looks like a name.
        #[test]
        fn articles_come_apart_again(texts in proptest::collection::vec("( {0,2}\\[[ab]\\]|[a ]|\\\\\\\\|\\\\n){1,8}x", 2..3)) {
            let files: Vec<(String, String)> =
                ["a", "b"].iter().zip(&texts).map(|(name, text)| (format!("{name}.txt"), format!("word\t{text}\n"))).collect();
            let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let parsed = merged(&files);
            let names = ["a".to_owned(), "b".to_owned()];
            let found = articles(&parsed.entries[0].interpret, &names);
            prop_assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b"]);
            for ((_, article), (_, text)) in found.iter().zip(&files) {
                let plain = parse(text.as_bytes()).unwrap().entries[0].interpret.to_string();
                prop_assert_eq!(unescape(&unshielded(article, &names)), unescape(&plain));
            }
        }

        #[test]
        fn any_text_comes_apart(text in any::<String>()) {
            let names = ["a".to_owned(), "b".to_owned()];
            let escaped = escape(&text);
            let _ = (articles(&escaped, &names), notes_from_text(&text), names_from_text(&text));
            let _ = (only(&escaped, &names, &names[..1]), in_order(escaped.as_str().into(), &names));
        }
    }
}
