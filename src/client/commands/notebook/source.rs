//! What `cidian import` reads: lists of words, Anki's plain text with its head, CSV with a heading. Pure.

use crate::protocol::{MAX_WORD_CHARS, StarEntry, check_note, check_tags, trim_blanks};
use html5gum::{Token, Tokenizer};

/// One line that holds something, and what it is: an entry, or the word with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) entry: Result<StarEntry, (String, &'static str)>,
}

/// How a file is to be read.
#[derive(Debug, Default)]
struct Layout {
    /// What separates fields; `None` for a list of words.
    separator: Option<u8>,
    html: bool,
    word: usize,
    tags: Option<usize>,
    note: Option<usize>,
    /// Lines of the head, which hold no entries.
    head: usize,
}

/// The lines of a file, with these tags besides their own.
///
/// # Errors
/// The file has none of these formats; why.
pub(super) fn lines(text: &str, tags: &[String]) -> Result<Vec<Line>, String> {
    let layout = layout(text)?;
    let body = text.split_inclusive('\n').skip(layout.head).collect::<String>();
    let first = layout.head as u64 + 1;
    let Some(separator) = layout.separator else {
        let lines =
            body.lines().zip(first..).filter(|(line, _)| !trim_blanks(line).is_empty() && !line.starts_with('#'));
        return Ok(lines.map(|(line, number)| Line { number, entry: entry(line, "", None, tags) }).collect());
    };
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(body.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|why| why.to_string())?;
        let number = first + record.position().map_or(0, |at| at.line().saturating_sub(1));
        let field = |at: usize| record.get(at).unwrap_or_default();
        let word = if layout.html { without_html(field(layout.word)) } else { field(layout.word).to_owned() };
        if trim_blanks(&word).is_empty() {
            continue;
        }
        let note = layout.note.map(field).filter(|note| !note.trim().is_empty());
        lines.push(Line { number, entry: entry(&word, layout.tags.map_or("", field), note, tags) });
    }
    Ok(lines)
}

