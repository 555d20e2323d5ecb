//! What a child and the writer say to each other, as bytes: a batch of records, and what came of it. Pure; it trusts
//! neither side, because a child may be anybody's.

use crate::store::{AccountId, Batch, Error, Kind, MAX_NAME_CHARS, MAX_WORD_CHARS, Microseconds, Record, Standing};

/// The most records in one batch.
pub const MOST_RECORDS: usize = 64;
/// No message is longer: a batch of the longest words, under the longest name.
pub const MAX_MESSAGE: usize = 8 + 8 + 2 + MAX_NAME_CHARS * 4 + MOST_RECORDS * (8 + 8 + 2 + MAX_WORD_CHARS * 4);
/// The longest explanation of a failure.
const MAX_EXPLANATION: usize = 1_024;

/// Stands for a time that is not known.
const UNKNOWN: i64 = i64::MIN;

/// Writes a batch: account, when it was made, name, and each record's time, origin and word.
pub fn write_batch(out: &mut Vec<u8>, account: AccountId, name: &str, records: &[Record]) {
    out.extend_from_slice(&account.number.to_le_bytes());
    out.extend_from_slice(&account.created.map_or(UNKNOWN, |created| created.0).to_le_bytes());
    push_text(out, name);
    for record in records {
        out.extend_from_slice(&record.time.0.to_le_bytes());
        out.extend_from_slice(&record.origin.to_le_bytes());
        push_text(out, &record.word);
    }
}

/// Reads a batch. `None` for anything that is none.
pub fn read_batch(mut bytes: &[u8]) -> Option<Batch> {
    let number = u64::from_le_bytes(take(&mut bytes)?);
    let created = Some(i64::from_le_bytes(take(&mut bytes)?)).filter(|&created| created != UNKNOWN).map(Microseconds);
    read_rest(AccountId { number, created }, bytes)
}

/// The same as it was written before version 2 of the spool: without the time when the account was made.
pub fn read_batch_of_old(mut bytes: &[u8]) -> Option<Batch> {
    let number = u64::from_le_bytes(take(&mut bytes)?);
    read_rest(AccountId { number, created: None }, bytes)
}

fn read_rest(account: AccountId, mut bytes: &[u8]) -> Option<Batch> {
    let name = take_text(&mut bytes)?;
    let mut records = Vec::new();
    while !bytes.is_empty() {
        if records.len() == MOST_RECORDS {
            return None;
        }
        let time = Microseconds(i64::from_le_bytes(take(&mut bytes)?));
        let origin = u64::from_le_bytes(take(&mut bytes)?);
        records.push(Record { word: take_text(&mut bytes)?, time, origin });
    }
    Some(Batch { account, name, records })
}

const LIVE: u8 = b'l';
const GONE: u8 = b'g';
const KINDS: [(Kind, u8); 3] = [(Kind::World, b'w'), (Kind::Configuration, b'c'), (Kind::Bug, b'b')];

/// Writes what came of a batch.
pub fn write_outcome(out: &mut Vec<u8>, outcome: &Result<Standing, Error>) {
    match outcome {
        Ok(Standing::Live) => out.push(LIVE),
        Ok(Standing::Gone) => out.push(GONE),
        Err(error) => {
            out.extend(KINDS.iter().filter(|(kind, _)| *kind == error.kind).map(|(_, byte)| byte));
            let end = error.message.floor_char_boundary(MAX_EXPLANATION);
            out.extend_from_slice(&error.message.as_bytes()[..end]);
        }
    }
}

/// Reads what came of a batch. `None` for anything that says nothing of that.
pub fn read_outcome(bytes: &[u8]) -> Option<Result<Standing, Error>> {
    match bytes.split_first()? {
        (&LIVE, []) => Some(Ok(Standing::Live)),
        (&GONE, []) => Some(Ok(Standing::Gone)),
        (byte, message) => {
            let kind = KINDS.iter().find(|(_, known)| known == byte)?.0;
            Some(Err(Error { kind, message: std::str::from_utf8(message).ok()?.to_owned() }))
        }
    }
}

/// The longest message that says what came of a batch.
pub const MAX_OUTCOME: usize = 1 + MAX_EXPLANATION;

fn push_text(out: &mut Vec<u8>, text: &str) {
    // A text that is too long for its two bytes of length is cut, and then refused by the store, which knows better
    // what is too long.
    let size = text.floor_char_boundary(usize::from(u16::MAX));
    out.extend_from_slice(&u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(&text.as_bytes()[..size]);
}

fn take<const SIZE: usize>(bytes: &mut &[u8]) -> Option<[u8; SIZE]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let size = usize::from(u16::from_le_bytes(take(bytes)?));
    let (text, rest) = bytes.split_at_checked(size)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn outcomes_read_as_they_are_written() {
        let long = "长".repeat(MAX_EXPLANATION);
        for outcome in [
            Ok(Standing::Live),
            Ok(Standing::Gone),
            Err(Error::world("away")),
            Err(Error::configuration("")),
            Err(Error::bug("我们的")),
        ] {
            let mut bytes = Vec::new();
            write_outcome(&mut bytes, &outcome);
            assert_eq!(read_outcome(&bytes), Some(outcome));
        }
        let mut bytes = Vec::new();
        write_outcome(&mut bytes, &Err(Error::world(long.clone())));
        assert!(bytes.len() <= MAX_OUTCOME);
        let cut = read_outcome(&bytes).unwrap().unwrap_err().message;
        assert!(long.starts_with(&cut) && cut.len() > MAX_EXPLANATION - 3);
        assert!([&b""[..], b"x", b"ll", b"g?", b"w\xff"].iter().all(|bytes| read_outcome(bytes).is_none()));
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
            let _ = read_outcome(&bytes);
        }
    }
}
