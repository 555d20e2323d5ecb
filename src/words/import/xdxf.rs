//! What XDXF's elements mean to a reader, where that is more than their text: definitions in definitions, relations to
//! other words, and lines that only the text itself numbers. As the format's description has it (revision 033), a
//! program shows by numbers or margins which definition is part of which.

use super::page::{Marks, Page};
use std::borrow::Cow;
use std::collections::VecDeque;

/// A tag is searched for its end so far, in bytes, and a text for its beginning behind so many tags: no article is slow.
const LONGEST_TAG: usize = 1024;
const TAGS: usize = 8;

/// How a `def` stands among those beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Definition {
    /// The marks of it and those beside it; `None` if it is alone, or if they have numbers of their own.
    pub(super) marks: Option<Marks>,
    /// Whether it is the first of them.
    pub(super) first: bool,
    /// Whether it is the last of them.
    pub(super) last: bool,
}

/// A `def` while its article is searched.
struct Found<'a> {
    parent: Option<usize>,
    /// What follows its tag.
    after: &'a str,
}

/// The definitions of an article, in the order in which they begin.
pub(super) fn definitions(article: &str) -> VecDeque<Definition> {
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut open = Vec::new();
    let mut rest = article;
    while let Some(at) = rest.find("def") {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        rest = after;
        let end = after.bytes().take(LONGEST_TAG).position(|byte| byte == b'>');
        let Some((tag, after_tag)) = end.map(|end| (&after[..end], &after[end + 1..])) else { continue };
        if tag.starts_with(|c: char| !c.is_whitespace()) || tag.ends_with('/') {
            continue;
        }
        if before.ends_with("</") {
            open.pop();
        } else if before.ends_with('<') {
            found.push(Found { parent: open.last().copied(), after: after_tag });
            open.push(found.len() - 1);
        }
    }
    // The groups of definitions that are beside each other: that of the outermost, and one for each parent.
    let mut groups = vec![Vec::new(); found.len() + 1];
    for (number, definition) in found.iter().enumerate() {
        groups[definition.parent.map_or(0, |parent| parent + 1)].push(number);
    }
    let mut shown = vec![Definition::default(); found.len()];
    // How many numbered definitions each is in: groups of inner ones come later.
    let mut levels = vec![0_usize; found.len()];
    for group in groups.iter().filter(|group| !group.is_empty()) {
        let level = found[group[0]].parent.map_or(0, |parent| levels[parent]);
        let numbered = group.len() > 1 && !group.iter().any(|&number| is_enumerated(visible(found[number].after)));
        for (at, &number) in group.iter().enumerate() {
            levels[number] = level + usize::from(numbered);
            let marks = numbered.then(|| [Marks::Numbers, Marks::Letters(false), Marks::Roman(false)][level.min(2)]);
            shown[number] = Definition { marks, first: at == 0, last: at + 1 == group.len() };
        }
    }
    shown.into()
}

/// A text from its first visible character on.
fn visible(mut text: &str) -> &str {
    for _ in 0..TAGS {
        text = text.trim_start();
        let Some((_, after)) = text.strip_prefix('<').and_then(|tag| tag.split_once('>')) else { break };
        text = after;
    }
    text
}

/// Whether a text begins with a number of its own: `1.`, `2)`, `a)`.
fn is_enumerated(text: &str) -> bool {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let after = &text[digits..];
    match digits {
        0 => {
            let mut chars = text.chars();
            chars.next().is_some_and(char::is_alphabetic) && chars.next() == Some(')')
        }
        1 | 2 => after.starts_with(')') || after.strip_prefix('.').is_some_and(|rest| rest.starts_with([' ', '\t'])),
        _ => false,
    }
}

