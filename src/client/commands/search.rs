//! `cidian search`: finds entries by their text, and headwords by a pattern.

use super::context::{Context, LoggedIn};
use crate::client::arguments::SearchArguments;
use crate::client::error::{Error, Result, WordFault};
use crate::client::exit::Exit;
use crate::client::messages::Message;
use crate::client::render::show::SearchLine;
use crate::client::render::{self, show};
use crate::client::server::connection::{Connection, Entry, line_length, strange};
use crate::client::server::dictionaries::Replies;
use crate::client::terminal::console::Console;
use crate::protocol::{Code, How, MAX_LINE, MAX_MATCHES, Request, printable, trim_blanks};
use crate::words::fields::fields;

/// How many interpretations are asked for at once.
const WINDOW: usize = 64;

/// What to search for, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    how: How,
    pattern: String,
}

/// Makes sense of the command line: the pattern may stand with the option or behind it.
fn wanted(search: &SearchArguments) -> Wanted {
    let given = |option: &Option<Option<String>>| option.clone().map(Option::unwrap_or_default);
    let (prefix, suffix) = (given(&search.prefix), given(&search.suffix));
    if let (Some(prefix), Some(suffix)) = (&prefix, &suffix) {
        let pattern = format!("{}*{}", literal(prefix), literal(&joined(suffix, &search.text)));
        return Wanted { how: How::Glob, pattern };
    }
    let options = [
        (How::Regex, given(&search.regex)),
        (How::Prefix, prefix),
        (How::Suffix, suffix),
        (How::Sound, given(&search.sound)),
    ];
    let chosen = options.into_iter().find_map(|(how, text)| text.map(|text| (how, text)));
    let headword = given(&search.headword);
    let (how, text) = match (chosen, &headword) {
        // `--headword` repeats the other option.
        (Some((how, text)), _) => (how, text),
        (None, Some(text)) => (How::Glob, text.clone()),
        (None, None) => (How::Text, String::new()),
    };
    let text = match &headword {
        Some(own) if how != How::Glob => joined(own, std::slice::from_ref(&text)),
        _ => text,
    };
    let pattern = joined(trim_blanks(&text), &search.text);
    // What has no wildcards is looked for anywhere in a headword.
    let how = if how == How::Glob && !pattern.contains(['*', '?', '[']) { How::Substring } else { how };
    Wanted { how, pattern }
}

fn joined(first: &str, rest: &[String]) -> String {
    let parts = std::iter::once(first).chain(rest.iter().map(String::as_str)).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" ")
}

