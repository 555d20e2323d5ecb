//! Any bytes as a client's requests, on the way that a session takes them: lines, requests, replies. The checks
//! must hold for every such conversation. The fuzz target `requests` and the test of its corpus share them.

use cidian::protocol::{
    Code, Count, Failure, HistoryRow, Imported, Line, Lines, MAX_LINE, MAX_STARS_PAGE, MAX_WORD_CHARS, Notebook,
    Request, StarEntry, StarRow, StarState, Status, check_name, check_note, check_passwd, check_tags, escape,
    parse_entry, parse_history_row, parse_star_row, parse_status, parse_time, push_entry, push_failure,
    push_history_row, push_ok, push_ok_text, push_pair, push_star_row, time_text, trim_blanks, unescape,
};
use time::OffsetDateTime;

/// The first byte determines in what pieces the others arrive.
pub fn check(bytes: &[u8]) {
    let Some((&piece, stream)) = bytes.split_first() else { return };
    let piece = if piece == u8::MAX { 4_096 } else { usize::from(piece) + 1 };
    let mut lines = Lines::new(MAX_LINE);
    let mut expected = cut(stream).into_iter();
    let mut replies = Vec::new();
    for chunk in stream.chunks(piece) {
        lines.push(chunk);
        while let Some(line) = lines.next_line() {
            let line = match line {
                Line::Whole(bytes) => Some(bytes),
                Line::TooLong => None,
            };
            assert_eq!(Some(line), expected.next(), "the same lines, however they arrive");
            replies.clear();
            let request = answer(line, &mut replies);
            one_reply(&replies, request.as_ref());
        }
        lines.release_if_empty();
    }
    assert_eq!(expected.next(), None, "each line is answered");
}

/// The lines of a stream, by their definition: `None` for one that is too long. What follows the last newline is not
/// a line, but is reported when it is too long.
fn cut(stream: &[u8]) -> Vec<Option<&[u8]>> {
    let mut parts: Vec<&[u8]> = stream.split(|&byte| byte == b'\n').collect();
    let rest = parts.pop().unwrap_or_default();
    let without_cr = |line: &'_ [u8]| line.len() - usize::from(line.last() == Some(&b'\r'));
    let mut lines: Vec<_> =
        parts.into_iter().map(|line| Some(&line[..without_cr(line)]).filter(|line| line.len() <= MAX_LINE)).collect();
    if without_cr(rest) > MAX_LINE {
        lines.push(None);
    }
    lines
}

/// Answers a line like a session whose dictionary has every word except `?`.
fn answer<'a>(line: Option<&'a [u8]>, out: &mut Vec<u8>) -> Option<Request<'a>> {
    let request = match line.map(Request::parse) {
        None => Err(Failure::new(Code::TooLong, "the line is longer than 1024 bytes")),
        Some(request) => request,
    };
    let request = match request {
        Ok(request) => request,
        Err(failure) => {
            assert!(!failure.message.is_empty() && !failure.code.closes());
            push_failure(out, &failure);
            return None;
        }
    };
    sound(&request);
    match &request {
        Request::Lookup { word: "?", .. } => push_failure(out, &Failure::new(Code::NotFound, "no such word")),
        Request::Lookup { word, .. } => push_entry(out, word, &escape(&format!("n. {word}\nv.\t\\"))),
        Request::Suggest { text, .. } => {
            push_ok_text(out, "2");
            out.extend_from_slice(format!("{text}\n{text}s\n").as_bytes());
        }
        Request::History { name, count } => {
            let rows = if let Count::Last(n) = count { (*n).min(3) } else { 3 };
            push_ok_text(out, &rows.to_string());
            for _ in 0..rows {
                push_history_row(out, &HistoryRow { name, word: "ice cream", time: OffsetDateTime::UNIX_EPOCH });
            }
        }
        Request::Match { pattern, .. } => {
            push_ok_text(out, "1");
            out.extend_from_slice(format!("{pattern}\n").as_bytes());
        }
        Request::LookupApart { word, .. } => {
            push_ok_text(out, "1");
            push_pair(out, "words", &format!("{word}\t{}", escape(word)));
        }
        Request::Reverse { text, .. } => {
            push_ok_text(out, "1");
            push_pair(out, text, &escape(&format!("n. {text}")));
        }
        Request::NewToken { .. } | Request::NewDictKey { .. } => push_ok_text(out, "dG9rZW4"),
        Request::Notebook { what, .. } => answer_of_notebook(what, out),
        Request::About => {
            push_ok_text(out, "1");
            push_pair(out, "title", &escape("a\nb"));
        }
        _ => push_ok(out),
    }
    Some(request)
}

