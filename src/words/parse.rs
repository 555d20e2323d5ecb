//! The words file's grammar: one entry a line, every problem with its line number.

use super::encoding::foreign;
use super::note::{DictionaryNote, MAX_NAME, is_name};
use crate::text::{escape, trim_blanks, unescape};
use std::borrow::Cow;

/// Longest headword, in characters.
pub const MAX_HEADWORD_CHARS: usize = 256;
/// The most of a file's head that is kept, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// One entry of a words file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedEntry<'a> {
    /// The headword, trimmed of blanks.
    pub headword: &'a str,
    /// The interpretation, with the escapes of the wire.
    pub interpret: Cow<'a, str>,
}

/// A words file that was taken: entries sorted by headword, byte by byte, each headword once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed<'a> {
    /// From `# title: …`; empty if there is none.
    pub title: String,
    /// From `# licence: …`, several joined by `; `; empty if there is none.
    pub licence: String,
    /// From `# name: …`, if it can be one; empty if there is none.
    pub name: String,
    /// From `# from: …` and `# to: …`; empty where there is none.
    pub languages: [String; 2],
    /// The other comments before the first entry, a line each.
    pub head: String,
    /// What it is made of, where that is known.
    pub dictionaries: Vec<DictionaryNote>,
    /// The entries.
    pub entries: Vec<ParsedEntry<'a>>,
    /// How many lines stood out of order, and the first of them.
    pub out_of_order: Option<(u64, u64)>,
}

/// Whether a problem refuses the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file is taken all the same.
    Warning,
    /// The file is not taken.
    Error,
}

/// One problem of a words file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from one.
    pub line: u64,
    /// Whether it refuses the file.
    pub severity: Severity,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// The first error of a words file that is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Problem);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.0.line, self.0.message)
    }
}

impl std::error::Error for Refused {}

/// Reads a words file.
///
/// # Errors
/// The first error in it.
pub fn parse(bytes: &[u8]) -> Result<Parsed<'_>, Refused> {
    let mut refused = None;
    let parsed = parse_lines(bytes, &mut |problem| {
        if problem.severity == Severity::Error {
            refused = Some(problem);
            return false;
        }
        true
    });
    refused.map_or(Ok(parsed), |problem| Err(Refused(problem)))
}

/// Reads a words file to its end and reports every problem. The result holds the good entries.
pub fn parse_all<'a>(bytes: &'a [u8], tell: &mut dyn FnMut(Problem)) -> Parsed<'a> {
    parse_lines(bytes, &mut |problem| {
        tell(problem);
        true
    })
}

/// `tell` returns whether to go on.
fn parse_lines<'a>(bytes: &'a [u8], tell: &mut dyn FnMut(Problem) -> bool) -> Parsed<'a> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut parsed = Parsed::default();
    if let Some(message) = foreign(bytes) {
        tell(Problem { line: 1, severity: Severity::Error, message: message.to_owned() });
        return parsed;
    }
    let mut previous = "";
    let mut number = 0;
    // A file of the old Macintosh has no newline at all; it would be one entry with all the others in it.
    let end = if memchr::memchr(b'\n', bytes).is_some() { b'\n' } else { b'\r' };
    for line in bytes.split_inclusive(|&byte| byte == end) {
        number += 1;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let error = |message: &str| Problem { line: number, severity: Severity::Error, message: message.to_owned() };
        let entry = match std::str::from_utf8(line) {
            Err(wrong) => Err(error(&format!(
                "not UTF-8 (byte {} of the line); convert it with: iconv -f GB18030 -t UTF-8",
                wrong.valid_up_to() + 1
            ))),
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => match line.strip_prefix('#') {
                Some(comment) => {
                    if let Some(message) = note_comment(&mut parsed, comment)
                        && !tell(warning(number, message))
                    {
                        return parsed;
                    }
                    continue;
                }
                None => parse_entry(line).map_err(error),
            },
        };
        match entry {
            Ok(entry) => {
                if entry.headword < previous {
                    let (count, _) = parsed.out_of_order.get_or_insert((0, number));
                    *count += 1;
                    let message = format!(
                        "{:?} stands after {previous:?}; to avoid this, sort the file byte by byte (LC_ALL=C)",
                        entry.headword
                    );
                    if !tell(warning(number, message)) {
                        return parsed;
                    }
                }
                if let Some(message) = unaskable(entry.headword)
                    && !tell(warning(number, message))
                {
                    return parsed;
                }
                previous = entry.headword;
                parsed.entries.push(entry);
            }
            Err(problem) => {
                if !tell(problem) {
                    return parsed;
                }
            }
        }
    }
    if parsed.entries.is_empty() {
        let message = "the file contains no entry".to_owned();
        tell(Problem { line: number.max(1), severity: Severity::Error, message });
    }
    if parsed.out_of_order.is_some() {
        // Stable: several entries of one headword stay in the file's order.
        parsed.entries.sort_by(|left, right| left.headword.cmp(right.headword));
    }
    merge_same_headwords(&mut parsed.entries);
    parsed
}

