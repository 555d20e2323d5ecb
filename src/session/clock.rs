//! The times of lookups. A lookup's time, account and origin together are its identity.

use super::peer::Peer;
use crate::protocol::{Code, Failure};
use crate::store::{Microseconds, Record};
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// Gives each lookup its time and this child's origin: with the account its identity, which a retry repeats.
#[derive(Debug, Default)]
pub struct Clock {
    origin: Option<u64>,
    last: i64,
}

impl Clock {
    /// A record of a lookup now. Times strictly increase within one child, even when the system's clock steps back.
    ///
    /// # Errors
    /// The kernel gives no random numbers.
    pub fn record(&mut self, headword: &str) -> Result<Record, getrandom::Error> {
        let origin = match self.origin {
            Some(origin) => origin,
            None => *self.origin.insert(getrandom::u64()?),
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_micros()).unwrap_or(self.last);
        self.last = now.max(self.last + 1);
        Ok(Record { word: headword.to_owned(), time: Microseconds(self.last), origin })
    }
}

/// A moment as the protocol has it.
pub(super) fn instant(moment: Microseconds) -> OffsetDateTime {
    let nanoseconds = i128::from(moment.0) * 1_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// A record of a lookup now.
pub(super) fn new_record(clock: &mut Clock, headword: &str, peer: &Peer) -> Result<Record, Failure> {
    clock.record(headword).map_err(|error| {
        log::error!("client {peer}: no random numbers: {error}");
        Failure::new(Code::Unavailable, "the server cannot record lookups now")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_one_child_strictly_increase() {
        let mut clock = Clock::default();
        let records: Vec<Record> = (0..1_000).map(|_| clock.record("w").unwrap()).collect();
        assert!(records.windows(2).all(|pair| pair[0].time < pair[1].time && pair[0].origin == pair[1].origin));
        clock.last = i64::MAX / 2;
        assert_eq!(clock.record("w").unwrap().time.0, i64::MAX / 2 + 1);
    }
}
