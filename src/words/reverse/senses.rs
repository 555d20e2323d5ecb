//! What an article says its headword means, piece by piece.
//!
//! A piece is the text between `;`, `|`, commas and the ends of lines (outside brackets), without part of speech,
//! pronunciation, notes in brackets and tags. Only such a bare piece can be equal to the text that is searched for.

use super::scripts::is_chinese;
use crate::text::pieces;
use crate::words::fields;
use memchr::memchr;
use std::borrow::Cow;

/// Stands for a note that was taken out; no question holds it.
const APART: char = '\0';
/// How much of an article is looked at, in bytes: that of the longest of dictionaries for people.
pub(super) const MOST_OF_ARTICLE: usize = 64 << 10;

/// One piece of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sense<'a> {
    /// Its text.
    pub(super) text: Cow<'a, str>,
    /// The piece as it stands in the article, notes and all.
    pub(super) whole: &'a str,
    /// Where that begins in the article.
    pub(super) begin: usize,
    /// Its number in the article, counted from zero.
    pub(super) at: usize,
    /// Whether it is from an example.
    pub(super) is_example: bool,
}

/// The head of an article of CC-CEDICT: the word in simplified characters, both scripts, and the reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head<'a> {
    /// The word.
    pub(super) word: &'a str,
    /// Its reading, with tone marks; as long as the word has characters.
    pub(super) reading: &'a str,
    /// What follows.
    pub(super) rest: &'a str,
}

/// Whether an article that begins with this byte may have a head: most have none, and each is checked.
pub(super) fn may_have_head(first: u8) -> bool {
    // A Chinese character.
    first >= 0xe3
}

/// Reads the head of an article that has one.
pub(super) fn head(article: &str) -> Option<Head<'_>> {
    let article = without_title(article);
    if !article.as_bytes().first().is_some_and(|&byte| may_have_head(byte)) {
        return None;
    }
    let (word, rest) = article.split_once(' ')?;
    let count = word.chars().count();
    if count > 64 || !word.chars().next().is_some_and(is_chinese) {
        return None;
    }
    let rest = match rest.strip_prefix('[') {
        Some(scripts) => scripts.split_once("] ")?.1,
        None => rest,
    };
    let mut end = 0;
    for syllable in rest.split_inclusive(' ').take(count) {
        let letters = syllable.trim_end();
        let is_reading = |c: char| c.is_alphabetic() && !is_chinese(c) || matches!(c, '·' | ',' | '1'..='5');
        if letters.is_empty() || !letters.chars().all(is_reading) {
            return None;
        }
        end += syllable.len();
    }
    let (reading, rest) = rest.split_at(end);
    Some(Head { word, reading: reading.trim_end(), rest }).filter(|head| !head.reading.is_empty())
}

/// An article without the line that names its dictionary, which the importer writes above the articles of several
/// sources: `[CC-CEDICT]`.
fn without_title(article: &str) -> &str {
    let line = article.strip_prefix('[').and_then(|rest| rest.split_once("\\n"));
    line.filter(|(title, _)| title.ends_with(']')).map_or(article, |(_, rest)| rest)
}

/// The pieces of an article (with the escapes of the wire), in order, until one is taken.
pub(super) fn senses<'a, T>(article: &'a str, mut take: impl FnMut(Sense<'a>) -> Option<T>) -> Option<T> {
    let article = pieces(article, MOST_OF_ARTICLE).next().unwrap_or_default();
    let mut rest = head(article).map_or(article, |head| head.rest);
    let mut at = 0;
    let mut is_example = false;
    let mut begins_line = true;
    while !rest.is_empty() {
        if begins_line {
            is_example = fields::is_example(rest);
            rest = without_pronunciation(rest);
        }
        let begin = article.len() - rest.len();
        let (whole, next, ends_line) = if is_example { rest_of_line(rest) } else { next_piece(rest) };
        let text = if is_example { Cow::Borrowed(whole) } else { core(whole) };
        if !text.is_empty() {
            let taken = take(Sense { text, whole, begin, at, is_example });
            if taken.is_some() {
                return taken;
            }
            at += 1;
        }
        begins_line = ends_line;
        rest = next;
    }
    None
}

/// A line, what follows it, and `true`, because it ends a line.
pub(super) fn rest_of_line(text: &str) -> (&str, &str, bool) {
    let mut from = 0;
    while let Some(at) = memchr(b'\\', &text.as_bytes()[from..]).map(|at| from + at) {
        if text.as_bytes().get(at + 1) == Some(&b'n') {
            return (&text[..at], &text[at + 2..], true);
        }
        from = (at + 2).min(text.len());
    }
    (text, "", true)
}

