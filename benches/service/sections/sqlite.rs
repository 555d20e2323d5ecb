//! Lookups with durable history on SQLite, compared with the disk: no server that syncs for each lookup can be faster.

use super::lookups::case;
use crate::Result;
use crate::accounts::{log_in, register};
use crate::arguments::Part;
use crate::figures::{Section, Target};
use crate::load::Dialect;
use crate::processes::Meter;
use crate::raw::sync_to_disk;
use crate::rounds::{Entrant, Rounds, progress};

/// Clients, and how deep each pipelines.
const CASES: [(u32, usize); 4] = [(1, 1), (8, 1), (64, 1), (8, 16)];

/// All of it.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Sqlite) {
        return Ok(());
    }
    let bed = rounds.bed;
    let database = format!("sqlite:{}", bed.path("lookups.db").display());
    let daemon = bed.start_daemon("sqlite", &database, &[])?;
    progress("lookups on SQLite: accounts");
    register(&daemon, 64)?;
    let directory = bed.path("sync");
    std::fs::create_dir(&directory)?;
    let meter = Meter { server: vec![daemon.server.pid()], database: Vec::new() };
    let mut section = Section::new("Lookups with durable history, SQLite");
    for (clients, depth) in CASES {
        let mut speakers = log_in(bed, &daemon, clients)?;
        let mut against = vec![("one fdatasync after the other", 1, true)];
        if clients == 64 {
            against.push(("64 at once, each with a file of its own", 64, false));
            against.push(("64 at once, all in one file", 64, true));
        }
        let mut entrants = vec![Entrant::new("cidiand", meter.clone(), |counting| {
            speakers.ask(Dialect::Lookup, &bed.headwords, depth, counting)
        })];
        for (name, writers, one_file) in against {
            let directory = &directory;
            entrants.push(Entrant::new(name, Meter::default(), move |counting| {
                sync_to_disk(directory, writers, one_file, counting)
            }));
        }
        let what = case(clients, depth);
        let results = rounds.alternate(&format!("lookups on SQLite, {what}"), entrants)?;
        for (number, theirs) in results.iter().enumerate().skip(1) {
            let target = if clients == 64 && number == 1 { Target::AtLeast(4.0) } else { Target::None };
            section.compare(&*what, "lookups/s", &results[0], theirs, target);
        }
    }
    sections.push(section);
    Ok(())
}
