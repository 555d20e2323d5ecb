//! Replies that are written but not yet sent. Some wait for the database: the reply to a lookup waits until its record
//! is durable, the answer that there is no such word until it is known that the account still exists. They keep their
//! places, because replies are sent in the order of the requests.

use super::Language;
use crate::ipc::message::MOST_RECORDS;
use crate::protocol::{Code, Failure, push_failure};
use crate::store::{Record, Standing};
use std::ops::Range;

/// The one answer to every kind of not being logged in: it reveals nothing about the account.
pub(super) fn denied() -> Failure {
    Failure::new(Code::Denied, "log in first, under this name")
}

/// What a reply waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// Its record's being durable.
    Record,
    /// The account's being there.
    Account,
}

/// Replies, in the order of their requests.
#[derive(Debug)]
pub struct Replies {
    language: Language,
    bytes: Vec<u8>,
    waiting: Vec<(Range<usize>, Awaits)>,
    /// The records of the replies that wait for theirs.
    pub records: Vec<Record>,
    /// Whether one of them holds a token: they are wiped when they are sent.
    pub secret: bool,
    /// How the account stands, where it is known for all replies that wait for it.
    pub standing: Option<Standing>,
    /// The code of the first refusal since it was last reset, for the counters.
    pub refused: Option<Code>,
}

/// With this many bytes, replies are sent before more requests are answered.
const MANY_BYTES: usize = 64 * 1024;

/// Memory for replies that is no larger than this is used again.
const KEPT_BYTES: usize = 16 * 1024;

impl Replies {
    /// No replies yet.
    pub fn new(language: Language) -> Self {
        Self {
            language,
            bytes: Vec::new(),
            waiting: Vec::new(),
            records: Vec::new(),
            secret: false,
            standing: None,
            refused: None,
        }
    }

    /// Where a reply that waits for nothing is written to.
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// A refusal.
    pub fn fail(&mut self, failure: &Failure) {
        self.refused.get_or_insert(failure.code);
        self.language.push_failure(&mut self.bytes, failure);
    }

    /// A reply that is sent only when `awaits` has come true.
    pub fn waiting(&mut self, awaits: Awaits, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = self.bytes.len();
        write(&mut self.bytes);
        self.waiting.push((begin..self.bytes.len(), awaits));
        self.standing = None;
    }

    /// No such word, once it is known that the account still exists; `standing` if that is known.
    pub fn no_such_word(&mut self, standing: Option<Standing>) {
        let failure = Failure::new(Code::NotFound, "no such word");
        self.refused = Some(failure.code);
        self.waiting(Awaits::Account, |out| push_failure(out, &failure));
        self.standing = standing;
    }

    /// How many replies wait.
    pub fn count_waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What the reply waits for that came after `before` waiting ones; `None` if it does not wait.
    pub fn awaits(&self, before: usize) -> Option<Awaits> {
        self.waiting.get(before).map(|(_, awaits)| *awaits)
    }

    /// Whether any reply waits.
    pub fn any_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether it is time to send, before more is answered.
    pub fn are_many(&self) -> bool {
        self.records.len() >= MOST_RECORDS || self.bytes.len() >= MANY_BYTES
    }

    /// What the waiting replies waited for has come true.
    pub fn confirm(&mut self) {
        self.waiting.clear();
        self.records.clear();
    }

    /// It has not: the waiting replies become refusals. Those for which `instead` returns `None` stay as they are.
    pub fn refuse(&mut self, instead: impl Fn(Awaits) -> Option<Failure>) {
        let old = std::mem::take(&mut self.bytes);
        let mut kept = 0;
        for (range, awaits) in std::mem::take(&mut self.waiting) {
            if let Some(failure) = instead(awaits) {
                self.bytes.extend_from_slice(&old[kept..range.start]);
                self.language.push_failure(&mut self.bytes, &failure);
                kept = range.end;
            }
        }
        self.bytes.extend_from_slice(&old[kept..]);
        self.records.clear();
    }

    /// Takes the bytes to send. Nothing may wait any more.
    pub fn take(&mut self) -> Vec<u8> {
        debug_assert!(!self.any_waiting());
        std::mem::take(&mut self.bytes)
    }

    /// Takes the memory of replies that have been sent, for the next ones: a client that sends many requests in one
    /// write would otherwise have it grow again each time. Not that of long ones, which come rarely.
    pub fn reuse(&mut self, mut sent: Vec<u8>) {
        if self.bytes.capacity() == 0 && sent.capacity() <= KEPT_BYTES {
            sent.clear();
            self.bytes = sent;
        }
    }

    /// Gives back the memory for the next replies: there will be none for some time.
    pub fn release(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_replies_keep_their_places() {
        let mut replies = Replies::new(Language::Lines);
        replies.out().extend_from_slice(b"1\n");
        replies.waiting(Awaits::Record, |out| out.extend_from_slice(b"2\n"));
        replies.out().extend_from_slice(b"3\n");
        replies.waiting(Awaits::Account, |out| out.extend_from_slice(b"4\n"));
        replies.waiting(Awaits::Record, |out| out.extend_from_slice(b"5\n"));
        replies.refuse(|awaits| (awaits == Awaits::Record).then(|| Failure::new(Code::Unavailable, "x")));
        assert_eq!(replies.take(), b"1\nFAIL unavailable x\n3\n4\nFAIL unavailable x\n");
        assert!(!replies.any_waiting());
    }
}
