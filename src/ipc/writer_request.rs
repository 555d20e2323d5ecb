//! A session's requests to the writer, as bytes. Pure. The writer trusts nothing in a request except its [`Ticket`],
//! which shows for which account the session may act.

use super::message::{
    MAX_ACCOUNT, MAX_RECORD, MOST_RECORDS, push_account, push_records, push_text, read_records, take, take_account,
    take_text,
};
use super::ticket::{Proof, SEAL_SIZE, SecretDigest, Ticket};
use crate::store::{Microseconds, Place, Record, TokenHash};

/// The most lookups that are asked for at once; a session that wants more reads them on a connection of its own.
pub const MOST_RECENT: u32 = 10;
/// No request is longer.
pub const MAX_REQUEST: usize = 1 + MAX_TICKET + MOST_RECORDS * MAX_RECORD;
const MAX_TICKET: usize = 1 + SEAL_SIZE + MAX_ACCOUNT;

const LOG_IN: u8 = b'l';
const KEEP: u8 = b'k';
const RECENT: u8 = b'r';
const BY_TOKEN: u8 = b't';
const BY_PASSWD: u8 = b'p';
const BY_DICT_KEY: u8 = b'd';

/// A request to the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterRequest {
    /// A login: whose account it is, and a ticket for it.
    LogIn {
        /// The account's name.
        name: String,
        /// What shows that it may be used.
        proof: Proof,
        /// Whether the ticket is to be good for reading, too.
        reads: bool,
    },
    /// Lookups to be kept together; without any, how the account stands.
    Keep {
        /// For whom.
        ticket: Ticket,
        /// At most [`MOST_RECORDS`].
        records: Vec<Record>,
    },
    /// The last lookups, newest first.
    Recent {
        /// Whose.
        ticket: Ticket,
        /// How many, at most [`MOST_RECENT`].
        count: u32,
        /// Of those before this place; of all without one.
        before: Option<Place>,
    },
}

/// Writes a login.
pub fn write_log_in(out: &mut Vec<u8>, name: &str, proof: &Proof, reads: bool) {
    out.extend([LOG_IN, u8::from(reads)]);
    let (kind, bytes) = match proof {
        Proof::Token(hash) => (BY_TOKEN, hash.bytes()),
        Proof::Passwd(digest) => (BY_PASSWD, &digest.0),
        Proof::DictKey(digest) => (BY_DICT_KEY, &digest.0),
    };
    out.push(kind);
    out.extend_from_slice(bytes);
    push_text(out, name);
}

/// Writes lookups to be kept, or without any the question how the account stands.
pub fn write_keep(out: &mut Vec<u8>, ticket: &Ticket, records: &[Record]) {
    out.push(KEEP);
    push_ticket(out, ticket);
    push_records(out, records);
}

/// Writes the question for the last lookups, or for the last before a place.
pub fn write_recent(out: &mut Vec<u8>, ticket: &Ticket, count: u32, before: Option<Place>) {
    out.push(RECENT);
    push_ticket(out, ticket);
    out.extend_from_slice(&count.to_le_bytes());
    if let Some(Place { time, origin }) = before {
        out.extend_from_slice(&time.0.to_le_bytes());
        out.extend_from_slice(&origin.to_le_bytes());
    }
}

/// Reads a request. `None` if the bytes are not one.
pub fn read_request(bytes: &[u8]) -> Option<WriterRequest> {
    let (&kind, mut bytes) = bytes.split_first()?;
    let request = match kind {
        LOG_IN => {
            let [reads, kind] = take(&mut bytes)?;
            let shown = take(&mut bytes)?;
            let proof = match kind {
                BY_TOKEN => Proof::Token(TokenHash::from_bytes(shown)),
                BY_PASSWD => Proof::Passwd(SecretDigest(shown)),
                BY_DICT_KEY => Proof::DictKey(SecretDigest(shown)),
                _ => return None,
            };
            WriterRequest::LogIn { name: take_text(&mut bytes)?, proof, reads: yes_or_no(reads)? }
        }
        KEEP => {
            let ticket = take_ticket(&mut bytes)?;
            let records = read_records(std::mem::take(&mut bytes))?;
            WriterRequest::Keep { ticket, records }
        }
        RECENT => {
            let ticket = take_ticket(&mut bytes)?;
            let count =
                Some(u32::from_le_bytes(take(&mut bytes)?)).filter(|count| (1..=MOST_RECENT).contains(count))?;
            let before = if bytes.is_empty() { None } else { Some(take_place(&mut bytes)?) };
            WriterRequest::Recent { ticket, count, before }
        }
        _ => return None,
    };
    bytes.is_empty().then_some(request)
}

