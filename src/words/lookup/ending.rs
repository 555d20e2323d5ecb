//! The endings that are taken off a word.

/// What was taken off a word, and so which words can be its base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// -s or -es: a noun's plural, a verb's third person.
    Plural,
    /// -s from a word of three letters: few of those are plurals (`ads`, not `his`), so that the entry has to say it is
    /// a noun or a verb.
    ShortPlural,
    /// -ed or -ing.
    Verb,
    /// -ed or -ing behind a consonant that English doubles: the base only of an entry that says nothing of itself, and so
    /// may be of any language.
    Undoubled,
    /// -er or -est: of an adjective or an adverb. Agent nouns (`ranger`) are words of their own.
    Degree,
}
