//! The format of a record in the spool: the number of bytes, their checksum, then the bytes, which are a batch of this
//! one record. Pure. No byte is trusted, because a disk may have kept only a part of what was written, or damaged it.

use crate::ipc::message::{read_batch, read_batch_of_old, write_batch};
use crate::store::{Batch, Identity, MAX_NAME_CHARS, MAX_WORD_CHARS};

/// What a spool begins with: this, then the identity of the database that its records are for, and a newline.
pub const MAGIC: [u8; 16] = *b"cidian spool 02\n";
/// What one of version 1 began with, which did not name the database. Nor did its frames have accounts' creation times.
pub const MAGIC_OF_OLD: [u8; 16] = *b"cidian spool 01\n";
/// How long all of it is.
pub const HEADER_SIZE: usize = MAGIC.len() + Identity::SIZE + 1;

/// What a spool for this database begins with.
pub fn header(identity: Identity) -> Vec<u8> {
    [&MAGIC[..], identity.to_string().as_bytes(), b"\n"].concat()
}

/// The database that a spool is for, by what it begins with.
pub fn read_header(begin: &[u8]) -> Option<Identity> {
    let text = begin.get(..HEADER_SIZE)?.strip_prefix(&MAGIC)?.strip_suffix(b"\n")?;
    Identity::parse(std::str::from_utf8(text).ok()?)
}

/// A size and a checksum, four bytes each.
const HEAD: usize = 8;
/// The shortest and the longest record: account, when it was made, name, time, origin, word.
const LEAST: usize = 8 + 8 + 2 + 8 + 8 + 2;
const LEAST_OF_OLD: usize = LEAST - 8;
const MOST: usize = LEAST + MAX_NAME_CHARS * 4 + MAX_WORD_CHARS * 4;
/// No frame is longer.
pub const MAX_FRAME: usize = HEAD + MOST;

/// Writes the records of a batch, a frame for each.
pub fn push(out: &mut Vec<u8>, batch: &Batch) {
    for record in &batch.records {
        let head = out.len();
        out.extend_from_slice(&[0; HEAD]);
        write_batch(out, batch.account, &batch.name, std::slice::from_ref(record));
        let body = head + HEAD;
        // Never longer than a few hundred bytes.
        let size = u32::try_from(out.len() - body).unwrap_or(u32::MAX);
        let checksum = crc32fast::hash(&out[body..]);
        out[head..head + 4].copy_from_slice(&size.to_le_bytes());
        out[head + 4..body].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Reads the frame at the beginning of `bytes`: a batch of one record, and how many bytes it took. `None` if what is
/// there is not a whole frame.
pub fn read(bytes: &[u8]) -> Option<(Batch, usize)> {
    read_as(bytes, LEAST, read_batch)
}

/// The same in a spool of version 1.
pub fn read_of_old(bytes: &[u8]) -> Option<(Batch, usize)> {
    read_as(bytes, LEAST_OF_OLD, read_batch_of_old)
}

fn read_as(bytes: &[u8], least: usize, batch: impl Fn(&[u8]) -> Option<Batch>) -> Option<(Batch, usize)> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    // A size of zero, such as a hole in a file has, is invalid.
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| (least..=MOST).contains(size))?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let body = rest.get(..size)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let batch = batch(body).filter(|batch| batch.records.len() == 1)?;
    Some((batch, HEAD + size))
}

/// Where the first whole frame in `bytes` begins that `read` finds one.
pub fn find(bytes: &[u8], read: ReadFrame) -> Option<usize> {
    (0..bytes.len()).find(|&at| read(&bytes[at..]).is_some())
}

/// [`read`] or [`read_of_old`].
pub type ReadFrame = fn(&[u8]) -> Option<(Batch, usize)>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AccountId, Microseconds, Record};
    use proptest::prelude::*;

    fn batch(name: &str, words: &[&str]) -> Batch {
        let record = |(at, word): (usize, &&str)| Record {
            word: (*word).to_owned(),
            time: Microseconds(i64::try_from(at).unwrap()),
            origin: 7,
        };
        Batch {
            account: AccountId { number: 3, created: Some(Microseconds(5)) },
            name: name.to_owned(),
            records: words.iter().enumerate().map(record).collect(),
        }
    }

    #[test]
    fn the_longest_record_fits_and_nothing_else_is_a_frame() {
        let mut bytes = Vec::new();
        push(&mut bytes, &batch(&"𝕏".repeat(MAX_NAME_CHARS), &[&"𝕏".repeat(MAX_WORD_CHARS)]));
        assert_eq!(bytes.len(), MAX_FRAME);
        assert_eq!(read(&bytes).map(|(_, size)| size), Some(MAX_FRAME));
        for none in [&[0; 64][..], &[], &[1; 7], &MAGIC, &bytes[..MAX_FRAME - 1], &bytes[1..]] {
            assert_eq!(read(none), None);
        }
    }

    #[test]
    fn a_frame_is_found_behind_damage() {
        let mut bytes = b"not a frame, and longer than a frame's head".to_vec();
        let place = bytes.len();
        push(&mut bytes, &batch("ann", &["apple"]));
        assert_eq!(find(&bytes, read), Some(place));
        assert_eq!(find(&bytes[..bytes.len() - 1], read), None);
    }

    proptest! {
        #[test]
        fn records_read_as_they_are_written_up_to_where_the_file_was_cut(
            words in prop::collection::vec(".{1,20}", 1..6),
            name in ".{1,32}",
            cut in any::<prop::sample::Index>(),
        ) {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let whole = batch(&name, &words);
            let mut bytes = Vec::new();
            push(&mut bytes, &whole);
            let cut = cut.index(bytes.len() + 1);
            let mut rest = &bytes[..cut];
            let mut found = Vec::new();
            while let Some((one, size)) = read(rest) {
                prop_assert_eq!((one.account, &one.name), (whole.account, &whole.name));
                found.extend(one.records);
                rest = &rest[size..];
            }
            prop_assert_eq!(&found[..], &whole.records[..found.len()]);
            if cut == bytes.len() {
                prop_assert_eq!(found.len(), words.len());
            }
        }

        #[test]
        fn a_changed_bit_is_seen(word in "[a-z]{1,20}", bit in any::<prop::sample::Index>()) {
            let mut bytes = Vec::new();
            push(&mut bytes, &batch("ann", &[&word]));
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(read(&bytes), None);
        }

        #[test]
        fn any_bytes_are_a_frame_or_none(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = (read(&bytes), read_of_old(&bytes), find(&bytes, read), read_header(&bytes));
        }
    }
}
