//! Lookups in several dictionaries: in all of them, or only in some.

use super::dictionary::Dictionary;
use super::fold::fold;
use super::lookup::{self, Article, Found, How, Lexicon};
use super::note::DictionaryNote;
use super::parse::{Parsed, ParsedEntry};
use super::several::{articles, in_order, is_wanted, joined, only, unshielded};
use std::borrow::Cow;

/// How many times as many suggestions are looked for where those of some dictionaries only are wanted.
const WIDER: usize = 20;

/// A store of several dictionaries, only some of which are searched. Its results are as if the others did not exist.
#[derive(Debug)]
pub struct Only<'n, L> {
    /// The store.
    pub inner: L,
    /// The names of its dictionaries.
    pub names: &'n [String],
    /// The names of those that are searched; all without any.
    pub wanted: &'n [String],
}

impl<L> Only<'_, L> {
    fn article<'a>(&self, article: Article<'a>) -> Option<Article<'a>> {
        let Article { headword, interpret } = article;
        let interpret = match interpret {
            Cow::Borrowed(text) => only(text, self.names, self.wanted)?,
            Cow::Owned(text) => only(&text, self.names, self.wanted)?.into_owned().into(),
        };
        Some(Article { headword, interpret })
    }
}

impl<'a, L: Lexicon<'a>> Lexicon<'a> for Only<'_, L> {
    type Error = L::Error;
    const AT_ONCE: usize = L::AT_ONCE;
    const MAY_BE_OLD: bool = L::MAY_BE_OLD;
    const HAS_ARTICLES: bool = L::HAS_ARTICLES;

    fn exactly(&mut self, word: &str) -> Result<Option<Article<'a>>, L::Error> {
        let found = self.inner.exactly(word)?;
        Ok(found.and_then(|article| self.article(article)))
    }

    fn in_other_case(&mut self, lower: &str) -> Result<Option<Article<'a>>, L::Error> {
        // The first may be another dictionary's: then the keys lead to the others.
        let found = self.inner.in_other_case(lower)?;
        Ok(found.and_then(|article| self.article(article)))
    }

    fn keyed(&mut self, keys: &[String]) -> Result<Vec<Article<'a>>, L::Error> {
        let found = self.inner.keyed(keys)?;
        Ok(found.into_iter().filter_map(|article| self.article(article)).collect())
    }
}

/// Whether one of the dictionaries that are wanted has an article in an entry.
pub fn has_any(interpret: &str, names: &[String], wanted: &[String]) -> bool {
    wanted.is_empty() || articles(interpret, names).iter().any(|(name, _)| is_wanted(wanted, name))
}

/// Gives an entry that was found one article of each dictionary.
pub fn tidied<'a>(found: Found<'a>, names: &[String]) -> Found<'a> {
    // Only an entry made of several homographs can have more.
    if names.len() < 2 || found.how == How::Exact {
        return found;
    }
    let Found { article: Article { headword, interpret }, how } = found;
    Found { article: Article { headword, interpret: in_order(interpret, names) }, how }
}

/// An entry with the articles of those dictionaries, too, that have the headword with a capital only because they begin
/// all headwords with one (GCIDE: `Apple`). `capitals` are those of the dictionaries that are searched, `others` the
/// rest of them; `in_case` finds all headwords that have this lower case, in byte order.
///
/// # Errors
/// Those of `in_case`.
pub fn in_any_capitals<'a, E>(
    found: Found<'a>,
    names: &[String],
    capitals: &[&String],
    others: &[&String],
    in_case: impl FnOnce(&str) -> Result<Vec<Article<'a>>, E>,
) -> Result<Found<'a>, E> {
    if capitals.is_empty() || others.is_empty() {
        return Ok(found);
    }
    let Found { article: Article { headword, interpret }, how } = found;
    let alike = in_case(&fold(&headword))?;
    let is_among = |dictionaries: &[&String], name: &str| dictionaries.iter().any(|other| *other == name);
    let mut parts = Parts::default();
    parts.add(&interpret, names, |_| true);
    let count = parts.0.len();
    // Found with a capital that means nothing: the others may have it without.
    let plain = if parts.has_any(|name| is_among(others, name)) {
        None
    } else {
        let has_other =
            |article: &&Article<'_>| articles(&article.interpret, names).iter().any(|(name, _)| is_among(others, name));
        plain_of(&headword, &alike).into_iter().find(has_other)
    };
    if let Some(plain) = plain {
        parts.add(&plain.interpret, names, |name| is_among(capitals, name) || is_among(others, name));
    }
    let headword = plain.map_or(headword, |plain| plain.headword.clone());
    for article in alike.iter().filter(|article| is_capitalised(&article.headword, &headword)) {
        parts.add(&article.interpret, names, |name| is_among(capitals, name));
    }
    if parts.0.len() == count {
        return Ok(Found { article: Article { headword, interpret }, how });
    }
    let how = if plain.is_some() { how.max(How::Case) } else { how };
    Ok(Found { article: Article { headword, interpret: parts.joined(names).into() }, how })
}

