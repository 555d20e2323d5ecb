//! What a dictionary says of itself.

/// Longest name of a dictionary, in characters: what a column of table `words` holds.
pub(super) const MAX_NAME: usize = 64;

/// What a dictionary says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DictionaryNote {
    /// Its name: ASCII letters, digits, `-`, `.`, `_`.
    pub name: String,
    /// Its title; empty if it has none.
    pub title: String,
    /// Its licence; empty if it says none.
    pub licence: String,
    /// The language of its headwords, and of its interpretations; empty where it does not say.
    pub languages: [String; 2],
    /// How many headwords it has.
    pub headwords: usize,
}

/// Whether a text can be a dictionary's name.
pub fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(fits)
}