fn warning(line: u64, message: String) -> Problem {
    Problem { line, severity: Severity::Warning, message }
}

/// What to say of a headword that no request can hold.
fn unaskable(headword: &str) -> Option<String> {
    // The second ones begin with this byte, as do others.
    if !headword.bytes().any(|byte| byte.is_ascii_control() || byte == 0xc2) {
        return None;
    }
    let control = headword.chars().find(|c| c.is_control())?;
    Some(format!(
        "{headword:?} contains a control character (U+{:04X}), so nobody can look it up; remove that character",
        u32::from(control)
    ))
}

fn parse_entry(line: &str) -> Result<ParsedEntry<'_>, &'static str> {
    let (headword, interpret) = line
        .split_once('\t')
        .or_else(|| line.split_once(' '))
        .ok_or("an entry without an interpretation; write: headword, blanks or a TAB, interpretation")?;
    let headword = trim_blanks(headword);
    if headword.is_empty() {
        return Err("an entry without a headword: the line begins with a blank");
    }
    if headword.chars().count() > MAX_HEADWORD_CHARS {
        return Err("the headword is longer than 256 characters");
    }
    let interpret = trim_blanks(interpret);
    if interpret.is_empty() {
        return Err("an entry without an interpretation; write: headword, blanks or a TAB, interpretation");
    }
    Ok(ParsedEntry { headword, interpret: canonical(interpret) })
}

/// Makes the escapes of an interpretation those of the wire: a bare TAB or a backslash that begins no escape is written
/// as one. Most interpretations need no change, and are not copied.
fn canonical(interpret: &str) -> Cow<'_, str> {
    let bytes = interpret.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\t' => break,
            b'\\' if matches!(bytes.get(at + 1), Some(b'n' | b't' | b'\\')) => at += 2,
            b'\\' => break,
            _ => at += 1,
        }
    }
    if at >= bytes.len() {
        return Cow::Borrowed(interpret);
    }
    Cow::Owned(escape(&unescape(interpret)))
}

/// Takes what a comment says of the dictionary; returns a warning about what it cannot mean.
fn note_comment(parsed: &mut Parsed<'_>, comment: &str) -> Option<String> {
    let comment = comment.trim();
    if let Some(title) = comment.strip_prefix("title:") {
        if parsed.title.is_empty() {
            parsed.title = title.trim().to_owned();
        }
    } else if let Some(name) = comment.strip_prefix("name:").map(str::trim) {
        if !is_name(name) {
            let most = MAX_NAME;
            return Some(format!(
                "{name:?} cannot be a dictionary's name and is ignored; a name has 1 to {most} ASCII letters, digits, \
                 '-', '.' and '_'"
            ));
        }
        if parsed.name.is_empty() {
            name.clone_into(&mut parsed.name);
        }
    } else if let Some(language) = comment.strip_prefix("from:") {
        language.trim().clone_into(&mut parsed.languages[0]);
    } else if let Some(language) = comment.strip_prefix("to:") {
        language.trim().clone_into(&mut parsed.languages[1]);
    } else if let Some(licence) = comment.strip_prefix("licence:") {
        if !parsed.licence.is_empty() {
            parsed.licence.push_str("; ");
        }
        parsed.licence.push_str(licence.trim());
    } else if parsed.entries.is_empty() && parsed.head.len() + comment.len() < MAX_HEAD {
        parsed.head.push_str(comment);
        parsed.head.push('\n');
    }
    None
}

