//! Points in time as people write them: `2026-11-23`, `14:03`, `yesterday`, `3d` (ago). Pure: the present is handed in.

use crate::client::render::Clock;
use std::str::FromStr;
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, PrimitiveDateTime, Time};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]");
const SECOND: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second]");

/// A point in time, or a day, that is not tied to a place or the present yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Instant(OffsetDateTime),
    /// Local time.
    Local(PrimitiveDateTime),
    /// A whole local day.
    Day(Date),
    /// The local day that was this many days ago.
    DaysBefore(u8),
    /// Today, at this local time.
    Today(Time),
    Ago(Duration),
}

/// Why a text is not a point in time. The English text goes to clap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WhenError;

impl std::fmt::Display for WhenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a time is 2026-11-23, '2026-11-23 14:03', 14:03, today, yesterday, or 30min, 2h, 3d, 2w, 1y ago")
    }
}

impl std::error::Error for WhenError {}

impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        let text = text.trim();
        match text.to_lowercase().as_str() {
            "today" | "今天" => return Ok(Self::DaysBefore(0)),
            "yesterday" | "昨天" => return Ok(Self::DaysBefore(1)),
            _ => {}
        }
        if let Ok(instant) = OffsetDateTime::parse(text, &Rfc3339) {
            return Ok(Self::Instant(instant));
        }
        if let Ok(day) = Date::parse(text, DAY) {
            return Ok(Self::Day(day));
        }
        if let Some(time) = time_of_day(text) {
            return Ok(Self::Today(time));
        }
        if let Some((day, time)) = text.split_once([' ', 'T'])
            && let Ok(day) = Date::parse(day, DAY)
            && let Some(time) = time_of_day(time.trim_start())
        {
            return Ok(Self::Local(PrimitiveDateTime::new(day, time)));
        }
        ago(text).map(Self::Ago).ok_or(WhenError)
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    Time::parse(text, MINUTE).or_else(|_| Time::parse(text, SECOND)).ok()
}

fn ago(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text[..digits].parse::<u16>().ok()?.into();
    Some(match text[digits..].trim() {
        "min" => Duration::minutes(number),
        "h" => Duration::hours(number),
        "d" => Duration::days(number),
        "w" => Duration::weeks(number),
        "y" => Duration::days(365 * number),
        _ => return None,
    })
}

impl When {
    /// The instant at which it begins.
    pub(crate) fn begin(self, clock: Clock) -> OffsetDateTime {
        let today = clock.local(clock.now()).date();
        match self {
            Self::Instant(instant) => instant,
            Self::Local(local) => clock.instant(local),
            Self::Day(day) => clock.instant(day.midnight()),
            Self::DaysBefore(days) => clock.instant(today.saturating_sub(Duration::days(days.into())).midnight()),
            Self::Today(time) => clock.instant(today.with_time(time)),
            Self::Ago(duration) => clock.now().saturating_sub(duration),
        }
    }

    /// The instant before which it ends: of a day the next midnight, of an instant (to the microsecond) itself.
    pub(crate) fn end(self, clock: Clock) -> OffsetDateTime {
        let next = |day: Date| clock.instant(day.saturating_add(Duration::days(1)).midnight());
        match self {
            Self::Day(day) => next(day),
            Self::DaysBefore(days) => next(clock.local(clock.now()).date().saturating_sub(Duration::days(days.into()))),
            other => other.begin(clock).saturating_add(Duration::microseconds(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    fn here() -> Clock {
        Clock::new(datetime!(2026-11-23 17:30 UTC), |_| Some(8 * 3_600))
    }

    #[test]
    fn times_as_people_write_them() {
        for (text, begin) in [
            ("2026-11-23", datetime!(2026-11-23 0:00 +8)),
            ("2026-11-23 14:03", datetime!(2026-11-23 14:03 +8)),
            ("2026-11-23T14:03:09", datetime!(2026-11-23 14:03:09 +8)),
            ("2026-11-23T14:03:09Z", datetime!(2026-11-23 14:03:09 UTC)),
            ("00:10", datetime!(2026-11-24 00:10 +8)),
            ("today", datetime!(2026-11-24 00:00 +8)),
            ("Yesterday", datetime!(2026-11-23 00:00 +8)),
            ("昨天", datetime!(2026-11-23 00:00 +8)),
            ("30min", datetime!(2026-11-23 17:00 UTC)),
            ("2h", datetime!(2026-11-23 15:30 UTC)),
            ("3d", datetime!(2026-11-20 17:30 UTC)),
            ("1 w", datetime!(2026-11-16 17:30 UTC)),
            ("1y", datetime!(2025-11-23 17:30 UTC)),
        ] {
            assert_eq!(text.parse::<When>().expect(text).begin(here()), begin, "{text}");
        }
        for bad in ["", "tomorrow", "2026-13-01", "2026-02-30", "25:00", "d", "3x", "-3d", "99999999d", "2026"] {
            assert_eq!(bad.parse::<When>(), Err(WhenError), "{bad}");
        }
    }

    #[test]
    fn a_day_ends_with_the_day() {
        let end = |text: &str| text.parse::<When>().unwrap().end(here());
        assert_eq!(end("2026-11-23"), datetime!(2026-11-24 0:00 +8));
        assert_eq!(end("today"), datetime!(2026-11-25 0:00 +8));
        assert_eq!(end("2026-11-23 14:03"), datetime!(2026-11-23 14:03:00.000001 +8));
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_not(text in "[0-9a-zT:Z +.-]{0,24}|9999-12-31|0000-01-01") {
            if let Ok(when) = text.parse::<When>() {
                let _ = (when.begin(here()), when.end(here()));
            }
        }
    }
}
