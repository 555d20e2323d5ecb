//! One text to be found in articles: how it is found in a run of bytes, and how well it fits an article.

use super::super::fold::fold;
use super::characters::Class;
use super::scripts::{forms, is_chinese};
use super::senses::{Sense, band, head, senses};
use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;

/// The most memory for an expression, compiled and while it runs.
const MAX_COMPILED: usize = 1 << 20;

/// How well an article fits: the lesser, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    kind: Kind,
    /// Whether it is not the first sense.
    is_later: bool,
    /// Of the sense, in characters.
    length: u32,
    /// How common the headword is.
    band: u8,
    at: u32,
    /// Of the headword, in bytes.
    headword: u32,
}

/// Where in an article a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// It is a sense.
    Sense,
    /// It is in a sense, as a word.
    Within,
    /// It is in a note, an example, or a part of a word.
    Elsewhere,
}

/// What counts as found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What a headword means.
    Meaning,
    /// All of the article.
    Text,
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Needle {
    text: String,
    search: Search,
    /// Whether it is of letters that have blanks between words.
    has_words: bool,
    /// For each of its Chinese characters the forms that it may have.
    characters: Vec<Vec<char>>,
}

#[derive(Debug)]
enum Search {
    /// Exactly these bytes.
    Bytes(Box<memmem::Finder<'static>>),
    /// In any case, or in any script.
    Expression(Regex),
}

impl Needle {
    /// A text as it is, in any case.
    pub(super) fn text(text: &str) -> Option<Self> {
        let has_case = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
        let search = if has_case {
            Search::Expression(compile(&regex::escape(text))?)
        } else {
            Search::Bytes(Box::new(memmem::Finder::new(text.as_bytes()).into_owned()))
        };
        Some(Self { text: fold(text), search, has_words: has_words(text), characters: characters(text, |c| vec![c]) })
    }

    /// A text in whatever mixture of traditional and simplified characters; none, if there is only one.
    pub(super) fn in_any_script(text: &str) -> Option<Self> {
        let mut expression = String::new();
        let mut is_plain = true;
        for c in text.chars() {
            let forms = forms(c);
            if let [only] = forms[..] {
                expression.push_str(&regex::escape(only.encode_utf8(&mut [0; 4])));
            } else {
                is_plain = false;
                expression.push('[');
                expression.extend(forms);
                expression.push(']');
            }
        }
        if is_plain {
            return None;
        }
        let search = Search::Expression(compile(&expression)?);
        Some(Self { text: fold(text), search, has_words: has_words(text), characters: characters(text, forms) })
    }

    /// The Chinese characters that every article has that this is in, each in one of these forms.
    pub(super) fn characters(&self) -> &[Vec<char>] {
        &self.characters
    }

    /// Whether it is a single Chinese character, so that the [`Class`] of an entry says how well it may fit.
    pub(super) fn is_one_character(&self) -> bool {
        let mut chars = self.text.chars();
        chars.next().is_some_and(is_chinese) && chars.next().is_none()
    }

    /// What every article has in it that has this; none if that can't be said.
    pub(super) fn bytes(&self) -> Option<&str> {
        matches!(self.search, Search::Bytes(_)).then_some(self.text.as_str())
    }

