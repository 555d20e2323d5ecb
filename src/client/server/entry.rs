//! An entry of the dictionary, and the articles of several dictionaries in it. Pure.

use crate::protocol::{unescape, unescape_in_place};
use crate::words::{articles, is_name};

/// An entry of the dictionary, as a reply brings it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The headword as the dictionary spells it.
    pub(crate) headword: String,
    /// The interpretation, its escapes kept.
    pub(crate) escaped: String,
    /// The articles of several dictionaries, where they are known.
    pub(crate) articles: Vec<Article>,
}

impl Entry {
    /// One as a reply brings it.
    pub(crate) fn new(headword: String, escaped: String) -> Self {
        Self { headword, escaped, articles: Vec::new() }
    }

    /// The interpretation as people read it.
    pub(crate) fn text(&self) -> String {
        unescape(&self.escaped)
    }

    /// The same, where the entry is needed no more: a long one is not copied.
    pub(crate) fn into_text(self) -> String {
        unescape_in_place(self.escaped)
    }

    /// The article of the first dictionary, as people read it.
    pub(crate) fn into_first_text(self) -> String {
        unescape_in_place(self.articles.into_iter().next().map_or(self.escaped, |article| article.escaped))
    }

    /// The articles of the dictionaries, escapes kept; the whole entry as one article if there is one dictionary.
    pub(crate) fn apart(&self) -> Vec<&str> {
        match self.articles.as_slice() {
            [] => vec![&self.escaped],
            articles => articles.iter().map(|article| article.escaped.as_str()).collect(),
        }
    }
}

/// The most dictionaries that are distinguished.
const MOST: usize = 100;
/// The longest headword whose dictionaries are distinguished, in characters: no dictionary has a longer one.
const LONGEST_HEADWORD: usize = 256;
/// The longest title that is shown, in characters.
const LONGEST_TITLE: usize = 80;

/// The article of one dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Article {
    /// The dictionary's name.
    pub(crate) dictionary: String,
    /// Its title, or its name if it has no title.
    pub(crate) title: String,
    /// Its article, escapes kept.
    pub(crate) escaped: String,
}

/// The dictionaries of a server, in its order; empty if it has only one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dictionaries {
    names: Vec<String>,
    titles: Vec<String>,
}

impl Dictionaries {
    /// Those in the reply to `I`.
    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        let value = |key: &str| pairs.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str());
        let names: Vec<String> =
            value("dictionaries").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if !(2..=MOST).contains(&names.len()) || !names.iter().all(|name| is_name(name)) {
            return Self::default();
        }
        let title = |name: &String| {
            let title = value(&format!("title.{name}")).filter(|title| !title.is_empty()).unwrap_or(name);
            title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_TITLE).collect()
        };
        Self { titles: names.iter().map(title).collect(), names }
    }

    /// Whether one has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|other| other == name)
    }

    /// Their names.
    pub(super) fn into_names(self) -> Vec<String> {
        self.names
    }

    /// The entry with the article of each dictionary.
    pub(super) fn apart(&self, mut entry: Entry) -> Entry {
        if self.names.is_empty() || !may_be_of_several(&entry) {
            return entry;
        }
        let mut found: Vec<Article> = Vec::new();
        for (name, article) in articles(&entry.escaped, &self.names) {
            if let Some(before) = found.iter_mut().find(|before| before.dictionary == name) {
                before.escaped.push_str("\\n");
                before.escaped.push_str(article);
                continue;
            }
            let title = self.names.iter().zip(&self.titles).find(|(other, _)| *other == name).map(|(_, title)| title);
            found.push(Article {
                dictionary: name.to_owned(),
                title: title.cloned().unwrap_or_else(|| name.to_owned()),
                escaped: article.to_owned(),
            });
        }
        entry.articles = found;
        entry
    }
}

/// Whether an interpretation begins as one of several dictionaries does: with a name in brackets, alone in its line.
pub(super) fn may_be_of_several(entry: &Entry) -> bool {
    let name = entry.escaped.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    name.is_some_and(|(name, rest)| is_name(name) && rest.starts_with("\\n"))
        && entry.headword.chars().count() <= LONGEST_HEADWORD
        && !entry.headword.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionaries() -> Dictionaries {
        let pairs =
            [("version", "1"), ("dictionaries", "words wn"), ("title.wn", "WordNet  3.0"), ("headwords.wn", "7")];
        Dictionaries::of(&pairs.map(|(key, value)| (key.to_owned(), value.to_owned())))
    }

    #[test]
    fn what_each_says() {
        let entry = |escaped: &str| dictionaries().apart(Entry::new("apple".into(), escaped.into()));
        let articles = |escaped: &str| -> Vec<(String, String, String)> {
            entry(escaped).articles.into_iter().map(|a| (a.dictionary, a.title, a.escaped)).collect()
        };
        let one = |name: &str, title: &str, text: &str| (name.to_owned(), title.to_owned(), text.to_owned());
        assert_eq!(
            articles(r"[words]\nn. 1\n[wn]\nn 1: x\n2: y"),
            [one("words", "words", "n. 1"), one("wn", "WordNet 3.0", r"n 1: x\n2: y")]
        );
        assert_eq!(articles(r"[wn]\nx"), [one("wn", "WordNet 3.0", "x")]);
        // A server that lists a name twice.
        assert_eq!(articles(r"[wn]\nx\n[wn]\ny"), [one("wn", "WordNet 3.0", r"x\ny")]);
        for plain in [r"n. 1", "[wn]", "[wn] x", r"[a b]\nx"] {
            assert_eq!(articles(plain), [], "{plain}");
        }
        assert_eq!(entry(r"[wn]\nx").escaped, r"[wn]\nx");
        assert_eq!(Dictionaries::of(&[("dictionaries".to_owned(), "one".to_owned())]), Dictionaries::default());
    }
}
