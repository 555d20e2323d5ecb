//! The keys for resuming TLS sessions. Each connection has its own process, so all of these processes share the keys:
//! in sealed memory that the parent replaces from time to time, never on disk. A ticket holds, encrypted, the state
//! that is needed to resume a session; to a client that presents one, the certificate is not sent again.

use crate::sys::{SealedMap, seal};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rustls::server::ProducesTickets;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;
use zeroize::Zeroizing;

/// For how long tickets are made with a key. For as long again they are taken.
pub const RENEWED_AFTER: Duration = Duration::from_secs(12 * 3_600);

const KEY_SIZE: usize = 32;
const BOTH: usize = 2 * KEY_SIZE;

/// Memory with the key of now, and the one before it.
#[derive(Debug)]
pub struct ResumptionMemory(OwnedFd);

impl ResumptionMemory {
    /// New keys.
    ///
    /// # Errors
    /// No memory, no descriptor, no random numbers.
    pub fn new() -> io::Result<Self> {
        let mut keys = Zeroizing::new([0; BOTH]);
        getrandom::fill(&mut *keys).map_err(io::Error::other)?;
        seal(c"cidian-resumption", &*keys).map(Self)
    }

    /// A new key; the one of now is the one before it.
    ///
    /// # Errors
    /// As [`ResumptionMemory::new`].
    pub fn renewed(&self) -> io::Result<Self> {
        let mut keys = Zeroizing::new([0; BOTH]);
        let (new, old) = keys.split_at_mut(KEY_SIZE);
        getrandom::fill(new).map_err(io::Error::other)?;
        let map = SealedMap::new(self.0.as_fd())?;
        old.copy_from_slice(map.as_ref().get(..KEY_SIZE).ok_or(io::ErrorKind::InvalidData)?);
        seal(c"cidian-resumption", &*keys).map(Self)
    }
}

impl AsFd for ResumptionMemory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Makes tickets, and takes them.
pub struct Tickets {
    now: LessSafeKey,
    before: LessSafeKey,
}

impl Tickets {
    /// From the memory that the parent has made.
    ///
    /// # Errors
    /// It can't be mapped, or holds no keys.
    pub fn take_up(memory: BorrowedFd<'_>) -> io::Result<Self> {
        let map = SealedMap::new(memory)?;
        let none = || io::Error::other("no keys in that memory");
        let (now, before) = map.as_ref().split_at_checked(KEY_SIZE).ok_or_else(none)?;
        let key = |bytes| UnboundKey::new(&AES_256_GCM, bytes).map(LessSafeKey::new).map_err(|_| none());
        Ok(Self { now: key(now)?, before: key(before)? })
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").finish_non_exhaustive()
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        u32::try_from(RENEWED_AFTER.as_secs()).unwrap_or(u32::MAX)
    }

    /// The nonce, then what is encrypted.
    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        // At random: a key makes far fewer tickets than the 2^32 that this is good for.
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = Zeroizing::new(plain.to_vec());
        self.now.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut *sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = ticket.split_first_chunk::<NONCE_LEN>()?;
        [&self.now, &self.before].into_iter().find_map(|key| {
            let mut opened = sealed.to_vec();
            let plain = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut opened).ok()?;
            Some(plain.to_vec())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tickets_are_good_for_the_next_key_and_not_for_the_one_after() {
        let first = ResumptionMemory::new().unwrap();
        let second = first.renewed().unwrap();
        let third = second.renewed().unwrap();
        let [one, two, three] = [&first, &second, &third].map(|memory| Tickets::take_up(memory.as_fd()).unwrap());
        let ticket = one.encrypt(b"secret").unwrap();
        assert_ne!(one.encrypt(b"secret").unwrap(), ticket);
        assert_eq!(one.decrypt(&ticket).as_deref(), Some(&b"secret"[..]));
        assert_eq!(two.decrypt(&ticket).as_deref(), Some(&b"secret"[..]));
        assert_eq!(three.decrypt(&ticket), None);
        let other = Tickets::take_up(ResumptionMemory::new().unwrap().as_fd()).unwrap();
        assert_eq!(other.decrypt(&ticket), None);
        for at in 0..ticket.len() {
            let mut forged = ticket.clone();
            forged[at] ^= 1;
            assert_eq!(one.decrypt(&forged), None, "{at}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_ticket(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let tickets = Tickets::take_up(ResumptionMemory::new().unwrap().as_fd()).unwrap();
            prop_assert_eq!(tickets.decrypt(&bytes), None);
        }
    }
}
