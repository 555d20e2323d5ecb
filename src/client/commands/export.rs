//! `cidian export`: the words of a history with their interpretations, as a deck for Anki or as CSV. An existing file
//! is replaced only by a complete one.

use super::context::{Context, LoggedIn};
use super::history::{self, Choice, Tally};
use crate::client::error::{Error, Result};
use crate::client::messages::Message;
use crate::client::render::Clock;
use crate::client::render::show::{ExportLine, shown};
use crate::client::server::connection::{Connection, Entry};
use crate::client::server::entry::Article;
use crate::client::terminal::console::{Console, PIECE, csv_line, csv_row};
use crate::protocol::{Code, HistoryRow, StarRow, pieces, printable, unescape};
use crate::words::fields::fields;
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

/// The lines by which Anki knows how to read the rest, so that the person has nothing to choose there. The identifier
/// in the last column has a second import update the notes of the first. (Anki 2.1.54 and later.)
const ANKI_HEAD: &str = "\
    #separator:tab\n#html:true\n#deck:Cidian\n#tags column:3\n#guid column:4\n#columns:Front\tBack\tTags\tGuid\n";

/// The columns of CSV. More may come at the end.
const CSV_HEAD: [&str; 9] = ["word", "interpretation", "count", "first", "last", "starred", "tags", "note", "due"];

/// What is to be written where; `-` is standard output.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) anki: Option<PathBuf>,
    pub(crate) csv: Option<PathBuf>,
    pub(crate) choice: Choice,
}

/// `cidian export`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn run(context: &mut Context<'_>, export: &Export) -> Result<()> {
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let mut tallies = history::tally(&mut connection, &name, &export.choice)?;
    let stars = Stars::of(&mut connection, &name)?;
    if export.choice.starred {
        tallies.extend(stars.without_lookups(&tallies, &export.choice));
    }
    let mut decks = [(&export.anki, Kind::Anki), (&export.csv, Kind::Csv)]
        .into_iter()
        .filter_map(|(path, kind)| path.as_ref().map(|path| Deck::begin(console, path, kind)))
        .collect::<Result<Vec<_>>>()?;
    // Two on one page, one after the other; else both at once, so that each word is asked for once.
    let on_page = decks.iter().filter(|deck| deck.file.is_none()).count();
    let at_once = if on_page > 1 { 1 } else { decks.len().max(1) };
    for decks in decks.chunks_mut(at_once) {
        for deck in &mut *decks {
            deck.head(console)?;
        }
        history::definitions(&mut connection, &name, &tallies, |tally, entry| {
            let back = entry.map(Back::of);
            decks.iter_mut().try_for_each(|deck| deck.add(console, &name, tally, stars.get(&tally.word), back.as_ref()))
        })?;
    }
    connection.leave();
    for deck in decks {
        deck.end()?;
    }
    if on_page > 0 {
        return Ok(());
    }
    let words = tallies.len() as u64;
    if console.manner().json {
        console.write_json(&ExportLine { ok: true, words })
    } else {
        console.say(&Message::Exported { words })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Anki,
    Csv,
}

/// One of the files that are written, word by word: however many words there are, no more than one is in memory.
struct Deck {
    kind: Kind,
    path: PathBuf,
    /// `None` for standard output.
    file: Option<Writing>,
}

impl Deck {
    fn begin(console: &mut Console, path: &Path, kind: Kind) -> Result<Self> {
        let file = if path.as_os_str() == "-" {
            console.flush()?;
            None
        } else {
            Some(Writing::begin(path).map_err(|reason| Error::File { path: path.to_owned(), reason })?)
        };
        Ok(Self { kind, path: path.to_owned(), file })
    }

    fn write(&mut self, console: &mut Console, text: &str) -> Result<()> {
        match &mut self.file {
            None => console.write(text),
            Some(file) => {
                let written = file.text.write_all(text.as_bytes());
                written.map_err(|reason| Error::File { path: self.path.clone(), reason })
            }
        }
    }

    fn head(&mut self, console: &mut Console) -> Result<()> {
        match self.kind {
            Kind::Anki => self.write(console, ANKI_HEAD),
            Kind::Csv => self.write(console, &csv_line(&CSV_HEAD)),
        }
    }