/// Several entries of one headword become one, their interpretations in the file's order.
fn merge_same_headwords(entries: &mut Vec<ParsedEntry<'_>>) {
    entries.dedup_by(|later, first| {
        if later.headword != first.headword {
            return false;
        }
        let joined = first.interpret.to_mut();
        joined.push_str("\\n");
        joined.push_str(&later.interpret);
        true
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &[u8]) -> Vec<(String, String)> {
        parse(text).unwrap().entries.iter().map(|e| (e.headword.to_owned(), e.interpret.to_string())).collect()
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    /// A file of the old Macintosh was one entry, with all the others in its interpretation.
    #[test]
    fn lines_may_end_in_a_carriage_return_alone() {
        for text in ["# title: T\ra\t1\r\rb\t2\r", "# title: T\r\na\t1\r\nb\t2"] {
            assert_eq!(pairs(text.as_bytes()), owned(&[("a", "1"), ("b", "2")]));
            assert_eq!(parse(text.as_bytes()).unwrap().title, "T");
        }
        let mut problems = Vec::new();
        parse_all(b"a\t1\rb\r", &mut |problem| problems.push(problem.line));
        assert_eq!(problems, [2]);
        // Where there are newlines, it belongs to the text.
        assert_eq!(pairs(b"a\t1\r2\n"), owned(&[("a", "1\r2")]));
    }

    /// BOM, CRLF, upper case, no last newline, first and last word.
    #[test]
    fn what_a_words_file_may_look_like() {
        let text = "\u{feff}# title: A Title\r\n# licence: one\r\n#licence: two\n\r\n   \nApple  n. 苹果\r\nice cream\t n. 冰淇淋 \nzoo n. a\tb";
        let parsed = parse(text.as_bytes()).unwrap();
        assert_eq!((parsed.title.as_str(), parsed.licence.as_str()), ("A Title", "one; two"));
        assert_eq!(parsed.out_of_order, None);
        // A TAB anywhere in the line makes the headword what stands before it, blanks and all.
        assert_eq!(
            pairs(text.as_bytes()),
            owned(&[("Apple", "n. 苹果"), ("ice cream", "n. 冰淇淋"), ("zoo n. a", "b")])
        );
    }

    /// A blank before a headword that begins with `#` keeps the line from being a comment.
    #[test]
    fn a_number_sign_can_be_a_headword() {
        assert_eq!(pairs(b"# comment\n #\tsharp\n #1\tfirst"), owned(&[("#", "sharp"), ("#1", "first")]));
    }

    #[test]
    fn escapes_become_those_of_the_wire() {
        assert_eq!(
            pairs(b"a\tx\\ny\\tz\\\\\nb\tone\ttwo\nc C:\\dir"),
            owned(&[("a", "x\\ny\\tz\\\\"), ("b", "one\\ttwo"), ("c", "C:\\\\dir")])
        );
    }

    #[test]
    fn what_is_of_no_use_is_a_warning() {
        let text = "# name: a b\n# name: fine\n# name: 词\na\u{7}\tbell\nb\u{85}\tnext line\nc\u{a0}\tblank\nd\tx\n";
        let mut problems = Vec::new();
        let parsed = parse_all(text.as_bytes(), &mut |problem| problems.push(problem));
        let found: Vec<_> = problems.iter().map(|problem| (problem.line, problem.severity)).collect();
        assert_eq!(found, [1, 3, 4, 5].map(|line| (line, Severity::Warning)));
        assert!(problems[0].message.contains("\"a b\"") && problems[3].message.contains("U+0085"), "{problems:?}");
        assert_eq!((parsed.name.as_str(), parsed.entries.len()), ("fine", 4));
        assert!(parse(text.as_bytes()).is_ok());
    }

    #[test]
    fn unsorted_files_are_sorted_and_said_so() {
        let parsed = parse(b"b 2\na 1\nb 3\na 4").unwrap();
        assert_eq!(parsed.out_of_order, Some((2, 2)));
        assert_eq!(pairs(b"b 2\na 1\nb 3\na 4"), owned(&[("a", "1\\n4"), ("b", "2\\n3")]));
    }

    #[test]
    fn errors_name_their_line() {
        let long = "x".repeat(257) + " y";
        let cases: [(&[u8], u64, &str); 10] = [
            (b"\xff\xfea\0 \0b\0\n\0", 1, "it is UTF-16"),
            (b"\x1f\x8b\x08\0", 1, "compressed with gzip"),
            (b"a 1\nword\nb", 2, "without an interpretation"),
            (b"a 1\nword \t ", 2, "without an interpretation"),
            (b"a 1\n\n\xff x", 3, "not UTF-8"),
            (b" a 1", 1, "without a headword"),
            (b"\ta", 1, "without a headword"),
            (b"", 1, "no entry"),
            (b"# only\n# comments\n", 2, "no entry"),
            (long.as_bytes(), 1, "longer than 256"),
        ];
        for (text, line, message) in cases {
            let Refused(problem) = parse(text).unwrap_err();
            assert_eq!(problem.line, line, "{text:?}");
            assert!(problem.message.contains(message), "{problem:?}");
        }
        assert!(parse(("词".repeat(256) + " y").as_bytes()).is_ok());
    }

    #[test]
    fn every_problem_is_told() {
        let mut problems = Vec::new();
        let parsed =
            parse_all(b"b 1\nbad\na 2\n\xff\n", &mut |problem| problems.push((problem.line, problem.severity)));
        assert_eq!(problems, [(2, Severity::Error), (3, Severity::Warning), (4, Severity::Error)]);
        assert_eq!(parsed.entries.len(), 2);
    }
}
