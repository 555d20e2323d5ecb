//! Where a session looks words up: in the snapshot of the words file, or in table `words`.

use super::stores::Stores;
use crate::protocol::Failure;
use crate::store::{AboutWords, AccountId, Error, LookedUp, Standing, Store};
use crate::sys::SealedMap;
use crate::words::lookup::{self, Article, Found, How, Lexicon};
use crate::words::matching::{self, Matches};
use crate::words::reverse::{self, Hits, Scope};
use crate::words::{
    Dictionary, DictionaryNote, Only, Suggestions, Wildcards, fold, has_any, in_any_capitals, is_wanted, moves,
    neighbours, respellings, tidied,
};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// How many headwords of table `words` are looked at for the shortest completions, and for spellings that begin alike.
const MOST_COMPLETIONS: usize = 500;
const MOST_ALIKE: usize = 2_000;
/// How many headwords of table `words` are read at once for a pattern that all have to be compared with.
const PAGE: usize = 5_000;

/// How many times as many headwords of table `words` are looked at where only some dictionaries are asked.
const WIDER: usize = 5;
/// The most headwords of table `words` that a pattern is tried on.
const MOST_MATCHED: usize = 30_000;

/// Where words are looked up.
#[derive(Debug)]
pub enum WordSource {
    /// In the snapshot of the words file that the parent loaded.
    Snapshot {
        /// The snapshot.
        dictionary: Dictionary<SealedMap>,
        /// Which load it is of, counted from one.
        generation: u64,
    },
    /// In table `words` of the database.
    Table(TableNotes),
}

/// For how long a session takes table `words` to have no rows without a key, once it has looked.
const KEYED: Duration = Duration::from_secs(1);

/// What this process knows of table `words`.
#[derive(Debug, Default)]
pub struct TableNotes {
    /// Its notes about its dictionaries, and the load that they are of.
    dictionaries: RefCell<Option<(u32, Vec<DictionaryNote>)>>,
    /// When it was found that all rows have keys.
    keyed: Cell<Option<Instant>>,
    /// How the last text was found.
    last: Cell<LastFound>,
}

/// How a text was found in table `words`: the next is sought so at first, which is the shortest way for the next of its
/// kind. A person's texts are headwords mostly; at each key in GoldenDict, they are not.
#[derive(Debug, Clone, Copy, Default)]
enum LastFound {
    /// Exactly: by the headword alone.
    #[default]
    Exactly,
    /// But for case, accents, blanks and the like: by the keys of these, which take no time to find.
    AsTyped,
    /// Otherwise, or not at all: by all keys that may be needed.
    Otherwise,
}

impl LastFound {
    fn of(found: Option<&Found<'_>>) -> Self {
        match found.map(|found| found.how) {
            Some(How::Exact) => Self::Exactly,
            Some(How::Case | How::Folded) => Self::AsTyped,
            _ => Self::Otherwise,
        }
    }

    /// Asks for what such a text needs, and says for which keys. One that is not found exactly needs all.
    fn ask(
        self,
        store: &mut dyn Store,
        text: &str,
        account: Option<AccountId>,
    ) -> Result<(Vec<String>, LookedUp), Error> {
        if matches!(self, Self::Exactly)
            && let Some(hit) = store.look_up_exactly(text)?
        {
            return Ok((Vec::new(), hit));
        }
        let keys = if matches!(self, Self::AsTyped) { lookup::keys_as_typed(text) } else { lookup::keys(text) };
        let looked_up = store.look_up(text, &keys, account)?;
        Ok((keys, looked_up))
    }
}

impl TableNotes {
    /// A lookup has seen that this is the load which is valid.
    fn seen(&self, generation: u32) {
        let mut known = self.dictionaries.borrow_mut();
        if known.as_ref().is_some_and(|(of, _)| *of != generation) {
            *known = None;
        }
    }

    /// Whether some rows are found by their headword and its lower case only. One may be put in at any time; it is
    /// not asked for each lookup.
    fn has_keyless(&self, store: &mut dyn Store) -> Result<bool, Error> {
        if self.keyed.get().is_some_and(|since| since.elapsed() < KEYED) {
            return Ok(false);
        }
        let has = store.has_keyless_words()?;
        self.keyed.set((!has).then(Instant::now));
        Ok(has)
    }
}

