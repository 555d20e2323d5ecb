//! Times as old programs wrote them. Nothing is guessed: text in any other form is not accepted as a time.

use super::super::Microseconds;
use time::{Date, Month, PrimitiveDateTime, Time};

/// A time that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// Local time, in microseconds since 1970 as if it were UTC.
    Local(i64),
    /// An instant.
    Utc(i64),
}

/// The least and the most that fit a `DATETIME`, in microseconds.
const LEAST: i64 = -30_610_224_000_000_000;
const MOST: i64 = 253_402_300_799_999_999;

impl Read {
    fn in_utc(self) -> Self {
        let (Self::Local(micros) | Self::Utc(micros)) = self;
        Self::Utc(micros)
    }

    /// The moment, where `offset` returns how far local time was ahead of UTC at an instant.
    pub fn moment(self, in_utc: bool, offset: &dyn Fn(i64) -> Option<i32>) -> Option<Microseconds> {
        let micros = match self {
            Self::Utc(micros) => micros,
            Self::Local(micros) if in_utc => micros,
            Self::Local(micros) => to_utc(micros, offset)?,
        };
        (LEAST..=MOST).contains(&micros).then_some(Microseconds(micros))
    }
}

/// The instant at which the clock on the wall showed this. When the clock was set back, it showed it twice: the first.
/// When it was set forward, it never did: the time is what it would have shown otherwise.
fn to_utc(local: i64, offset: &dyn Fn(i64) -> Option<i32>) -> Option<i64> {
    const DAY: i64 = 86_400;
    let seconds = local.div_euclid(1_000_000);
    let before = i64::from(offset(seconds - DAY)?);
    let after = i64::from(offset(seconds + DAY)?);
    // The larger offset is the earlier instant.
    let candidates = [before.max(after), before.min(after)];
    let fits = |ahead: &&i64| offset(seconds - **ahead).is_some_and(|real| i64::from(real) == **ahead);
    let ahead = candidates.iter().find(fits).copied().unwrap_or(before);
    local.checked_sub(ahead * 1_000_000)
}

/// Reads `Mon Nov 23 05:32:10 2026` (ctime), `2026-11-23 05:32:10` (with or without a fraction), or seconds since 1970.
pub(super) fn parse(text: &str) -> Option<Read> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    match *parts.as_slice() {
        [weekday, month, day, time, year] if WEEKDAYS.iter().any(|name| weekday.eq_ignore_ascii_case(name)) => {
            let month = MONTHS.iter().position(|name| month.eq_ignore_ascii_case(name))?;
            local(digits(year, 4)?, u32::try_from(month).ok()? + 1, digits(day, 2)?, time)
        }
        [date, time] => iso(date, time),
        [one] => match one.split_once('T') {
            Some((date, time)) => match time.strip_suffix('Z') {
                Some(time) => iso(date, time).map(Read::in_utc),
                None => iso(date, time),
            },
            None => since_1970(one),
        },
        _ => None,
    }
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A number of one to `most` digits.
fn digits(text: &str, most: usize) -> Option<u32> {
    let all = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

fn iso(date: &str, time: &str) -> Option<Read> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    local(digits(year, 4)?, digits(month, 2)?, digits(day, 2)?, time)
}

fn local(year: u32, month: u32, day: u32, time: &str) -> Option<Read> {
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = whole.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let small = |number: u32| u8::try_from(number).ok();
    let month = Month::try_from(small(month)?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, small(day)?).ok()?;
    let (hour, minute, second) = (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?);
    // A leap second is the one before it: no clock of ours has them.
    let time = Time::from_hms(small(hour)?, small(minute)?, small(second.min(59) + second / 61)?).ok()?;
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp();
    Some(Read::Local(seconds * 1_000_000 + micros(fraction)?))
}

