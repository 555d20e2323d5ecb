//! ECDICT's CSV: English headwords with phonetics, an English definition, a Chinese translation, inflected forms, and how
//! common they are. Which columns there are is described in ECDICT's own README.

use super::collection::Intake;
use super::failure::Failure;
use super::files::{Bounded, MAX_PIECE};
use super::markup::decoded;
use super::notice::Notice;
use super::report::Refusal;
use super::tidy::transcription;
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

/// The codes of parts of speech: the beginnings of those of the British National Corpus, read as ECDICT's program does.
const PARTS_OF_SPEECH: [(&str, &str); 13] = [
    ("a", "pron."),
    ("c", "conj."),
    ("d", "det."),
    ("i", "prep."),
    ("j", "adj."),
    ("m", "num."),
    ("n", "n."),
    ("p", "pron."),
    ("r", "adv."),
    ("t", "不定式标记"),
    ("u", "int."),
    ("v", "v."),
    ("x", "否定标记"),
];

/// The codes of examinations, and their names.
const EXAMINATIONS: [(&str, &str); 8] = [
    ("zk", "中考"),
    ("gk", "高考"),
    ("ky", "考研"),
    ("cet4", "四级 (CET-4)"),
    ("cet6", "六级 (CET-6)"),
    ("toefl", "托福 (TOEFL)"),
    ("ielts", "雅思 (IELTS)"),
    ("gre", "GRE"),
];

/// The columns that are shown in a form of their own, in this order; others follow by their names.
const SHOWN: [&str; 11] =
    ["phonetic", "translation", "definition", "pos", "exchange", "collins", "oxford", "tag", "bnc", "frq", "detail"];

/// Which columns there are, and which are shown.
struct Columns {
    word: usize,
    /// In the order of [`SHOWN`]; `None` for those that are not there, or not wanted.
    shown: [Option<usize>; SHOWN.len()],
    /// Others that are wanted, with their names.
    others: Vec<(usize, String)>,
    /// Those that are not shown, with their names.
    left_out: Vec<(usize, String)>,
}

impl Columns {
    fn choose(header: &ByteRecord, wanted: Option<&[String]>) -> Result<Self, Failure> {
        let names: Vec<String> = header
            .iter()
            .map(|field| field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field).trim_ascii())
            .map(|field| String::from_utf8_lossy(field).into_owned())
            .collect();
        let at = |name: &str| names.iter().position(|known| known == name);
        let word = at("word").ok_or_else(|| Failure::damaged("line 1", "no column \"word\" in the header"))?;
        for name in wanted.unwrap_or_default() {
            if at(name.trim()).is_none() {
                let message = format!("no column {name:?} in the header, which has {}", names.join(", "));
                return Err(Failure::damaged("line 1", message));
            }
        }
        let is_wanted = |name: &str| {
            wanted.map_or(SHOWN.contains(&name), |wanted| wanted.iter().any(|wanted| wanted.trim() == name))
        };
        let shown = SHOWN.map(|name| at(name).filter(|_| is_wanted(name)));
        let rest = || names.iter().cloned().enumerate().filter(|(at, _)| *at != word && !shown.contains(&Some(*at)));
        let (others, left_out) = rest().partition(|(_, name)| is_wanted(name));
        Ok(Self { word, shown, others, left_out })
    }
}

