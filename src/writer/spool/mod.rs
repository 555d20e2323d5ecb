//! The spool: where records are kept while the database is away. It is a file that grows until all of it is delivered,
//! and then begins anew.
//!
//! A record is durable when [`Spool::append`] returns. A record is never marked as delivered before the database has
//! committed it; if it is found again after a crash, it is delivered again, which a row's identity makes harmless.

mod aside;
mod file;
mod frame;
mod reader;

pub use file::SpoolFile;

use crate::store::{AccountId, Batch, Error, Identity, Microseconds};
use frame::HEADER_SIZE;
use reader::{Reader, tell_cut_off};
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The most records of an account that are delivered as one batch: a store takes four times as many.
const MOST_IN_BATCH: usize = 256;

/// An open spool.
#[derive(Debug)]
pub(super) struct Spool<'a> {
    opened: &'a SpoolFile,
    file: &'a File,
    /// Where the first record begins that is not delivered.
    head: u64,
    /// Where the next record is put; 0 when the file is empty.
    end: u64,
    /// How many records are between the two.
    records: u64,
    /// When the first of them was looked up.
    oldest: Option<Microseconds>,
    /// Whether something may lie behind the end: a write has failed.
    littered: bool,
}

/// Records to deliver.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// Batches of an account's records, in their order.
    pub batches: Vec<Batch>,
    /// How many records they are.
    pub records: u64,
    /// Where the next chunk begins, and the time of its first record.
    next: u64,
    next_oldest: Option<Microseconds>,
}

impl<'a> Spool<'a> {
    /// Takes up the spool that the parent has opened, with what an earlier writer or daemon has left in it. What a
    /// crash has cut off at its end was never acknowledged, and goes.
    ///
    /// # Errors
    /// It can't be read.
    pub fn take_up(opened: &'a SpoolFile) -> io::Result<Self> {
        let mut spool =
            Self { opened, file: opened.file(), head: 0, end: 0, records: 0, oldest: None, littered: false };
        let size = spool.file.metadata()?.len();
        let mut header = [0; HEADER_SIZE];
        let begun = size >= HEADER_SIZE as u64 && {
            spool.file.read_exact_at(&mut header, 0)?;
            frame::read_header(&header) == Some(opened.identity())
        };
        if begun {
            let mut reader = Reader::new(spool.file, HEADER_SIZE as u64, size, frame::read);
            while let Some(batch) = reader.next()? {
                spool.records += 1;
                spool.oldest = spool.oldest.or_else(|| time_of(&batch));
            }
            reader.tell_damage();
            // Without a record in it, a header is nothing.
            if spool.records > 0 {
                (spool.head, spool.end) = (HEADER_SIZE as u64, reader.at());
            }
        }
        if spool.end < size {
            let cut = size - spool.end;
            if spool.records > 0 || cut > HEADER_SIZE as u64 {
                tell_cut_off(cut);
            }
            spool.cut_off()?;
        }
        Ok(spool)
    }

    /// The database that it is for.
    pub fn identity(&self) -> Identity {
        self.opened.identity()
    }

    /// Whether its name stands for another file now, or for none, and could stand for it again: what is in it is lost
    /// when the daemon ends. (Where its directory is not there, nothing can be done about it yet.)
    pub fn can_be_put_back(&self) -> bool {
        !self.is_empty() && self.opened.can_be_put_back()
    }

    /// Whether its name stands for another file now, or for none.
    pub fn is_removed(&self) -> bool {
        self.opened.is_removed()
    }

    /// Whether everything is delivered.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Whether anything may be put into it at all.
    pub fn is_enabled(&self) -> bool {
        self.opened.limit() > 0
    }

    /// How many bytes there are.
    pub fn size(&self) -> u64 {
        self.end
    }

    /// How many records are not delivered.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// When the oldest of them was looked up.
    pub fn oldest(&self) -> Option<Microseconds> {
        self.oldest
    }

