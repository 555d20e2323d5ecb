//! Tokens, with which a client logs in without a password: how one is made, and which part of it is stored.
//!
//! A token is never stored: a store gets only hashes. A fast hash is enough, where a password needs a slow one, because
//! 256 random bits can't be guessed; and because tokens are looked up by their hash, the time that a lookup takes
//! reveals nothing about any token.

use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::moment::Civil;
use super::{AccountId, DictKey, Each, Error, Kind, Microseconds, Standing};

/// How many random bytes a token is.
const BYTES: usize = 32;
/// How many characters of base64url that is, without padding.
const CHARS: usize = (BYTES * 8).div_ceil(6);

/// An account's tokens: the oldest goes when there would be more.
pub const MOST_TOKENS: u32 = 20;
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// How long a token is good for after its last use.
const LIFETIME: i64 = 90 * DAY;

/// A new token. It is zeroed when it is dropped, and has no `Debug`, so that it is not logged by accident.
pub struct Token(Zeroizing<String>);

impl Token {
    /// Draws one.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn draw() -> Result<Self, Error> {
        let mut random = Zeroizing::new([0; BYTES]);
        getrandom::fill(&mut *random).map_err(|error| Error::world(format!("no random numbers: {error}")))?;
        let mut text = Zeroizing::new([0; CHARS]);
        let text = Base64UrlUnpadded::encode(&*random, &mut *text)
            .map_err(|error| Error::bug(format!("cannot encode a token: {error}")))?;
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text that the client gets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

/// What is kept of a token: the SHA-256 of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// Never inlined, so that each call has the same frames.
#[inline(never)]
fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

impl TokenHash {
    /// The hash of what a client sends as a token. The text is hashed as it stands: what is not a token takes
    /// as long, and no two texts are the same token.
    pub fn of(text: &str) -> Self {
        let hash = digest(text.as_bytes());
        // The hasher keeps its last block on the stack, and a token is shorter than one: the same frames once more,
        // with nothing in them.
        std::hint::black_box(digest(std::hint::black_box(&vec![0; text.len()])));
        Self(hash)
    }

