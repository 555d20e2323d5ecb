//! Binary search over an image. Never copies the image, never writes to it.

use super::fold::fold;
use super::image::{FIELDS, HEADER, MAGIC};
use super::lookup::{self, Article, Found, Lexicon};
use super::note::DictionaryNote;
use super::reverse::characters::Characters;
use super::several::{names_from_text, notes_from_text};
use super::sound::respellings;
use super::spelling::{self, SortedWords, farthest_for};
use super::suggest::Suggestions;
use super::wildcards::Wildcards;
use crate::sys::prefetch;
use std::ops::Range;

/// The most headwords of one key, and so of one lower case, that are looked at: a dictionary has some dozens.
const MOST_ALIKE: usize = 1_000;
/// The most headwords that are looked at for the shortest completions: a single letter begins thousands.
const MOST_COMPLETIONS: usize = 20_000;

/// The most headwords that a pattern is tried on: some tens of milliseconds.
const MOST_MATCHED: usize = 300_000;

/// An image whose parts do not fit together: it was not made by this version of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the words snapshot is damaged")
    }
}

impl std::error::Error for Damaged {}

/// One entry of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The headword as the dictionary spells it.
    pub headword: &'a str,
    /// The interpretation, with the escapes of the wire.
    pub interpret: &'a str,
}

/// A dictionary over the bytes of an image, wherever they lie.
#[derive(Debug)]
pub struct Dictionary<B> {
    bytes: B,
    headwords: usize,
    entries: Range<usize>,
    folded: Index,
    keys: Index,
    title: Range<usize>,
    licence: Range<usize>,
    dictionaries: Range<usize>,
    names: Vec<String>,
    /// Which of the dictionaries begin their headwords with capitals.
    capitalise: Vec<bool>,
    text: Range<usize>,
}

/// The position of an entry among all entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Where its article begins.
    pub(super) article: usize,
    /// Where it ends.
    pub(super) end: usize,
}

/// A sorted index of texts that lead to entries.
#[derive(Debug, Clone)]
struct Index {
    count: usize,
    pairs: Range<usize>,
    text: Range<usize>,
}

