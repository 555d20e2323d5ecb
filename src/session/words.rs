//! Where a session looks words up: in the snapshot of the words file, or in table `words`.

use super::stores::Stores;
use crate::protocol::Failure;
use crate::store::AboutWords;
use crate::sys::SealedMap;
use crate::words::{Dictionary, fold};
use std::borrow::Cow;
use std::os::fd::BorrowedFd;

/// Where words are looked up.
#[derive(Debug)]
pub enum Words {
    /// In the snapshot of the words file that the parent loaded.
    Snapshot {
        /// The snapshot.
        dictionary: Dictionary<SealedMap>,
        /// Which load it is of, counted from one.
        generation: u64,
    },
    /// In table `words` of the database.
    Table,
}

/// An entry, from wherever it was found.
pub(super) struct Found<'a> {
    /// As the dictionary spells it.
    pub headword: Cow<'a, str>,
    /// With the escapes of the wire.
    pub interpret: Cow<'a, str>,
}

impl Words {
    /// The snapshot in a sealed memfd.
    ///
    /// # Errors
    /// It can't be mapped, or is no snapshot.
    pub fn snapshot(generation: u64, memory: BorrowedFd<'_>) -> std::io::Result<Self> {
        let dictionary = Dictionary::open(SealedMap::new(memory)?).map_err(std::io::Error::other)?;
        Ok(Self::Snapshot { dictionary, generation })
    }

    /// Which load of the words file this is; 0 for the table, which is never loaded.
    pub fn generation(&self) -> u64 {
        match self {
            Self::Snapshot { generation, .. } => *generation,
            Self::Table => 0,
        }
    }

    /// How many headwords the snapshot has; none is known of the table.
    pub fn headwords(&self) -> Option<usize> {
        match self {
            Self::Snapshot { dictionary, .. } => Some(dictionary.headwords()),
            Self::Table => None,
        }
    }

    /// Takes a newer snapshot. The old one's mapping ends, and with the last of these its memory is given back.
    ///
    /// # Errors
    /// As [`Words::snapshot`]; nothing has changed then.
    pub fn replace(&mut self, generation: u64, memory: BorrowedFd<'_>) -> std::io::Result<()> {
        *self = Self::snapshot(generation, memory)?;
        Ok(())
    }

    /// Looks a word up: headword and interpretation.
    pub(super) fn find<'a>(&'a self, word: &str, stores: &mut Stores<'_>) -> Result<Option<Found<'a>>, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(dictionary
                .find(word)
                .map(|entry| Found { headword: entry.headword.into(), interpret: entry.interpret.into() })),
            Self::Table => {
                let found = stores.with(|store| store.find_word(word, &fold(word)))?;
                Ok(found.map(|(headword, interpret)| Found { headword: headword.into(), interpret: interpret.into() }))
            }
        }
    }

    /// Headwords that `text` begins.
    pub(super) fn beginning_with<'a>(
        &'a self,
        text: &str,
        limit: usize,
        stores: &mut Stores<'_>,
    ) -> Result<Vec<Cow<'a, str>>, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => {
                Ok(dictionary.beginning_with(text, limit).into_iter().map(Cow::Borrowed).collect())
            }
            Self::Table => {
                let found = stores.with(|store| store.words_beginning(&fold(text), limit))?;
                Ok(found.into_iter().map(Cow::Owned).collect())
            }
        }
    }

    /// What `I` says of the words.
    pub(super) fn about(&self, stores: &mut Stores<'_>) -> Result<AboutWords, Failure> {
        match self {
            Self::Snapshot { dictionary, .. } => Ok(AboutWords {
                title: dictionary.title().to_owned(),
                licence: dictionary.licence().to_owned(),
                headwords: dictionary.headwords() as u64,
            }),
            Self::Table => stores.with(|store| store.about_words()),
        }
    }
}
