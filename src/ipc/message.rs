//! A batch of records as bytes, for the spool, and its building blocks, from which [requests to the
//! writer](super::writer_request) and [its replies](super::writer_reply) are made, too. Pure. Nothing that is read here
//! is trusted, because a client may have taken over the child that sent it.

use crate::store::{AccountId, Batch, MAX_NAME_CHARS, MAX_WORD_CHARS, Microseconds, Record};

/// The most records in one batch.
pub const MOST_RECORDS: usize = 64;
/// The longest account with its name.
pub(super) const MAX_ACCOUNT: usize = 8 + 8 + 2 + MAX_NAME_CHARS * 4;
/// The longest record.
pub(super) const MAX_RECORD: usize = 8 + 8 + 2 + MAX_WORD_CHARS * 4;

/// Stands for a time that is not known.
const UNKNOWN: i64 = i64::MIN;

/// Writes a batch: account, when it was made, name, and each record's time, origin and word.
pub fn write_batch(out: &mut Vec<u8>, account: AccountId, name: &str, records: &[Record]) {
    push_account(out, account);
    push_text(out, name);
    push_records(out, records);
}

/// Reads a batch. `None` for anything else.
pub fn read_batch(mut bytes: &[u8]) -> Option<Batch> {
    let account = take_account(&mut bytes)?;
    read_rest(account, bytes)
}

/// The same as it was written before version 2 of the spool: without the time when the account was made.
pub fn read_batch_of_old(mut bytes: &[u8]) -> Option<Batch> {
    let number = u64::from_le_bytes(take(&mut bytes)?);
    read_rest(AccountId { number, created: None }, bytes)
}

fn read_rest(account: AccountId, mut bytes: &[u8]) -> Option<Batch> {
    let name = take_text(&mut bytes)?;
    Some(Batch { account, name, records: read_records(bytes)? })
}

/// Writes which account it is.
pub(super) fn push_account(out: &mut Vec<u8>, account: AccountId) {
    out.extend_from_slice(&account.number.to_le_bytes());
    out.extend_from_slice(&account.created.map_or(UNKNOWN, |created| created.0).to_le_bytes());
}

/// Reads which account it is.
pub(super) fn take_account(bytes: &mut &[u8]) -> Option<AccountId> {
    let number = u64::from_le_bytes(take(bytes)?);
    let created = Some(i64::from_le_bytes(take(bytes)?)).filter(|&created| created != UNKNOWN).map(Microseconds);
    Some(AccountId { number, created })
}

/// Writes each record's time, origin and word.
pub(super) fn push_records(out: &mut Vec<u8>, records: &[Record]) {
    for record in records {
        push_record(out, record.time, record.origin, &record.word);
    }
}

/// Writes the time, origin and word of one lookup.
pub(super) fn push_record(out: &mut Vec<u8>, time: Microseconds, origin: u64, word: &str) {
    out.extend_from_slice(&time.0.to_le_bytes());
    out.extend_from_slice(&origin.to_le_bytes());
    push_text(out, word);
}

/// Reads the time, the origin and the word of one lookup.
pub(super) fn take_record(bytes: &mut &[u8]) -> Option<Record> {
    let time = Microseconds(i64::from_le_bytes(take(bytes)?));
    let origin = u64::from_le_bytes(take(bytes)?);
    Some(Record { word: take_text(bytes)?, time, origin })
}

/// Reads records until the end, which are no more than there may be.
pub(super) fn read_records(mut bytes: &[u8]) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        if records.len() == MOST_RECORDS {
            return None;
        }
        records.push(take_record(&mut bytes)?);
    }
    Some(records)
}

pub(super) fn push_text(out: &mut Vec<u8>, text: &str) {
    // A text that is too long for its two bytes of length is cut, and then refused by the store, which knows better
    // what is too long.
    let size = text.floor_char_boundary(usize::from(u16::MAX));
    out.extend_from_slice(&u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(&text.as_bytes()[..size]);
}

pub(super) fn take<const SIZE: usize>(bytes: &mut &[u8]) -> Option<[u8; SIZE]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

pub(super) fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let size = usize::from(u16::from_le_bytes(take(bytes)?));
    let (text, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The size of the longest batch: of the longest words, under the longest name.
    const MAX_MESSAGE: usize = MAX_ACCOUNT + MOST_RECORDS * MAX_RECORD;

    fn id(number: u64) -> AccountId {
        AccountId { number, created: Some(Microseconds(7)) }
    }

    #[test]
    fn the_longest_batch_fits() {
        let word = "𝕏".repeat(MAX_WORD_CHARS);
        let record = Record { word, time: Microseconds(i64::MAX), origin: u64::MAX };
        let mut bytes = Vec::new();
        write_batch(&mut bytes, id(u64::MAX), &"𝕏".repeat(MAX_NAME_CHARS), &vec![record.clone(); MOST_RECORDS]);
        assert_eq!(bytes.len(), MAX_MESSAGE);
        assert_eq!(read_batch(&bytes).map(|batch| batch.records.len()), Some(MOST_RECORDS));
        write_batch(&mut bytes, id(0), "", &[]);
        assert_eq!(read_batch(&bytes), None, "nothing may follow");
        let mut bytes = Vec::new();
        write_batch(&mut bytes, id(1), "ann", &vec![Record { word: "w".into(), ..record }; MOST_RECORDS + 1]);
        assert_eq!(read_batch(&bytes), None, "one too many");
    }

    proptest! {
        #[test]
        fn a_batch_reads_as_it_is_written(
            account in any::<u64>(),
            created in prop::option::of(-1_000_i64..=i64::MAX),
            name in ".{1,32}",
            records in prop::collection::vec((".{1,128}", any::<i64>(), any::<u64>()), 0..=8),
        ) {
            let records: Vec<Record> = records
                .into_iter()
                .map(|(word, time, origin)| Record { word, time: Microseconds(time), origin })
                .collect();
            let mut bytes = Vec::new();
            write_batch(&mut bytes, AccountId { number: account, created: created.map(Microseconds) }, &name, &records);
            prop_assert!(bytes.len() <= MAX_MESSAGE);
            let batch = read_batch(&bytes);
            prop_assert_eq!(batch, Some(Batch { account: AccountId { number: account, created: created.map(Microseconds) }, name, records }));
            prop_assert_eq!(read_batch(&bytes[..bytes.len() - 1]), None);
        }

        #[test]
        fn any_bytes_are_a_message_or_none(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = read_batch(&bytes);
        }
    }
}