/// An article in which line ends count for nothing, but for those before a number of the text's own: the articles of an
/// older, visual kind have `def`, too.
pub(super) fn with_enumerated_lines(article: &str) -> Cow<'_, str> {
    if article.contains("<deftext") {
        return Cow::Borrowed(article);
    }
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in article.match_indices('\n') {
        if is_enumerated(article[at + 1..].trim_start_matches([' ', '\t', '\r'])) {
            out.push_str(&article[done..at]);
            out.push_str("<p>");
            done = at;
        }
    }
    if done == 0 {
        return Cow::Borrowed(article);
    }
    out.push_str(&article[done..]);
    Cow::Owned(out)
}

/// The words of an `sr`.
#[derive(Debug)]
struct Relations {
    /// Where the last of them ends, or the `sr` begins.
    end: usize,
    any: bool,
    kind: Option<&'static str>,
}

/// A logical article while it is laid out.
#[derive(Debug)]
pub(super) struct Logic {
    ahead: VecDeque<Definition>,
    open: Vec<Definition>,
    relations: Option<Relations>,
    /// A comment on the word that is referred to, shown behind it.
    comment: Option<String>,
    /// An element has begun or ended that is a field of its own: words do not touch across it.
    apart: bool,
}

impl Logic {
    /// Of an article, if it is marked up by what it means.
    pub(super) fn of(article: &str) -> Option<Self> {
        let is_logical = article.contains("<def");
        is_logical.then(|| Self {
            ahead: definitions(article),
            open: Vec::new(),
            relations: None,
            comment: None,
            apart: false,
        })
    }

    /// Begins an element; returns whether it is one that is handled here.
    pub(super) fn begin(&mut self, name: &[u8], attribute: &dyn Fn(&[u8]) -> Option<String>, page: &mut Page) -> bool {
        match name {
            b"def" => self.begin_definition(attribute(b"cmt"), page),
            b"ex" => page.indent("ex", 2),
            b"ex_orig" | b"ex_tran" | b"ex_trn" => page.fresh_line(),
            b"sr" => {
                page.fresh_line();
                self.relations = Some(Relations { end: page.length(), any: false, kind: None });
            }
            b"kref" => {
                self.begin_reference(attribute(b"type"), page);
                self.comment = attribute(b"kcmt").filter(|comment| !comment.trim().is_empty());
            }
            b"gr" | b"co" | b"categ" | b"deftext" | b"dtrn" => self.apart = true,
            _ => return false,
        }
        true
    }

    /// Ends an element; returns whether it is one that is handled here.
    pub(super) fn end(&mut self, name: &[u8], page: &mut Page) -> bool {
        match name {
            b"def" => self.end_definition(page),
            b"ex" => page.close_indented("ex"),
            b"sr" => {
                page.fresh_line();
                self.relations = None;
            }
            b"kref" => {
                if let Some(comment) = self.comment.take() {
                    page.add(&format!(" ({})", comment.trim()));
                }
                if let Some(relations) = &mut self.relations {
                    relations.end = page.length();
                }
            }
            b"gr" | b"co" | b"categ" | b"deftext" | b"dtrn" | b"abbr" | b"abr" => self.apart = true,
            _ => return false,
        }
        true
    }

    /// What comes next is a field of its own.
    pub(super) fn set_apart(&mut self) {
        self.apart = true;
    }

    /// Puts a blank before a text that would touch the field before it.
    pub(super) fn before_text(&mut self, text: &str, page: &mut Page) {
        if self.apart && !text.is_empty() {
            self.apart = false;
            part(text, page);
        }
    }

    fn begin_definition(&mut self, comment: Option<String>, page: &mut Page) {
        let definition = self.ahead.pop_front().unwrap_or_default();
        match definition.marks {
            Some(marks) => {
                if definition.first {
                    page.open_list(marks, 1);
                }
                page.item(None, None);
            }
            None => page.indent("def", 0),
        }
        self.open.push(definition);
        if let Some(comment) = comment.filter(|comment| !comment.trim().is_empty()) {
            page.add(&format!("({}) ", comment.trim()));
        }
    }