    fn add(
        &mut self,
        console: &mut Console,
        name: &str,
        tally: &Tally,
        star: Option<&StarRow>,
        back: Option<&Back>,
    ) -> Result<()> {
        match (self.kind, back) {
            (Kind::Anki, Some(back)) => card(&tally.word, star, back, &mut |part| self.write(console, part)),
            // A card without a back teaches nothing; a word that is gone from the dictionary still counts in a table.
            (Kind::Anki, None) => Ok(()),
            (Kind::Csv, back) => {
                let text = back.map(|back| back.text.as_str());
                let time = |time| history::wire_time(&HistoryRow { name, word: &tally.word, time });
                let of_lookups = |at| if tally.count > 0 { time(at) } else { String::new() };
                let of_star = |of: &dyn Fn(&StarRow) -> String| star.map(of).unwrap_or_default();
                let after = [
                    tally.count.to_string(),
                    of_lookups(tally.first),
                    of_lookups(tally.last),
                    of_star(&|star| time(star.created)),
                    of_star(&|star| printable(&star.tags.join(" "))),
                    of_star(&|star| printable(&star.note)),
                    of_star(&|star| time(star.due)),
                ];
                let after: Vec<&str> = after.iter().map(String::as_str).collect();
                csv_row(&[&printable(&tally.word)], text.unwrap_or_default(), &after, &mut |part| {
                    self.write(console, part)
                })
            }
        }
    }

    fn end(self) -> Result<()> {
        let Self { path, file, .. } = self;
        file.map_or(Ok(()), Writing::end).map_err(|reason| Error::File { path, reason })
    }
}

/// What a word means.
struct Back {
    text: String,
    /// The same of each of several dictionaries.
    articles: Vec<Article>,
}

impl Back {
    fn of(mut entry: Entry) -> Self {
        let articles = std::mem::take(&mut entry.articles);
        Self { text: entry.into_text(), articles }
    }
}

/// The stars of an account, by their words. A server too old for stars has no stars.
struct Stars(HashMap<String, StarRow>);

impl Stars {
    fn of(connection: &mut Connection, name: &str) -> Result<Self> {
        let mut stars = HashMap::new();
        let read = connection.stars(name, |star| {
            stars.insert(star.word.clone(), star);
            Ok(())
        });
        match read {
            Err(Error::Refused(failure)) if failure.code == Code::BadReq => Ok(Self(HashMap::new())),
            read => read.map(|()| Self(stars)),
        }
    }

    fn get(&self, word: &str) -> Option<&StarRow> {
        self.0.get(word)
    }

    /// Those of words that the history does not hold any more, or never did.
    fn without_lookups(&self, tallies: &[Tally], choice: &Choice) -> Vec<Tally> {
        let known: HashSet<&str> = tallies.iter().map(|tally| tally.word.as_str()).collect();
        let chosen = choice.at(Clock::system());
        let others = self.0.values().filter(|star| !known.contains(star.word.as_str()));
        let others = others.filter(|star| chosen.takes(&star.word, star.created));
        let tally =
            |star: &StarRow| Tally { word: star.word.clone(), count: 0, first: star.created, last: star.created };
        let mut others: Vec<Tally> = others.map(tally).collect();
        others.sort_by(|a, b| b.first.cmp(&a.first).then_with(|| a.word.cmp(&b.word)));
        others
    }
}

/// What a word's note in Anki is known by: the same on every machine, and in every export.
fn guid(word: &str) -> String {
    let digest = Sha256::digest(format!("cidian\0{word}"));
    Base64UrlUnpadded::encode_string(&digest[..12])
}

fn card(word: &str, star: Option<&StarRow>, back: &Back, take: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
    let mut front = field(&printable(word));
    // A line that begins so would be one of the file's head.
    if let Some(rest) = front.strip_prefix('#') {
        front = format!("&#35;{rest}");
    }
    take(&front)?;
    take("\t")?;
    if back.articles.is_empty() {
        put(&back.text, take)?;
    }
    for (at, Article { title, escaped, .. }) in back.articles.iter().enumerate() {
        let between = if at == 0 { "" } else { "<br>" };
        take(&format!("{between}<b>{}</b><br>", field(&printable(title))))?;
        put(&unescape(escaped), take)?;
    }
    let note = star.map(|star| printable(&star.note)).filter(|note| !note.is_empty());
    if let Some(note) = note {
        take(&format!("<br><br>{}", field(&note)))?;
    }
    let tags = star.map(|star| printable(&star.tags.join(" "))).unwrap_or_default();
    take(&format!("\t{}\t{}\n", field(&tags), guid(word)))
}