    /// Puts batches into the spool, with one write and one flush of the disk for all, and returns for each whether its
    /// records are there, and durable. One for which there is no room leaves room for others.
    pub fn append(&mut self, batches: &[&Batch]) -> Vec<Result<(), Error>> {
        let mut bytes = if self.is_empty() { frame::header(self.identity()) } else { Vec::new() };
        let limit = self.opened.limit();
        let room = usize::try_from(limit.saturating_sub(self.end)).unwrap_or(usize::MAX);
        let mut records = 0;
        let mut oldest = None;
        let mut outcomes: Vec<Result<(), Error>> = Vec::with_capacity(batches.len());
        for batch in batches {
            let before = bytes.len();
            frame::push(&mut bytes, batch);
            if bytes.len() > room {
                bytes.truncate(before);
                outcomes.push(Err(Error::world(format!("the spool is full: {} of {limit} bytes", self.end))));
            } else {
                records += batch.records.len() as u64;
                oldest = oldest.or_else(|| time_of(batch));
                outcomes.push(Ok(()));
            }
        }
        if records == 0 {
            return outcomes;
        }
        match self.write(&bytes) {
            Ok(()) => {
                self.head = if self.is_empty() { HEADER_SIZE as u64 } else { self.head };
                self.end += bytes.len() as u64;
                self.records += records;
                self.oldest = self.oldest.or(oldest);
            }
            Err(error) => {
                self.littered = true;
                let failed = Error::world(format!("cannot write to the spool: {error}"));
                outcomes.iter_mut().filter(|outcome| outcome.is_ok()).for_each(|one| *one = Err(failed.clone()));
            }
        }
        outcomes
    }

    /// Writes behind the end, and waits until it is on the disk.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.littered {
            self.cut_off()?;
        }
        self.file.write_all_at(bytes, self.end)?;
        self.file.sync_data()
    }

    /// Ends the file where the records end.
    fn cut_off(&mut self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_data()?;
        self.littered = false;
        Ok(())
    }

    /// Reads at most `most` records that are to be delivered next.
    ///
    /// # Errors
    /// They can't be read.
    pub fn chunk(&self, most: u64) -> io::Result<Chunk> {
        self.chunk_from(self.head, most)
    }

    /// Reads at most `most` records that follow those of a chunk, if there are any.
    ///
    /// # Errors
    /// They can't be read.
    pub fn chunk_after(&self, chunk: &Chunk, most: u64) -> io::Result<Option<Chunk>> {
        if chunk.next >= self.end { Ok(None) } else { self.chunk_from(chunk.next, most).map(Some) }
    }

    fn chunk_from(&self, place: u64, most: u64) -> io::Result<Chunk> {
        let mut chunk = Chunk { next: place, ..Chunk::default() };
        let mut places: HashMap<(AccountId, String), usize> = HashMap::new();
        let mut reader = Reader::new(self.file, place, self.end, frame::read);
        while let Some(batch) = reader.next()? {
            if chunk.records == most {
                chunk.next_oldest = time_of(&batch);
                break;
            }
            chunk.next = reader.at();
            chunk.records += 1;
            let key = (batch.account, batch.name.clone());
            match places.get(&key).filter(|&&place| chunk.batches[place].records.len() < MOST_IN_BATCH) {
                Some(&place) => chunk.batches[place].records.extend(batch.records),
                None => {
                    places.insert(key, chunk.batches.len());
                    chunk.batches.push(batch);
                }
            }
        }
        if chunk.next_oldest.is_none() {
            // Whatever else there is, is not a record.
            chunk.next = self.end;
        }
        reader.tell_damage();
        Ok(chunk)
    }

    /// A chunk is in the database, for good. When it was the last, the file begins anew.
    ///
    /// # Errors
    /// The file can't be emptied; it counts as not empty, with nothing to deliver in it.
    pub fn delivered(&mut self, chunk: &Chunk) -> io::Result<()> {
        self.head = chunk.next;
        self.records = self.records.saturating_sub(chunk.records);
        self.oldest = chunk.next_oldest;
        if self.head < self.end {
            return Ok(());
        }
        self.records = 0;
        self.file.set_len(0)?;
        // On the disk before a history may be cleared: what was delivered and then cleared must not come back.
        self.file.sync_data()?;
        (self.head, self.end, self.littered) = (0, 0, false);
        Ok(())
    }
}

fn time_of(batch: &Batch) -> Option<Microseconds> {
    batch.records.first().map(|record| record.time)
}

#[cfg(test)]
mod tests;