    /// A hash that came from another process.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its bytes in hexadecimal: a text that no character set can change on the way.
    pub(super) fn hexadecimal(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What came of forgetting a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Forgetting {
    /// It is forgotten, and that is durable.
    Done,
    /// The account has no such token.
    NoSuchToken,
    /// The account is gone, or locked; nothing was done.
    Gone,
}

/// What a store does for tokens and DICT keys.
pub trait Tokens {
    /// Keeps a new token of an account. Those that have expired go, and so do the oldest, so that there are never more
    /// than [`MOST_TOKENS`]. Repeating a call (with the same token) after an error keeps it once.
    fn keep_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Standing, Error>;

    /// The account of this name, compared byte for byte, if it is not locked and the token is one of its; the token's
    /// use is written down, at most daily. A token that has expired is removed when it is found.
    fn account_of_token(&mut self, name: &str, token: &TokenHash) -> Result<Option<AccountId>, Error>;

    /// The same for many names and tokens at once. What is wrong with one does the others no harm.
    fn accounts_of_tokens(&mut self, logins: &[(String, TokenHash)]) -> Each<Option<AccountId>>;

    /// Forgets one token of an account.
    fn forget_token(&mut self, account: AccountId, token: &TokenHash) -> Result<Forgetting, Error>;

    /// Gives an account a DICT key, in the place of the one that it may have.
    fn set_dict_key(&mut self, account: AccountId, key: &DictKey) -> Result<Standing, Error>;

    /// The account of this name, compared byte for byte, if it is not locked, and its DICT key; `None` if it has no
    /// key.
    fn dict_key(&mut self, name: &str) -> Result<Option<(AccountId, DictKey)>, Error>;
}

/// What is to be done about a token that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It has expired, and is to be removed.
    Expired,
    /// It is good, and its use is to be written down.
    Written,
    /// It is good, and was used not long ago.
    Unwritten,
}

/// What is to be done about a token that is used `now` and was last used at `last_used`, as far as that was written
/// down.
///
/// # Errors
/// The time is invalid.
pub(super) fn judge(last_used: Option<Microseconds>, now: Microseconds) -> Result<Use, Error> {
    let last_used = last_used.ok_or_else(|| Error::configuration("table token contains an invalid timestamp"))?;
    let age = now.0.saturating_sub(last_used.0);
    if age >= LIFETIME {
        return Ok(Use::Expired);
    }
    // A time in the future is of a clock that was wrong: it would make the token live for longer.
    Ok(if now < last_used || age >= DAY { Use::Written } else { Use::Unwritten })
}

/// Uses many tokens, in order, of those that were found. When the use of one can't be written down because others hold
/// locks, that of the rest isn't tried.
pub(super) fn use_each<F>(
    found: impl IntoIterator<Item = Option<F>>,
    mut use_one: impl FnMut(F) -> Result<Option<AccountId>, Error>,
) -> Vec<Result<Option<AccountId>, Error>> {
    let mut failed: Option<Error> = None;
    let used = found.into_iter().map(|found| match (found, &failed) {
        (None, _) => Ok(None),
        (Some(_), Some(error)) => Err(error.clone()),
        (Some(found), None) => {
            let used = use_one(found);
            failed = used.as_ref().err().filter(|error| error.kind == Kind::World).cloned();
            used
        }
    });
    used.collect()
}

/// Of a number of tokens of an account, how many (the oldest) are deleted when it gets another.
pub(super) fn surplus(tokens: u64) -> u64 {
    (tokens + 1).saturating_sub(u64::from(MOST_TOKENS))
}

/// Tokens that were last used then, or before, have expired.
pub(super) fn expired_at(now: Microseconds) -> Result<Civil, Error> {
    Civil::of(Microseconds(now.0.saturating_sub(LIFETIME)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_256_random_bits_in_base64url() {
        let (one, two) = (Token::draw().unwrap(), Token::draw().unwrap());
        for token in [&one, &two] {
            assert_eq!(token.as_str().len(), 43);
            assert!(token.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            let mut bytes = [0; BYTES];
            assert_eq!(Base64UrlUnpadded::decode(token.as_str(), &mut bytes).unwrap().len(), BYTES);
        }
        assert!(one.as_str() != two.as_str());
        assert_ne!(one.hash(), two.hash());
        assert_eq!(one.hash(), TokenHash::of(one.as_str()));
    }

    #[test]
    fn the_hash_is_sha_256_of_the_text() {
        // FIPS 180-2, appendix B.1.
        let hash = TokenHash::of("abc");
        assert_eq!(hash.hexadecimal(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hash.bytes()[..2], [0xba, 0x78]);
    }

    #[test]
    fn ninety_days_after_its_last_use() {
        let now = Microseconds(1_796_083_199_000_000);
        let ago = |days: i64| Microseconds(now.0 - days * DAY);
        let judged = |last_used| judge(Some(last_used), now).unwrap();
        assert_eq!(
            [0, 1, 89, -1].map(|days| judged(ago(days))),
            [Use::Unwritten, Use::Written, Use::Written, Use::Written]
        );
        assert_eq!([ago(90), Microseconds(i64::MIN)].map(judged), [Use::Expired; 2]);
        assert_eq!(judge(None, now).unwrap_err().kind, Kind::Configuration);
        assert_eq!(expired_at(now).unwrap().moment(), Some(ago(90)));
    }

    #[test]
    fn the_oldest_of_too_many_go() {
        let most = u64::from(MOST_TOKENS);
        assert_eq!([0, most - 1, most, most + 3].map(surplus), [0, 0, 1, 4]);
    }

    #[test]
    fn after_one_that_waits_in_vain_no_other_is_tried() {
        let mut tried = Vec::new();
        let outcomes = use_each([Some(1), None, Some(2), Some(3), Some(4)], |token| {
            tried.push(token);
            match token {
                1 => Err(Error::bug("its own")),
                2 => Err(Error::world("locked")),
                _ => Ok(None),
            }
        });
        assert_eq!(tried, [1, 2]);
        let kinds: Vec<Option<Kind>> = outcomes.iter().map(|outcome| outcome.as_ref().err().map(|e| e.kind)).collect();
        assert_eq!(kinds, [Some(Kind::Bug), None, Some(Kind::World), Some(Kind::World), Some(Kind::World)]);
    }
}
