//! Lines out of a stream of bytes, with a limit: the lines are the same however the bytes are split when they arrive,
//! and an endless line costs no more memory than the limit.
//!
//! A line may hold a password. Memory is wiped before it is given back to the allocator, and [`Lines::wipe`] wipes what
//! earlier lines have left in the buffer.

use std::ops::Range;
use zeroize::{Zeroize, Zeroizing};

/// A line that is longer is handed out with the buffer that holds it: it is never in memory twice.
const LONG: usize = 64 << 10;

/// One line of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A whole line within the limit, without its LF or CRLF.
    Whole(&'a [u8]),
    /// A line over the limit. It is reported once, as soon as it is seen; the rest of it is skipped.
    TooLong,
}

/// A line over the limit, where a whole one is an owned one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// A buffer that bytes are put into and lines are taken out of.
#[derive(Debug)]
pub struct Lines {
    buffer: Zeroizing<Vec<u8>>,
    /// Where the next line begins.
    start: usize,
    /// Up to where no LF was found: a line that drips in is searched once, not once a drip.
    searched: usize,
    /// Whether the line at `start` is the rest of one that was too long.
    skipping: bool,
    limit: usize,
}

impl Lines {
    /// An empty buffer for lines of at most `limit` bytes without their line end.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Zeroizing::default(), start: 0, searched: 0, skipping: false, limit }
    }

    /// Puts bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        let size = self.buffer.len() + bytes.len();
        if size > self.buffer.capacity() {
            // Growing in place of the vector's own: that would leave a copy behind.
            // Twice as large, but no larger than a line may be: all of it is wiped one day.
            let room = (2 * self.buffer.capacity()).min(self.limit.saturating_add(bytes.len()));
            let mut larger = Zeroizing::new(Vec::with_capacity(size.max(room)));
            larger.extend_from_slice(&self.buffer);
            self.buffer = larger;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next line out, if there is one.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        Some(self.next_range()?.map_or(Line::TooLong, |range| Line::Whole(&self.buffer[range])))
    }

    /// As [`Lines::next_line`], for a caller that keeps the line; `Err` for one over the limit. A long one is not
    /// copied.
    pub fn next_owned(&mut self) -> Option<Result<Vec<u8>, TooLong>> {
        let Some(range) = self.next_range()? else { return Some(Err(TooLong)) };
        if range.len() <= LONG {
            return Some(Ok(self.buffer[range].to_vec()));
        }
        let rest = self.buffer.split_off(self.start);
        let mut line = std::mem::replace(&mut *self.buffer, rest);
        (self.start, self.searched) = (0, 0);
        line.truncate(range.end);
        line.drain(..range.start);
        Some(Ok(line))
    }

    /// Where the next line is; `Some(None)` for one over the limit.
    fn next_range(&mut self) -> Option<Option<Range<usize>>> {
        loop {
            let newline = self.buffer[self.searched..].iter().position(|&b| b == b'\n').map(|at| self.searched + at);
            let Some(end) = newline else {
                self.searched = self.buffer.len();
                let unfinished = &self.buffer[self.start..];
                if self.skipping {
                    self.forget_all();
                    return None;
                }
                // One byte more than the limit may still be the CR of a CRLF.
                let room = self.limit + usize::from(unfinished.last() == Some(&b'\r'));
                if unfinished.len() > room {
                    self.forget_all();
                    self.skipping = true;
                    return Some(None);
                }
                return None;
            };
            let begin = self.start;
            self.start = end + 1;
            self.searched = self.start;
            if self.skipping {
                self.skipping = false;
                continue;
            }
            let end = if end > begin && self.buffer[end - 1] == b'\r' { end - 1 } else { end };
            return Some((end - begin <= self.limit).then_some(begin..end));
        }
    }

    /// What has come of a line that has not ended; nothing of one that is being skipped.
    pub fn unfinished(&self) -> &[u8] {
        if self.skipping || self.searched < self.buffer.len() { &[] } else { &self.buffer[self.start..] }
    }

    /// Skips the line that has not ended, up to its end.
    pub fn skip_line(&mut self) {
        self.forget_all();
        self.skipping = true;
    }

    /// Wipes what is left in memory of the lines that have been taken out.
    pub fn wipe(&mut self) {
        self.buffer[..self.start].zeroize();
        self.buffer.spare_capacity_mut().zeroize();
    }

    /// Gives the buffer's memory back when nothing is left in it; an idle connection then costs nothing.
    pub fn release_if_empty(&mut self) {
        if self.start == self.buffer.len() {
            self.buffer = Zeroizing::default();
            self.start = 0;
            self.searched = 0;
        }
    }

    fn forget_all(&mut self) {
        self.buffer.clear();
        self.start = 0;
        self.searched = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_can_be_given_up_before_its_end() {
        let mut lines = Lines::new(10);
        lines.push(b"one\ntw");
        // What has ended is not unfinished, and has to be taken first.
        assert_eq!(lines.unfinished(), b"");
        assert_eq!(lines.next_line(), Some(Line::Whole(b"one")));
        assert_eq!(lines.next_line(), None);
        assert_eq!(lines.unfinished(), b"tw");
        lines.skip_line();
        assert_eq!(lines.unfinished(), b"");
        lines.push(b"o, which is longer than a line may be");
        assert_eq!(lines.next_line(), None);
        lines.push(b"\nthree\n");
        assert_eq!(lines.next_line(), Some(Line::Whole(b"three")));
        assert_eq!(lines.unfinished(), b"");
    }

    fn collect(limit: usize, chunks: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(limit);
        let mut found = Vec::new();
        for chunk in chunks {
            lines.push(chunk);
            while let Some(line) = lines.next_line() {
                found.push(match line {
                    Line::Whole(bytes) => Some(bytes.to_vec()),
                    Line::TooLong => None,
                });
            }
            assert!(lines.buffer.len() <= limit + 1 + chunk.len());
        }
        found
    }

    /// The definition, without the cleverness.
    fn naive(limit: usize, bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
        let mut parts: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
        let last = parts.pop().unwrap_or_default();
        let mut found: Vec<_> = parts
            .into_iter()
            .map(|line| {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                (line.len() <= limit).then(|| line.to_vec())
            })
            .collect();
        let unfinished = last.strip_suffix(b"\r").unwrap_or(last);
        if unfinished.len() > limit {
            found.push(None);
        }
        found
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_lines(
            bytes in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'\n'), Just(b'\r')], 0..80),
            cuts in proptest::collection::vec(0usize..80, 0..10),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.push(0);
            cuts.push(bytes.len());
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            let expected = naive(5, &bytes);
            prop_assert_eq!(collect(5, &single), expected.clone());
            prop_assert_eq!(collect(5, &chunks), expected);
        }
    }

    /// Whatever is before and behind it, a long line is as it was, and so is what follows.
    #[test]
    fn a_long_line_is_handed_out_with_its_buffer() {
        let long = vec![b'x'; 3 * LONG];
        let all = [b"one\n", &long[..], b"\r\ntwo\nthr"].concat();
        for chunk in [all.len(), LONG, 1_000] {
            let mut lines = Lines::new(4 * LONG);
            let mut found = Vec::new();
            for bytes in all.chunks(chunk) {
                lines.push(bytes);
                assert!(lines.buffer.capacity() <= 4 * LONG + chunk);
                while let Some(line) = lines.next_owned() {
                    found.push(line.unwrap());
                }
            }
            assert_eq!(found, [&b"one"[..], &long, b"two"], "{chunk}");
            assert_eq!(lines.unfinished(), b"thr");
            lines.push(&long);
            lines.push(&long);
            assert_eq!(lines.next_owned(), Some(Err(TooLong)));
        }
    }

    /// That nothing of them is anywhere in a process is a test of `tests/process`.
    #[test]
    fn what_was_taken_is_wiped_and_what_is_to_come_is_not() {
        let mut lines = Lines::new(1_024);
        lines.push(b"L ann secret\nL an");
        assert_eq!(lines.next_line(), Some(Line::Whole(b"L ann secret")));
        assert_eq!(lines.next_line(), None);
        lines.wipe();
        assert!(lines.buffer[..lines.start].iter().all(|&byte| byte == 0) && lines.start == 13);
        lines.push(b"n s\n");
        lines.wipe();
        assert_eq!(lines.next_line(), Some(Line::Whole(b"L ann s")));
    }

    #[test]
    fn the_limit_is_without_the_line_end() {
        let full = [b'x'; 1_024];
        for end in [&b"\n"[..], b"\r\n"] {
            let line = [&full[..], end].concat();
            assert_eq!(collect(1_024, &[&line]), vec![Some(full.to_vec())]);
        }
        assert_eq!(collect(1_024, &[&[b'x'; 1_025], b"yy\nnext\n"]), vec![None, Some(b"next".to_vec())]);
    }
}