impl WordSource {
    /// The snapshot in a sealed memfd.
    ///
    /// # Errors
    /// It can't be mapped, or is not a snapshot.
    pub fn snapshot(generation: u64, memory: BorrowedFd<'_>) -> std::io::Result<Self> {
        let dictionary = Dictionary::open(SealedMap::new(memory)?).map_err(std::io::Error::other)?;
        Ok(Self::Snapshot { dictionary, generation })
    }

    /// Maps all of the snapshot, see [`SealedMap::populate`]. The parent's.
    pub fn populate(&self) {
        if let Self::Snapshot { dictionary, .. } = self {
            dictionary.image().populate();
        }
    }

    /// Which load of the words file this is; 0 for the table, which is never loaded.
    pub fn generation(&self) -> u64 {
        match self {
            Self::Snapshot { generation, .. } => *generation,
            Self::Table(_) => 0,
        }
    }

    /// The words that were loaded; table `words` never is.
    pub fn loaded(&self) -> Option<&Dictionary<SealedMap>> {
        match self {
            Self::Snapshot { dictionary, .. } => Some(dictionary),
            Self::Table(_) => None,
        }
    }

    /// How many headwords the snapshot has; `None` for the table, for which this is not known.
    pub fn headwords(&self) -> Option<usize> {
        self.loaded().map(Dictionary::headwords)
    }

    /// Takes a newer snapshot. The old one's mapping ends, and with the last of these its memory is given back.
    ///
    /// # Errors
    /// As [`WordSource::snapshot`]; nothing has changed then.
    pub fn replace(&mut self, generation: u64, memory: BorrowedFd<'_>) -> std::io::Result<()> {
        *self = Self::snapshot(generation, memory)?;
        Ok(())
    }

