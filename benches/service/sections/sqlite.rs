//! Lookups with durable history on SQLite, compared with the disk: no server that syncs for each lookup can be faster.

use super::lookups::{case, compare_builds, entrants, start_daemons};
use crate::Result;
use crate::arguments::Part;
use crate::bed::Store;
use crate::figures::{Section, Target};
use crate::processes::Meter;
use crate::raw::sync_to_disk;
use crate::rounds::{Entrant, Rounds};

/// Clients, and how deep each pipelines.
const CASES: [(u32, usize); 4] = [(1, 1), (8, 1), (64, 1), (8, 16)];
/// The least ratio of 64 clients to one sync after the other.
const LEAST: f64 = 3.5;

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Sqlite) {
        return Ok(());
    }
    let bed = rounds.bed;
    let daemons = start_daemons(rounds, Store::Sqlite, "sqlite")?;
    let directory = bed.path("sync");
    std::fs::create_dir(&directory)?;
    let mut section = Section::new("Lookups with durable history, SQLite");
    for (clients, depth) in CASES {
        let mut against = vec![("one fdatasync after the other", 1, true)];
        if clients == 64 {
            against.push(("64 at once, each with a file of its own", 64, false));
            against.push(("64 at once, all in one file", 64, true));
        }
        let mut entrants = entrants(rounds, Store::Sqlite, &daemons, clients, depth)?;
        for (name, writers, one_file) in against {
            let directory = &directory;
            entrants.push(Entrant::new(name, Meter::default(), move |counting| {
                sync_to_disk(directory, writers, one_file, counting)
            }));
        }
        let what = case(clients, depth);
        let results = rounds.alternate(&format!("lookups on SQLite, {what}"), entrants)?;
        let (builds, syncs) = results.split_at(daemons.len());
        for (number, theirs) in syncs.iter().enumerate() {
            let target = if clients == 64 && number == 0 { Target::AtLeast(LEAST) } else { Target::None };
            section.compare(&*what, "lookups/s", &builds[0], theirs, target);
        }
        compare_builds(&mut section, &what, builds, Target::None);
    }
    sections.push(section);
    Ok(())
}
