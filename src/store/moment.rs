//! Moments as databases write them: civil time in UTC with microseconds.
//!
//! This module never looks at the time zone, and never rounds: a moment is read back exactly as it was written.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};

use super::{Error, Microseconds};

/// A moment in UTC, in the parts that a `DATETIME(6)` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: u16,
    pub(super) month: u8,
    pub(super) day: u8,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    pub(super) microsecond: u32,
}

impl Civil {
    /// The parts of a moment, if its year has four digits: a `DATETIME` goes from 1000 to 9999.
    pub(super) fn of(moment: Microseconds) -> Result<Self, Error> {
        let nanoseconds = i128::from(moment.0) * 1_000;
        let out_of_range = || Error::bug(format!("the time {} µs cannot be stored", moment.0));
        let civil = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).map_err(|_| out_of_range())?;
        let year = u16::try_from(civil.year()).ok().filter(|year| (1_000..=9_999).contains(year));
        Ok(Self {
            year: year.ok_or_else(out_of_range)?,
            month: civil.month().into(),
            day: civil.day(),
            hour: civil.hour(),
            minute: civil.minute(),
            second: civil.second(),
            microsecond: civil.microsecond(),
        })
    }

    /// The moment of these parts, if there is such a one.
    pub(super) fn moment(self) -> Option<Microseconds> {
        let date = Date::from_calendar_date(self.year.into(), Month::try_from(self.month).ok()?, self.day).ok()?;
        let time = Time::from_hms_micro(self.hour, self.minute, self.second, self.microsecond).ok()?;
        let nanoseconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp_nanos();
        i64::try_from(nanoseconds / 1_000).ok().map(Microseconds)
    }

    /// `YYYY-MM-DD HH:MM:SS.ffffff`: always as long, so that it sorts as time does.
    pub(super) fn text(self) -> String {
        let Self { year, month, day, hour, minute, second, microsecond } = self;
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{microsecond:06}")
    }

    /// What [`Civil::text`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| {
            text.get(from..to).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()
        };
        let small = |from: usize, to: usize| number(from, to).and_then(|n| u8::try_from(n).ok());
        let civil = Self {
            year: u16::try_from(number(0, 4)?).ok()?,
            month: small(5, 7)?,
            day: small(8, 10)?,
            hour: small(11, 13)?,
            minute: small(14, 16)?,
            second: small(17, 19)?,
            microsecond: number(20, 26)?,
        };
        (civil.text() == text).then_some(civil)
    }
}

/// Now, for the column `created`.
pub(super) fn now() -> Result<Civil, Error> {
    Civil::of(present())
}

/// Now, to reckon with.
pub(super) fn present() -> Microseconds {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
    Microseconds(i64::try_from(now).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        let moment = Microseconds(1_795_411_930_123_456);
        assert_eq!(Civil::of(moment).unwrap().text(), "2026-11-23 05:32:10.123456");
        assert_eq!(Civil::of(Microseconds(0)).unwrap().text(), "1970-01-01 00:00:00.000000");
        assert_eq!(Civil::of(Microseconds(-1)).unwrap().text(), "1969-12-31 23:59:59.999999");
        for outside in [i64::MIN, i64::MAX, 253_402_300_800_000_000] {
            assert!(Civil::of(Microseconds(outside)).is_err(), "{outside}");
        }
        for broken in ["", "2026-11-23", "2026-11-23 05:32:10", "2026-11-23T05:32:10.123456", "2026-+1-23 05:32:10.1"] {
            assert_eq!(Civil::parse(broken), None, "{broken}");
        }
        assert_eq!(Civil::parse("2026-02-30 05:32:10.123456").and_then(Civil::moment), None);
        assert!(now().unwrap().year >= 2026);
    }

    proptest! {
        #[test]
        fn round_trip(micros in -30_610_224_000_000_000_i64..253_402_300_800_000_000) {
            let civil = Civil::of(Microseconds(micros)).unwrap();
            prop_assert_eq!(civil.moment(), Some(Microseconds(micros)));
            prop_assert_eq!(Civil::parse(&civil.text()), Some(civil));
        }

        #[test]
        fn text_sorts_as_time_does(a in 0_i64..253_402_300_800_000_000, b in 0_i64..253_402_300_800_000_000) {
            let text = |micros| Civil::of(Microseconds(micros)).unwrap().text();
            prop_assert_eq!(a.cmp(&b), text(a).cmp(&text(b)));
        }
    }
}