impl<B: AsRef<[u8]>> Dictionary<B> {
    /// Checks the header, and that the parts fit into the bytes.
    ///
    /// # Errors
    /// The header is wrong, or the parts do not fit.
    pub fn open(bytes: B) -> Result<Self, Damaged> {
        let all = bytes.as_ref();
        if all.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(Damaged);
        }
        let mut fields = [0; FIELDS];
        for (at, field) in fields.iter_mut().enumerate() {
            *field = number(all, MAGIC.len() + 4 * at).ok_or(Damaged)?;
        }
        let [headwords, folded_count, keys_count, characters_count, title_size, licence_size, dictionaries_size] =
            fields;
        let mut end = HEADER;
        let mut part = |size: Option<usize>| {
            let begin = end;
            end = size.and_then(|size| begin.checked_add(size)).filter(|&end| end <= all.len()).ok_or(Damaged)?;
            Ok(begin..end)
        };
        let entries = part((headwords + 1).checked_mul(4))?;
        let folded = part((folded_count + 1).checked_mul(8))?;
        let keys = part((keys_count + 1).checked_mul(8))?;
        part((characters_count + 1).checked_mul(8))?;
        let title = part(Some(title_size))?;
        let licence = part(Some(licence_size))?;
        let dictionaries = part(Some(dictionaries_size))?;
        let folded_text = part(number(all, folded.end - 8))?;
        let keys_text = part(number(all, keys.end - 8))?;
        part(number(all, title.start - 4))?;
        let text = part(number(all, entries.end - 4))?;
        if text.end != all.len() {
            return Err(Damaged);
        }
        let folded = Index { count: folded_count, pairs: folded, text: folded_text };
        let keys = Index { count: keys_count, pairs: keys, text: keys_text };
        let notes = all.get(dictionaries.clone()).and_then(|notes| std::str::from_utf8(notes).ok()).unwrap_or_default();
        let (names, capitalise) = names_from_text(notes).into_iter().unzip();
        Ok(Self { bytes, headwords, entries, folded, keys, title, licence, dictionaries, names, capitalise, text })
    }

    /// How many headwords there are.
    pub fn headwords(&self) -> usize {
        self.headwords
    }

    /// The image it is in.
    pub fn image(&self) -> &B {
        &self.bytes
    }

    /// The dictionary's title, empty if it has none.
    pub fn title(&self) -> &str {
        self.str_at(self.title.clone())
    }

    /// Its licence, empty if it states none.
    pub fn licence(&self) -> &str {
        self.str_at(self.licence.clone())
    }

    /// The dictionaries that it is made of, in the order of preference.
    pub fn dictionaries(&self) -> Vec<DictionaryNote> {
        notes_from_text(self.str_at(self.dictionaries.clone()))
    }

    /// The dictionaries' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether nearly all headwords of a dictionary begin with a capital, so that its capitals mean nothing.
    pub(super) fn capitalises(&self, name: &str) -> bool {
        self.names.iter().zip(&self.capitalise).any(|(own, capitalises)| *capitalises && own == name)
    }

    /// Looks a text up, by the steps of [`lookup::find`].
    pub fn find(&self, text: &str) -> Option<Found<'_>> {
        let mut steps = self;
        lookup::find(&mut steps, text).unwrap_or_else(|never| match never {})
    }

    /// Headwords that may have been meant by `text`, at most `most`: those that it begins (without regard to case),
    /// then likely spellings.
    pub fn suggest(&self, text: &str, most: usize) -> Vec<String> {
        if let Some(wildcards) = Wildcards::new(text) {
            return self.matching(&wildcards, most);
        }
        let mut suggestions = Suggestions::new(text, most);
        let lower: String = suggestions.lower().iter().collect();
        self.begun_by(&lower, MOST_COMPLETIONS).for_each(|(_, headword)| suggestions.completion(headword));
        let full = suggestions.are_full_of_completions();
        let mut steps = self;
        let folded = steps.keyed(&[lookup::key(text)]).unwrap_or_else(|never| match never {});
        folded.iter().for_each(|article| suggestions.folded(&article.headword));
        if full {
            // Nothing else comes before those.
            return suggestions.into_headwords();
        }
        if !folded.is_empty() && !folded.iter().any(|article| fold(&article.headword) == lower) {
            // It needs no fillers.
            return suggestions.into_headwords();
        }
        for other in respellings(&lower) {
            if let Some(entry) = self.find_exactly(&other) {
                suggestions.alike(entry.headword);
            }
        }
        let offered = steps.keyed(&lookup::offered(text)).unwrap_or_else(|never| match never {});
        offered.iter().for_each(|article| suggestions.derivation(&article.headword));
        let letters = suggestions.lower().to_vec();
        self.near(&letters, farthest_for(letters.len()), |headword, distance| {
            suggestions.spelling(headword, distance);
        });
        suggestions.into_headwords()
    }

    /// Headwords that a pattern matches, the shortest first; for a pattern without a fixed beginning, only among the
    /// first [`MOST_MATCHED`].
    fn matching(&self, wildcards: &Wildcards, most: usize) -> Vec<String> {
        let prefix = wildcards.prefix();
        let mut suggestions = Suggestions::new(prefix, most);
        let matches = |lower: &[u8]| std::str::from_utf8(lower).is_ok_and(|lower| wildcards.matches(lower));
        let matching = self.begun_by(prefix, MOST_MATCHED).filter(|(lower, _)| matches(lower));
        matching.for_each(|(_, headword)| suggestions.completion(headword));
        suggestions.into_headwords()
    }

    /// Headwords whose lower case begins so, with that by which they are found; of two sorted lists the first `most`
    /// each: headwords as they are, and those that are not lower case by their lower case.
    fn begun_by<'a>(&'a self, lower: &'a str, most: usize) -> impl Iterator<Item = (&'a [u8], &'a str)> {
        let plain = self.first_headword(|headword| headword < lower.as_bytes());
        let plain = (plain..self.headwords).take(most).map_while(|at| self.entry(at));
        let others = self.first_of(&self.folded, |folded| folded < lower.as_bytes());
        let others = (others..self.folded.count).take(most).map_while(|at| {
            let (folded, entry) = self.index_entry(&self.folded, at)?;
            Some((folded, self.entry(entry)?.headword))
        });
        let begins = |(found, _): &(&[u8], &str)| found.starts_with(lower.as_bytes());
        let plain = plain.map(|entry| (entry.headword.as_bytes(), entry.headword));
        plain.take_while(begins).chain(others.take_while(begins))
    }

    /// Passes to `found` each headword whose lower case is at most `farthest` from these letters, and its distance.
    pub(super) fn near(&self, letters: &[char], farthest: u8, mut found: impl FnMut(&str, u8)) {
        spelling::near(&Headwords(self), letters, farthest, |at, distance| {
            // Those that are not their own lower case are found by it, in the other list.
            if let Some(headword) = self.headword(at).filter(|headword| fold(headword) == *headword) {
                found(headword, distance);
            }
        });
        spelling::near(&Folded(self), letters, farthest, |at, distance| {
            if let Some(headword) = self.index_entry(&self.folded, at).and_then(|(_, entry)| self.headword(entry)) {
                found(headword, distance);
            }
        });
    }

    /// The first headwords, at most `most`, from `lower` on whose lower case `goes_on` accepts, and whose entry's
    /// number `takes` accepts; in the order of lower case and headword.
    pub(super) fn beginning(
        &self,
        lower: &str,
        most: usize,
        goes_on: impl Fn(&[u8]) -> bool,
        takes: impl Fn(usize) -> bool,
    ) -> Vec<String> {
        let mut found: Vec<(String, &str)> = Vec::new();
        let plain = self.first_headword(|headword| headword < lower.as_bytes());
        for at in plain..self.headwords {
            if found.len() >= most {
                break;
            }
            match self.headword(at).filter(|headword| goes_on(headword.as_bytes())) {
                // Those with capitals are in the other list.
                Some(headword) if fold(headword) == headword && takes(at) => {
                    found.push((headword.to_owned(), headword));
                }
                Some(_) => {}
                None => break,
            }
        }
        let others = self.first_of(&self.folded, |folded| folded < lower.as_bytes());
        let others = (others..self.folded.count).map_while(|at| self.index_entry(&self.folded, at));
        let others = others.take_while(|(folded, _)| goes_on(folded)).filter(|(_, at)| takes(*at)).take(most);
        found.extend(others.filter_map(|(_, at)| self.headword(at)).map(|headword| (fold(headword), headword)));
        found.sort_unstable();
        found.truncate(most);
        found.into_iter().map(|(_, headword)| headword.to_owned()).collect()
    }

    /// The headword of a number, counted as in [`Dictionary::entry`], as bytes.
    pub(super) fn headword_bytes(&self, at: usize) -> Option<&[u8]> {
        self.entry_bytes(at).map(|(headword, _)| headword)
    }

    /// Asks for the memory of an entry that will be looked at soon, if there is one.
    pub(super) fn prefetch(&self, at: usize) {
        let begin = number(&self.bytes.as_ref()[self.entries.clone()], 4 * at);
        if let Some(byte) = begin.and_then(|begin| self.text().get(begin)) {
            prefetch(byte);
        }
    }

    /// The headword of a number, counted as in [`Dictionary::entry`].
    pub(super) fn headword(&self, at: usize) -> Option<&str> {
        std::str::from_utf8(self.entry_bytes(at)?.0).ok()
    }

    /// The entry of a number, counted from zero in the byte order of headwords.
    pub fn entry(&self, at: usize) -> Option<Entry<'_>> {
        let (headword, interpret) = self.entry_bytes(at)?;
        Some(Entry { headword: std::str::from_utf8(headword).ok()?, interpret: std::str::from_utf8(interpret).ok()? })
    }

    /// All entries as they lie: for each the length of its headword in two bytes, the headword and the article.
    pub(super) fn text(&self) -> &[u8] {
        &self.bytes.as_ref()[self.text.clone()]
    }

    /// The index of which entries have which Chinese characters.
    pub(super) fn characters(&self) -> Characters<'_> {
        let bytes = self.bytes.as_ref();
        // The lists lie between those parts.
        Characters::new(&bytes[self.keys.pairs.end..self.title.start], &bytes[self.keys.text.end..self.text.start])
    }

    /// Where an entry lies in [`Dictionary::text`].
    pub(super) fn extent(&self, at: usize) -> Option<Extent> {
        let (headword, article) = self.entry_bytes(at)?;
        let begin = number(&self.bytes.as_ref()[self.entries.clone()], 4 * at)?;
        let article_begin = begin + 2 + headword.len();
        Some(Extent { article: article_begin, end: article_begin + article.len() })
    }

    /// The entry that contains a place of [`Dictionary::text`], searched from an entry on that does not come after it.
    pub(super) fn entry_over(&self, place: usize, from: usize) -> usize {
        let index = &self.bytes.as_ref()[self.entries.clone()];
        let ends_before = |at: usize| number(index, 4 * at + 4).is_some_and(|end| end <= place);
        // Near entries first: most are near.
        let (mut low, mut step) = (from, 1);
        while low + step < self.headwords && ends_before(low + step - 1) {
            low += step;
            step *= 2;
        }
        low + first((step).min(self.headwords.saturating_sub(low)), |at| ends_before(low + at))
    }

    /// The entry of exactly this headword.
    pub fn find_exactly(&self, word: &str) -> Option<Entry<'_>> {
        let at = self.first_headword(|headword| headword < word.as_bytes());
        let (headword, _) = self.entry_bytes(at)?;
        if headword == word.as_bytes() { self.entry(at) } else { None }
    }

    fn first_headword(&self, before: impl Fn(&[u8]) -> bool) -> usize {
        first(self.headwords, |at| self.entry_bytes(at).is_some_and(|(headword, _)| before(headword)))
    }

    fn first_of(&self, index: &Index, before: impl Fn(&[u8]) -> bool) -> usize {
        first(index.count, |at| self.index_entry(index, at).is_some_and(|(text, _)| before(text)))
    }

    fn entry_bytes(&self, at: usize) -> Option<(&[u8], &[u8])> {
        if at >= self.headwords {
            return None;
        }
        let index = &self.bytes.as_ref()[self.entries.clone()];
        let record = self.text_between(&self.text, number(index, 4 * at)?, number(index, 4 * at + 4)?)?;
        let (length, rest) = record.split_first_chunk::<2>()?;
        rest.split_at_checked(usize::from(u16::from_ne_bytes(*length)))
    }

    /// A text of an index, and the entry that it leads to.
    fn index_entry(&self, index: &Index, at: usize) -> Option<(&[u8], usize)> {
        if at >= index.count {
            return None;
        }
        let pairs = &self.bytes.as_ref()[index.pairs.clone()];
        let text = self.text_between(&index.text, number(pairs, 8 * at)?, number(pairs, 8 * at + 8)?)?;
        Some((text, number(pairs, 8 * at + 4)?))
    }

    /// The entries that a text of an index leads to.
    fn led_to<'a, 't>(&'a self, index: &'a Index, text: &'t str) -> impl Iterator<Item = Entry<'a>> + use<'a, 't, B> {
        let begin = self.first_of(index, |other| other < text.as_bytes());
        let led = (begin..index.count).map_while(|at| self.index_entry(index, at));
        led.take_while(|(other, _)| *other == text.as_bytes()).take(MOST_ALIKE).filter_map(|(_, at)| self.entry(at))
    }

    /// The entries whose headwords have this lower case, except a headword that equals it.
    pub(super) fn in_capitals<'a, 't>(&'a self, lower: &'t str) -> impl Iterator<Item = Entry<'a>> + use<'a, 't, B> {
        self.led_to(&self.folded, lower)
    }

    fn text_between(&self, part: &Range<usize>, begin: usize, end: usize) -> Option<&[u8]> {
        self.bytes.as_ref()[part.clone()].get(begin..end)
    }

    fn str_at(&self, part: Range<usize>) -> &str {
        std::str::from_utf8(&self.bytes.as_ref()[part]).unwrap_or("")
    }
}

