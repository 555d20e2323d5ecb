//! Reading the last ten lookups, and all, of one long history among many, compared with the same in a nearly empty
//! database.

use crate::Result;
use crate::accounts::{log_in, register};
use crate::arguments::Part;
use crate::bed::{Bed, Daemon};
use crate::figures::{Section, Target};
use crate::load::Dialect;
use crate::processes::Meter;
use crate::rounds::{Entrant, Rounds, progress};

/// Rows of the account that is asked for, where there are many and where there are few.
const LONG: u32 = 10_000;
const SHORT: u32 = 1_000;

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Histories) {
        return Ok(());
    }
    let bed = rounds.bed;
    // As many rows as the first account has, for each.
    let accounts = rounds.arguments.size(1_000, 100);
    let mut section = Section::new("Long histories");
    for store in ["MariaDB", "SQLite"] {
        let (long_url, short_url) = if store == "MariaDB" {
            bed.make_database("long_history")?;
            bed.make_database("short_history")?;
            (bed.mariadb.url("long_history"), bed.mariadb.url("short_history"))
        } else {
            let file = |name| format!("sqlite:{}", bed.path(name).display());
            (file("long.db"), file("short.db"))
        };
        let long = bed.start_daemon(&format!("long-{store}"), &long_url, &[])?;
        let short = bed.start_daemon(&format!("short-{store}"), &short_url, &[])?;
        register(&long, 1)?;
        register(&short, 1)?;
        fill(bed, &long, accounts, LONG)?;
        fill(bed, &short, 1, SHORT)?;
        for all in [false, true] {
            let mut entrants = Vec::new();
            for (name, daemon, rows) in [("much", &long, LONG), ("little", &short, SHORT)] {
                let mut speaker = log_in(bed, daemon, 1)?;
                let rows = if all { usize::try_from(rows)? } else { 10 };
                let database = (store == "MariaDB").then(|| bed.mariadb.pid()).into_iter().collect();
                let meter = Meter { server: vec![daemon.server.pid()], database };
                entrants.push(Entrant::new(name, meter, move |counting| {
                    speaker.ask(Dialect::History { rows, all }, &bed.headwords, 1, counting)
                }));
            }
            let asked = if all { "all" } else { "the last ten" };
            let results = rounds.alternate(&format!("{store}, {asked}"), entrants)?;
            let total = f64::from(accounts) * f64::from(LONG) / 1e6;
            let much = results[0].as_microseconds(if all { f64::from(LONG) } else { 1.0 });
            let mut little = results[1].as_microseconds(if all { f64::from(SHORT) } else { 1.0 });
            little.name = format!("{SHORT} rows in all");
            let what = format!("{store}: {asked}, of {LONG} rows among {total} million");
            let unit = if all { "µs a row" } else { "µs a reply" };
            section.compare(what, unit, &much, &little, Target::AtMost(1.3));
        }
    }
    sections.push(section);
    Ok(())
}

/// Gives each of a number of accounts, beginning with `bench1`, a number of rows.
pub(super) fn fill(bed: &Bed, daemon: &Daemon, accounts: u32, rows: u32) -> Result<()> {
    let total = u64::from(accounts) * u64::from(rows);
    progress(&format!("a history of {total} rows"));
    if let Some(path) = daemon.database.strip_prefix("sqlite:") {
        let mut database = rusqlite::Connection::open(path)?;
        // Only while it is filled: the daemon has its own connections, which wait for each commit.
        database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
        let numbers = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?1)";
        let transaction = database.transaction()?;
        transaction.execute(
            &format!(
                "{numbers} INSERT INTO user (name, passwd, locked, created) \
                 SELECT 'other' || n, '-', 0, '2026-01-01 00:00:00.000000' FROM numbers WHERE n > 1"
            ),
            (accounts,),
        )?;
        let mut insert = transaction.prepare(&format!(
            "{numbers} INSERT INTO hist (user_id, name, word, time, origin) SELECT id, name, 'word' || (n % 5000), \
             strftime('%Y-%m-%d %H:%M:%S', '2026-01-01', (n * 60) || ' seconds') || '.123456', 7 \
             FROM user, numbers WHERE id = ?2"
        ))?;
        for account in 1..=accounts {
            bed.stop.check()?;
            insert.execute((rows, account))?;
        }
        drop(insert);
        return Ok(transaction.commit()?);
    }
    let name = daemon.database.rsplit('/').find_map(|part| part.split_once('?')).map_or("", |(name, _)| name);
    bed.mariadb.sql(&format!(
        "USE {name}; INSERT INTO user (name, passwd, locked, created) \
         SELECT CONCAT('other', seq), '-', FALSE, '2026-01-01' FROM seq_2_to_{accounts} WHERE {accounts} > 1"
    ));
    for first in (1..=accounts).step_by(50) {
        bed.stop.check()?;
        let last = (first + 49).min(accounts);
        bed.mariadb.sql(&format!(
            "USE {name}; INSERT INTO hist (user_id, name, word, time, origin) \
             SELECT id, name, CONCAT('word', seq % 5000), \
             TIMESTAMP('2026-01-01') + INTERVAL seq * 60 SECOND + INTERVAL 123456 MICROSECOND, 7 \
             FROM user JOIN seq_1_to_{rows} WHERE id BETWEEN {first} AND {last} ORDER BY id, seq"
        ));
    }
    Ok(())
}
