//! Files that are almost words files: in any order, with invalid lines, perhaps in another character set. The grammar
//! is that of the words file; a line that it does not allow is refused, and the others are taken.

use super::collection::Intake;
use super::failure::Failure;
use super::files::{line_end, read_line};
use super::notice::{MADE_BY, Notice, one_line, stated_licence};
use super::report::Refusal;
use crate::text::unescape;
use crate::words::encoding::marked_as_utf16;
use std::io::{BufReader, Read};

/// How much of the comments is kept.
const MOST_COMMENTS: usize = 4 << 20;

/// What the comments state, so far.
#[derive(Default)]
struct Comments {
    notice: Notice,
    licences: Vec<String>,
}

impl Comments {
    /// Takes what follows the `#` of a line.
    fn take(&mut self, line: &str) {
        let notice = &mut self.notice;
        let comment = line.trim();
        if let Some(title) = comment.strip_prefix("title:") {
            if notice.title.is_empty() {
                notice.title = one_line(title);
            }
        } else if let Some(licence) = comment.strip_prefix("licence:").map(one_line) {
            // Version 0.1.0 took the line that names it for a licence.
            if !licence.is_empty() && !licence.starts_with(MADE_BY) {
                self.licences.push(licence);
            }
        } else if let Some(name) = comment.strip_prefix("name:") {
            notice.name = one_line(name);
        } else if let Some(code) = comment.strip_prefix("from:") {
            notice.from = one_line(code);
        } else if let Some(code) = comment.strip_prefix("to:") {
            notice.to = one_line(code);
        } else if comment.starts_with(MADE_BY) {
            notice.made.get_or_insert_default();
        } else {
            // Of what an import wrote, the indentation stays, too.
            let (text, line) = match &mut notice.made {
                Some(made) => (made, line.strip_prefix(' ').unwrap_or(line)),
                None => (&mut notice.text, comment),
            };
            if text.len() < MOST_COMMENTS {
                text.push_str(line);
                text.push('\n');
            }
        }
    }

    fn finish(self) -> Notice {
        let Self { mut notice, licences } = self;
        notice.licence = match &notice.made {
            Some(_) => licences.join("\n"),
            None if licences.is_empty() => stated_licence(&notice.text),
            None => licences.join("; "),
        };
        notice
    }
}

/// The entries of a plain file.
///
/// # Errors
/// It can't be read, or is UTF-16.
pub fn entries(source: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let mut comments = Comments::default();
    let mut source = BufReader::with_capacity(64 << 10, source);
    let end = line_end(&mut source)?;
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        number += 1;
        if !read_line(&mut source, end, &mut line, number)? {
            break;
        }
        if number == 1
            && let Some(message) = marked_as_utf16(&line)
        {
            return Err(Failure::damaged("line 1", message));
        }
        let bytes = if number == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        let place = format_args!("line {number}");
        let Ok(text) = std::str::from_utf8(bytes) else {
            intake.refuse(Refusal::NotUtf8, "", place);
            continue;
        };
        let text = text.trim_end();
        if text.trim().is_empty() {
            continue;
        }
        if let Some(comment) = text.strip_prefix('#') {
            comments.take(comment);
            continue;
        }
        match text.split_once('\t').or_else(|| text.split_once([' ', '\u{3000}'])) {
            None => intake.refuse(Refusal::NoText, text, place),
            Some((headword, interpret)) => {
                let text = intake.text(&unescape(interpret))?;
                intake.entry(headword, text, place)?;
            }
        }
    }
    Ok(comments.finish())
}
