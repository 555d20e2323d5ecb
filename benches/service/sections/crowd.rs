//! Ten thousand clients over few connections to the database.

use crate::Result;
use crate::accounts::{log_in, log_in_by_token, make_tokens, register_many};
use crate::arguments::Part;
use crate::bed::Bed;
use crate::figures::{Section, Series, Target};
use crate::machine::allow_descriptors;
use crate::processes::{children, memory};
use crate::rounds::{Rounds, progress};
use std::time::{Duration, Instant};

/// How often each looks a word up.
const LOOKUPS: usize = 10;
/// A child that has rested this long has closed what it does not need.
const REST: Duration = Duration::from_secs(8);

/// Measures the whole section, once: it is long enough.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Crowd) {
        return Ok(());
    }
    let bed = rounds.bed;
    let clients: u32 = rounds.arguments.size(10_000, 1_000);
    let length = rounds.arguments.size(Duration::from_secs(60), Duration::from_secs(20));
    allow_descriptors(u64::from(clients))?;
    let dictionary = bed.dictionary()?;
    let file = dictionary.file.display().to_string();
    bed.make_database("crowd")?;
    let mut options = vec!["--words", &file, "--idle-timeout", "0", "--login-grace", "0", "--max-clients", "20000"];
    let leases = Bed::has_option("--database-connections")?;
    if leases {
        options.extend(["--database-connections", "64"]);
    }
    let daemon = bed.start_daemon("crowd", &bed.mariadb.url("crowd"), &options)?;
    let mut section = Section::new(format!("{clients} clients"));
    register_many(bed, &daemon, "crowd", clients)?;

    progress(&format!("{clients} logins"));
    let began = Instant::now();
    let speakers = log_in(bed, &daemon, clients)?;
    one(&mut section, "logging all in, bounded by hashing", "s", began.elapsed().as_secs_f64(), Target::None);
    let unavailable = speakers.unavailable as f64;
    one(&mut section, "logins that were `unavailable`, and tried again", "", unavailable, Target::AtMost(0.0));
    let own = 1;
    drop(speakers);
    bed.stop.wait_for("the clients to end", Duration::from_secs(60), || {
        (children(daemon.server.pid()).len() <= own).then_some(())
    })?;

    progress(&format!("{clients} logins by token"));
    let tokens = make_tokens(bed, "crowd", clients);
    let began = Instant::now();
    let mut speakers = log_in_by_token(bed, &daemon, &tokens)?;
    let most = 15.0 * f64::from(clients) / 10_000.0;
    one(&mut section, "logging all in by token", "s", began.elapsed().as_secs_f64(), Target::AtMost(most));
    let unavailable = speakers.unavailable as f64;
    one(&mut section, "of these, `unavailable` and tried again", "", unavailable, Target::AtMost(0.0));

    bed.stop.sleep(REST)?;
    progress("memory of all");
    nix::unistd::sync();
    let tree: Vec<u32> = children(daemon.server.pid()).into_iter().chain([daemon.server.pid()]).collect();
    let proportional: u64 = tree.iter().filter_map(|&pid| memory(pid, "Pss")).sum();
    let gibibytes = proportional as f64 / f64::from(1 << 20);
    let most = 1.2 * f64::from(clients) / 10_000.0;
    one(&mut section, "memory of the whole tree, all logged in and idle (Pss)", "GiB", gibibytes, Target::AtMost(most));

    progress(&format!("{clients} clients look {LOOKUPS} words up each"));
    let crowd = speakers.crowd(&dictionary.headwords, LOOKUPS, length, &bed.stop)?;
    let total = f64::from(clients) * LOOKUPS as f64;
    one(&mut section, "lookups due in a second", "lookups/s", total / length.as_secs_f64(), Target::None);
    one(&mut section, "lookups answered", "", crowd.delays.len() as f64, Target::AtLeast(total));
    one(&mut section, "lookups refused or failed", "", crowd.failed as f64, Target::AtMost(0.0));
    one(&mut section, "lookups without a reply", "", crowd.unanswered as f64, Target::AtMost(0.0));
    for (name, hundredths, target) in [
        ("a lookup, half of them within", 50.0, Target::None),
        ("a lookup, 99 % of them within", 99.0, Target::AtMost(5.0)),
        ("a lookup, all of them within", 100.0, Target::None),
    ] {
        one(&mut section, name, "ms", crowd.percentile(hundredths), target);
    }
    if let Some(failure) = crowd.failure {
        section.note(format!("The first failure: `{failure}`"));
    }
    // The server may have no connection left for this query.
    drop((speakers, daemon));
    let most = bed.mariadb.sql("SHOW GLOBAL STATUS LIKE 'Max_used_connections'");
    let most = most.split_whitespace().last().unwrap_or("?").to_owned();
    let limit = if leases { "`--database-connections 64`" } else { "no limit of its own (this daemon has none yet)" };
    section
        .note(format!("cidiand with {limit}; MariaDB took 151, and had {most} at the most in all parts of this run."));
    sections.push(section);
    Ok(())
}

fn one(section: &mut Section, what: &str, unit: &'static str, value: f64, target: Target) {
    section.read(what, unit, Series::from_iter([value]), target);
}