fn layout(text: &str) -> Result<Layout, String> {
    let mut layout = Layout::default();
    // Columns that hold no fields of the note, from 1 on.
    let mut other = Vec::new();
    let mut is_anki = false;
    for line in text.lines() {
        let Some((key, value)) = line.strip_prefix('#').and_then(|line| line.split_once(':')) else { break };
        let column = || value.trim().parse::<usize>().ok().filter(|column| *column > 0);
        match key {
            "separator" => {
                is_anki = true;
                layout.separator = Some(separator(value)?);
            }
            "html" => layout.html = value.trim().eq_ignore_ascii_case("true"),
            "tags column" => {
                layout.tags = column().map(|column| column - 1);
                other.extend(column());
            }
            "guid column" | "notetype column" | "deck column" => other.extend(column()),
            "tags" | "deck" | "notetype" | "columns" | "if matches" => {}
            // A list of words may begin with remarks.
            _ => break,
        }
        layout.head += 1;
    }
    if is_anki {
        layout.word = (0..).find(|column| !other.contains(&(column + 1))).unwrap_or(0);
        return Ok(layout);
    }
    layout = Layout::default();
    let Some((at, heading)) =
        text.lines().enumerate().find(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'))
    else {
        return Ok(layout);
    };
    for separator in [b',', b'\t', b';'] {
        let names: Vec<String> =
            heading.split(char::from(separator)).map(|name| name.trim().trim_matches('"').to_lowercase()).collect();
        let column = |name: &str| names.iter().position(|known| known == name);
        if names.len() > 1
            && let Some(word) = column("word")
        {
            let (tags, note) = (column("tags"), column("note"));
            return Ok(Layout { separator: Some(separator), html: false, word, tags, note, head: at + 1 });
        }
    }
    if heading.contains('\t') {
        layout.separator = Some(b'\t');
    }
    Ok(layout)
}

fn separator(value: &str) -> Result<u8, String> {
    match value.trim().to_lowercase().as_str() {
        "tab" | "\\t" => return Ok(b'\t'),
        "comma" => return Ok(b','),
        "semicolon" => return Ok(b';'),
        "pipe" => return Ok(b'|'),
        "colon" => return Ok(b':'),
        "space" => return Ok(b' '),
        _ => {}
    }
    match value.as_bytes() {
        [one] if one.is_ascii() => Ok(*one),
        _ => Err(format!("no separator: {value}")),
    }
}

/// The text of a field that Anki shows as HTML, and without its names of sounds.
fn without_html(field: &str) -> String {
    let mut text = String::new();
    for token in Tokenizer::new(field) {
        let Ok(token) = token;
        match token {
            Token::String(part) => text.push_str(&String::from_utf8_lossy(&part.value)),
            // A line end, or the end of a block.
            Token::StartTag(tag) if matches!(&**tag.name, b"br" | b"div" | b"p") => text.push('\n'),
            _ => {}
        }
    }
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match (line.find("[sound:"), line.rfind(']')) {
        (Some(begin), Some(end)) if begin < end => format!("{}{}", &line[..begin], &line[end + 1..]).trim().to_owned(),
        _ => line.to_owned(),
    }
}

fn entry(word: &str, own: &str, note: Option<&str>, tags: &[String]) -> Result<StarEntry, (String, &'static str)> {
    let word = trim_blanks(word);
    let short = || word.chars().take(80).collect::<String>();
    if word.chars().any(char::is_control) || word.chars().count() > MAX_WORD_CHARS {
        return Err((short(), "no word"));
    }
    let own = check_tags(&[own, &tags.join(" ")].join(" ")).map_err(|_| (short(), "too many tags"))?;
    let note = note.map(|note| note.split_whitespace().collect::<Vec<_>>().join(" "));
    let note = note.map(|note| check_note(&note)).transpose().map_err(|_| (short(), "the note is too long"))?;
    Ok(StarEntry { word: word.to_owned(), tags: own, note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(u64, String)> {
        let shown = |line: Line| match line.entry {
            Ok(StarEntry { word, tags, note }) => {
                (line.number, format!("{word}|{}|{}", tags.join(" "), note.unwrap_or_default()))
            }
            Err((word, why)) => (line.number, format!("{word}! {why}")),
        };
        lines(text, &["t".to_owned()]).unwrap().into_iter().map(shown).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        read(text).into_iter().map(|(_, shown)| shown).collect()
    }

    #[test]
    fn lists_of_words() {
        let expected = [(2, "apple|t|"), (4, "ice cream|t|"), (5, "a, b|t|")].map(|(n, text)| (n, text.to_owned()));
        assert_eq!(read("# my words\napple\r\n\n  ice cream \na, b"), expected);
        assert_eq!(texts("apple\tn. fruit\npear\n"), ["apple|t|", "pear|t|"]);
        assert_eq!(texts(""), [""; 0]);
        let long = "x".repeat(300);
        assert_eq!(texts(&long), [format!("{}! no word", "x".repeat(80))]);
    }

    #[test]
    fn what_anki_exports() {
        let text = "#separator:tab\n#html:true\n#guid column:1\n#notetype column:2\n#deck column:3\n#tags column:6\n\
            g1\tBasic\tD\tapple\tn. fruit\tcet4 k1\ng2\tBasic\tD\t<b>ice</b>&nbsp;cream[sound:x.mp3]\tback\t\n\
            g3\tBasic\tD\t\"say \"\"hi\"\"<br>two\"\tback\t\n";
        assert_eq!(
            read(text),
            [(7, "apple|cet4 k1 t|".to_owned()), (8, "ice\u{a0}cream|t|".to_owned()), (9, "say \"hi\"|t|".to_owned()),]
        );
        assert_eq!(texts("#separator:Comma\napple,x\n"), ["apple|t|"]);
        assert!(lines("#separator:two words\nx", &[]).is_err());
    }

    #[test]
    fn our_own_csv() {
        let text = "word,interpretation,count,first,last,starred,tags,note,due\napple,\"n.\n苹果\",2,,,x,fruit red,An apple.,\n\
            pear,n.,1,,,,,,\n";
        assert_eq!(read(text), [(2, "apple|fruit red t|An apple.".to_owned()), (4, "pear|t|".to_owned())]);
        assert_eq!(texts("\"note\";\"word\"\nhi;apple\n"), ["apple|t|hi"]);
    }

    proptest! {
        #[test]
        fn any_text_gives_entries_or_not(text in "(#separator:(tab|,|x)\n)?(#html:true\n)?([a词\"<&;,\t\n #:]|word){0,60}") {
            for line in lines(&text, &[]).unwrap_or_default() {
                prop_assert!(line.number >= 1);
                if let Ok(entry) = line.entry {
                    prop_assert!(!entry.word.is_empty() && !entry.word.chars().any(char::is_control));
                }
            }
        }
    }
}