/// A text as a pattern that matches it and nothing else.
fn literal(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `cidian search`.
///
/// # Errors
/// Whatever can go wrong with that; that nothing matches is not an error, but shows in the exit status.
pub(crate) fn run(context: &mut Context<'_>, search: &SearchArguments) -> Result<Exit> {
    let wanted = wanted(search);
    let bad = |fault| Error::BadWord { word: wanted.pattern.clone(), fault };
    if trim_blanks(&wanted.pattern).is_empty() {
        return Err(bad(WordFault::Empty));
    }
    if wanted.pattern.chars().any(char::is_control) {
        return Err(bad(WordFault::Control));
    }
    let LoggedIn { mut connection, name } = context.log_in()?;
    let console = &mut *context.console;
    let request = Request::Match { name: &name, how: wanted.how, pattern: &wanted.pattern };
    if line_length(&request) > MAX_LINE {
        return Err(bad(WordFault::TooLong));
    }
    let headwords = connection.matching(&request)?;
    let json = console.manner().json;
    console.paged(|console| definitions(&mut connection, &name, &headwords, |entry| print(console, json, entry)))?;
    connection.leave();
    if headwords.len() >= MAX_MATCHES {
        console.flush()?;
        console.hint(&Message::FirstMatches { count: headwords.len() });
    }
    if headwords.is_empty() {
        console.complain(&Message::NothingMatches)?;
        return Ok(Exit::NotFound);
    }
    Ok(Exit::Done)
}

fn print(console: &mut Console, json: bool, entry: Entry) -> Result<()> {
    if json {
        let headword = entry.headword.clone();
        return console.write_json(&SearchLine { headword: &headword, interpretation: &entry.into_text() });
    }
    if !console.manner().shows_terminal {
        console.write(&printable(&entry.headword))?;
        console.write("\t")?;
        console.write_long(&entry.escaped, printable)?;
        return console.write("\n");
    }
    // A line each: all of it is for `lookup`.
    let headword = entry.headword.clone();
    let text = entry.into_first_text();
    let first = fields(&text).untagged.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = Entry::new(headword.clone(), crate::protocol::escape(&show::shown(first)));
    console.write(&render::entry(&line, &headword, console.look()))
}

/// Asks for the interpretations of headwords, without a trace, and hands them on in order.
fn definitions(
    connection: &mut Connection,
    name: &str,
    headwords: &[String],
    mut each: impl FnMut(Entry) -> Result<()>,
) -> Result<()> {
    for window in headwords.chunks(WINDOW) {
        let mut lines = Vec::new();
        for word in window {
            Request::Define { name, word }.push_line(&mut lines);
        }
        connection.send(&lines);
        let mut replies = Replies::new(window.len());
        while let Some(entry) = replies.next(connection) {
            match entry {
                // A headword of another load, or longer than a request.
                Err(Error::Refused(failure)) if matches!(failure.code, Code::BadReq | Code::TooLong) => {}
                entry => entry?.map_or(Ok(()), &mut each)?,
            }
        }
    }
    Ok(())
}

impl Connection {
    /// Asks for headwords by a pattern, as they came: not safe for a terminal.
    ///
    /// # Errors
    /// As [`Connection::status`]; also more of them, or longer ones, than there can be.
    pub(crate) fn matching(&mut self, request: &Request<'_>) -> Result<Vec<String>> {
        let headwords = self.headwords(request, MAX_MATCHES)?;
        match headwords.iter().find(|headword| headword.is_empty() || headword.chars().any(char::is_control)) {
            Some(wrong) => Err(strange(wrong.as_bytes())),
            None => Ok(headwords),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(change: impl FnOnce(&mut SearchArguments), text: &[&str]) -> (How, String) {
        let mut search =
            SearchArguments { text: text.iter().map(|&text| text.to_owned()).collect(), ..Default::default() };
        change(&mut search);
        let wanted = wanted(&search);
        (wanted.how, wanted.pattern)
    }

    #[test]
    fn the_pattern_stands_with_the_option_or_behind_it() {
        let some = |text: &str| Some(Some(text.to_owned()));
        let cases = [
            (of(|_| {}, &["an", "apple"]), (How::Text, "an apple")),
            (of(|search| search.headword = some("un*ness"), &[]), (How::Glob, "un*ness")),
            (of(|search| search.headword = Some(None), &["un*ness"]), (How::Glob, "un*ness")),
            (of(|search| search.headword = some("ice"), &["cre?m"]), (How::Glob, "ice cre?m")),
            (of(|search| search.headword = some("nation"), &[]), (How::Substring, "nation")),
            (of(|search| search.regex = some("^un"), &[]), (How::Regex, "^un")),
            (of(|search| (search.headword, search.regex) = (some("^un"), Some(None)), &[]), (How::Regex, "^un")),
            (of(|search| (search.headword, search.regex) = (Some(None), some("^un")), &[]), (How::Regex, "^un")),
            (of(|search| search.prefix = some("un"), &[]), (How::Prefix, "un")),
            (of(|search| search.suffix = Some(None), &["ness"]), (How::Suffix, "ness")),
            (of(|search| search.sound = some("fisiks"), &[]), (How::Sound, "fisiks")),
            (of(|search| (search.prefix, search.suffix) = (some("u*"), some("ness")), &[]), (How::Glob, "u\\**ness")),
        ];
        for (found, (how, pattern)) in cases {
            assert_eq!(found, (how, pattern.to_owned()));
        }
    }
}
