//! One text to be found in articles: how it is found in a run of bytes, and how well it fits an article.

use super::super::fold::fold;
use super::characters::Class;
use super::forms::{Anchor, Forms, in_either_case};
use super::scripts::{forms, is_chinese};
use super::senses::{Sense, band, head, senses};
use std::ops::Range;

/// How well an article fits: the lesser, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    kind: Kind,
    /// Whether it is not the first sense.
    is_later: bool,
    /// Length of the sense, in characters.
    length: u32,
    /// How common the headword is.
    band: u8,
    at: u32,
    /// Length of the headword, in bytes.
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

/// A text to look for.
#[derive(Debug)]
pub(super) struct Needle {
    text: String,
    search: Forms,
    /// Whether only exactly these bytes are looked for.
    is_plain: bool,
    /// Whether it is of letters that have blanks between words.
    has_words: bool,
    /// The Chinese characters that every article containing this has, each in one of these forms.
    pub(super) characters: Vec<Vec<char>>,
}

impl Needle {
    /// A text as it is, in any case; `None` for an empty one.
    pub(super) fn text(text: &str) -> Option<Self> {
        let is_plain = !text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
        Self::of(text, is_plain, |c| vec![c])
    }

    /// A text in whatever mixture of traditional and simplified characters; `None`, if there is only one.
    pub(super) fn in_any_script(text: &str) -> Option<Self> {
        if text.chars().all(|c| forms(c).len() == 1) { None } else { Self::of(text, false, forms) }
    }

    fn of(text: &str, is_plain: bool, forms: impl Fn(char) -> Vec<char>) -> Option<Self> {
        Some(Self {
            text: fold(text),
            search: Forms::new(text, |c| if is_plain { vec![c] } else { in_either_case(&forms(c)) })?,
            is_plain,
            has_words: has_words(text),
            characters: characters(text, forms),
        })
    }

    /// Whether it is a single Chinese character, so that the [`Class`] of an entry says how well it may fit.
    pub(super) fn is_one_character(&self) -> bool {
        let mut chars = self.text.chars();
        chars.next().is_some_and(is_chinese) && chars.next().is_none()
    }

    /// A text that is in every article that contains this; `None` if none is known.
    pub(super) fn bytes(&self) -> Option<&str> {
        self.is_plain.then_some(self.text.as_str())
    }

    /// The first place in some bytes, from one on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Range<usize>> {
        self.search.find(bytes, from)
    }

    /// Finds the first place in these bytes from a given one on, in the way that suits them best.
    pub(super) fn search_all<'s>(&'s self, bytes: &'s [u8]) -> impl Fn(usize) -> Option<Range<usize>> + 's {
        let anchor: Anchor = self.search.anchor_for(bytes);
        move |from| self.search.find_by(&anchor, bytes, from)
    }

    /// How well an article fits, in which the first place may be known; `None` if it does not fit. In place of a rank that
    /// `is_beyond` rejects, another that it rejects may be returned.
    pub(super) fn rank(
        &self,
        (headword, article): (&str, &str),
        first: Option<Range<usize>>,
        scope: Scope,
        is_beyond: impl Fn(Rank) -> bool,
    ) -> Option<Rank> {
        if head(article).is_some_and(|head| head.word != headword) {
            // A reading, or the other script, that leads to a word of its own.
            return None;
        }
        // The first place that does not begin before the sense that is looked at.
        let mut place = first.or_else(|| self.find(article.as_bytes(), 0))?;
        let mut best: Option<Rank> = None;
        let only_first = is_beyond(Rank::best_of_later());
        senses(article, |sense| {
            if only_first && sense.at > 0 {
                return Some(());
            }
            if place.start < sense.begin {
                let Some(next) = self.find(article.as_bytes(), sense.begin) else { return Some(()) };
                place = next;
            }
            if place.end > sense.begin + sense.whole.len() {
                return None;
            }
            let kind = self.fit(&sense);
            if kind != Kind::Elsewhere || scope == Scope::Text {
                let rank = Rank::new(kind, headword, &sense);
                best = Some(best.map_or(rank, |best| best.min(rank)));
            }
            // No later sense is better.
            (kind == Kind::Sense).then_some(())
        });
        if best.is_none() && scope == Scope::Text {
            // Across pieces, or outside all pieces.
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

    /// How well a sense that contains this fits.
    fn fit(&self, sense: &Sense<'_>) -> Kind {
        if sense.is_example {
            return Kind::Elsewhere;
        }
        let mut from = 0;
        while let Some(place) = self.find(sense.text.as_bytes(), from) {
            if place == (0..sense.text.len()) {
                return Kind::Sense;
            }
            if !self.has_words || is_apart(&sense.text, &place) {
                return Kind::Within;
            }
            from = place.end;
        }
        Kind::Elsewhere
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

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Rank {
    /// The best rank that an article of a class can have.
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

    /// The best rank that a later sense of an article than the first can have.
    fn best_of_later() -> Self {
        Self { is_later: true, ..Self::best_of(Class::Alone) }
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

    /// The rank with what depends on the whole article.
    fn in_article(self, article: &str) -> Self {
        Self { band: band(article), ..self }
    }

    /// The rank of an article whose sense is a word of a sentence: the commonest headword is meant most often.
    pub(super) fn of_word(headword: &str, article: &str, sense: &Sense<'_>) -> Self {
        Self { is_later: false, ..Self::new(Kind::Sense, headword, sense).in_article(article) }
    }

    /// The rank of an article that was searched by its reading: short words first, and of these the shorter articles.
    pub(super) fn of_reading(headword: &str, article: &str) -> Self {
        let length = count(headword.chars().count());
        Self { kind: Kind::Sense, is_later: false, length, band: band(article), at: 0, headword: count(article.len()) }
    }
}
