//! The endings that are taken off a word.

/// The ending taken off a word, which decides the words that can be its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// -s or -es: a noun's plural, a verb's third person.
    Plural,
    /// -s from a word of three letters: few of those are plurals (`ads`, not `his`), so the entry has to state that it
    /// is a noun or a verb.
    ShortPlural,
    /// -ed or -ing.
    Verb,
    /// -ed or -ing behind a consonant that English doubles: a base only if its entry states no part of speech, and so
    /// may be of any language.
    Undoubled,
    /// -er or -est: of an adjective or an adverb. Agent nouns (`ranger`) are words of their own.
    Degree,
}
