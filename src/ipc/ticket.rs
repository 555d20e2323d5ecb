//! A session's right to ask the writer for something: a ticket, which the writer issues when it has checked for itself
//! that the session may act for an account, and which it recognises later. The writer goes by the ticket, not by the
//! account that a session names, so a session that its client has taken over can't act for any other account through
//! the writer.
//!
//! A ticket is an HMAC over the child's process, the account and what it may do. The key is random, and only writers
//! have it: they share it in a memfd that the parent has made, empty, and never reads. So a ticket outlives the writer
//! that issued it, and a session can go on with the next writer without a database.

use crate::store::{AccountId, TokenHash};
use hmac::{Hmac, Mac};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::Pid;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of a seal.
pub const SEAL_SIZE: usize = 32;
/// As much as HMAC-SHA-256 takes without hashing it first.
const KEY_SIZE: usize = 64;
/// Anything else that is made with the same key must begin differently.
const PURPOSE: &[u8] = b"cidian ticket 1\0";

/// The right to act for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The account that it is for.
    pub account: AccountId,
    /// The account's name.
    pub name: String,
    /// Whether it allows reading the history, too: a ticket that was issued for a DICT key does not.
    pub reads: bool,
    /// The HMAC, which only the writer can make.
    pub seal: [u8; SEAL_SIZE],
}

/// How a session shows that it may act for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A token of the account, as its hash.
    Token(TokenHash),
    /// That it has read the hash of the account's password.
    Passwd(SecretDigest),
    /// That it has read the account's DICT key.
    DictKey(SecretDigest),
}

/// The SHA-256 of a secret that the database keeps of an account. It shows that its sender knows the secret, without
/// passing the secret on.
#[derive(Debug, Clone, Copy)]
pub struct SecretDigest(pub [u8; 32]);

impl SecretDigest {
    /// The digest of a secret.
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }
}

/// In a time that reveals nothing about where they differ.
impl PartialEq for SecretDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretDigest {}

/// What tickets are made with.
pub struct TicketKey(Zeroizing<[u8; KEY_SIZE]>);

impl TicketKey {
    /// Makes out a ticket for a child.
    pub fn issue(&self, child: Pid, account: AccountId, name: String, reads: bool) -> Ticket {
        let mut ticket = Ticket { account, name, reads, seal: [0; SEAL_SIZE] };
        ticket.seal = self.mac(child, &ticket).finalize().into_bytes().into();
        ticket
    }

    /// Whether this is a ticket that was made out for this child.
    pub fn recognises(&self, child: Pid, ticket: &Ticket) -> bool {
        self.mac(child, ticket).verify_slice(&ticket.seal).is_ok()
    }

    fn mac(&self, child: Pid, ticket: &Ticket) -> Hmac<Sha256> {
        // What has a fixed size comes first: no two tickets are the same bytes.
        let created = ticket.account.created.map_or(i64::MIN, |created| created.0);
        <Hmac<Sha256> as Mac>::new((&*self.0).into())
            .chain_update(PURPOSE)
            .chain_update(child.as_raw().to_le_bytes())
            .chain_update(ticket.account.number.to_le_bytes())
            .chain_update(created.to_le_bytes())
            .chain_update([u8::from(ticket.reads)])
            .chain_update(ticket.name.as_bytes())
    }
}

/// Where writers keep the key, one for the next. The parent makes it and passes it on, and closes it in every other
/// child.
#[derive(Debug)]
pub struct KeyMemory(File);

impl KeyMemory {
    /// Memory without a key yet.
    ///
    /// # Errors
    /// No descriptor, or no memory.
    pub fn new() -> Result<Self, Errno> {
        let memory = memfd_create(c"cidian-tickets", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
        Ok(Self(File::from(memory)))
    }

    /// The key; the first writer draws it. One at a time does this.
    ///
    /// # Errors
    /// No memory, or no random numbers.
    pub fn take_up(&self) -> io::Result<TicketKey> {
        let mut key = Zeroizing::new([0; KEY_SIZE]);
        if self.0.metadata()?.len() == KEY_SIZE as u64 {
            self.0.read_exact_at(&mut *key, 0)?;
        } else {
            getrandom::fill(&mut *key).map_err(io::Error::other)?;
            self.0.write_all_at(&*key, 0)?;
            let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW;
            fcntl(&self.0, FcntlArg::F_ADD_SEALS(seals))?;
        }
        Ok(TicketKey(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Microseconds;

    fn ann() -> AccountId {
        AccountId { number: 7, created: Some(Microseconds(1)) }
    }

    #[test]
    fn every_writer_has_the_same_key_and_every_daemon_another() {
        let (memory, other) = (KeyMemory::new().unwrap(), KeyMemory::new().unwrap());
        let child = Pid::from_raw(42);
        let ticket = memory.take_up().unwrap().issue(child, ann(), "ann".to_owned(), true);
        assert!(memory.take_up().unwrap().recognises(child, &ticket));
        assert!(!other.take_up().unwrap().recognises(child, &ticket));
        assert!(memory.0.write_all_at(&[0; KEY_SIZE], 0).is_err(), "the key stays");
    }

    #[test]
    fn a_ticket_is_good_for_what_it_says_and_its_child_only() {
        let key = KeyMemory::new().unwrap().take_up().unwrap();
        let child = Pid::from_raw(42);
        let ticket = key.issue(child, ann(), "ann".to_owned(), false);
        assert!(key.recognises(child, &ticket));
        assert!(!key.recognises(Pid::from_raw(43), &ticket));
        let mut seal = ticket.seal;
        seal[31] ^= 1;
        for forged in [
            Ticket { account: AccountId { number: 8, ..ann() }, ..ticket.clone() },
            Ticket { account: AccountId { created: Some(Microseconds(2)), ..ann() }, ..ticket.clone() },
            Ticket { account: AccountId { created: None, ..ann() }, ..ticket.clone() },
            Ticket { name: "bob".to_owned(), ..ticket.clone() },
            Ticket { name: "ann ".to_owned(), ..ticket.clone() },
            Ticket { reads: true, ..ticket.clone() },
            Ticket { seal, ..ticket.clone() },
            Ticket { seal: [0; SEAL_SIZE], ..ticket.clone() },
        ] {
            assert!(!key.recognises(child, &forged), "{forged:?}");
        }
    }

    #[test]
    fn who_knows_a_secret_is_recognised() {
        assert_eq!(SecretDigest::of("$argon2id$x"), SecretDigest::of("$argon2id$x"));
        assert_ne!(SecretDigest::of("$argon2id$x"), SecretDigest::of("$argon2id$y"));
    }
}