impl<'a> From<Entry<'a>> for Article<'a> {
    fn from(entry: Entry<'a>) -> Self {
        Self { headword: entry.headword.into(), interpret: entry.interpret.into() }
    }
}

impl<'a, B: AsRef<[u8]>> Lexicon<'a> for &'a Dictionary<B> {
    type Error = std::convert::Infallible;
    const AT_ONCE: usize = 1;

    fn exactly(&mut self, word: &str) -> Result<Option<Article<'a>>, Self::Error> {
        Ok(self.find_exactly(word).map(Article::from))
    }

    fn in_other_case(&mut self, lower: &str) -> Result<Option<Article<'a>>, Self::Error> {
        let dictionary: &'a Dictionary<B> = self;
        let found = dictionary.find_exactly(lower);
        Ok(found.or_else(|| dictionary.led_to(&dictionary.folded, lower).next()).map(Article::from))
    }

    fn keyed(&mut self, keys: &[String]) -> Result<Vec<Article<'a>>, Self::Error> {
        let dictionary: &'a Dictionary<B> = self;
        let mut found = Vec::new();
        for key in keys {
            found.extend(dictionary.find_exactly(key).map(Article::from));
            for index in [&dictionary.folded, &dictionary.keys] {
                found.extend(dictionary.led_to(index, key).map(Article::from));
            }
        }
        Ok(found)
    }
}

