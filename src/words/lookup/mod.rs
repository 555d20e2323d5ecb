//! Finding the word that was meant: the steps of a lookup and their order, in one place for every store of words and
//! every request.
//!
//! Exact first; each step is tried only when the one before found nothing. A step proposes keys ([`key()`]) and decides
//! which of the headwords with these keys are acceptable; the store ([`Lexicon`]) only has to look up keys in an index.

mod ending;
mod inflection;
mod irregular;
mod key;
mod phrases;
mod speech;
mod typed;
mod variants;

pub use ending::Ending;
pub use inflection::{Base, bases};
pub use key::{MAX_KEY_CHARS, key};
pub use typed::{plain, without_number};

use super::fold;
use super::spelling::distance;
use std::borrow::Cow;

/// How a headword was found: how it differs from what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is what was typed.
    Exact,
    /// It differs only in upper and lower case.
    Case,
    /// It differs only in accents, blanks, hyphens, apostrophes, compatible characters, or marks around it.
    Folded,
    /// It is the spelling on the other side of the Atlantic.
    Spelling,
    /// What was typed is an inflected form of it, a possessive or a contraction.
    Form,
    /// What was typed is a shape of this phrase.
    Phrase,
}

impl How {
    /// Its name, as `--json` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Case => "case",
            Self::Folded => "folded",
            Self::Spelling => "spelling",
            Self::Form => "form",
            Self::Phrase => "phrase",
        }
    }
}

/// A headword and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article<'a> {
    /// As the dictionary spells it.
    pub headword: Cow<'a, str>,
    /// With the escapes of the wire.
    pub interpret: Cow<'a, str>,
}

/// An article, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// The article.
    pub article: Article<'a>,
    /// How it was found.
    pub how: How,
}

/// Where words are looked up.
pub trait Lexicon<'a> {
    /// What can go wrong.
    type Error;
    /// How many keys to look up at once: one where a lookup is cheap, many where each query is a message.
    const AT_ONCE: usize;
    /// Whether some headwords may be found by their lower case only, because an older version made the index.
    const MAY_BE_OLD: bool = false;

    /// Whether its articles can state a part of speech, so that an ending can be judged by that.
    const HAS_ARTICLES: bool = true;

    /// The article of exactly this headword.
    ///
    /// # Errors
    /// The store can't be queried.
    fn exactly(&mut self, word: &str) -> Result<Option<Article<'a>>, Self::Error>;

    /// The article of a headword whose lower case this is: one that is all lower case first, else the first in byte
    /// order. For a store that finds it faster this way than by keys, with the same result.
    ///
    /// # Errors
    /// The store can't be queried.
    fn in_other_case(&mut self, _lower: &str) -> Result<Option<Article<'a>>, Self::Error> {
        Ok(None)
    }

    /// The articles of all headwords that have one of these keys, in the byte order of headwords for each key.
    ///
    /// # Errors
    /// The store can't be queried.
    fn keyed(&mut self, keys: &[String]) -> Result<Vec<Article<'a>>, Self::Error>;
}

/// A text that may be a headword, and the conditions that the headword has to meet.
struct Proposal {
    text: String,
    key: String,
    how: How,
    ending: Option<Ending>,
    /// Whether it may stand for a headword that has an apostrophe where it has none.
    contracted: Contracted,
}

/// Which headwords with an apostrophe a text without one may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contracted {
    /// None of them.
    Never,
    /// `o'clock` and `don't`, which it can't be a form of.
    Clearly,
    /// `that's`, too. Not `we'd`, since `wed` is a word.
    Perhaps,
}

impl Proposal {
    fn new(text: String, how: How, ending: Option<Ending>) -> Self {
        let contracted = if how == How::Folded { Contracted::Clearly } else { Contracted::Never };
        Self { key: key(&text), text, how, ending, contracted }
    }

    /// Whether the apostrophes of a headword, plain and in lower case, match those of the text.
    fn agrees_in_apostrophes(&self, headword: &str) -> bool {
        match (self.text.contains('\''), headword.contains('\'')) {
            (false, false) | (true, true) => true,
            // `we're` is not `were`, `it's` is not `its`.
            (true, false) => !typed::has_clitic(&self.text),
            (false, true) => match self.contracted {
                Contracted::Never => false,
                Contracted::Clearly => typed::without_clitic(headword).is_none(),
                Contracted::Perhaps => !headword.ends_with("'d"),
            },
        }
    }
}

