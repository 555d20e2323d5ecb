//! The headwords of an MDX file.

use super::blocks;
use super::header::Header;
use crate::words::import::failure::Failure;

/// The headwords, in one run of text, and the record of each.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) text: String,
    /// Where the record lies, and the headword in `text`.
    pub(super) keys: Vec<(u64, u32, u32)>,
}

impl Keys {
    pub(super) fn push(&mut self, record: u64, headword: &str) -> Result<(), Failure> {
        let begin = u32::try_from(self.text.len()).map_err(|_| Failure::TooLarge)?;
        self.text.push_str(headword);
        let end = u32::try_from(self.text.len()).map_err(|_| Failure::TooLarge)?;
        self.keys.push((record, begin, end));
        Ok(())
    }

    pub(super) fn headword(&self, number: usize) -> &str {
        self.keys.get(number).map_or("", |&(_, begin, end)| &self.text[begin as usize..end as usize])
    }

    /// Takes a block apart.
    pub(super) fn add(&mut self, block: &[u8], header: &Header, number_bytes: usize) -> Result<(), Failure> {
        let cut_off = || Failure::damaged("keys", "a headword is truncated");
        let mut rest = block;
        while !rest.is_empty() {
            let (record, after) = rest.split_at_checked(number_bytes).ok_or_else(cut_off)?;
            let end = if header.wide() {
                after.chunks_exact(2).position(|unit| unit == b"\0\0").map(|units| 2 * units)
            } else {
                after.iter().position(|&byte| byte == 0)
            };
            let end = end.ok_or_else(cut_off)?;
            self.push(blocks::big_endian(record), header.text(&after[..end]).trim())?;
            rest = &after[end + if header.wide() { 2 } else { 1 }..];
        }
        Ok(())
    }
}