/// The entries of an ECDICT file, with the columns that are wanted, or with all that are meant for reading.
///
/// # Errors
/// It can't be read, or has no header with a column `word` and those that are wanted.
pub fn entries(source: impl Read, wanted: Option<&[String]>, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let left = Cell::new(MAX_PIECE);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(Bounded { inner: source, left: &left });
    let columns = Columns::choose(reader.byte_headers().map_err(failure)?, wanted)?;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(failure)? {
        left.set(MAX_PIECE);
        let line = record.position().map_or(0, csv::Position::line);
        let place = format_args!("line {line}");
        let field = |column: usize| std::str::from_utf8(record.get(column).unwrap_or_default()).map(str::trim);
        let Some((word, interpret)) = field(columns.word).ok().zip(interpret(&columns, field)) else {
            intake.refuse(Refusal::NotUtf8, "", place);
            continue;
        };
        let text = intake.text(&interpret)?;
        // Broken rows have a piece of a definition where the word should be; a newline gives them away.
        intake.entry(&decoded(&unescaped(word)), text, place)?;
        for (_, name) in
            columns.left_out.iter().filter(|(at, _)| record.get(*at).is_some_and(|field| !field.is_empty()))
        {
            intake.report.note(&format!("fields of column {name:?} left out"));
        }
    }
    Ok(Notice { from: "en".to_owned(), to: "zh".to_owned(), ..Notice::default() })
}

fn failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        ErrorKind::Io(error) => error.into(),
        other => Failure::damaged("", format!("{other:?}")),
    }
}

/// A field as ECDICT's own program reads it: `\n`, `\r` and `\\` are escapes, any other backslash is itself.
fn unescaped(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, chars.clone().next()) {
            ('\\', Some(next @ ('n' | 'r' | '\\'))) => {
                chars.next();
                out.push(match next {
                    'n' => '\n',
                    'r' => '\r',
                    other => other,
                });
            }
            _ => out.push(c),
        }
    }
    out
}

/// The text of an entry; empty if nothing in it gives a meaning. `None` if it is not UTF-8.
fn interpret<'a>(columns: &Columns, field: impl Fn(usize) -> Result<&'a str, std::str::Utf8Error>) -> Option<String> {
    let mut shown = [""; SHOWN.len()];
    for (value, column) in shown.iter_mut().zip(columns.shown) {
        *value = column.map_or(Ok(""), &field).ok()?;
    }
    let [phonetic, translation, definition, pos, exchange, collins, oxford, tag, bnc, frq, detail] = shown;
    let word = field(columns.word).ok()?;
    let unfolded = |text: &str| unescaped(text).trim().to_owned();
    let mut lines = Vec::new();
    if !phonetic.is_empty() {
        lines.push(transcription(phonetic));
    }
    let mut meanings: Vec<String> = [translation, definition].map(unfolded).into();
    meanings.dedup();
    meanings.push(unfolded(detail));
    for (column, name) in &columns.others {
        let value = unfolded(field(*column).ok()?);
        meanings.push(if value.is_empty() { value } else { format!("{name}: {value}") });
    }
    meanings.retain(|meaning| !meaning.is_empty());
    if meanings.is_empty() {
        return Some(String::new());
    }
    lines.extend(meanings);
    let forms = forms(exchange, word);
    lines.extend((!forms.is_empty()).then_some(forms));
    let ranks = [parts_of_speech(pos, word), standing(collins, oxford, tag, bnc, frq)];
    lines.extend(ranks.into_iter().filter(|line| !line.is_empty()));
    Some(lines.join("\n"))
}

/// `n:46/j:54` as `词性 n. 46%、adj. 54%`.
fn parts_of_speech(pos: &str, word: &str) -> String {
    let name = |code: &str| match (code, word.to_lowercase().as_str()) {
        ("a", "a" | "an" | "the") => "art.".to_owned(),
        ("a", "no" | "every") => "adj.".to_owned(),
        _ => {
            let known = PARTS_OF_SPEECH.iter().find(|(known, _)| *known == code);
            known.map_or_else(|| format!("{code}."), |(_, name)| (*name).to_owned())
        }
    };
    let share = |part: &str| match part.split_once(':') {
        Some((code, percent)) => format!("{} {}%", name(code.trim()), percent.trim()),
        None => part.trim().to_owned(),
    };
    let shares: Vec<String> = pos.split('/').filter(|part| !part.trim().is_empty()).map(share).collect();
    if shares.is_empty() { String::new() } else { format!("词性 {}", shares.join("、")) }
}

