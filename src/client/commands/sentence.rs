//! A pasted sentence: the longest headwords in it, in order, whichever form they have there.
//!
//! The server is asked for every run of a few words at once, by lookups that leave no trace: a history is for words
//! that a person has looked up, not for every `the` of a text.

use crate::client::error::{Error, Result};
use crate::client::server::connection::{Connection, Entry};
use crate::client::word::checked_word;
use crate::protocol::{Code, Request};
use crate::words::lookup::{how, key, plain, without_number};
use std::collections::HashSet;
use std::ops::Range;

/// The most words of a headword that is looked for in a text.
const LONGEST: usize = 6;
/// How many words of the text are asked about at once, and with how many bytes: less than the sockets hold.
const AT_ONCE: usize = 8;
const BYTES_AT_ONCE: usize = 24 << 10;

/// A part of a text, and the entry for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// As it stands in the text.
    pub(crate) typed: &'a str,
    /// What it means.
    pub(crate) entry: Entry,
}

/// Whether a text is several words, so that it may be a sentence.
pub(crate) fn is_sentence(text: &str) -> bool {
    tokens(text).len() > 2
}

/// Whether `headword` is what these words are together, and not what one of them means.
pub(crate) fn is_together(words: &str, headword: &str) -> bool {
    let several = plain(without_number(headword)).contains([' ', '-']);
    several || key(headword) == key(words)
}

/// Hands on the longest headwords of a text, each once, in their order.
///
/// # Errors
/// As [`Connection::entry`], or what `each` fails with.
pub(crate) fn pieces<'a>(
    connection: &mut Connection,
    name: &str,
    text: &'a str,
    mut each: impl FnMut(Piece<'a>) -> Result<()>,
) -> Result<()> {
    let tokens = tokens(text);
    let mut seen = HashSet::new();
    let mut at = 0;
    while at < tokens.len() {
        let (answers, end) = ask(connection, name, text, &tokens, at)?;
        while at < end {
            let own = answers.iter().filter(|answer| answer.begin == at);
            let Some(longest) = own.max_by_key(|answer| answer.words) else {
                at += 1;
                continue;
            };
            at += longest.words;
            if seen.insert(longest.piece.entry.headword.clone()) {
                each(longest.piece.clone())?;
            }
        }
    }
    Ok(())
}

struct Answer<'a> {
    /// The number of its first word, and how many it has.
    begin: usize,
    words: usize,
    piece: Piece<'a>,
}

/// Asks for every run of words that begins at one of the next. Returns where the next question begins.
fn ask<'a>(
    connection: &mut Connection,
    name: &str,
    text: &'a str,
    tokens: &[Range<usize>],
    from: usize,
) -> Result<(Vec<Answer<'a>>, usize)> {
    let mut lines = Vec::new();
    let mut asked = Vec::new();
    let mut end = from;
    while end < tokens.len() && end < from + AT_ONCE && (end == from || lines.len() < BYTES_AT_ONCE) {
        for words in 1..=LONGEST.min(tokens.len() - end) {
            let last = &tokens[end + words - 1];
            let run = &text[tokens[end].start..last.end];
            if let Ok(word) = checked_word(name, run) {
                Request::Define { name, word }.push_line(&mut lines);
                asked.push((end, words, run));
            }
            // A headword does not go on behind the end of a sentence.
            if text[last.clone()].ends_with(ends_sentence) {
                break;
            }
        }
        end += 1;
    }
    connection.send(&lines);
    let mut answers = Vec::new();
    for (begin, words, typed) in asked {
        let entry = match connection.entry() {
            Err(Error::Refused(failure)) if matches!(failure.code, Code::BadReq | Code::TooLong) => None,
            entry => entry?,
        };
        if let Some(entry) = entry.filter(|entry| words == 1 || is_run(typed, &entry.headword)) {
            answers.push(Answer { begin, words, piece: Piece { typed, entry } });
        }
    }
    let apart = |answer: Answer<'a>| {
        let Piece { typed, entry } = answer.piece;
        Answer { piece: Piece { typed, entry: connection.apart(entry) }, ..answer }
    };
    let answers = answers.into_iter().map(apart).collect();
    Ok((answers, end))
}

/// Whether several words of a text are this headword: a phrase, or one word of a script without blanks. (`a way` is not
/// `away` in a text.)
fn is_run(typed: &str, headword: &str) -> bool {
    let phrase = plain(without_number(headword)).contains([' ', '-']);
    how(typed, headword).is_some() && (phrase || (!typed.contains(char::is_whitespace) && key(typed) == key(headword)))
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '。' | '，' | '；' | '：' | '！' | '？' | ')' | '"' | '”')
}

/// The words of a text. Of a script that writes no blanks each character is one.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut begin = None;
    let mut close = |begin: &mut Option<usize>, end: usize| {
        if let Some(begin) = begin.take()
            && text[begin..end].contains(char::is_alphanumeric)
        {
            found.push(begin..end);
        }
    };
    for (at, c) in text.char_indices() {
        if c.is_whitespace() {
            close(&mut begin, at);
        } else if is_unspaced(c) {
            close(&mut begin, at);
            begin = Some(at);
            close(&mut begin, at + c.len_utf8());
        } else {
            begin.get_or_insert(at);
        }
    }
    close(&mut begin, text.len());
    found
}

/// Whether a character is of a script that writes no blanks between words: Han and kana.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_text() {
        let words = |text: &'static str| tokens(text).into_iter().map(|token| &text[token]).collect::<Vec<_>>();
        assert_eq!(words("He gave up,  and — left."), ["He", "gave", "up,", "and", "left."]);
        assert_eq!(words("我爱ice cream。"), ["我", "爱", "ice", "cream。"]);
        assert_eq!(words(" … - "), [""; 0]);
        assert!(is_sentence("I gave up") && !is_sentence("gave up") && !is_sentence("apple"));
    }

    #[test]
    fn runs_and_phrases() {
        assert!(is_run("gave up", "give up") && is_run("made up his mind", "make up one's mind"));
        assert!(is_run("词典", "词典") && is_run("well known", "well-known"));
        assert!(!is_run("a way", "away") && !is_run("the apple", "apple") && !is_run("gave up", "up to date"));
        assert!(is_together("ice cream", "icecream") && is_together("gave up", "give up"));
        assert!(!is_together("the apple", "apple"));
    }

    proptest::proptest! {
        #[test]
        fn tokens_are_in_order_and_hold_every_letter(text in "[a-z词典 .,-]{0,30}") {
            let tokens = tokens(&text);
            assert!(tokens.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            assert_eq!(tokens.iter().map(|token| letters(&text[token.clone()])).sum::<usize>(), letters(&text));
        }
    }
}
