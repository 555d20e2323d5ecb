//! Times for people: local, and as short as possible. This module reads no clock; the caller passes the instant.

use crate::client::messages::{Language, Message};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

const HOUR: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]");
/// How times look where no terminal is: the same everywhere.
const PLAIN: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The local offset at an instant, in seconds.
type Offset = fn(i64) -> Option<i32>;

/// The present, and where on earth it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    now: OffsetDateTime,
    offset: Offset,
}

/// Which text a time becomes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimeText {
    /// UTC, to the second.
    Utc,
    /// Local time, the day in words where it is near.
    Local(Clock),
}

impl Clock {
    /// Now, and here.
    pub(crate) fn system() -> Self {
        Self { now: OffsetDateTime::now_utc(), offset: crate::sys::local_offset }
    }

    /// Any other.
    #[cfg(test)]
    pub(crate) fn new(now: OffsetDateTime, offset: Offset) -> Self {
        Self { now, offset }
    }

    /// The present instant.
    pub(crate) fn now(self) -> OffsetDateTime {
        self.now
    }

    /// An instant in local time, or in UTC if local time is unknown.
    pub(crate) fn local(self, time: OffsetDateTime) -> OffsetDateTime {
        let offset =
            (self.offset)(time.unix_timestamp()).and_then(|seconds| UtcOffset::from_whole_seconds(seconds).ok());
        time.checked_to_offset(offset.unwrap_or(UtcOffset::UTC)).unwrap_or(time)
    }

    /// The instant that local clocks show as this date and time. In the hour that a clock skips or repeats, one of
    /// the two it may be.
    pub(crate) fn instant(self, local: time::PrimitiveDateTime) -> OffsetDateTime {
        let mut instant = local.assume_utc();
        for _ in 0..2 {
            let ahead = (self.offset)(instant.unix_timestamp()).unwrap_or(0);
            instant = local.assume_utc().saturating_sub(time::Duration::seconds(i64::from(ahead)));
        }
        instant
    }
}

impl TimeText {
    /// The time as a cell of a table.
    pub(crate) fn of(self, time: OffsetDateTime, language: Language) -> String {
        // Years come from the protocol's four digits, so formatting can't fail; the table stays whole anyway.
        let text = |time: OffsetDateTime, form| time.format(form).unwrap_or_else(|_| "-".to_owned());
        match self {
            Self::Utc => text(time.to_offset(UtcOffset::UTC), PLAIN),
            Self::Local(clock) => {
                let local = clock.local(time);
                let days = clock.local(clock.now).date().to_julian_day() - local.date().to_julian_day();
                match days {
                    0 => format!("{} {}", language.say(&Message::Today), text(local, HOUR)),
                    1 => format!("{} {}", language.say(&Message::Yesterday), text(local, HOUR)),
                    _ => text(local, DAY),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{datetime, offset};

    #[test]
    fn near_days_are_words() {
        let clock = Clock::new(datetime!(2026-11-23 17:30 UTC), |_| Some(8 * 3_600));
        let said = |time| TimeText::Local(clock).of(time, Language::English);
        // It is the 24th there already.
        assert_eq!(said(datetime!(2026-11-23 16:03 UTC)), "today 00:03");
        assert_eq!(said(datetime!(2026-11-23 15:59 UTC)), "yesterday 23:59");
        assert_eq!(said(datetime!(2026-11-22 15:59 UTC)), "2026-11-22 23:59");
        assert_eq!(said(datetime!(2026-11-24 15:59 UTC)), "today 23:59");
        // A clock that went back.
        assert_eq!(said(datetime!(2026-11-25 15:59 UTC)), "2026-11-25 23:59");
        assert_eq!(TimeText::Local(clock).of(datetime!(2026-11-23 16:03 UTC), Language::Chinese), "今天 00:03");
        assert_eq!(TimeText::Utc.of(datetime!(2026-11-23 16:03:09 UTC), Language::Chinese), "2026-11-23 16:03:09");
    }

    #[test]
    fn local_times_become_instants_across_a_change_of_clocks() {
        // Ahead by two hours until 01:00 UTC on the 25th of October, by one from then on.
        let change = |seconds| Some(if seconds < 1_792_890_000 { 7_200 } else { 3_600 });
        let clock = Clock::new(datetime!(2026-11-23 12:00 UTC), change);
        assert_eq!(clock.instant(datetime!(2026-10-24 12:00)), datetime!(2026-10-24 12:00 +2));
        assert_eq!(clock.instant(datetime!(2026-10-26 00:30)), datetime!(2026-10-26 00:30 +1));
        assert_eq!(clock.local(datetime!(2026-10-26 00:30 UTC)).offset(), offset!(+1));
    }
}