    /// Whether words are asked of the database, so that there is something to wait for.
    pub(super) fn are_in_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }

    /// Looks a text up, in the dictionaries that are asked (all without a name).
    pub(super) fn find<'a>(
        &'a self,
        text: &str,
        asked: &[String],
        stores: &mut Stores<'_>,
    ) -> Result<Option<Found<'a>>, Failure> {
        Ok(self.find_for(None, text, asked, stores)?.0)
    }

    /// The same for an account, whose standing the database may return with the words.
    pub(super) fn find_for<'a>(
        &'a self,
        account: Option<AccountId>,
        text: &str,
        asked: &[String],
        stores: &mut Stores<'_>,
    ) -> Result<(Option<Found<'a>>, Option<Standing>), Failure> {
        let Self::Table(notes) = self else {
            return Ok((self.loaded().and_then(|dictionary| dictionary.look_up(text, asked)), None));
        };
        // The names are needed only to leave some out.
        let names = if asked.is_empty() { Vec::new() } else { self.names(stores)? };
        let (found, standing) = stores.with(|store| {
            let (keys, looked_up) = notes.last.get().ask(store, text, account)?;
            let LookedUp { exact, keyed, standing, generation } = looked_up;
            notes.seen(generation);
            if exact.is_none() && notes.has_keyless(store)? {
                let mut lexicon = Only { inner: Table(store), names: &names, wanted: asked };
                return Ok((lookup::find(&mut lexicon, text)?, standing));
            }
            let keyed = keyed.into_iter().map(|pair| (lookup::key(&pair.0), article(pair))).collect();
            // What is beside an exact one was not looked at.
            let keys = if exact.is_some() { HashSet::new() } else { HashSet::from_iter(keys) };
            let known = Known { store, text, exact: exact.map(article), keys, keyed };
            let mut lexicon = Only { inner: known, names: &names, wanted: asked };
            let found = lookup::find(&mut lexicon, text)?;
            notes.last.set(LastFound::of(found.as_ref()));
            Ok((found, standing))
        })?;
        match found {
            // An entry of several dictionaries.
            Some(found) if found.article.interpret.starts_with('[') => {
                let notes = self.dictionaries(stores)?;
                let names: Vec<String> = notes.iter().map(|note| note.name.clone()).collect();
                let capitalises = |name: &&String| notes.iter().any(|note| note.name == **name && note.capitalises);
                let is_asked = |name: &&String| is_wanted(asked, name);
                let (capitals, others): (Vec<&String>, Vec<&String>) =
                    names.iter().filter(is_asked).partition(capitalises);
                let in_case = |lower: &str| {
                    let mut alike = stores.with(|store| store.words_keyed(&[lookup::key(lower)]))?;
                    alike.retain(|(headword, _)| fold(headword) == lower);
                    alike.sort_unstable();
                    Ok::<_, Failure>(alike.into_iter().map(article).collect())
                };
                // It may be made of several homographs.
                let found = in_any_capitals(tidied(found, &names), &names, &capitals, &others, in_case)?;
                Ok((Some(found), standing))
            }
            found => Ok((found, standing)),
        }
    }

    /// Headwords that may have been meant by `text`, best first, of the dictionaries that are asked.
    pub(super) fn suggest(
        &self,
        text: &str,
        most: usize,
        asked: &[String],
        stores: &mut Stores<'_>,
    ) -> Result<Vec<String>, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(dictionary.suggest_of(text, most, asked)),
            Self::Table(_) if !asked.is_empty() => {
                let found = self.suggest(text, most.saturating_mul(WIDER), &[], stores)?;
                self.of_those_asked(found, most, asked, stores)
            }
            Self::Table(_) => {
                if let Some(wildcards) = Wildcards::new(text) {
                    let prefix = wildcards.prefix();
                    let found = stores.with(|store| store.words_beginning(prefix, MOST_MATCHED))?;
                    let mut suggestions = Suggestions::new(prefix, most);
                    let matching = found.iter().filter(|headword| wildcards.matches(&fold(headword)));
                    matching.for_each(|headword| suggestions.completion(headword));
                    return Ok(suggestions.into_headwords());
                }
                let mut suggestions = Suggestions::new(text, most);
                let lower = suggestions.lower().to_vec();
                let lower_text: String = lower.iter().collect();
                let alike = respellings(&lower_text);
                let (found, folded) = stores.with(|store| {
                    let folded = store.words_keyed(&[lookup::key(text)])?;
                    let mut found = completions(store, &lower)?;
                    if found.len() >= most {
                        // Nothing else comes before those.
                        return Ok((found, folded));
                    }
                    found.extend(similar(store, &lower)?);
                    found.extend(store.words_among(&[alike.clone(), moves(&lower), lookup::offered(text)].concat())?);
                    Ok((found, folded))
                })?;
                for (headword, _) in &folded {
                    suggestions.folded(headword);
                }
                if !folded.is_empty() && !folded.iter().any(|(headword, _)| fold(headword) == lower_text) {
                    // It needs no fillers.
                    found
                        .iter()
                        .filter(|headword| fold(headword).starts_with(&lower_text))
                        .for_each(|headword| suggestions.completion(headword));
                    return Ok(suggestions.into_headwords());
                }
                let offered = lookup::offered(text);
                for headword in &found {
                    suggestions.perhaps(headword);
                    if alike.iter().any(|other| other == headword) {
                        suggestions.alike(headword);
                    }
                    if offered.contains(&lookup::key(headword)) {
                        suggestions.derivation(headword);
                    }
                }
                Ok(suggestions.into_headwords())
            }
        }
    }

    /// What stands under a headword, exactly as it is spelled.
    pub(super) fn interpretation<'a>(
        &'a self,
        headword: &str,
        stores: &mut Stores<'_>,
    ) -> Result<Option<Cow<'a, str>>, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => {
                Ok(dictionary.find_exactly(headword).map(|entry| entry.interpret.into()))
            }
            Self::Table(_) => {
                let found = stores.with(|store| store.find_word(headword))?;
                Ok(found.map(|(_, interpret)| interpret.into()))
            }
        }
    }

    /// Of these headwords of table `words` the first that the dictionaries have that are asked.
    fn of_those_asked(
        &self,
        headwords: Vec<String>,
        most: usize,
        asked: &[String],
        stores: &mut Stores<'_>,
    ) -> Result<Vec<String>, Failure> {
        let names = self.names(stores)?;
        let mut found = Vec::new();
        for headword in headwords {
            let entry = self.interpretation(&headword, stores)?;
            if entry.is_some_and(|interpret| has_any(&interpret, &names, asked)) {
                found.push(headword);
            }
            if found.len() == most {
                break;
            }
        }
        Ok(found)
    }

    /// Headwords that match a pattern, at most `most`, of the dictionaries that are asked. `goes_on` is asked from time
    /// to time, and ends the search when it returns `false`.
    pub(super) fn matching(
        &self,
        pattern: &matching::Pattern,
        most: usize,
        asked: &[String],
        mut goes_on: impl FnMut() -> bool,
        stores: &mut Stores<'_>,
    ) -> Result<Matches, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(dictionary.headwords_matching(pattern, most, asked, goes_on)),
            Self::Table(_) if !asked.is_empty() => {
                let all = self.matching(pattern, most.saturating_mul(WIDER), &[], goes_on, stores)?;
                let headwords = self.of_those_asked(all.headwords, most, asked, stores)?;
                Ok(Matches { headwords, unfinished: all.unfinished })
            }
            Self::Table(_) => stores.with(|store| {
                let whole = |headwords| Matches { headwords, unfinished: false };
                match pattern.range() {
                    matching::Range::Equal { lower, first } => {
                        let mut found = store.words_among(&[lower.to_owned()])?;
                        found.sort_by(|left, right| (left != first, left).cmp(&(right != first, right)));
                        found.truncate(most);
                        Ok(whole(found))
                    }
                    matching::Range::Beginning { prefix, skip, count } => {
                        let most = most.min(count);
                        let found = store.words_beginning(prefix, skip.saturating_add(most))?;
                        Ok(whole(found.into_iter().skip(skip).take(most).collect()))
                    }
                    matching::Range::Near(letters) => {
                        let mut found = completions(store, letters)?;
                        found.extend(similar(store, letters)?);
                        Ok(whole(pattern.nearest(found.iter().map(String::as_str), most)))
                    }
                    matching::Range::All => {
                        let mut matches = Matches::default();
                        let mut after = String::new();
                        loop {
                            let page = store.words_after(&after, PAGE)?;
                            let is_last = page.len() < PAGE;
                            let matching = page.iter().filter(|headword| pattern.matches(headword, &fold(headword)));
                            let room = most - matches.headwords.len();
                            matches.headwords.extend(matching.take(room).cloned());
                            match page.into_iter().next_back() {
                                Some(last) if !is_last && matches.headwords.len() < most => after = last,
                                _ => return Ok(matches),
                            }
                            if !goes_on() {
                                matches.unfinished = true;
                                return Ok(matches);
                            }
                        }
                    }
                }
            }),
        }
    }

    /// Headwords that mean a text, or whose interpretation holds it, best first and at most `most`. `goes_on` as with
    /// [`WordSource::matching`].
    pub(super) fn reverse(
        &self,
        text: &str,
        scope: Scope,
        most: usize,
        asked: &[String],
        mut goes_on: impl FnMut() -> bool,
        stores: &mut Stores<'_>,
    ) -> Result<Hits, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(dictionary.reverse(text, scope, most, asked, goes_on)),
            Self::Table(_) => {
                let names = self.names(stores)?;
                let asked = reverse::Asked { names: &names, wanted: asked };
                stores.with(|store| {
                    for step in reverse::steps(text, scope) {
                        let mut finder = step.finder(scope, most, asked);
                        let mut after = Some(String::new());
                        while let Some(last) = after {
                            let look_at = &mut |headword: &str, article: &str| finder.look_at(headword, article);
                            after = store.words_holding(&last, PAGE, step.holds(), look_at)?;
                            if after.is_some() && !goes_on() {
                                return Ok(Hits { found: finder.into_hits(), unfinished: true });
                            }
                        }
                        let found = finder.into_hits();
                        if !found.is_empty() {
                            return Ok(Hits { found, unfinished: false });
                        }
                    }
                    Ok(Hits::default())
                })
            }
        }
    }

    /// The names of the dictionaries, in the order of preference; empty if table `words` has one without a name.
    pub(super) fn names(&self, stores: &mut Stores<'_>) -> Result<Vec<String>, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(dictionary.names().to_vec()),
            Self::Table(_) => Ok(self.dictionaries(stores)?.into_iter().map(|note| note.name).collect()),
        }
    }

    /// Which load of the words it is of which the dictionaries are known, if they are.
    pub(super) fn known_generation(&self) -> Option<u64> {
        match self {
            Self::Snapshot { generation, .. } => Some(*generation),
            Self::Table(notes) => notes.dictionaries.borrow().as_ref().map(|(generation, _)| u64::from(*generation)),
        }
    }

    /// The dictionaries, in the order of preference.
    pub(super) fn dictionaries(&self, stores: &mut Stores<'_>) -> Result<Vec<DictionaryNote>, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(dictionary.dictionaries()),
            Self::Table(TableNotes { dictionaries, .. }) => {
                if let Some((_, notes)) = &*dictionaries.borrow() {
                    return Ok(notes.clone());
                }
                let about = stores.with(|store| store.about_words())?;
                *dictionaries.borrow_mut() = Some((about.generation, about.dictionaries.clone()));
                Ok(about.dictionaries)
            }
        }
    }

    /// The reply of `I` about the words.
    pub(super) fn about(&self, stores: &mut Stores<'_>) -> Result<AboutWords, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(AboutWords {
                title: dictionary.title().to_owned(),
                licence: dictionary.licence().to_owned(),
                headwords: dictionary.headwords() as u64,
                dictionaries: dictionary.dictionaries(),
                generation: 0,
            }),
            Self::Table(notes) => {
                let about = stores.with(|store| store.about_words())?;
                notes.seen(about.generation);
                Ok(about)
            }
        }
    }
}