/// Those that are a headword without its capitals: without the first, then without any.
fn plain_of<'f, 'a>(headword: &str, alike: &'f [Article<'a>]) -> Vec<&'f Article<'a>> {
    let all_lower = headword.contains(char::is_lowercase).then(|| headword.to_lowercase());
    let candidates = [first_lower(headword), all_lower].into_iter().flatten().filter(|lower| lower != headword);
    candidates.filter_map(|lower| alike.iter().find(|article| article.headword == lower)).collect()
}

impl<B: AsRef<[u8]>> Dictionary<B> {
    /// Looks a text up in some of the dictionaries (in all if none is named), by the steps of [`lookup::find`].
    pub fn look_up<'a>(&'a self, text: &str, wanted: &[String]) -> Option<Found<'a>> {
        let names = self.names();
        if names.len() < 2 {
            return if names.first().is_none_or(|name| is_wanted(wanted, name)) { self.find(text) } else { None };
        }
        let mut lexicon = Only { inner: self, names, wanted };
        let found = lookup::find(&mut lexicon, text).unwrap_or_else(|never| match never {})?;
        let is_asked = |name: &&String| is_wanted(wanted, name);
        let (capitals, others): (Vec<&String>, Vec<&String>) =
            names.iter().filter(is_asked).partition(|name| self.capitalises(name));
        let in_case = |lower: &str| -> Result<_, std::convert::Infallible> {
            let plain = self.find_exactly(lower).into_iter();
            Ok(plain.chain(self.in_capitals(lower)).map(Article::from).collect())
        };
        let found = in_any_capitals(tidied(found, names), names, &capitals, &others, in_case);
        Some(found.unwrap_or_else(|never| match never {}))
    }

    /// As [`Dictionary::suggest`], but only headwords of some dictionaries.
    pub fn suggest_of(&self, text: &str, most: usize, wanted: &[String]) -> Vec<String> {
        if wanted.is_empty() || self.names().len() < 2 {
            return self.suggest(text, most);
        }
        let mut found = self.suggest(text, most.saturating_mul(WIDER));
        found.retain(|headword| {
            self.find_exactly(headword).is_some_and(|entry| has_any(entry.interpret, self.names(), wanted))
        });
        found.truncate(most);
        found
    }

    /// Some of the dictionaries, by their notes, as their files had them.
    pub fn taken_apart<'a>(&'a self, wanted: &[DictionaryNote]) -> Vec<Parsed<'a>> {
        let names = self.names();
        let mut entries: Vec<Vec<ParsedEntry<'a>>> = wanted.iter().map(|_| Vec::new()).collect();
        for entry in (0..self.headwords()).filter_map(|at| self.entry(at)) {
            for (name, article) in articles(entry.interpret, names) {
                let Some(place) = wanted.iter().position(|note| note.name == name) else { continue };
                let interpret = if names.len() < 2 { article.into() } else { unshielded(article, names) };
                entries[place].push(ParsedEntry { headword: entry.headword, interpret });
            }
        }
        let parsed = |(note, entries): (&DictionaryNote, Vec<ParsedEntry<'a>>)| Parsed {
            title: note.title.clone(),
            licence: note.licence.clone(),
            name: note.name.clone(),
            languages: note.languages.clone(),
            head: note.head.clone(),
            entries,
            ..Parsed::default()
        };
        wanted.iter().zip(entries).map(parsed).collect()
    }
}

/// Articles of one headword, at most one of each dictionary.
#[derive(Debug, Default)]
struct Parts<'n>(Vec<(&'n str, String)>);

impl<'n> Parts<'n> {
    /// Takes from an entry the articles of dictionaries that have none yet.
    fn add(&mut self, interpret: &str, names: &'n [String], takes: impl Fn(&str) -> bool) {
        for (name, article) in articles(interpret, names) {
            if takes(name) && !self.has_any(|other| other == name) {
                self.0.push((name, article.to_owned()));
            }
        }
    }

