//! The door for what must last of a lookup: records go in, and when it returns they are durable.

use super::accounts::Login;
use crate::store::{Error, Microseconds, Record, Standing};
use crate::writer::Channel;
use std::time::{SystemTime, UNIX_EPOCH};

pub use crate::writer::message::MOST_RECORDS;

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

/// Has the writer keep records, or without any only asks it how the account stands. When it returns
/// [`Standing::Live`] they are durable.
pub fn keep(writer: &mut Channel<'_>, login: &Login, records: &[Record]) -> Result<Standing, Error> {
    writer.keep(login.account, &login.name, records)
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
