//! Files that are almost words files: in any order, with invalid lines, perhaps in another character set. The grammar
//! is that of the words file; a line that it does not allow is refused, and the others are taken.

use super::collection::Intake;
use super::failure::Failure;
use super::files::read_line;
use super::notice::{Notice, one_line, short_licence};
use super::report::Refusal;
use crate::text::unescape;
use std::io::{BufReader, Read};

/// The entries of a plain file.
///
/// # Errors
/// It can't be read, or is UTF-16.
pub fn entries(source: impl Read, intake: &mut Intake<'_>) -> Result<Notice, Failure> {
    let mut notice = Notice::default();
    let mut licences: Vec<String> = Vec::new();
    let mut source = BufReader::new(source);
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        number += 1;
        if !read_line(&mut source, &mut line, number)? {
            break;
        }
        if number == 1 && (line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff")) {
            let message = "it is UTF-16; convert it with: iconv -f UTF-16 -t UTF-8";
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
            let comment = comment.trim();
            if let Some(title) = comment.strip_prefix("title:") {
                if notice.title.is_empty() {
                    notice.title = one_line(title);
                }
            } else if let Some(licence) = comment.strip_prefix("licence:") {
                licences.push(one_line(licence));
            } else if let Some(name) = comment.strip_prefix("name:") {
                notice.name = one_line(name);
            } else if let Some(code) = comment.strip_prefix("from:") {
                notice.from = one_line(code);
            } else if let Some(code) = comment.strip_prefix("to:") {
                notice.to = one_line(code);
            } else if notice.text.len() < 1 << 20 {
                notice.text.push_str(comment);
                notice.text.push('\n');
            }
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
    notice.licence = if licences.is_empty() { short_licence(&notice.text) } else { licences.join("; ") };
    Ok(notice)
}
