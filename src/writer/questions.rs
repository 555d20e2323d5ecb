//! The questions that sessions ask the writer, besides handing it records, and the answers. Each question has the
//! number of the channel on which it is answered.

use crate::ipc::ticket::{Proof, SecretDigest};
use crate::store::{AccountId, Error, PastLookup, Place, TokenHash};

/// What is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// It may be used.
    LoggedIn { account: AccountId, name: String, reads: bool },
    /// A wrong name or a wrong proof, or the account is locked.
    Refused,
    /// The last lookups, newest first; `None` if the account is gone or locked.
    Lookups(Option<Vec<PastLookup>>),
    /// What is wrong with the database.
    Failed(Error),
}

/// A login by the secret of an account that the database keeps.
#[derive(Debug)]
pub(super) struct BySecret {
    pub name: String,
    pub reads: bool,
    pub which: Secret,
    pub digest: SecretDigest,
}

/// Which secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    Passwd,
    DictKey,
}

/// Questions that have come in together, by their kinds: those of a kind are asked of the database at once.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Names and tokens.
    pub tokens: Vec<(String, TokenHash)>,
    /// For each of them, its channel and what the ticket is to be good for.
    pub tokens_from: Vec<(u64, bool)>,
    /// By other proofs: few, because a password was hashed before.
    pub secrets: Vec<(u64, BySecret)>,
    /// Accounts, and how many of their lookups.
    pub recent: Vec<(AccountId, u32)>,
    /// For each of them, its channel.
    pub recent_from: Vec<u64>,
    /// The same for lookups before a place: few, because sessions read these on connections of their own if they can.
    pub earlier: Vec<(u64, (AccountId, u32, Place))>,
}

impl Questions {
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.secrets.is_empty() && self.recent.is_empty() && self.earlier.is_empty()
    }

    /// Adds the question from a channel whose account it is, if the proof is right.
    pub fn add_login(&mut self, channel: u64, name: String, proof: Proof, reads: bool) {
        let (which, digest) = match proof {
            Proof::Token(token) => {
                self.tokens.push((name, token));
                return self.tokens_from.push((channel, reads));
            }
            Proof::Passwd(digest) => (Secret::Passwd, digest),
            Proof::DictKey(digest) => (Secret::DictKey, digest),
        };
        self.secrets.push((channel, BySecret { name, reads, which, digest }));
    }

    /// Adds the question for the last lookups of an account, or the last before a place.
    pub fn add_recent(&mut self, channel: u64, account: AccountId, count: u32, before: Option<Place>) {
        match before {
            None => {
                self.recent.push((account, count));
                self.recent_from.push(channel);
            }
            Some(place) => self.earlier.push((channel, (account, count, place))),
        }
    }

    /// The same failure for all of them.
    pub fn failed(&self, error: &Error) -> Vec<(u64, Answer)> {
        let tokens = self.tokens_from.iter().map(|(channel, _)| *channel);
        let secrets = self.secrets.iter().map(|(channel, _)| *channel);
        let earlier = self.earlier.iter().map(|(channel, _)| *channel);
        let channels = tokens.chain(secrets).chain(self.recent_from.iter().copied()).chain(earlier);
        channels.map(|channel| (channel, Answer::Failed(error.clone()))).collect()
    }
}