/// The steps that are tried where there is no such headword, in this order.
const STEPS: [fn(&str) -> Vec<Proposal>; 3] = [as_typed, otherwise_spelled, as_phrase];

/// Looks a text up.
///
/// # Errors
/// The store can't be queried.
pub fn find<'a, L: Lexicon<'a>>(lexicon: &mut L, text: &str) -> Result<Option<Found<'a>>, L::Error> {
    if let Some(article) = lexicon.exactly(text)? {
        return Ok(Some(Found { article, how: How::Exact }));
    }
    if let Some(article) = lexicon.in_other_case(&fold(text))? {
        return Ok(Some(Found { article, how: How::Case }));
    }
    let plain = plain(text);
    if plain.is_empty() {
        return Ok(None);
    }
    for step in STEPS {
        let proposals = step(&plain);
        for proposals in proposals.chunks(L::AT_ONCE) {
            let mut keys: Vec<String> = proposals.iter().map(|proposal| proposal.key.clone()).collect();
            if L::MAY_BE_OLD {
                keys.extend(proposals.iter().map(|proposal| fold(&proposal.text)));
            }
            keys.sort_unstable();
            keys.dedup();
            let articles = lexicon.keyed(&keys)?;
            if articles.is_empty() {
                continue;
            }
            let keyed: Vec<(String, Article<'a>)> =
                articles.into_iter().map(|article| (key(&article.headword), article)).collect();
            for proposal in proposals {
                if let Some(article) = best(proposal, text, &keyed, L::HAS_ARTICLES) {
                    let same = fold(&article.headword) == fold(text);
                    let how = if same { How::Case } else { proposal.how };
                    return Ok(Some(Found { article, how }));
                }
            }
        }
    }
    Ok(None)
}

/// The keys of all headwords that [`find`] may look up, that of the text itself first, in the order of its steps: for a
/// store that is better queried once.
pub fn keys(text: &str) -> Vec<String> {
    keys_of(text, &STEPS)
}

/// The first of them: of headwords that differ from the text only in case, accents, blanks and similar details. They
/// take no time to find.
pub fn keys_as_typed(text: &str) -> Vec<String> {
    keys_of(text, &STEPS[..1])
}

fn keys_of(text: &str, steps: &[fn(&str) -> Vec<Proposal>]) -> Vec<String> {
    let plain = plain(text);
    let mut keys = vec![key(text)];
    if plain.is_empty() {
        return keys;
    }
    let mut known = std::collections::HashSet::from([key(text)]);
    for step in steps {
        keys.extend(step(&plain).into_iter().map(|proposal| proposal.key).filter(|key| known.insert(key.clone())));
    }
    keys
}

/// Keys of headwords that are offered for a text, because it may be derived from them: nothing is asserted, so neither
/// part of speech nor rule of spelling decides (`header`: head; `couldn't`: could).
pub fn offered(text: &str) -> Vec<String> {
    let word = bare(&plain(text));
    let stem = word.strip_suffix("n't").or_else(|| typed::without_clitic(&word)).map(str::to_owned);
    let word = stem.clone().unwrap_or(word);
    let mut found: Vec<String> = stem.into_iter().chain(bases(&word).into_iter().map(|base| base.text)).collect();
    // Agent nouns: sailor, and what -er leaves of a verb that drops its e or doubles its consonant.
    if let Some(verb) =
        word.strip_suffix("or").or_else(|| word.strip_suffix("ors")).or_else(|| word.strip_suffix("ers"))
    {
        found.extend([verb.to_owned(), format!("{verb}e")]);
    }
    let mut keys: Vec<String> = found.iter().map(|text| key(text)).filter(|key| *key != word).collect();
    keys.dedup();
    keys
}

/// How `headword` would be found by `text`, by these steps; `None` if it would not.
pub fn how(text: &str, headword: &str) -> Option<How> {
    find(&mut Single(headword), text).unwrap_or_else(|never| match never {}).map(|found| found.how)
}

/// A dictionary of one headword, without its article.
struct Single<'a>(&'a str);

impl<'a> Lexicon<'a> for Single<'a> {
    type Error = std::convert::Infallible;
    const AT_ONCE: usize = 64;
    const HAS_ARTICLES: bool = false;

    fn exactly(&mut self, word: &str) -> Result<Option<Article<'a>>, Self::Error> {
        Ok((word == self.0).then_some(Article { headword: self.0.into(), interpret: "".into() }))
    }

    fn keyed(&mut self, keys: &[String]) -> Result<Vec<Article<'a>>, Self::Error> {
        let found = keys.contains(&key(self.0));
        let article = || Article { headword: self.0.into(), interpret: "".into() };
        Ok(found.then(article).into_iter().collect())
    }
}

