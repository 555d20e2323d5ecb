//! The door for what must last of a lookup: records go in, and when it returns they are durable.

use super::accounts::Login;
use crate::ipc::parent::complain_of_writer;
use crate::store::{Error, Microseconds, Record, Standing};
use crate::writer::{Channel, PATIENCE};
use std::os::fd::BorrowedFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use crate::ipc::message::MOST_RECORDS;

/// How long the writer may take to say how an account stands, before somebody else is asked.
const BRIEFLY: Duration = Duration::from_millis(250);

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

/// Has the writer keep records. When it returns [`Standing::Live`] they are durable.
pub fn keep(
    writer: &mut Channel<'_>,
    hub: BorrowedFd<'_>,
    login: &Login,
    records: &[Record],
) -> Result<Standing, Error> {
    writer.keep(login.account, &login.name, records, PATIENCE, &mut || complain_of_writer(hub))
}

/// Asks the writer how the account stands, which costs no connection: it asks for many at once. One that is busy with
/// something else, or stuck, is not waited for; then the answer is an error.
pub fn standing(writer: &mut Channel<'_>, login: &Login) -> Result<Standing, Error> {
    writer.keep(login.account, &login.name, &[], BRIEFLY, &mut || {})
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
