//! How long the notebook's commands take, from start to end of the program, on an account with a year of use.

use super::client::{client, log_in, timed};
use crate::Result;
use crate::arguments::Part;
use crate::bed::{Bed, Daemon};
use crate::figures::{Section, Series, Target};
use crate::rounds::{Rounds, progress};

/// How much a year's use leaves behind.
const LOOKUPS: u32 = 10_000;
const STARS: usize = 2_000;
/// How often each command is called in a run.
const CALLS: usize = 20;
/// The commands, and the most that one of them should take, in milliseconds. A review ends with its input, which is empty: what
/// it takes is the time to the first word.
const COMMANDS: [(&[&str], f64); 4] =
    [(&["stats"], 50.0), (&["stats", "--json"], 50.0), (&["review"], 30.0), (&["review", "--count"], 30.0)];

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Notebook) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new(format!("The notebook: {LOOKUPS} lookups of a year, {STARS} stars"));
    let dictionary = bed.dictionary()?;
    let words = dictionary.file.display().to_string();
    let starred = bed.path("starred.txt");
    std::fs::write(&starred, dictionary.headwords[..STARS].join("\n"))?;
    bed.make_database("notebook")?;
    let sqlite = format!("sqlite:{}", bed.path("notebook.db").display());
    for (store, database) in [("SQLite", sqlite), ("MariaDB", bed.mariadb.url("notebook"))] {
        progress(&format!("the notebook, {store}: a year of it"));
        let daemon = bed.start_daemon(&format!("notebook-{store}"), &database, &["--words", &words])?;
        let home = log_in(bed, &daemon, &format!("notebook-{store}"))?;
        look_up(bed, &daemon)?;
        timed(client(&home, &daemon, &["import", &starred.display().to_string()]))?;
        for (command, most) in COMMANDS {
            let (mut medians, mut greatest) = (Series::default(), Series::default());
            for run in 1..=rounds.arguments.runs() {
                progress(&format!("the notebook, {store}, {}, run {run}", command.join(" ")));
                let mut times = Series::default();
                for _ in 0..CALLS {
                    times.push(timed(client(&home, &daemon, command))?.as_secs_f64() * 1_000.0);
                    bed.stop.check()?;
                }
                medians.push(times.median());
                greatest.push(times.greatest());
            }
            let what = format!("{store}: `cidian {}`", command.join(" "));
            section.read(format!("{what}, half of the calls within"), "ms", medians, Target::AtMost(most));
            section.read(format!("{what}, all calls within"), "ms", greatest, Target::None);
        }
    }
    sections.push(section);
    Ok(())
}

/// Lookups of a thousand words, one every 52 minutes up to now, past the daemon.
fn look_up(bed: &Bed, daemon: &Daemon) -> Result<()> {
    if let Some(path) = daemon.database.strip_prefix("sqlite:") {
        rusqlite::Connection::open(path)?.execute_batch(&format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {LOOKUPS}) \
             INSERT INTO hist (user_id, name, word, time, origin) SELECT id, name, 'word' || (n % 1000), \
             strftime('%Y-%m-%d %H:%M:%S', 'now', (-52 * n) || ' minutes') || '.123456', 7 FROM user, numbers"
        ))?;
        return Ok(());
    }
    bed.mariadb.sql(&format!(
        "USE notebook; INSERT INTO hist (user_id, name, word, time, origin) SELECT id, name, CONCAT('word', seq % 1000), \
         UTC_TIMESTAMP(6) - INTERVAL 52 * seq MINUTE, 7 FROM user JOIN seq_1_to_{LOOKUPS}"
    ));
    Ok(())
}