/// The next piece, what follows the mark behind it, and whether that ended a line.
fn next_piece(text: &str) -> (&str, &str, bool) {
    let bytes = text.as_bytes();
    let mut depth = 0_u32;
    let mut at = 0;
    loop {
        // Most bytes are not marks.
        at += bytes[at..].iter().take_while(|&&byte| !MARKS[usize::from(byte)]).count();
        if at >= bytes.len() {
            return (text, "", true);
        }
        // Marks of three bytes are looked at as such.
        let wide = bytes.get(at..at + 3).unwrap_or_default();
        match bytes[at] {
            b'\\' => {
                if matches!(bytes.get(at + 1), Some(b'n' | b't')) {
                    return (&text[..at], &text[at + 2..], bytes[at + 1] == b'n');
                }
                at = (at + 2).min(bytes.len());
                continue;
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b';' | b'|' | b',' | b'/' if depth == 0 => return (&text[..at], &text[at + 1..], false),
            0xe3 | 0xef => match wide {
                _ if wide == "（".as_bytes() || wide == "【".as_bytes() => depth += 1,
                _ if wide == "）".as_bytes() || wide == "】".as_bytes() => depth = depth.saturating_sub(1),
                _ if depth == 0 && ["；", "，", "、"].iter().any(|mark| wide == mark.as_bytes()) => {
                    return (&text[..at], &text[at + 3..], false);
                }
                _ => {}
            },
            _ => {}
        }
        at += 1;
    }
}

/// The bytes that marks of [`next_piece`] begin with.
const MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let mut at = 0;
    let all = b"\\()[]{};|,/\xe3\xef";
    while at < all.len() {
        marks[all[at] as usize] = true;
        at += 1;
    }
    marks
};

/// A piece without part of speech, numbers, notes in brackets and tags.
fn core(piece: &str) -> Cow<'_, str> {
    let mut rest = piece.trim();
    loop {
        let before = rest;
        rest = without_label(rest);
        // Nothing that is taken off begins with so high a byte; a Chinese character does.
        if rest.as_bytes().first().is_some_and(|&first| first >= 0xe4) {
            break;
        }
        rest = rest
            .trim_start_matches(|c: char| c.is_ascii_digit() || "①②③④⑤⑥⑦⑧⑨⑩".contains(c))
            .trim_start_matches(['.', ')', '»']);
        rest = rest.trim_start();
        if rest == before {
            break;
        }
    }
    let Some(first) = rest.find(is_bracket) else { return Cow::Borrowed(trimmed(rest)) };
    if first > 0 && is_notes(&rest[first..]) {
        let before = rest[..first].trim_matches(|c: char| c == APART || c.is_whitespace());
        return Cow::Borrowed(trimmed(without_label(before)));
    }
    let mut out = String::with_capacity(rest.len());
    let mut depth = 0_u32;
    for c in rest.chars() {
        match c {
            _ if is_bracket(c) => {
                depth += 1;
                // The texts on both sides of a note are not one text.
                if !out.is_empty() && !out.ends_with(APART) {
                    out.push(APART);
                }
            }
            _ if is_closing(c) && depth > 0 => depth -= 1,
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    // What stood behind the note is another label or the text.
    let text = trimmed(without_label(out.trim_matches(|c: char| c == APART || c.is_whitespace())));
    if text.len() == out.len() { Cow::Owned(out) } else { Cow::Owned(text.to_owned()) }
}

fn is_bracket(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '（' | '【')
}

fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '）' | '】')
}

/// Whether nothing in a text stands outside brackets.
fn is_notes(text: &str) -> bool {
    let mut depth = 0_u32;
    text.chars().all(|c| {
        if is_bracket(c) {
            depth += 1;
        } else if is_closing(c) && depth > 0 {
            depth -= 1;
        } else {
            return depth > 0;
        }
        true
    })
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == APART || c.is_whitespace()).trim_end_matches(['.', '。', '!', '！', '?', '？'])
}

/// A text without the `n.`, `v.t.`, `vt. & vi.` or `adj.` before it.
fn without_label(text: &str) -> &str {
    let mut rest = text;
    loop {
        let is_label = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'.';
        let length = rest.bytes().take_while(is_label).count();
        if !(2..=8).contains(&length) || !rest[..length].ends_with('.') || rest.starts_with('.') {
            return rest;
        }
        let after = &rest[length..];
        let label = after.trim_start();
        // A label has a blank behind it, or Chinese.
        if label.len() == after.len() && !label.chars().next().is_some_and(|c| is_chinese(c) || c == '&') {
            return rest;
        }
        rest = label.strip_prefix('&').unwrap_or(label).trim_start();
    }
}