/// The text as typed, and without the marks around it.
fn as_typed(plain: &str) -> Vec<Proposal> {
    let bare = typed::without_marks(plain);
    [plain.to_owned()].into_iter().chain(bare).map(|text| Proposal::new(text, How::Folded, None)).collect()
}

/// The word without marks, in lower case: what the rules of spelling and inflection are about.
fn bare(plain: &str) -> String {
    let bare = typed::without_marks(plain).into_iter().find(|text| !text.ends_with('.'));
    fold(&bare.unwrap_or_else(|| plain.to_owned()))
}

/// Possessives, the other spelling, and inflected forms.
fn otherwise_spelled(plain: &str) -> Vec<Proposal> {
    let word = bare(plain);
    let stem = typed::without_clitic(&word).map(str::to_owned);
    let mut proposals = Vec::new();
    let mut add = |text: String, how: How, ending: Option<Ending>| proposals.push(Proposal::new(text, how, ending));
    if let Some(stem) = &stem {
        add(stem.clone(), How::Form, None);
    }
    let word = stem.unwrap_or(word);
    for variant in variants::variants(&word) {
        add(variant, How::Spelling, None);
    }
    let bases = bases(&word);
    for base in &bases {
        add(base.text.clone(), How::Form, Some(base.ending));
    }
    for variant in variants::variants_in_l(&word) {
        add(variant, How::Spelling, None);
    }
    if !word.contains('\'') {
        add(word.clone(), How::Folded, None);
    }
    for base in &bases {
        for variant in variants::variants(&base.text).into_iter().chain(variants::variants_in_l(&base.text)) {
            add(variant, How::Form, Some(base.ending));
        }
    }
    for proposal in proposals.iter_mut().filter(|proposal| proposal.how == How::Folded) {
        proposal.contracted = Contracted::Perhaps;
    }
    proposals
}

fn as_phrase(plain: &str) -> Vec<Proposal> {
    phrases::phrases(&bare(plain)).into_iter().map(|text| Proposal::new(text, How::Phrase, None)).collect()
}

/// Whether a text is more likely part of a formula or a program than words: every blank and mark in it counts.
fn is_code(text: &str) -> bool {
    text.contains(['=', '<', '>', '|', '{', '}', '$', '\\'])
}

/// The headword that a proposal means, of those that were found by keys.
fn best<'a>(proposal: &Proposal, typed: &str, keyed: &[(String, Article<'a>)], by_speech: bool) -> Option<Article<'a>> {
    let will_do = |article: &Article<'_>| {
        let headword = plain(&article.headword);
        let words = !is_code(&proposal.text) || fold(&headword) == fold(&proposal.text);
        words
            && proposal.agrees_in_apostrophes(&fold(&headword))
            && proposal.ending.is_none_or(|ending| !by_speech || ending.fits(&headword, &article.interpret))
    };
    let lower = fold(typed);
    let letters: Vec<char> = fold(&proposal.text).chars().collect();
    let rank = |article: &Article<'_>| {
        let folded = fold(&article.headword);
        let other_case = folded != lower;
        let numbered = without_number(&article.headword).len() < article.headword.len();
        let plain: Vec<char> = fold(&plain(&article.headword)).chars().collect();
        let far = distance(&letters, &plain, u8::MAX / 2).unwrap_or(u8::MAX);
        (other_case, numbered, far, folded != article.headword)
    };
    let own = keyed.iter().filter(|(key, _)| *key == proposal.key).map(|(_, article)| article);
    let mut good: Vec<_> = own.filter(|article| will_do(article)).map(|article| (rank(article), article)).collect();
    good.sort_by(|(left, one), (right, other)| left.cmp(right).then_with(|| one.headword.cmp(&other.headword)));
    let ((other_case, numbered, ..), first) = good.first()?;
    let mut article = (*first).clone();
    if *numbered && *other_case {
        // All homographs of the word.
        let name = |article: &Article<'_>| fold(without_number(&article.headword));
        for (_, next) in good[1..].iter().filter(|(_, next)| name(next) == name(first)) {
            let joined = article.interpret.to_mut();
            joined.push_str("\\n");
            joined.push_str(&next.interpret);
        }
    }
    Some(article)
}

#[cfg(test)]
mod tests;