/// The headwords, in byte order.
struct Headwords<'a, B>(&'a Dictionary<B>);

impl<B: AsRef<[u8]>> SortedWords for Headwords<'_, B> {
    fn count(&self) -> usize {
        self.0.headwords
    }

    fn word(&self, at: usize) -> &[u8] {
        self.0.entry_bytes(at).map_or(&[], |(headword, _)| headword)
    }
}

/// The lower case of the headwords that are not lower case, in byte order.
struct Folded<'a, B>(&'a Dictionary<B>);

impl<B: AsRef<[u8]>> SortedWords for Folded<'_, B> {
    fn count(&self) -> usize {
        self.0.folded.count
    }

    fn word(&self, at: usize) -> &[u8] {
        self.0.index_entry(&self.0.folded, at).map_or(&[], |(folded, _)| folded)
    }
}

/// The first of `0..count` for which `before` no longer holds.
fn first(count: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let number = bytes.get(at..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_ne_bytes(*number)).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{BUILT_IN, image, parse};
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn dictionary(text: &str) -> Dictionary<Vec<u8>> {
        Dictionary::open(image(&parse(text.as_bytes()).unwrap()).unwrap()).unwrap()
    }

    /// The interface's rules, by linear search.
    fn naive<'a>(pairs: &'a [(String, String)], word: &str) -> Option<&'a (String, String)> {
        let lower = word.to_lowercase();
        pairs
            .iter()
            .find(|(headword, _)| headword == word)
            .or_else(|| pairs.iter().find(|(headword, _)| *headword == lower))
            .or_else(|| pairs.iter().filter(|(h, _)| h.to_lowercase() == lower).min_by(|a, b| a.0.cmp(&b.0)))
    }

    fn word() -> impl Strategy<Value = String> {
        "[aAbBéÉ词İß]{1,4}"
    }

    /// Compares lookups and suggestions with those of a search through all headwords.
    fn compare_with_a_linear_search(words: &BTreeSet<String>, asked: &[String]) {
        let pairs: Vec<(String, String)> = words.iter().map(|word| (word.clone(), format!("n. {word}"))).collect();
        let text: String = pairs.iter().map(|(headword, interpret)| format!("{headword}\t{interpret}\n")).collect();
        let dictionary = dictionary(&text);
        assert_eq!(dictionary.headwords(), pairs.len());
        for word in asked.iter().chain(pairs.iter().map(|(headword, _)| headword)) {
            let found = dictionary
                .find(word)
                .map(|found| (found.article.headword.into_owned(), found.article.interpret.into_owned()));
            assert_eq!(found.as_ref(), naive(&pairs, word), "{word}");
            let mut expected = Suggestions::new(word, 10);
            let folds = |headword: &str| lookup::key(headword) == lookup::key(word);
            let in_case = |headword: &str| headword.to_lowercase() == word.to_lowercase();
            let fillers = !pairs.iter().any(|(headword, _)| folds(headword))
                || pairs.iter().any(|(headword, _)| in_case(headword));
            for (headword, _) in &pairs {
                if fillers || headword.to_lowercase().starts_with(&word.to_lowercase()) {
                    expected.perhaps(headword);
                }
                if folds(headword) {
                    expected.folded(headword);
                }
            }
            assert_eq!(dictionary.suggest(word, 10), expected.into_headwords(), "{word}");
        }
    }

    #[test]
    fn what_lower_case_makes_longer_is_found() {
        for (words, asked) in
            [(&["bÉİ", "béİ"][..], "bİ"), (&["İ", "İA", "İÉ", "İÉİ", "İß", "İßß", "İé", "İéé", "İİ", "İ词"], "é")]
        {
            let words = words.iter().map(|&word| word.to_owned()).collect();
            compare_with_a_linear_search(&words, &[asked.to_owned()]);
        }
    }

    proptest! {
        #[test]
        fn finds_what_a_linear_search_finds(words in proptest::collection::btree_set(word(), 1..40), asked in proptest::collection::vec(word(), 1..40)) {
            compare_with_a_linear_search(&words, &asked);
        }

        #[test]
        fn damaged_images_are_refused_or_searched_without_a_panic(at in 0usize..200, byte in any::<u8>(), cut in 0usize..200) {
            let mut bytes = image(&parse("Apple n. 1\nbanana\tn. 2\nÉté n. 3\n# title: t\n# licence: l".as_bytes()).unwrap()).unwrap();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(dictionary) = Dictionary::open(bytes.clone()) {
                for word in ["Apple", "apple", "été", "zoo", ""] {
                    let _ = dictionary.find(word);
                    let _ = dictionary.suggest(word, 10);
                }
            }
            bytes.truncate(cut % bytes.len());
            prop_assert!(Dictionary::open(bytes).is_err());
        }
    }

    /// What a text folds to comes first, however many headwords it begins.
    #[test]
    fn a_headword_that_was_meant_comes_before_all_that_it_begins() {
        let text: String = ["Café", "cafe1", "cafe2", "cafe3"].map(|headword| format!("{headword}\tn.\n")).concat();
        let suggested = dictionary(&text).suggest("cafe", 2);
        assert_eq!(suggested[0], "Café", "{suggested:?}");
    }

    #[test]
    fn the_built_in_words_are_good_ones() {
        let mut problems = Vec::new();
        let parsed = super::super::parse_all(BUILT_IN.as_bytes(), &mut |problem| problems.push(problem));
        assert_eq!(problems, []);
        assert!(!parsed.title.is_empty() && !parsed.licence.is_empty());
        assert!(parsed.entries.len() >= 3_000, "{} entries", parsed.entries.len());
        let lines = BUILT_IN.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(parsed.entries.len(), lines, "a headword stands twice");
        let speech = [
            "n.", "v.", "adj.", "adv.", "prep.", "conj.", "pron.", "num.", "int.", "abbr.", "phr.", "art.", "aux.",
            "det.", "pref.", "suf.",
        ];
        let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        for entry in &parsed.entries {
            let senses = match entry.interpret.strip_prefix('/') {
                Some(spoken) => spoken.split_once("/ ").map_or("", |(_, senses)| senses),
                None => &entry.interpret,
            };
            assert!(speech.iter().any(|part| senses.starts_with(part)), "{entry:?}");
            assert!(entry.interpret.chars().any(chinese), "{entry:?}");
        }
        assert!(parsed.entries.iter().filter(|entry| entry.headword.contains(' ')).count() >= 10, "phrases");
        let dictionary = Dictionary::open(image(&parsed).unwrap()).unwrap();
        for word in ["apple", "Apple", "went", "ice cream", "a la carte", "zoo"] {
            assert!(dictionary.find(word).is_some(), "{word}");
        }
    }
}