    fn end_definition(&mut self, page: &mut Page) {
        match self.open.pop() {
            Some(definition) if definition.marks.is_some() => {
                page.close_item();
                if definition.last {
                    page.close_list();
                }
            }
            _ => page.close_indented("def"),
        }
    }

    /// Says what a word in `sr` is to the headword, where the text does not; and parts it from the word before.
    fn begin_reference(&mut self, kind: Option<String>, page: &mut Page) {
        let Some(relations) = &mut self.relations else { return };
        let kind = kind.and_then(|kind| relation(&kind));
        let said = page.since(relations.end);
        let (is_blank, is_said) = (said.chars().all(|c| c == ' '), said.contains(char::is_alphanumeric));
        if relations.any && is_blank {
            page.take_back(relations.end);
            page.add(if kind == relations.kind { ", " } else { "; " });
        }
        if let Some(kind) = kind.filter(|kind| relations.kind != Some(kind) && !is_said) {
            page.add(&format!("{kind}: "));
        }
        // A word whose end tag is left out is not read again by the next one.
        *relations = Relations { end: page.length(), any: true, kind };
    }
}

/// Adds a blank before a text that would touch the field before it.
pub(super) fn part(text: &str, page: &mut Page) {
    let opens = |c: char| matches!(c, '(' | '[' | '{' | '«' | '“' | '‘');
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || opens(c));
    let before = page.since(0);
    let touches = !before.is_empty() && !before.ends_with(|c: char| c.is_whitespace() || opens(c) || c == '/');
    if begins && touches {
        page.add(" ");
    }
}

/// What a word in `sr` is to the headword, by the type of its `kref`.
fn relation(kind: &str) -> Option<&'static str> {
    Some(match kind.trim() {
        "syn" => "synonym",
        "ant" => "antonym",
        "hpr" => "hypernym",
        "hpn" => "hyponym",
        "par" => "paronym",
        "spv" => "spelling variant",
        "mer" => "meronym",
        "hol" => "holonym",
        "ent" => "entails",
        "rel" => "related",
        "phr" => "phrase",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(article: &str) -> Vec<(Option<Marks>, bool, bool)> {
        definitions(article).iter().map(|definition| (definition.marks, definition.first, definition.last)).collect()
    }

    #[test]
    fn definitions_beside_each_other_are_numbered() {
        let (one, letter) = (Some(Marks::Numbers), Some(Marks::Letters(false)));
        assert_eq!(marks("<def>a</def>"), [(None, true, true)]);
        assert_eq!(marks("<def>a</def> <def id=\"x\">b</def>"), [(one, true, false), (one, false, true)]);
        assert_eq!(
            marks("<def><def>a<def>b</def><def>c</def></def><def>d</def></def>"),
            [(None, true, true), (one, true, false), (letter, true, false), (letter, false, true), (one, false, true)]
        );
        // They have numbers of their own.
        assert_eq!(marks("<def>1) a</def><def><b>2)</b> b</def>"), [(None, true, false), (None, false, true)]);
        assert_eq!(marks("<deftext>a</deftext><def/></def>def <def"), []);
    }

    #[test]
    fn numbers_of_the_text_itself() {
        for text in ["1. a", "12) a", "a) b", "б) в"] {
            assert!(is_enumerated(text), "{text}");
        }
        for text in ["", "1", "1.5", "1999. a", "a b", "I am", "(1)"] {
            assert!(!is_enumerated(text), "{text}");
        }
        assert_eq!(with_enumerated_lines("a\n b\n 1) c\n2) d"), "a\n b<p>\n 1) c<p>\n2) d");
        assert_eq!(with_enumerated_lines("<deftext>\n1) c"), "<deftext>\n1) c");
    }

    #[test]
    fn hostile_articles_are_read_in_one_pass() {
        for piece in ["<def>", "</def>", "<def", "def ", "<def>1) ", "\n", "\n ", "<def><"] {
            definitions(&piece.repeat(50_000));
            with_enumerated_lines(&piece.repeat(50_000));
        }
    }
}