/// `time.time()` and its like. Not every number: one that is not a time of our age may be anything.
fn since_1970(text: &str) -> Option<Read> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds = i64::from(digits(seconds, 10)?);
    (seconds >= 100_000_000).then_some(Read::Utc(seconds * 1_000_000 + micros(fraction)?))
}

/// A fraction of a second, in microseconds.
fn micros(fraction: &str) -> Option<i64> {
    digits(fraction, 9)?;
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn utc(text: &str) -> Option<i64> {
        parse(text)?.moment(false, &|_| Some(0)).map(|moment| moment.0)
    }

    #[test]
    fn known_times() {
        let at = 1_795_411_930_000_000;
        for text in [
            "Mon Nov 23 05:32:10 2026",
            " mon  nov 23 05:32:10 2026\n",
            "2026-11-23 05:32:10",
            "2026-11-23T05:32:10",
            "2026-11-23T05:32:10Z",
            "2026-11-23 05:32:10.000",
            "1795411930",
            "1795411930.0",
        ] {
            assert_eq!(utc(text), Some(at), "{text}");
        }
        assert_eq!(utc("Tue Nov  3 05:32:10 2026"), Some(at - 20 * 86_400_000_000));
        assert_eq!(utc("Sat Dec 31 23:59:60 2016"), Some(1_483_228_799_000_000));
        assert_eq!(utc("1795411930.25"), Some(at + 250_000));
        assert_eq!(utc("2026-11-23 05:32:10.123456789"), Some(at + 123_456));
        for bad in [
            "",
            "yesterday",
            "Mon Nov 31 05:32:10 2026",
            "Mon Nov 23 25:32:10 2026",
            "Mon Nov 23 05:32:61 2026",
            "Mon Nov 23 05:32 2026",
            "Xxx Nov 23 05:32:10 2026",
            "Mon Nov 23 05:32:10 26 x",
            "2026-02-30 05:32:10",
            "0000-00-00 00:00:00",
            "2026-11-23",
            "12",
            "-1795411930",
            "1795411930.",
            "99999999999",
            "Sat Jan  1 00:00:00 0999",
        ] {
            assert_eq!(utc(bad), None, "{bad:?}");
        }
    }

    /// A clock that goes from +1 h to +2 h at 1,000,000 s and back at 2,000,000 s.
    fn summer(at: i64) -> Option<i32> {
        Some(if (1_000_000..2_000_000).contains(&at) { 7_200 } else { 3_600 })
    }

    #[test]
    fn clocks_that_are_set() {
        let at = |wall: i64| to_utc(wall * 1_000_000, &summer).unwrap() / 1_000_000;
        assert_eq!(at(500_000), 496_400);
        assert_eq!(at(1_500_000), 1_492_800);
        assert_eq!(at(2_500_000), 2_496_400);
        // Shown twice: the first. Never shown: as if the clock had not been set.
        assert_eq!(at(2_005_000), 1_997_800);
        assert_eq!(at(1_005_000), 1_001_400);
        assert_eq!(
            parse("2026-11-23 05:32:10").unwrap().moment(true, &summer),
            Some(Microseconds(1_795_411_930_000_000))
        );
        assert_eq!(to_utc(0, &|_| None), None);
    }

    proptest! {
        #[test]
        fn what_a_clock_shows_is_read_back(at in 100_000_000_i64..4_000_000_000) {
            let shown = at + i64::from(summer(at).unwrap());
            let date = time::OffsetDateTime::from_unix_timestamp(shown).unwrap();
            let text = format!("{} {} {:2} {:02}:{:02}:{:02} {}", &date.weekday().to_string()[..3],
                &date.month().to_string()[..3], date.day(), date.hour(), date.minute(), date.second(), date.year());
            prop_assert_eq!(parse(&text).unwrap().moment(false, &summer), Some(Microseconds(at * 1_000_000)));
        }

        #[test]
        fn any_text_is_a_time_or_none(text in "\\PC*") {
            let _ = utc(&text);
        }
    }
}
