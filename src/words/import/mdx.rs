//! MDX, the format of MDict (MdxBuilder, `mdict-utils`), versions 1 and 2. Nobody has published it; what is read here is
//! what the programs that read it agree on (`readmdict.py` of 2023 among them):
//!
//! - a header in UTF-16 that is a tag with attributes (encoding, title, style sheet, whether it is encrypted);
//! - keys: an index of blocks (in version 2 packed, and perhaps scrambled with a key that lies beside it), then the
//!   blocks, each a run of (offset, headword);
//! - records: sizes of blocks, then the blocks, which make one long text together. A record ends where another begins.
//!
//! It is read once from beginning to end; headwords and one block are in memory, and no size is believed before so much
//! was read.

mod blocks;
mod links;

use super::articles::{Article, visit};
use super::collection::Intake;
use super::failure::Failure;
use super::markup::{Dialect, attributes, decoded, plain};
use super::notice::Notice;
use super::report::Refusal;
use blocks::{Blocks, Records};
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16LE};
use links::{Found, resolve};
use std::collections::HashMap;
use std::io::Read;

/// Longest header, in bytes: descriptions and style sheets are in it.
const MAX_HEADER: u32 = 16 << 20;
/// What MdxBuilder writes where its user gave no title.
const NO_TITLE: &str = "Title (No HTML code allowed)";

/// What the header says.
struct Header {
    second_version: bool,
    /// Whether the index of keys is scrambled.
    scrambled: bool,
    encoding: &'static Encoding,
    is_text: bool,
    styles: HashMap<String, (String, String)>,
    notice: Notice,
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let damaged = |message: String| Failure::damaged("header", message);
        let wide = bytes.ends_with(b"\0\0") || bytes.get(1) == Some(&0);
        let text = if wide { UTF_16LE } else { UTF_8 }.decode(bytes).0;
        let attributes: HashMap<String, String> = attributes(&text).into_iter().collect();
        let said = |name: &str| attributes.get(name).map_or("", |value| value.trim());
        if text.trim_start().starts_with("<Library_Data") {
            return Err(damaged("it is an MDD, which holds sounds and pictures; name the .mdx beside it".to_owned()));
        }
        let version: f64 = said("generatedbyengineversion").parse().unwrap_or(0.0);
        if !(1.0..3.0).contains(&version) {
            return Err(damaged(format!("version {:?}; 1 and 2 are known", said("generatedbyengineversion"))));
        }
        let encrypted: u32 = match said("encrypted") {
            "" | "No" => 0,
            "Yes" => 1,
            number => number.parse().map_err(|_| damaged(format!("Encrypted is {number:?}")))?,
        };
        if encrypted & 1 != 0 {
            return Err(Failure::Locked(std::path::PathBuf::new()));
        }
        let encoding = match said("encoding") {
            "" => UTF_8,
            "GBK" | "GB2312" => GB18030,
            "UTF-16" | "UTF16" => UTF_16LE,
            label => Encoding::for_label(label.as_bytes()).ok_or_else(|| damaged(format!("encoding {label:?}")))?,
        };
        let title = if said("title") == NO_TITLE { "" } else { said("title") };
        Ok(Self {
            second_version: version >= 2.0,
            scrambled: encrypted & 2 != 0,
            encoding,
            is_text: said("format").eq_ignore_ascii_case("text"),
            styles: styles(attributes.get("stylesheet").map_or("", String::as_str)),
            notice: Notice::new(&plain(title, Dialect::Html), &plain(said("description"), Dialect::Html)),
        })
    }

    /// Whether a character takes two bytes.
    fn wide(&self) -> bool {
        self.encoding == UTF_16LE
    }

    /// A headword or a record without the zeros at its end.
    fn text(&self, bytes: &[u8]) -> String {
        let text = self.encoding.decode_without_bom_handling(bytes).0;
        text.trim_end_matches(['\0', '\n', '\r', ' ']).trim_start_matches('\u{feff}').to_owned()
    }
}

/// A style sheet: three lines for each style, its number, what begins it and what ends it.
fn styles(sheet: &str) -> HashMap<String, (String, String)> {
    let lines: Vec<&str> = sheet.lines().collect();
    let styles = lines.chunks(3).filter_map(|style| match style {
        [number, begin, end] => Some((number.trim().to_owned(), ((*begin).to_owned(), (*end).to_owned()))),
        [number, begin] => Some((number.trim().to_owned(), ((*begin).to_owned(), String::new()))),
        _ => None,
    });
    styles.collect()
}

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

