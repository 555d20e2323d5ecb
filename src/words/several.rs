//! Several dictionaries as one: each has a name, and an entry that more than one of them has is one entry with all their
//! articles, each below a line `[name]`, in the order of preference.

use super::note::{DictionaryNote, MAX_NAME};
use super::parse::{Parsed, ParsedEntry};
use crate::text::{escape, unescape};
use std::path::Path;

/// Two dictionaries have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameName {
    /// The name.
    pub name: String,
    /// Which of the dictionaries, counted from zero.
    pub numbers: [usize; 2],
}

/// The name of a dictionary that says none: its file's stem, as far as a name can hold it.
pub fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '-' };
    let name: String = stem.chars().map(fits).take(MAX_NAME).collect();
    if name.bytes().any(|byte| byte.is_ascii_alphanumeric()) { name } else { "words".to_owned() }
}

impl Parsed<'_> {
    /// What it says of itself; its file's name stands for a name.
    pub fn note(&self, file: &Path) -> DictionaryNote {
        DictionaryNote {
            name: if self.name.is_empty() { name_of(file) } else { self.name.clone() },
            title: self.title.clone(),
            licence: self.licence.clone(),
            languages: self.languages.clone(),
            headwords: self.entries.len(),
        }
    }
}

/// Makes one of several words files, each with what it says of itself, in the order of preference. One alone stays as it
/// is.
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

/// An article none of whose lines is a heading.
fn shielded(article: &str, headings: &[String]) -> String {
    if !headings.iter().any(|heading| article.contains(heading.as_str())) {
        return article.to_owned();
    }
    let lines = unescape(article);
    let shield =
        |line: &str| if headings.iter().any(|heading| heading == line) { format!(" {line}") } else { line.to_owned() };
    escape(&lines.split('\n').map(shield).collect::<Vec<_>>().join("\n"))
}

/// Takes an entry of several dictionaries apart: names and articles (with the escapes of the wire), in order. An entry of
/// one dictionary is its article.
pub fn articles<'a>(interpret: &'a str, names: &'a [String]) -> Vec<(&'a str, &'a str)> {
    let [first, _, ..] = names else {
        return vec![(names.first().map_or("words", String::as_str), interpret)];
    };
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    let mut begin = 0;
    for end in line_ends(interpret) {
        let line = &interpret[begin..end];
        let named = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
        let next = (end + 2).min(interpret.len());
        match names.iter().find(|name| Some(name.as_str()) == named) {
            Some(name) => found.push((name, next, next)),
            None => match found.last_mut() {
                Some((_, _, last)) => *last = end,
                None => found.push((first, begin, end)),
            },
        }
        begin = next;
    }
    found.into_iter().map(|(name, begin, end)| (name, &interpret[begin..end.max(begin)])).collect()
}

/// Adds a dictionary's article to those that a headword has already: below its name, if it has one. What [`articles`]
/// takes apart.
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

/// Where the lines of a text with escapes end.
fn line_ends(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let mut ends = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', Some(b'n')) => {
                ends.push(at);
                at += 2;
            }
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
    ends.push(text.len());
    ends
}

/// Writes notes as a text, and reads them again.
pub fn notes_to_text(notes: &[DictionaryNote]) -> String {
    let mut text = String::new();
    for note in notes {
        let [from, to] = &note.languages;
        let fields =
            [&note.name, &note.title, &note.licence, from, to, &note.headwords.to_string()].map(|field| escape(field));
        text.push_str(&fields.join("\t"));
        text.push('\n');
    }
    text
}

/// Reads what [`notes_to_text`] has written; what it has not is passed over.
pub fn notes_from_text(text: &str) -> Vec<DictionaryNote> {
    let note = |line: &str| {
        let fields: Vec<String> = line.split('\t').map(unescape).collect();
        let [name, title, licence, from, to, headwords] = <[String; 6]>::try_from(fields).ok()?;
        Some(DictionaryNote { name, title, licence, languages: [from, to], headwords: headwords.parse().ok()? })
    };
    text.lines().filter_map(note).collect()
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
        /// Whatever the articles hold, they come apart as they went in, but for the blank before what looks like a name.
        #[test]
        fn articles_come_apart_again(texts in proptest::collection::vec("(\\[[ab]\\]|[a ]|\\\\\\\\|\\\\n){1,8}x", 2..3)) {
            let files: Vec<(String, String)> =
                ["a", "b"].iter().zip(&texts).map(|(name, text)| (format!("{name}.txt"), format!("word\t{text}\n"))).collect();
            let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let parsed = merged(&files);
            let names = ["a".to_owned(), "b".to_owned()];
            let found = articles(&parsed.entries[0].interpret, &names);
            prop_assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "b"]);
            for ((_, article), (_, text)) in found.iter().zip(&files) {
                let plain = parse(text.as_bytes()).unwrap().entries[0].interpret.to_string();
                let without = |text: &str| unescape(text).replace(" [", "[");
                prop_assert_eq!(without(article), without(&plain));
            }
        }

        #[test]
        fn any_text_comes_apart(text in any::<String>()) {
            let names = ["a".to_owned(), "b".to_owned()];
            let escaped = escape(&text);
            let _ = (articles(&escaped, &names), notes_from_text(&text));
        }
    }
}