/// What table `words` has answered to one statement. What that did not ask for it is asked for then.
struct Known<'a> {
    store: &'a mut dyn Store,
    text: &'a str,
    exact: Option<Article<'static>>,
    keys: HashSet<String>,
    keyed: Vec<(String, Article<'static>)>,
}

impl Lexicon<'static> for Known<'_> {
    type Error = Error;
    const AT_ONCE: usize = 64;

    fn exactly(&mut self, word: &str) -> Result<Option<Article<'static>>, Error> {
        if word == self.text { Ok(self.exact.take()) } else { Ok(self.store.find_word(word)?.map(article)) }
    }

    fn keyed(&mut self, keys: &[String]) -> Result<Vec<Article<'static>>, Error> {
        let own = self.keyed.iter().filter(|(key, _)| keys.contains(key)).map(|(_, article)| article.clone());
        let mut found: Vec<Article<'static>> = own.collect();
        let rest: Vec<String> = keys.iter().filter(|key| !self.keys.contains(*key)).cloned().collect();
        if rest.is_empty() {
            return Ok(found);
        }
        if self.keys.is_empty() {
            found.extend(self.store.words_keyed(&rest)?.into_iter().map(article));
            return Ok(found);
        }
        // All that may still be asked for, in one statement.
        let all: Vec<String> = lookup::keys(self.text).into_iter().filter(|key| !self.keys.contains(key)).collect();
        for pair in self.store.look_up(self.text, &all, None)?.keyed {
            self.keyed.push((lookup::key(&pair.0), article(pair)));
        }
        self.keys.extend(all);
        self.keys.extend(rest);
        self.keyed(keys)
    }
}