pub(super) fn push_ticket(out: &mut Vec<u8>, ticket: &Ticket) {
    out.push(u8::from(ticket.reads));
    out.extend_from_slice(&ticket.seal);
    push_account(out, ticket.account);
    push_text(out, &ticket.name);
}

pub(super) fn take_ticket(bytes: &mut &[u8]) -> Option<Ticket> {
    let [reads] = take(bytes)?;
    let (reads, seal) = (yes_or_no(reads)?, take(bytes)?);
    Some(Ticket { reads, seal, account: take_account(bytes)?, name: take_text(bytes)? })
}

fn take_place(bytes: &mut &[u8]) -> Option<Place> {
    let time = Microseconds(i64::from_le_bytes(take(bytes)?));
    Some(Place { time, origin: u64::from_le_bytes(take(bytes)?) })
}

fn yes_or_no(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AccountId, MAX_NAME_CHARS, MAX_WORD_CHARS};
    use proptest::prelude::*;

    fn ticket(name: &str) -> Ticket {
        let account = AccountId { number: 7, created: Some(Microseconds(1)) };
        Ticket { account, name: name.to_owned(), reads: true, seal: [3; SEAL_SIZE] }
    }

    #[test]
    fn the_longest_request_fits() {
        let record = Record { word: "𝕏".repeat(MAX_WORD_CHARS), time: Microseconds(i64::MAX), origin: u64::MAX };
        let mut bytes = Vec::new();
        write_keep(&mut bytes, &ticket(&"𝕏".repeat(MAX_NAME_CHARS)), &vec![record; MOST_RECORDS]);
        assert_eq!(bytes.len(), MAX_REQUEST);
        assert!(
            matches!(read_request(&bytes), Some(WriterRequest::Keep { records, .. }) if records.len() == MOST_RECORDS)
        );
    }

    #[test]
    fn requests_read_as_they_are_written() {
        for proof in [
            Proof::Token(TokenHash::of("x")),
            Proof::Passwd(SecretDigest::of("$argon2id$")),
            Proof::DictKey(SecretDigest::of("abc")),
        ] {
            let mut bytes = Vec::new();
            write_log_in(&mut bytes, "ann", &proof, false);
            assert_eq!(
                read_request(&bytes),
                Some(WriterRequest::LogIn { name: "ann".to_owned(), proof, reads: false })
            );
            bytes.push(0);
            assert_eq!(read_request(&bytes), None, "nothing may follow");
        }
        for before in [None, Some(Place { time: Microseconds(-5), origin: u64::MAX })] {
            let mut bytes = Vec::new();
            write_recent(&mut bytes, &ticket("ann"), MOST_RECENT, before);
            let expected = WriterRequest::Recent { ticket: ticket("ann"), count: MOST_RECENT, before };
            assert_eq!(read_request(&bytes), Some(expected));
            bytes.push(0);
            assert_eq!(read_request(&bytes), None, "nothing may follow");
        }
        for count in [0, MOST_RECENT + 1, u32::MAX] {
            let mut bytes = Vec::new();
            write_recent(&mut bytes, &ticket("ann"), count, None);
            assert_eq!(read_request(&bytes), None, "{count}");
        }
    }

    proptest! {
        #[test]
        fn lookups_read_as_they_are_written(
            name in ".{1,32}",
            records in prop::collection::vec((".{1,128}", any::<i64>(), any::<u64>()), 0..=8),
        ) {
            let records: Vec<Record> = records
                .into_iter()
                .map(|(word, time, origin)| Record { word, time: Microseconds(time), origin })
                .collect();
            let mut bytes = Vec::new();
            write_keep(&mut bytes, &ticket(&name), &records);
            prop_assert_eq!(read_request(&bytes), Some(WriterRequest::Keep { ticket: ticket(&name), records }));
            prop_assert_eq!(read_request(&bytes[..bytes.len() - 1]).is_some_and(|request| {
                matches!(request, WriterRequest::Keep { records, .. } if !records.is_empty())
            }), false);
        }

        #[test]
        fn any_bytes_are_a_request_or_none(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = read_request(&bytes);
        }
    }
}
