//! Ages, as an operator writes them. Pure.

use crate::exit::{Exit, Fatal};
use crate::store::Microseconds;
use std::str::FromStr;
use time::{Date, Month, OffsetDateTime};

/// An age, as an operator writes it: a number of days, weeks, months or years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Of 24 hours.
    Days(u32),
    /// Of the calendar.
    Months(u32),
}

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let wrong = || "an age is a number with d, w, months or y: 90d, 26w, 18months, 2y".to_owned();
        let number: u32 = number.parse().ok().filter(|number| (1..=100_000).contains(number)).ok_or_else(wrong)?;
        match unit.trim_start() {
            "d" | "day" | "days" => Ok(Self::Days(number)),
            "w" | "week" | "weeks" => Ok(Self::Days(number * 7)),
            "month" | "months" => Ok(Self::Months(number)),
            "y" | "year" | "years" => Ok(Self::Months(number * 12)),
            _ => Err(wrong()),
        }
    }
}

impl Age {
    /// The moment that lies this age before `now`. The last day of a month stands for days that it has not.
    pub fn before(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        match self {
            Self::Days(days) => now.checked_sub(time::Duration::days(days.into())),
            Self::Months(months) => {
                let month = i64::from(now.year()) * 12 + i64::from(u8::from(now.month())) - 1 - i64::from(months);
                let year = i32::try_from(month.div_euclid(12)).ok()?;
                let month = Month::try_from(u8::try_from(month.rem_euclid(12)).ok()? + 1).ok()?;
                let date = Date::from_calendar_date(year, month, now.day().min(month.length(year))).ok()?;
                Some(now.replace_date(date))
            }
        }
    }

    /// The same in microseconds, as the stores have it. There are no lookups before the year 1000.
    ///
    /// # Errors
    /// There is no such time.
    pub fn cutoff(self, now: OffsetDateTime) -> Result<Microseconds, Fatal> {
        let before = self.before(now).filter(|before| before.year() >= 1_000);
        let before = before.and_then(|before| i64::try_from(before.unix_timestamp_nanos() / 1_000).ok());
        before
            .map(Microseconds)
            .ok_or_else(|| Fatal::new(Exit::Usage, "--older-than: that is before the first date that can be stored"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn ages() {
        for (text, age) in [
            ("90d", Age::Days(90)),
            ("1 day", Age::Days(1)),
            ("26w", Age::Days(182)),
            ("18months", Age::Months(18)),
            ("1 month", Age::Months(1)),
            ("2y", Age::Months(24)),
            ("2 years", Age::Months(24)),
        ] {
            assert_eq!(text.parse(), Ok(age), "{text}");
        }
        for wrong in ["", "2", "y", "0d", "-1d", "2m", "2yy", "1.5y", "99999999999d", "d2", "+2y", " 2y"] {
            assert!(wrong.parse::<Age>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let now = datetime!(2028-02-29 12:30:00 UTC);
        assert_eq!(Age::Months(24).before(now), Some(datetime!(2026-02-28 12:30:00 UTC)));
        assert_eq!(Age::Months(2).before(now), Some(datetime!(2027-12-29 12:30:00 UTC)));
        assert_eq!(Age::Days(59).before(now), Some(datetime!(2028-01-01 12:30:00 UTC)));
        assert_eq!(Age::Months(12).before(datetime!(2026-12-31 0:00 UTC)), Some(datetime!(2025-12-31 0:00 UTC)));
        assert!(Age::Months(1_200_000).cutoff(now).is_err() && Age::Days(700_000).cutoff(now).is_err());
    }
}