/// Table `words`, asked for many keys at once, although some of its rows have no key.
struct Table<'a>(&'a mut dyn Store);

impl Lexicon<'static> for Table<'_> {
    type Error = Error;
    const AT_ONCE: usize = 64;
    const MAY_BE_OLD: bool = true;

    fn exactly(&mut self, word: &str) -> Result<Option<Article<'static>>, Error> {
        Ok(self.0.find_word(word)?.map(article))
    }

    fn keyed(&mut self, keys: &[String]) -> Result<Vec<Article<'static>>, Error> {
        Ok(self.0.words_keyed(keys)?.into_iter().map(article).collect())
    }
}

fn article((headword, interpret): (String, String)) -> Article<'static> {
    Article { headword: headword.into(), interpret: interpret.into() }
}

/// Headwords of table `words` that begin with the first `letters` of a text in lower case.
fn beginning(store: &mut dyn Store, lower: &[char], letters: usize, limit: usize) -> Result<Vec<String>, Error> {
    let lower: String = lower.iter().take(letters).collect();
    store.words_beginning(&lower, limit)
}

/// Headwords of table `words` that a text in lower case begins.
fn completions(store: &mut dyn Store, lower: &[char]) -> Result<Vec<String>, Error> {
    beginning(store, lower, lower.len(), MOST_COMPLETIONS)
}

/// Headwords of table `words` among which those are that are spelled nearly as a text in lower case.
fn similar(store: &mut dyn Store, lower: &[char]) -> Result<Vec<String>, Error> {
    let mut found = store.words_among(&neighbours(lower))?;
    // What is two steps away begins alike, more often than not; so does what is one step away in a script that the
    // neighbours are not made of. A text of one letter is near to nothing else.
    if lower.len() > 1 {
        found.extend(beginning(store, lower, 3.min(lower.len() - 1), MOST_ALIKE)?);
    }
    Ok(found)
}
