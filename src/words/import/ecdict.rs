//! ECDICT's CSV: English headwords with phonetics, an English definition, a Chinese translation and inflected forms.

use super::collection::Intake;
use super::failure::Failure;
use super::files::{Bounded, MAX_PIECE};
use super::notice::Notice;
use super::report::Refusal;
use csv::{ByteRecord, ErrorKind, ReaderBuilder};
use std::cell::Cell;
use std::io::Read;

/// ECDICT's codes of inflected forms.
const FORMS: [(&str, &str); 8] = [
    ("p", "过去式"),
    ("d", "过去分词"),
    ("i", "现在分词"),
    ("3", "第三人称单数"),
    ("r", "比较级"),
    ("t", "最高级"),
    ("s", "复数"),
    ("0", "原型"),
];

/// The columns that are used; only `word` must be there.
struct Columns {
    word: usize,
    phonetic: Option<usize>,
    definition: Option<usize>,
    translation: Option<usize>,
    exchange: Option<usize>,
}

/// The entries of an ECDICT file.
///
/// # Errors
/// It can't be read, or has no header with a column `word`.
pub fn entries(source: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let left = Cell::new(MAX_PIECE);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(Bounded { inner: source, left: &left });
    let header = reader.byte_headers().map_err(failure)?;
    let column = |name: &str| {
        let is = |field: &[u8]| field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field).trim_ascii() == name.as_bytes();
        header.iter().position(is)
    };
    let columns = Columns {
        word: column("word").ok_or_else(|| Failure::damaged("line 1", "no column \"word\" in the header"))?,
        phonetic: column("phonetic"),
        definition: column("definition"),
        translation: column("translation"),
        exchange: column("exchange"),
    };
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(failure)? {
        left.set(MAX_PIECE);
        let line = record.position().map_or(0, csv::Position::line);
        let place = format_args!("line {line}");
        let used = [Some(columns.word), columns.phonetic, columns.definition, columns.translation, columns.exchange]
            .map(|column| std::str::from_utf8(column.and_then(|column| record.get(column)).unwrap_or_default()));
        let [Ok(word), Ok(phonetic), Ok(definition), Ok(translation), Ok(exchange)] = used else {
            intake.refuse(Refusal::NotUtf8, "", place);
            continue;
        };
        let interpret = interpret(phonetic.trim(), definition, translation, exchange);
        let text = intake.text(&interpret)?;
        // Broken rows have a piece of a definition where the word should be; a newline gives them away.
        intake.entry(&word.replace("\\n", "\n"), text, place)?;
    }
    Ok(Notice::default())
}

fn failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        other => Failure::damaged("", format!("{other:?}")),
    }
}

/// The text of an entry; empty if there is neither translation nor definition.
fn interpret(phonetic: &str, definition: &str, translation: &str, exchange: &str) -> String {
    let meaning = if translation.trim().is_empty() { definition } else { translation };
    let meaning = meaning.replace("\\r\\n", "\n").replace("\\n", "\n");
    if meaning.trim().is_empty() {
        return String::new();
    }
    let mut text = String::new();
    if !phonetic.is_empty() {
        text.push_str(&format!("[{}]\n", phonetic.trim_matches(['[', ']'])));
    }
    text.push_str(meaning.trim_end());
    let forms = forms(exchange);
    if !forms.is_empty() {
        text.push('\n');
        text.push_str(&forms);
    }
    text
}

/// `p:went/d:gone` as `过去式 went; 过去分词 gone`; `0:go/1:p` as `原型 go (过去式)`.
fn forms(exchange: &str) -> String {
    let name = |code: &str| FORMS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name);
    let pairs = || exchange.split('/').filter_map(|form| form.split_once(':'));
    // Code 1 says which forms of the base word this headword is.
    let of_base: Vec<&str> = pairs()
        .filter(|(code, _)| *code == "1")
        .flat_map(|(_, codes)| codes.char_indices().filter_map(|(at, c)| name(&codes[at..at + c.len_utf8()])))
        .collect();
    let mut shown: Vec<String> = Vec::new();
    for (code, word) in pairs() {
        let (Some(name), word) = (name(code.trim()), word.trim()) else { continue };
        if word.is_empty() {
            continue;
        }
        let form = format!("{name} {word}");
        shown.push(if code == "0" && !of_base.is_empty() { format!("{form} ({})", of_base.join("、")) } else { form });
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_read_well() {
        assert_eq!(
            forms("p:went/d:gone/3:goes/i:going"),
            "过去式 went; 过去分词 gone; 第三人称单数 goes; 现在分词 going"
        );
        assert_eq!(forms("0:perceive/1:dp"), "原型 perceive (过去分词、过去式)");
        for nothing in ["", "/", "x:y", "p:", "::", "1:词"] {
            assert_eq!(forms(nothing), "", "{nothing}");
        }
    }
}
