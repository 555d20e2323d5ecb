//! The writer's replies to a session, as bytes. Pure.

use super::message::{MAX_RECORD, push_record, take_record};
use super::ticket::Ticket;
use super::writer_request::{MOST_RECENT, push_ticket, take_ticket};
use crate::store::{Error, Kind, PastLookup, Record, Standing};

/// The longest explanation of a failure.
const MAX_EXPLANATION: usize = 1_024;
/// The longest reply to anything but the question for the last lookups.
pub const MAX_OUTCOME: usize = 1 + MAX_EXPLANATION;
/// The longest reply.
pub const MAX_REPLY: usize = 1 + MOST_RECENT as usize * MAX_RECORD;

const LIVE: u8 = b'l';
const GONE: u8 = b'g';
const TICKET: u8 = b't';
const REFUSED: u8 = b'n';
const LOOKUPS: u8 = b'h';
const KINDS: [(Kind, u8); 3] = [(Kind::World, b'w'), (Kind::Configuration, b'c'), (Kind::Bug, b'b')];

/// A reply of the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriterReply {
    /// What came of lookups, or how the account stands; also for an account that is gone when its history is asked for.
    Standing(Standing),
    /// A login has succeeded.
    LoggedIn(Ticket),
    /// A login has not: a wrong name, a wrong proof, a locked account.
    Refused,
    /// The last lookups, newest first.
    Lookups(Vec<PastLookup>),
    /// What is wrong with the database.
    Failed(Error),
}

impl From<Result<Standing, Error>> for WriterReply {
    fn from(outcome: Result<Standing, Error>) -> Self {
        outcome.map_or_else(Self::Failed, Self::Standing)
    }
}

/// Writes a reply.
pub fn write_reply(out: &mut Vec<u8>, reply: &WriterReply) {
    match reply {
        WriterReply::Standing(Standing::Live) => out.push(LIVE),
        WriterReply::Standing(Standing::Gone) => out.push(GONE),
        WriterReply::LoggedIn(ticket) => {
            out.push(TICKET);
            push_ticket(out, ticket);
        }
        WriterReply::Refused => out.push(REFUSED),
        WriterReply::Lookups(lookups) => {
            out.push(LOOKUPS);
            lookups.iter().for_each(|past| push_record(out, past.time, past.origin, &past.word));
        }
        WriterReply::Failed(error) => {
            out.extend(KINDS.iter().filter(|(kind, _)| *kind == error.kind).map(|(_, byte)| byte));
            let end = error.message.floor_char_boundary(MAX_EXPLANATION);
            out.extend_from_slice(&error.message.as_bytes()[..end]);
        }
    }
}

/// Reads a reply. `None` for anything else.
pub fn read_reply(bytes: &[u8]) -> Option<WriterReply> {
    match bytes.split_first()? {
        (&LIVE, []) => Some(WriterReply::Standing(Standing::Live)),
        (&GONE, []) => Some(WriterReply::Standing(Standing::Gone)),
        (&REFUSED, []) => Some(WriterReply::Refused),
        (&TICKET, mut rest) => {
            let ticket = take_ticket(&mut rest)?;
            rest.is_empty().then_some(WriterReply::LoggedIn(ticket))
        }
        (&LOOKUPS, mut rest) => {
            let mut lookups = Vec::new();
            while !rest.is_empty() {
                let Record { word, time, origin } = take_record(&mut rest)?;
                lookups.push(PastLookup { word, time, origin });
            }
            Some(WriterReply::Lookups(lookups))
        }
        (byte, message) => {
            let kind = KINDS.iter().find(|(_, known)| known == byte)?.0;
            Some(WriterReply::Failed(Error { kind, message: std::str::from_utf8(message).ok()?.to_owned() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ticket::SEAL_SIZE;
    use super::*;
    use crate::store::{AccountId, MAX_WORD_CHARS, Microseconds};
    use proptest::prelude::*;

    fn read_back(reply: &WriterReply) -> (Option<WriterReply>, usize) {
        let mut bytes = Vec::new();
        write_reply(&mut bytes, reply);
        (read_reply(&bytes), bytes.len())
    }

    #[test]
    fn replies_read_as_they_are_written() {
        let account = AccountId { number: 7, created: None };
        let ticket = Ticket { account, name: "ann".to_owned(), reads: false, seal: [9; SEAL_SIZE] };
        let past = |word: &str| PastLookup { word: word.to_owned(), time: Microseconds(-5), origin: u64::MAX };
        for reply in [
            WriterReply::Standing(Standing::Live),
            WriterReply::Standing(Standing::Gone),
            WriterReply::LoggedIn(ticket),
            WriterReply::Refused,
            WriterReply::Lookups(Vec::new()),
            WriterReply::Lookups(vec![past("词典"), past("")]),
            WriterReply::Failed(Error::world("away")),
            WriterReply::Failed(Error::configuration("")),
            WriterReply::Failed(Error::bug("我们的")),
        ] {
            let (read, size) = read_back(&reply);
            assert_eq!(read.as_ref(), Some(&reply));
            assert!(size <= MAX_OUTCOME);
        }
        let longest = WriterReply::Lookups(vec![past(&"𝕏".repeat(MAX_WORD_CHARS)); MOST_RECENT as usize]);
        assert_eq!(read_back(&longest), (Some(longest.clone()), MAX_REPLY));
        assert!(
            [&b""[..], b"x", b"ll", b"g?", b"nn", b"w\xff", b"tx", b"h1234567"]
                .iter()
                .all(|bytes| read_reply(bytes).is_none())
        );
    }

    #[test]
    fn a_long_explanation_is_cut() {
        let long = "长".repeat(MAX_EXPLANATION);
        let (read, size) = read_back(&WriterReply::Failed(Error::world(long.clone())));
        let Some(WriterReply::Failed(Error { message, .. })) = read else { panic!("{read:?}") };
        assert!(size <= MAX_OUTCOME && long.starts_with(&message) && message.len() > MAX_EXPLANATION - 3);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_reply_or_none(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = read_reply(&bytes);
        }
    }
}