/// The headwords, in one run of text, and the record of each.
#[derive(Default)]
struct Keys {
    text: String,
    /// Where the record lies, and the headword in `text`.
    keys: Vec<(u64, u32, u32)>,
}

impl Keys {
    fn push(&mut self, record: u64, headword: &str) -> Result<(), Failure> {
        let begin = u32::try_from(self.text.len()).map_err(|_| Failure::TooLarge)?;
        self.text.push_str(headword);
        let end = u32::try_from(self.text.len()).map_err(|_| Failure::TooLarge)?;
        self.keys.push((record, begin, end));
        Ok(())
    }

    fn headword(&self, number: usize) -> &str {
        self.keys.get(number).map_or("", |&(_, begin, end)| &self.text[begin as usize..end as usize])
    }

    /// Takes a block apart.
    fn add(&mut self, block: &[u8], header: &Header, number_bytes: usize) -> Result<(), Failure> {
        let cut_off = || Failure::damaged("keys", "a headword is cut off");
        let mut rest = block;
        while !rest.is_empty() {
            let (record, after) = rest.split_at_checked(number_bytes).ok_or_else(cut_off)?;
            let end = if header.wide() {
                after.chunks_exact(2).position(|unit| unit == b"\0\0").map(|units| 2 * units)
            } else {
                after.iter().position(|&byte| byte == 0)
            };
            let end = end.ok_or_else(cut_off)?;
            self.push(blocks::big_endian(record), header.text(&after[..end]).trim())?;
            rest = &after[end + if header.wide() { 2 } else { 1 }..];
        }
        Ok(())
    }
}

/// The entries of an MDX file.
///
/// # Errors
/// It can't be read, is cut off or damaged, is of version 3, or is locked with its user's key.
pub fn entries(source: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let mut blocks = Blocks::new(source);
    let size = u32::try_from(blocks.number(4, "header")?).unwrap_or(u32::MAX);
    if size > MAX_HEADER {
        return Err(Failure::damaged("header", "it does not begin as an MDX does"));
    }
    let header = blocks.bytes(u64::from(size), "header")?;
    let checksum = blocks.bytes(4, "header")?;
    if adler2::adler32_slice(&header).to_le_bytes() != *checksum {
        return Err(Failure::damaged("header", "its checksum is wrong, or it is no MDX"));
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
        let length = end
            .checked_sub(offset)
            .ok_or_else(|| Failure::damaged("keys", format!("a record begins at {offset}, but they end at {end}")))?;
        articles.push(Article::new(offset, length, number, || format!("record {}", number + 1))?);
    }
    let found = read_records(&mut articles, records, &header, intake)?;
    drop(articles);
    enter(&keys, &offsets, &found, intake)?;
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
        let shown = match record.strip_prefix("@@@LINK=") {
            Some(target) => Found::Link(target.trim().to_owned()),
            None if header.is_text => Found::Text(intake.laid_out(&record)?),
            None => {
                let record = if header.styles.is_empty() { record } else { with_styles(&record, &header.styles) };
                Found::Text(intake.laid_out(&plain(&record, Dialect::Html))?)
            }
        };
        found[article.number as usize] = shown;
        Ok(())
    })?;
    Ok(found)
}

/// Makes entries of headwords and records; links become the texts that they lead to.
fn enter(keys: &Keys, offsets: &[u64], found: &[Found], intake: &mut Intake<'_>) -> Result<(), Failure> {
    let record_of = |number: usize| offsets.binary_search(&keys.keys[number].0).unwrap_or(0);
    let led_to = resolve(keys, found, record_of);
    for number in 0..keys.keys.len() {
        let place = format_args!("headword {}", number + 1);
        let headword = decoded(keys.headword(number));
        match &found[record_of(number)] {
            Found::Text(text) => intake.entry_repeated(&headword, false, *text, place)?,
            Found::Nothing => intake.refuse(Refusal::NoText, &headword, place),
            Found::Link(target) => {
                let texts = led_to.texts(target);
                if texts.is_empty() {
                    intake.refuse(Refusal::DanglingLink, &headword, place);
                }
                for text in texts {
                    intake.entry_repeated(&headword, false, text, place)?;
                }
            }
        }
    }
    Ok(())
}