/// Answers like a notebook that holds every requested word.
fn answer_of_notebook(what: &Notebook, out: &mut Vec<u8>) {
    match what {
        Notebook::Add(entry) => push_ok_text(out, &entry.word),
        Notebook::Import(entries) => {
            push_ok_text(out, &entries.len().to_string());
            entries.iter().for_each(|entry| push_pair(out, &entry.word, Imported::New.as_str()));
        }
        Notebook::Remove { .. } => push_ok(out),
        Notebook::Grade { .. } => push_ok_text(out, &time_text(OffsetDateTime::UNIX_EPOCH)),
        Notebook::List { after } => {
            push_ok_text(out, "1");
            push_star_row(out, &star(after.as_deref().unwrap_or("ice cream"), OffsetDateTime::UNIX_EPOCH));
        }
        Notebook::Due { until, .. } => {
            push_ok_text(out, "1");
            push_star_row(out, &star("ice cream", *until));
        }
        Notebook::Count { .. } => push_ok_text(out, "2 1"),
        Notebook::Pick { .. } => push_entry(out, "ice cream", "n. 冰淇淋"),
    }
}

fn star(word: &str, due: OffsetDateTime) -> StarRow {
    let (created, tags, note) = (OffsetDateTime::UNIX_EPOCH, vec!["a".to_owned()], "C:\\new".to_owned());
    StarRow { word: word.to_owned(), created, due, state: StarState::New, reps: 0, lapses: 0, tags, note }
}

fn sound_word(word: &str) -> bool {
    trim_blanks(word) == word && !word.is_empty() && word.chars().count() <= MAX_WORD_CHARS
}

fn sound_entry(entry: &StarEntry) -> bool {
    let StarEntry { word, tags, note } = entry;
    sound_word(word)
        && check_tags(&tags.join(" ")).as_ref() == Ok(tags)
        && note.as_ref().is_none_or(|note| check_note(note).as_ref() == Ok(note))
}

/// Its fields are within their limits, it is written as it was read, and its debug output hides its password.
fn sound(request: &Request<'_>) {
    let mut line = Vec::new();
    request.push_line(&mut line);
    assert_eq!(line.pop(), Some(b'\n'));
    // `H name` is written with its number; `G name due` with that, and the time with microseconds.
    assert!(line.len() <= MAX_LINE + ".000000 500".len());
    assert_eq!(Request::parse(&line).as_ref(), Ok(request));
    assert!(!line.contains(&b'\n'));
    let shown = format!("{request:?}");
    match request {
        Request::Register { name, passwd }
        | Request::Login { name, passwd }
        | Request::ChangePasswd { name, passwd }
        | Request::DeleteAccount { name, passwd } => {
            assert!(check_name(name).is_ok() && check_passwd(passwd).is_ok());
            assert_eq!(shown.split_once(' ').map(|(_, rest)| rest), Some(format!("{name:?} …").as_str()));
            assert!(!request.is_public());
        }
        Request::TokenLogin { name, .. } | Request::ForgetToken { name, .. } => {
            assert!(check_name(name).is_ok());
            assert_eq!(shown.split_once(' ').map(|(_, rest)| rest), Some(format!("{name:?} …").as_str()));
            assert!(!request.is_public());
        }
        Request::NewToken { name } | Request::NewDictKey { name } => {
            assert!(check_name(name).is_ok() && !request.is_public());
        }
        Request::Notebook { name, what } => {
            assert!(check_name(name).is_ok());
            assert!(match what {
                Notebook::Add(entry) => sound_entry(entry),
                Notebook::Import(entries) => !entries.is_empty() && entries.iter().all(sound_entry),
                Notebook::Remove { word, tags } => sound_word(word) && check_tags(&tags.join(" ")).as_ref() == Ok(tags),
                Notebook::Grade { word, .. } => sound_word(word),
                Notebook::List { after } => after.as_deref().is_none_or(sound_word),
                Notebook::Due { most, .. } => (1..=MAX_STARS_PAGE).contains(most),
                Notebook::Pick { tag, .. } =>
                    tag.as_ref().is_none_or(|tag| check_tags(tag).is_ok_and(|tags| tags == [tag.as_str()])),
                Notebook::Count { until } => parse_time(&time_text(*until)) == Some(*until),
            });
            // A note is private.
            assert!(shown.ends_with(" …"), "{shown}");
        }
        Request::Match { name, pattern, .. } => assert!(check_name(name).is_ok() && !trim_blanks(pattern).is_empty()),
        Request::Lookup { name, word }
        | Request::Suggest { name, text: word }
        | Request::LookupApart { name, word }
        | Request::Reverse { name, text: word } => {
            assert!(check_name(name).is_ok() && !word.is_empty() && trim_blanks(word) == *word);
        }
        Request::Clear { name, word } => {
            assert!(check_name(name).is_ok() && word.is_none_or(|word| !word.is_empty() && trim_blanks(word) == word));
        }
        Request::History { name, count } => {
            assert!(check_name(name).is_ok());
            assert!(!matches!(count, Count::Last(n) if !(1..=1_000).contains(n)));
        }
        _ => {}
    }
}

