//! `cidiand history prune`: lookups that are older than wanted go, a little at a time and account by account, so that
//! sessions never wait for long.

use super::progress::Progress;
use super::tools::{counted, fatal, open, say};
use super::users::instant;
use crate::config::settings::Settings;
use crate::exit::{Exit, Fatal};
use crate::store::{AccountId, Error, Microseconds};
use crate::sys::Origin;
use std::str::FromStr;
use std::time::{Duration, Instant};
use time::{Date, Month, OffsetDateTime};

/// How many lookups are deleted at once.
const BATCH: u32 = 1_000;
/// How many accounts are looked up at once.
const PAGE: u32 = 1_000;
/// The longest pause between two batches.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// An age, as an operator says it: a number of days, weeks, months or years.
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
    /// The moment that was so long before `now`. The last day of a month stands for days that it has not.
    fn before(self, now: OffsetDateTime) -> Option<OffsetDateTime> {
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

    /// The same as stores reckon. Nobody has looked anything up before the year 1000.
    fn cutoff(self, now: OffsetDateTime) -> Result<Microseconds, Fatal> {
        let before = self.before(now).filter(|before| before.year() >= 1_000);
        let before = before.and_then(|before| i64::try_from(before.unix_timestamp_nanos() / 1_000).ok());
        before.map(Microseconds).ok_or_else(|| Fatal::new(Exit::Usage, "--older-than: there is no such time"))
    }
}

/// Deletes, or counts what would be deleted.
///
/// # Errors
/// As the help says.
pub(crate) fn run(settings: &Settings, age: Age, dry_run: bool, origin: Origin) -> Result<Exit, Fatal> {
    let cutoff = age.cutoff(OffsetDateTime::now_utc())?;
    let mut store = open(settings, origin)?;
    let database = &settings.session.database;
    let mut lookups = 0_u64;
    let mut touched = 0_u64;
    let mut progress = Progress::new();
    let mut prune = || -> Result<(), Error> {
        let total = store.count_accounts()?;
        let (mut done, mut last) = (0_u64, AccountId { number: 0, created: None });
        loop {
            let accounts = store.accounts_after(last, PAGE)?;
            let Some(newest) = accounts.last() else { return Ok(()) };
            last = *newest;
            for account in accounts {
                let before = lookups;
                if dry_run {
                    lookups += store.count_older(account, cutoff)?;
                } else {
                    loop {
                        let begin = Instant::now();
                        let deleted = store.delete_older(account, cutoff, BATCH)?;
                        lookups += deleted;
                        if deleted > 0 {
                            // Sessions have at least as much of the database as we.
                            std::thread::sleep(begin.elapsed().min(LONGEST_PAUSE));
                        }
                        if deleted < BATCH.into() {
                            break;
                        }
                        progress.show(&format!("{lookups} lookups, accounts"), done, total);
                    }
                }
                touched += u64::from(lookups > before);
                done += 1;
                progress.show(&format!("{lookups} lookups, accounts"), done, total);
            }
        }
    };
    let pruned = prune();
    drop(progress);
    let (lookups, accounts) = (counted(lookups, "lookup"), counted(touched, "account"));
    let cutoff = instant(cutoff);
    if let Err(error) = pruned {
        let fatal = fatal(database, &error);
        let so_far = if dry_run { String::new() } else { format!("; {lookups} of {accounts} were deleted before") };
        return Err(Fatal::new(fatal.exit, format!("{}{so_far}", fatal.message)));
    }
    let done = if dry_run { "would be deleted" } else { "deleted" };
    say(&format!("{database}: {lookups} of {accounts} from before {cutoff} {done}"))
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