/// A line without the `/…/` that it begins with.
fn without_pronunciation(line: &str) -> &str {
    let spoken = line.strip_prefix('/').and_then(|rest| rest.split_once('/'));
    // One without an end is not a pronunciation.
    let is_one = |spoken: &str| !spoken.contains('\\') && (!spoken.contains(';') || spoken.len() < 512);
    spoken.filter(|(spoken, _)| is_one(spoken)).map_or(line, |(_, rest)| rest)
}

/// How common a headword is, by the tag `k1` to `k99` at the end of its article: 1 is the commonest. 100 if it has none.
pub(super) fn band(article: &str) -> u8 {
    let tail = &article.as_bytes()[article.len().saturating_sub(64)..];
    let tags = tail.strip_suffix(b"}").and_then(|tail| tail.rsplit(|&byte| byte == b'{').next());
    let mut tags = tags.unwrap_or_default().split(|&byte| byte == b' ');
    let band = tags.find_map(|tag| std::str::from_utf8(tag.strip_prefix(b"k")?).ok()?.parse::<u8>().ok());
    band.unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(article: &str) -> Vec<String> {
        let mut texts = Vec::new();
        senses(article, |sense| {
            if !sense.is_example {
                texts.push(sense.text.into_owned());
            }
            None::<()>
        });
        texts
    }

    #[test]
    fn the_senses_of_articles() {
        let cases: [(&str, &[&str]); 17] = [
            (r"/ˈæp.əl/ n. 苹果; 苹果树\n» An apple a day. 一天一苹果，医生远离我。\n{k2}", &["苹果", "苹果树"]),
            ("abbr. 公元 (用于年份)", &["公元"]),
            ("/a; US b/ n. (英式用法) 苹果酒; (美式用法) 苹果汁 {k15}", &["苹果酒", "苹果汁"]),
            ("n. 包; 袋 | v. 把…装进袋子", &["包", "袋", "把…装进袋子"]),
            (r"n. 苹果, 家伙\n[医] 苹果", &["苹果", "家伙", "苹果"]),
            ("vt. & vi. 跑；奔跑，逃", &["跑", "奔跑", "逃"]),
            ("苹果 [苹果/蘋果] píng guǒ apple; CL:個|个[gè]", &["apple", "CL:個", "个"]),
            ("妈妈 mā ma mama; mommy", &["mama", "mommy"]),
            ("a fruit (edible); the tree", &["a fruit", "the tree"]),
            ("n.苹果", &["苹果"]),
            (r"1. one thing\n2) another", &["one thing", "another"]),
            ("U.S. army", &["U.S. army"]),
            ("v.t. 喜欢 | v. i. 像", &["喜欢", "像"]),
            ("果)I(", &["果)I"]),
            ("把 (车) 开走", &["把 \0 开走"]),
            ("（口语）好的", &["好的"]),
            ("", &[]),
        ];
        for (article, expected) in cases {
            assert_eq!(texts(article), expected, "{article}");
        }
    }

    #[test]
    fn heads_with_a_reading() {
        let found = head("苹果 [苹果/蘋果] píng guǒ apple; x").unwrap();
        assert_eq!((found.word, found.reading, found.rest), ("苹果", "píng guǒ", "apple; x"));
        assert_eq!(head("好 hǎo good").unwrap().reading, "hǎo");
        // In a file of several sources.
        let found = head(r"[CC-CEDICT (2024)]\n苹果 [苹果/蘋果] píng guǒ apple").unwrap();
        assert_eq!((found.word, found.reading, found.rest), ("苹果", "píng guǒ", "apple"));
        for none in ["n. 苹果", "苹果", "苹果; 梨", "苹果 (1) x", ""] {
            assert_eq!(head(none), None, "{none}");
        }
    }

    #[test]
    fn bands() {
        for (article, expected) in
            [("n. 猫 {k2}", 2), (r"x\n{cet4 ielts k14}", 14), ("x", 100), ("{k}", 100), ("x {k300}", 100)]
        {
            assert_eq!(band(article), expected, "{article}");
        }
    }

    proptest! {
        #[test]
        fn any_article_has_pieces_of_itself(article in "([a-z(/;| ]|[苹果（）；，、【】]|\\\\n|\\\\\\\\|n\\.|»|\\{k1\\}){0,30}") {
            let mut last = None;
            senses(&article, |sense| {
                assert!(article[sense.begin..].starts_with(sense.whole) && !sense.text.is_empty());
                let of_text = sense.text.split(APART).find(|part| !sense.whole.contains(part));
                assert_eq!(of_text, None, "{sense:?}");
                assert!(last.is_none_or(|last| last + 1 == sense.at));
                last = Some(sense.at);
                None::<()>
            });
            let _ = (head(&article), band(&article));
        }
    }
}