    fn has_any(&self, is_one: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(name, _)| is_one(name))
    }

    /// All of them in the order of the dictionaries.
    fn joined(mut self, names: &[String]) -> String {
        self.0.sort_by_key(|(name, _)| names.iter().position(|other| other == name));
        let parts: Vec<(&str, &str)> = self.0.iter().map(|(name, article)| (*name, article.as_str())).collect();
        joined(&parts)
    }
}

/// A text with its first letter in lower case.
fn first_lower(text: &str) -> Option<String> {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect())
}

/// Whether a headword is another one in title case: `Apple`, `Apple Tree`. `CAT` is not `cat`, but an acronym.
fn is_capitalised(headword: &str, plain: &str) -> bool {
    headword != plain
        && headword.starts_with(char::is_uppercase)
        && (first_lower(headword).as_deref() == Some(plain)
            || headword.contains(char::is_lowercase) && headword.to_lowercase() == plain)
}

#[cfg(test)]
mod tests {
    use super::super::{image, merge, parse};
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn dictionary(files: &[(&str, &str)]) -> Dictionary<Vec<u8>> {
        let source = |(file, text): &(&str, &'static str)| {
            let parsed = parse(text.as_bytes()).unwrap();
            (parsed.note(Path::new(file)), parsed)
        };
        let files: Vec<(&str, &'static str)> =
            files.iter().map(|(file, text)| (*file, &*Box::leak((*text).to_owned().into_boxed_str()))).collect();
        Dictionary::open(image(&merge(files.iter().map(source).collect()).unwrap()).unwrap()).unwrap()
    }

    fn looked_up(dictionary: &Dictionary<Vec<u8>>, text: &str, wanted: &[&str]) -> Option<(String, String)> {
        let wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
        let found = dictionary.look_up(text, &wanted)?;
        Some((found.article.headword.into_owned(), found.article.interpret.into_owned()))
    }

    fn pair(headword: &str, interpret: &str) -> Option<(String, String)> {
        Some((headword.to_owned(), interpret.to_owned()))
    }

    #[test]
    fn some_dictionaries_are_as_if_there_were_no_others() {
        let dictionary = dictionary(&[("a.txt", "apple\tn. 1\nrun\tv. 2\n"), ("b.txt", "Apple\tn. 3\nran\tn. 4\n")]);
        assert_eq!(looked_up(&dictionary, "apple", &[]), pair("apple", r"[a]\nn. 1"));
        assert_eq!(looked_up(&dictionary, "apple", &["b"]), pair("Apple", r"[b]\nn. 3"));
        assert_eq!(looked_up(&dictionary, "APPLE", &["b"]), pair("Apple", r"[b]\nn. 3"));
        assert_eq!(looked_up(&dictionary, "ran", &[]), pair("ran", r"[b]\nn. 4"));
        assert_eq!(looked_up(&dictionary, "ran", &["a"]), pair("run", r"[a]\nv. 2"));
        assert_eq!(looked_up(&dictionary, "run", &["b"]), None);
        let wanted = ["a".to_owned()];
        assert_eq!(dictionary.suggest_of("rn", 10, &wanted), ["run"]);
        assert_eq!(dictionary.suggest_of("ra", 1, &[]), ["ran"]);
        let one = self::dictionary(&[("a.txt", "apple\tn. 1\n")]);
        assert_eq!(looked_up(&one, "apples", &["A"]), pair("apple", "n. 1"));
        assert_eq!(looked_up(&one, "apple", &["b"]), None);
    }

    #[test]
    fn homographs_of_one_dictionary_are_one_article() {
        let dictionary = dictionary(&[("a.txt", "no (1)\tn. 1\nno (2)\tn. 2\n"), ("b.txt", "no (2)\tn. 3\n")]);
        assert_eq!(looked_up(&dictionary, "no", &[]), pair("no (1)", r"[a]\nn. 1\nn. 2\n[b]\nn. 3"));
    }

    /// Capitals that mean nothing hide no article, in either direction.
    #[test]
    fn a_dictionary_that_capitalises_everything() {
        let fill: String = (0..200).map(|number| format!("Word{number}\tn. w\n")).collect();
        let capitals = format!("Apple\tfruit\nApple Tree\ttree\nCAT\tacronym\nZebra\tanimal\n{fill}");
        let files =
            [("a.txt", "apple\tn. 1\napple tree\tn. 2\ncat\tn. 3\n"), ("g.txt", &capitals), ("c.txt", "Apple\tn. 4\n")];
        let dictionary = dictionary(&files);
        assert_eq!(looked_up(&dictionary, "apple", &[]), pair("apple", r"[a]\nn. 1\n[g]\nfruit"));
        assert_eq!(looked_up(&dictionary, "apples", &[]), pair("apple", r"[a]\nn. 1\n[g]\nfruit"));
        assert_eq!(looked_up(&dictionary, "Apple Tree", &[]), pair("apple tree", r"[a]\nn. 2\n[g]\ntree"));
        assert_eq!(looked_up(&dictionary, "cat", &[]), pair("cat", r"[a]\nn. 3"));
        assert_eq!(looked_up(&dictionary, "zebra", &[]), pair("Zebra", r"[g]\nanimal"));
        // A capital that means something is looked up as it is.
        assert_eq!(looked_up(&dictionary, "Apple", &[]), pair("Apple", r"[g]\nfruit\n[c]\nn. 4"));
        assert_eq!(looked_up(&dictionary, "apple", &["g"]), pair("Apple", r"[g]\nfruit"));
        assert_eq!(looked_up(&dictionary, "apple", &["g", "c"]), pair("Apple", r"[g]\nfruit\n[c]\nn. 4"));
    }

    /// As the importer files them, where the sources are in one file.
    #[test]
    fn a_third_dictionary_hides_nothing() {
        let plain = "apple\tplain\nbanana\tyellow\n";
        let capitals = "Apple\tfruit\nBanana\tyellow fruit\nCherry\tred fruit\nDamson\ta plum\nElder\ta bush\n";
        let third = "Apple\tcomputers\nshell\tprogram\nkernel\tcore\n";
        let files = [("p.txt", plain), ("c.txt", capitals), ("t.txt", third)];
        let found = looked_up(&dictionary(&files), "apple", &[]);
        assert_eq!(found, pair("apple", r"[p]\nplain\n[c]\nfruit"));
        let found = looked_up(&dictionary(&files[..2]), "Apple", &[]);
        assert_eq!(found, pair("apple", r"[p]\nplain\n[c]\nfruit"));
        let found = looked_up(&dictionary(&files), "Apple", &[]);
        assert_eq!(found, pair("Apple", r"[c]\nfruit\n[t]\ncomputers"));
        // A few names show no habit: their capitals count.
        let files = [("p.txt", plain), ("n.txt", "Apple\tcomputers\n")];
        assert_eq!(looked_up(&dictionary(&files), "Apple", &[]), pair("Apple", r"[n]\ncomputers"));
        assert_eq!(looked_up(&dictionary(&files), "apple", &[]), pair("apple", r"[p]\nplain"));
    }

    proptest! {
        /// Dictionaries taken apart and merged again give the same image, byte for byte.
        #[test]
        fn taken_apart_and_merged_again(
            first in proptest::collection::btree_map("[a-c]{1,2}", "( {0,2}\\[[abc]\\]|[a ]|\\\\\\\\|\\\\n){0,6}x", 1..8),
            second in proptest::collection::btree_map("[a-c]{1,2}", "( {0,2}\\[[abc]\\]|[a ]|\\\\n){0,6}x", 1..8),
        ) {
            let text = |entries: &std::collections::BTreeMap<String, String>| {
                entries.iter().map(|(headword, text)| format!("{headword}\t{text}\n")).collect::<String>()
            };
            let (first, second) = (text(&first), text(&second));
            let source = |name: &str, text: &'static str| {
                let parsed = parse(text.as_bytes()).unwrap();
                (parsed.note(Path::new(name)), parsed)
            };
            let [first, second] = [first, second].map(|text| &*Box::leak(text.into_boxed_str()));
            let whole = image(&merge(vec![source("a", first), source("b", second)]).unwrap()).unwrap();
            let old = Dictionary::open(whole.clone()).unwrap();
            let notes = old.dictionaries();
            let apart = old.taken_apart(&notes);
            let again = image(&merge(notes.iter().cloned().zip(apart).collect()).unwrap()).unwrap();
            prop_assert!(again == whole);
            // With another one beside it, and in another order, it is as if all had been read.
            let apart = old.taken_apart(&notes[1..]);
            let kept: Vec<_> = notes[1..].iter().cloned().zip(apart).collect();
            let third = source("c", "b\tn. x\\n[b]\n");
            let again = image(&merge([vec![third.clone()], kept].concat()).unwrap()).unwrap();
            let read = image(&merge(vec![third, source("b", second)]).unwrap()).unwrap();
            prop_assert!(again == read);
        }
    }
}