/// The output is one reply, whole, as a client reads it; no part of it can be taken for the next one.
fn one_reply(reply: &[u8], request: Option<&Request<'_>>) {
    let text = std::str::from_utf8(reply).expect("a reply is text");
    let mut lines = text.strip_suffix('\n').expect("a reply ends its line").split('\n');
    assert!(text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()), "{text:?}");
    let first = lines.next().expect("a reply has a line");
    let rest = match parse_status(first).expect("a reply") {
        Status::Ok(rest) => rest,
        Status::Fail(failure) => {
            assert!(request.is_none_or(|_| failure.code == Code::NotFound));
            assert_eq!(lines.next(), None);
            return;
        }
    };
    let mut more = 0;
    match request.expect("what is no request is refused") {
        Request::Lookup { word, .. } => {
            let (headword, escaped) = parse_entry(rest).expect("an entry");
            assert_eq!((headword, unescape(escaped)), (*word, format!("n. {word}\nv.\t\\")));
        }
        Request::Suggest { .. }
        | Request::Match { .. }
        | Request::Reverse { .. }
        | Request::LookupApart { .. }
        | Request::History { .. }
        | Request::About => {
            more = rest.parse().expect("a count");
        }
        Request::NewToken { .. } | Request::NewDictKey { .. } => assert_eq!(rest, "dG9rZW4"),
        Request::Notebook { what, .. } => match what {
            Notebook::Add(entry) => assert_eq!(rest, entry.word),
            Notebook::Grade { .. } => assert!(parse_time(rest).is_some()),
            Notebook::Count { .. } => assert_eq!(rest, "2 1"),
            Notebook::Pick { .. } => assert!(parse_entry(rest).is_some()),
            Notebook::Remove { .. } => assert_eq!(rest, ""),
            Notebook::Import(_) | Notebook::List { .. } | Notebook::Due { .. } => more = rest.parse().expect("a count"),
        },
        _ => assert_eq!(rest, ""),
    }
    for _ in 0..more {
        let line = lines.next().expect("as many lines as were told");
        match request {
            Some(Request::History { name, .. }) => {
                assert_eq!(parse_history_row(line).expect("a row").name, *name);
            }
            Some(Request::Reverse { text, .. }) => {
                let (headword, escaped) = parse_entry(line).expect("an entry");
                assert_eq!((headword, unescape(escaped)), (*text, format!("n. {text}")));
            }
            Some(Request::Notebook { what: Notebook::Import(entries), .. }) => {
                let (word, outcome) = parse_entry(line).expect("an outcome");
                assert!(entries.iter().any(|entry| entry.word == word) && Imported::from_word(outcome).is_some());
            }
            Some(Request::Notebook { .. }) => assert!(parse_star_row(line).is_some(), "{line:?}"),
            Some(Request::About) => assert_eq!(parse_entry(line), Some(("title", "a\\nb"))),
            _ => assert!(!line.is_empty()),
        }
    }
    assert_eq!(lines.next(), None);
}
