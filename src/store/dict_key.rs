//! The DICT key of an account. DICT logs in by a digest of the key, so that the key has to be kept as it is: it is
//! random, always made here and never chosen by a user, and good for nothing but lookups by DICT.

use super::Error;
use zeroize::Zeroizing;

/// 32 signs that are not mistaken for each other: without l and o, 0 and 1.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many there are in a key: 130 bits.
const SIGNS: usize = 26;

/// A key. It is zeroed when it is dropped, and has no `Debug`, so that it is not logged by accident.
pub struct DictKey(Zeroizing<String>);

impl DictKey {
    /// Draws one.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn draw() -> Result<Self, Error> {
        let mut random = Zeroizing::new([0_u8; SIGNS]);
        getrandom::fill(&mut *random).map_err(|error| Error::world(format!("no random numbers: {error}")))?;
        let signs = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Ok(Self(Zeroizing::new(signs.collect())))
    }

    /// One that was read from the database.
    pub(super) fn kept(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_and_of_plain_signs() {
        let (one, other) = (DictKey::draw().unwrap(), DictKey::draw().unwrap());
        assert_eq!((one.as_str().len(), one.as_str() == other.as_str()), (26, false));
        assert!(one.as_str().bytes().all(|sign| ALPHABET.contains(&sign)));
        let mut alphabet = ALPHABET.to_vec();
        alphabet.dedup();
        assert_eq!(alphabet.len(), 32);
    }
}