/// How common a word is, and who must know it: Collins's stars, the Oxford 3000, examinations, ranks by frequency.
fn standing(collins: &str, oxford: &str, tag: &str, bnc: &str, frq: &str) -> String {
    let is_said = |number: &str| !number.is_empty() && number != "0";
    let mut pieces = Vec::new();
    match collins.parse::<usize>() {
        Ok(stars) if (1..=5).contains(&stars) => pieces.push(format!("柯林斯 (Collins) {}", "★".repeat(stars))),
        _ if is_said(collins) => pieces.push(format!("柯林斯 (Collins) {collins}")),
        _ => {}
    }
    if is_said(oxford) {
        pieces.push("牛津 (Oxford) 3000".to_owned());
    }
    let name = |code: &str| {
        let known = EXAMINATIONS.iter().find(|(known, _)| *known == code);
        known.map_or_else(|| code.to_owned(), |(_, name)| (*name).to_owned())
    };
    let examinations: Vec<String> = tag.split_whitespace().map(name).collect();
    if !examinations.is_empty() {
        pieces.push(examinations.join("、"));
    }
    for (corpus, rank) in [("BNC", bnc), ("COCA", frq)] {
        if is_said(rank) {
            pieces.push(format!("{corpus} 词频第 {rank}"));
        }
    }
    pieces.join("; ")
}

/// `p:went/d:gone` as `过去式 went; 过去分词 gone`; `0:go/1:p` as `原型 go (过去式)`, but not of `go` itself.
fn forms(exchange: &str, word: &str) -> String {
    let name = |code: &str| FORMS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name);
    let pairs = || exchange.split('/').filter_map(|form| form.split_once(':'));
    // Code 1 says which forms of the base word this headword is.
    let of_base: Vec<&str> = pairs()
        .filter(|(code, _)| *code == "1")
        .flat_map(|(_, codes)| codes.char_indices().filter_map(|(at, c)| name(&codes[at..at + c.len_utf8()])))
        .collect();
    let headword = word.to_lowercase();
    let mut shown: Vec<String> = Vec::new();
    for (code, form) in pairs() {
        let (Some(name), form) = (name(code.trim()), form.trim()) else { continue };
        if form.is_empty() || (code == "0" && form.to_lowercase() == headword) {
            continue;
        }
        let named = format!("{name} {form}");
        shown.push(if code == "0" && !of_base.is_empty() {
            format!("{named} ({})", of_base.join("、"))
        } else {
            named
        });
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_ecdict() {
        for (field, text) in [(r"a\nb\r\nc\rd", "a\nb\r\nc\rd"), (r"C:\\new \x\", "C:\\new \\x\\"), ("", "")] {
            assert_eq!(unescaped(field), text, "{field}");
        }
    }

    #[test]
    fn forms_read_well() {
        assert_eq!(
            forms("p:went/d:gone/3:goes/i:going", "go"),
            "过去式 went; 过去分词 gone; 第三人称单数 goes; 现在分词 going"
        );
        assert_eq!(forms("0:perceive/1:dp", "perceived"), "原型 perceive (过去分词、过去式)");
        assert_eq!(forms("0:lie/1:s/p:lied", "Lie"), "过去式 lied");
        assert_eq!(parts_of_speech("n:46/v:54", "fuse"), "词性 n. 46%、v. 54%");
        assert_eq!(parts_of_speech("j:60/r:30/y:10", "fast"), "词性 adj. 60%、adv. 30%、y. 10%");
        assert_eq!(parts_of_speech("a:100", "The"), "词性 art. 100%");
        assert_eq!(parts_of_speech("x", "word"), "词性 x");
        assert_eq!(
            standing("3", "1", "cet4 ky new", "2000", "2500"),
            "柯林斯 (Collins) ★★★; 牛津 (Oxford) 3000; 四级 (CET-4)、考研、new; BNC 词频第 2000; COCA 词频第 2500"
        );
        assert_eq!(standing("0", "0", " ", "0", ""), "");
        for nothing in ["", "/", "x:y", "p:", "::", "1:词"] {
            assert_eq!(forms(nothing, "word"), "", "{nothing}");
        }
    }
}
