//! Any bytes as a client of DICT, on the way that a session takes them: lines, commands, patterns, replies. The
//! checks must hold for every such conversation. The fuzz target `dict` and the test of its corpus share them.

use cidian::dict::{
    DictCommand, MAX_LINE, Mistake, Text, database_name, database_title, push_article, push_definition, push_match_row,
    push_named_row, push_status,
};
use cidian::protocol::{Line, Lines};
use cidian::words::fold;
use cidian::words::matching::{Pattern, Strategy};

const STRATEGIES: [Strategy; 13] = [
    Strategy::Exact,
    Strategy::Prefix,
    Strategy::Suffix,
    Strategy::Substring,
    Strategy::Word,
    Strategy::First,
    Strategy::Last,
    Strategy::BasicExpression,
    Strategy::ExtendedExpression,
    Strategy::Glob,
    Strategy::Sound,
    Strategy::Spelling,
    Strategy::CountedPrefix,
];

/// The databases of the session that is played: names and titles.
const DATABASES: [(&str, &str); 3] = [("words", "Words"), ("wn", "WordNet \"3.0\""), ("gcide", "")];

/// The databases that a name in a command stands for.
fn chosen(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "*" => &DATABASES,
        "!" => &DATABASES[..1],
        name => {
            let at = DATABASES.iter().position(|(own, _)| own.eq_ignore_ascii_case(name));
            at.map_or(&[], |at| &DATABASES[at..=at])
        }
    }
}

/// The first byte determines in what pieces the others arrive, and whether `OPTION MIME` was sent.
pub fn check(bytes: &[u8]) {
    let Some((&piece, stream)) = bytes.split_first() else { return };
    let mut mime = piece & 1 == 1;
    let piece = if piece == u8::MAX { 4_096 } else { usize::from(piece) + 1 };
    let mut lines = Lines::new(MAX_LINE);
    let mut out = Vec::new();
    for chunk in stream.chunks(piece) {
        lines.push(chunk);
        while let Some(line) = lines.next_line() {
            out.clear();
            let command = match line {
                Line::Whole(bytes) => DictCommand::parse(bytes),
                Line::TooLong => Err(Mistake::TooLong),
            };
            match command {
                Ok(Some(command)) => {
                    mime |= command == DictCommand::OptionMime;
                    answer(&command, mime, &mut out);
                }
                Ok(None) => continue,
                Err(mistake) => mistake.push(&mut out),
            }
            one_reply(&out, mime);
        }
    }
}

/// Answers like a session whose dictionary has every word, but in which a match finds only one.
fn answer(command: &DictCommand, mime: bool, out: &mut Vec<u8>) {
    match command {
        DictCommand::Define { database, word } => {
            assert!((1..=3).contains(&word.iter().count()));
            // Any name will do for what a session makes of one.
            push_named_row(&mut Vec::new(), &database_name(database), &database_title(database));
            let databases = chosen(database);
            if databases.is_empty() {
                return push_status(out, 550, "invalid database");
            }
            push_status(out, 150, &format!("{} definitions retrieved", word.iter().count() * databases.len()));
            for reading in word.iter() {
                let headword: String = reading.chars().filter(|c| !c.is_control()).take(256).collect();
                for (name, title) in databases {
                    push_definition(out, &headword, &database_name(name), &database_title(title));
                    let mut text = Text::prose(out, mime);
                    push_article(text.out(), &headword, reading);
                    text.end();
                }
            }
            push_status(out, 250, "ok");
        }
        DictCommand::Match { database, strategy, word } => {
            for (number, known) in STRATEGIES.into_iter().enumerate() {
                // One in each run, so that no input is slow.
                if number == strategy.len() % STRATEGIES.len()
                    && let Ok(pattern) = Pattern::new(known, word.first())
                {
                    let headword = "ice cream";
                    pattern.matches(headword, &fold(headword));
                    pattern.nearest([headword], 3);
                }
            }
            let databases = chosen(database);
            if databases.is_empty() {
                return push_status(out, 550, "invalid database");
            }
            push_status(out, 152, &format!("{} matches found", databases.len()));
            let mut list = Text::list(out, mime);
            // As a words file has them: without control characters.
            let headword: String = word.first().chars().filter(|c| !c.is_control()).take(256).collect();
            databases.iter().for_each(|(name, _)| push_match_row(list.out(), &database_name(name), &headword));
            list.end();
            push_status(out, 250, "ok");
        }
        DictCommand::ShowInfo { database } => {
            push_status(out, 112, "information follows");
            let mut list = Text::prose(out, mime);
            list.line(database);
            push_named_row(list.out(), &database_name(database), &database_title(database));
            list.end();
            push_status(out, 250, "ok");
        }
        _ => push_status(out, 250, "ok"),
    }
}

/// The output is one reply, whole, as a client reads it: lines that are short enough, texts that end once.
fn one_reply(reply: &[u8], mime: bool) {
    let text = std::str::from_utf8(reply).expect("a reply is text");
    let mut lines = text.strip_suffix("\r\n").expect("a reply ends its line").split("\r\n");
    let mut next = || lines.next().expect("a reply is whole");
    let status = next();
    let texts: usize = match status.get(..3) {
        Some("150") => status.split(' ').nth(1).and_then(|count| count.parse().ok()).expect("a number"),
        Some("152" | "112") => 1,
        _ => 0,
    };
    for _ in 0..texts {
        if status.starts_with("150") {
            assert!(next().starts_with("151 \""));
        }
        if mime {
            while !next().is_empty() {}
        }
        loop {
            let line = next();
            assert!(line.chars().count() <= 1_022, "{} characters", line.chars().count());
            if line == "." {
                break;
            }
            assert!(!line.starts_with('.'), "{line}");
        }
    }
    if texts > 0 {
        assert_eq!(next(), "250 ok");
    }
    assert!(lines.next().is_none(), "{text}");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "{text:?}");
}