/// An article without its tags, which are of no use to a learner.
fn put(text: &str, take: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
    pieces(fields(text).untagged, PIECE).try_for_each(|piece| take(&field(&shown(piece))))
}

/// Text as Anki reads it in a field.
fn field(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Anki takes a quote at a field's beginning for CSV's.
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("<br>"),
            '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A file that is written whole or not at all, where it is a file; a pipe or a device takes it as it is.
struct Writing {
    text: BufWriter<File>,
    /// What is replaced in the end; `None` for a pipe. Until then the text is in a file without a name beside it, which
    /// is gone with this process, however it ends.
    target: Option<PathBuf>,
}

impl Writing {
    fn begin(path: &Path) -> io::Result<Self> {
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            return Ok(Self { text: BufWriter::new(File::options().write(true).open(path)?), target: None });
        }
        // A link stays one: what it leads to is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let part = part_of(&target)?;
        let file = File::options().read(true).write(true).create_new(true).open(&part)?;
        std::fs::remove_file(&part)?;
        Ok(Self { text: BufWriter::new(file), target: Some(target) })
    }

    fn end(self) -> io::Result<()> {
        let mut text = self.text.into_inner()?;
        let Some(target) = self.target else { return Ok(()) };
        text.rewind()?;
        let part = part_of(&target)?;
        let written = File::create_new(&part).and_then(|mut file| {
            if let Ok(there) = target.metadata() {
                file.set_permissions(there.permissions())?;
            }
            io::copy(&mut text, &mut file)?;
            file.sync_all()
        });
        let moved = written.and_then(|()| std::fs::rename(&part, &target));
        if moved.is_err() {
            let _ = std::fs::remove_file(&part);
        }
        moved
    }
}

/// The name of what is not whole yet, beside what it will replace.
fn part_of(target: &Path) -> io::Result<PathBuf> {
    let mut name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    Ok(target.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_are_lines_whatever_is_on_them() {
        let mut out = String::new();
        let mut take = |part: &str| {
            out.push_str(part);
            Ok(())
        };
        let time = time::OffsetDateTime::UNIX_EPOCH;
        let star = StarRow {
            word: "a#b".into(),
            created: time,
            due: time,
            state: crate::protocol::StarState::New,
            reps: 0,
            lapses: 0,
            tags: vec!["one".into(), "two".into()],
            note: "A <b>.".into(),
        };
        let entry = |text: &str| Back { text: text.to_owned(), articles: Vec::new() };
        card("#hash", None, &entry("n. <b> & \\\"q\\\"\nv. \t two\u{1b}"), &mut take).unwrap();
        card("a#b", Some(&star), &entry("词"), &mut take).unwrap();
        let article = |title: &str, escaped: &str| Article {
            dictionary: "d".into(),
            title: title.into(),
            escaped: escaped.into(),
        };
        let articles = vec![article("The <First>", r"n. 1 {k1}\nv. 2 {k1}"), article("Second", "n. 3")];
        card("run", None, &Back { text: "as it came".into(), articles }, &mut take).unwrap();
        let lines: Vec<&str> = out.lines().collect();
        let [first, second, third] = lines[..] else { panic!("{out}") };
        let expected = "run\t<b>The &lt;First&gt;</b><br>n. 1 {k1}<br>v. 2<br><b>Second</b><br>n. 3\t";
        assert_eq!(third.rsplit_once('\t').unwrap().0, expected);
        assert_eq!(
            first.rsplit_once('\t').unwrap().0,
            "&#35;hash\tn. &lt;b&gt; &amp; \\&quot;q\\&quot;<br>v.   two\\u{1b}\t"
        );
        assert_eq!(second.rsplit_once('\t').unwrap(), ("a#b\t词<br><br>A &lt;b&gt;.\tone two", guid("a#b").as_str()));
        assert!(guid("a#b") != guid("#hash") && guid("a#b").len() == 16);
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deck.txt");
        let write_file = |path: &Path, text: &str| {
            let mut writing = Writing::begin(path)?;
            writing.text.write_all(text.as_bytes())?;
            writing.end()
        };
        write_file(&path, "one").unwrap();
        write_file(&path, "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(write_file(&directory.path().join("none/deck"), "x").is_err());
        assert!(write_file(Path::new("/dev/full"), "x").is_err());
        write_file(Path::new("/dev/null"), "x").unwrap();
        // Given up before its end: what was there is there.
        drop(Writing::begin(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
