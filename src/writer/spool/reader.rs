//! Reading a spool's records one after the other, also those after a damaged part.

use super::frame::{self, MAX_FRAME, ReadFrame};
use crate::store::Batch;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How much is read at once.
pub(super) const WINDOW: usize = 64 * 1024;

/// Reads one record after the other, and skips what is not a record.
pub(super) struct Reader<'a> {
    file: &'a File,
    /// Where the next record is looked for.
    at: u64,
    end: u64,
    bytes: Vec<u8>,
    /// Where the first of these bytes is in the file.
    begin: u64,
    /// How many bytes between records were skipped.
    damaged: u64,
    read: ReadFrame,
}

impl<'a> Reader<'a> {
    /// Reads between two places of a file, by [`super::frame::read`] or its like.
    pub fn new(file: &'a File, at: u64, end: u64, read: ReadFrame) -> Self {
        Self { file, at, end, bytes: Vec::new(), begin: at, damaged: 0, read }
    }

    /// Where the last record ended.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next record; `None` when there is no other. Then `at` is behind the last one.
    pub fn next(&mut self) -> io::Result<Option<Batch>> {
        if let Some((batch, size)) = (self.read)(self.at_least(self.at, MAX_FRAME)?) {
            self.at += size as u64;
            return Ok(Some(batch));
        }
        // Damage, or the end: only if another record follows it is damage.
        let mut place = self.at;
        while place < self.end {
            let read = self.read;
            if let Some(found) = frame::find(self.at_least(place, WINDOW)?, read) {
                place += found as u64;
                if let Some((batch, size)) = (self.read)(self.at_least(place, MAX_FRAME)?) {
                    self.damaged += place - self.at;
                    self.at = place + size as u64;
                    return Ok(Some(batch));
                }
            }
            // A frame may begin in the last bytes that were looked at.
            let looked = bytes_looked_at(self.at_least(place, WINDOW)?.len());
            place += looked;
        }
        Ok(None)
    }

    /// What the file has at a position: `wanted` bytes if they are there, at most a window more.
    fn at_least(&mut self, place: u64, wanted: usize) -> io::Result<&[u8]> {
        let have = self.begin + self.bytes.len() as u64;
        let wanted = place.saturating_add(wanted as u64).min(self.end);
        if place < self.begin || wanted > have {
            let size = usize::try_from(self.end.saturating_sub(place)).unwrap_or(usize::MAX).min(WINDOW);
            self.bytes.resize(size, 0);
            self.begin = place;
            self.file.read_exact_at(&mut self.bytes, place)?;
        }
        let from = usize::try_from(place - self.begin).unwrap_or(usize::MAX).min(self.bytes.len());
        Ok(&self.bytes[from..])
    }

    /// Logs what was skipped.
    pub fn tell_damage(&self) {
        if self.damaged > 0 {
            log::error!(
                "{} bytes in the middle of the spool are damaged; the lookups in them are lost: is the disk failing?",
                self.damaged
            );
        }
    }
}

/// Logs what a spool is cut off at its end.
pub(super) fn tell_cut_off(cut: u64) {
    log::warn!("the spool ends with {cut} bytes of an incomplete record: its write was cut off and never acknowledged");
}

/// How far to go on when no frame was found in this many bytes.
fn bytes_looked_at(size: usize) -> u64 {
    let step = if size > MAX_FRAME { size - MAX_FRAME } else { size };
    step.max(1) as u64
}
