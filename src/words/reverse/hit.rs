//! A headword that a search has found.

/// A headword with its article, which has the escapes of the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The headword as the dictionary spells it.
    pub headword: String,
    /// Its article.
    pub interpret: String,
}

/// The result of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Best first.
    pub found: Vec<Hit>,
    /// Whether the search was given up before it had seen all.
    pub unfinished: bool,
}
