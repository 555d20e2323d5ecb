//! `cidiand history prune`: deletes lookups that are older than a given age, a few at a time and account by account, so
//! that sessions never wait for long.

use super::progress::Progress;
use super::tools::{counted, fatal, open, say};
use super::users::instant;
use crate::config::age::Age;
use crate::config::settings::Settings;
use crate::exit::{Exit, Fatal};
use crate::store::{AccountId, Error};
use crate::sys::Origin;
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// How many lookups are deleted at once.
const BATCH: u32 = 1_000;
/// How many accounts are looked up at once.
const PAGE: u32 = 1_000;
/// The longest pause between two batches.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

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
        let so_far =
            if dry_run { String::new() } else { format!("; {lookups} of {accounts} had been deleted by then") };
        return Err(fatal(database, &error).and(&so_far));
    }
    let done = if dry_run { "would be deleted" } else { "deleted" };
    say(&format!("{database}: {lookups} of {accounts} from before {cutoff} {done}"))
}