    /// The first place in some bytes, from one on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        match &self.search {
            Search::Bytes(finder) => {
                let at = from + finder.find(bytes.get(from..)?)?;
                Some(at..at + finder.needle().len())
            }
            Search::Expression(expression) => expression.find_at(bytes, from).map(|found| found.range()),
        }
    }

    /// Whether it is in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.find(text.as_bytes(), 0).is_some()
    }

    /// How well an article fits; `None` if it does not.
    pub(super) fn rank(&self, headword: &str, article: &str, scope: Scope) -> Option<Rank> {
        if head(article).is_some_and(|head| head.word != headword) {
            // A reading, or the other script, that leads to a word of its own.
            return None;
        }
        let mut best: Option<Rank> = None;
        let mut note = |kind: Kind, sense: &Sense<'_>| {
            let rank = Rank::new(kind, headword, sense);
            best = Some(best.map_or(rank, |best| best.min(rank)));
        };
        senses(article, |sense| {
            match self.fit(&sense) {
                // No later sense is better.
                Some(Kind::Sense) => {
                    note(Kind::Sense, &sense);
                    return Some(());
                }
                Some(kind) if kind == Kind::Within || scope == Scope::Text => note(kind, &sense),
                _ => {}
            }
            None
        });
        if best.is_none() && scope == Scope::Text && self.is_in(article) {
            // Across pieces, or in what is no piece.
            let kind = Kind::Elsewhere;
            best = Some(Rank {
                kind,
                is_later: true,
                length: u32::MAX,
                band: band(article),
                at: u32::MAX,
                headword: count(headword.len()),
            });
        }
        best.map(|rank| rank.in_article(article))
    }

    fn fit(&self, sense: &Sense<'_>) -> Option<Kind> {
        let elsewhere = || self.is_in(sense.whole).then_some(Kind::Elsewhere);
        if sense.is_example {
            return elsewhere();
        }
        let mut from = 0;
        while let Some(place) = self.find(sense.text.as_bytes(), from).filter(|place| !place.is_empty()) {
            if place == (0..sense.text.len()) {
                return Some(Kind::Sense);
            }
            if !self.has_words || is_apart(&sense.text, &place) {
                return Some(Kind::Within);
            }
            from = place.end;
        }
        elsewhere()
    }
}

/// Whether no letter or digit is next to a place.
fn is_apart(text: &str, place: &Range<usize>) -> bool {
    let before = text.get(..place.start).and_then(|before| before.chars().next_back());
    let after = text.get(place.end..).and_then(|after| after.chars().next());
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && !is_chinese(c));
    !is_letter(before) && !is_letter(after)
}

fn has_words(text: &str) -> bool {
    text.chars().any(|c| c.is_alphanumeric() && !is_chinese(c))
}

/// The Chinese characters of a text, each once, in their forms.
fn characters(text: &str, forms: impl Fn(char) -> Vec<char>) -> Vec<Vec<char>> {
    let mut chars: Vec<char> = text.chars().filter(|c| is_chinese(*c)).collect();
    chars.sort_unstable();
    chars.dedup();
    chars.into_iter().map(forms).collect()
}

fn compile(expression: &str) -> Option<Regex> {
    RegexBuilder::new(expression)
        .case_insensitive(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
        .ok()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Rank {
    /// What no article of a class is better than.
    pub(super) fn best_of(class: Class) -> Self {
        let (kind, length) = match class {
            Class::Alone => (Kind::Sense, 0),
            Class::OfTwo => (Kind::Within, 2),
            Class::OfThree => (Kind::Within, 3),
            Class::OfFour => (Kind::Within, 4),
            Class::OfSix => (Kind::Within, 6),
            Class::Elsewhere => (Kind::Elsewhere, 0),
        };
        Self { kind, is_later: false, length, band: 0, at: 0, headword: 0 }
    }

    fn new(kind: Kind, headword: &str, sense: &Sense<'_>) -> Self {
        Self {
            kind,
            is_later: sense.at > 0,
            length: count(sense.text.chars().count()),
            band: 0,
            at: count(sense.at),
            headword: count(headword.len()),
        }
    }

    /// With what the whole article says.
    fn in_article(self, article: &str) -> Self {
        Self { band: band(article), ..self }
    }

    /// That of an article of which this sense is a word of a sentence: the commonest headword is meant most often.
    pub(super) fn of_word(headword: &str, article: &str, sense: &Sense<'_>) -> Self {
        Self { is_later: false, ..Self::new(Kind::Sense, headword, sense).in_article(article) }
    }

    /// That of an article whose reading was asked for: short words first, and of these the shorter articles.
    pub(super) fn of_reading(headword: &str, article: &str) -> Self {
        let length = count(headword.chars().count());
        Self { kind: Kind::Sense, is_later: false, length, band: band(article), at: 0, headword: count(article.len()) }
    }
}
