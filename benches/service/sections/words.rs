//! Lookups in table `words`, compared with bare selects of the same rows.

use super::lookups::{case, compare_builds};
use crate::Result;
use crate::accounts::{log_in, register};
use crate::arguments::Part;
use crate::bed::{Build, Store};
use crate::figures::{Section, Target};
use crate::load::Dialect;
use crate::raw::Work;
use crate::rounds::{Entrant, Rounds, progress};

/// How many clients, and as many connections.
const CLIENTS: [u32; 2] = [1, 8];

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Words) {
        return Ok(());
    }
    let bed = rounds.bed;
    progress("table words");
    let dictionary = bed.dictionary()?;
    let file = dictionary.file.display().to_string();
    let raw = bed.make_database("wordsraw")?;
    bed.make_raw_accounts(&raw, 8);
    bed.tool(&bed.mariadb.url("wordsraw"), &["words", "load", &file])?;
    let start = |build: Build| {
        let own = build.own("words");
        let url = bed.make_store(build, Store::MariaDb, &own)?;
        bed.tool_of(build, &url, &["words", "load", &file])?;
        let daemon = bed.start_daemon_of(build, &own, &url, &["--lookup", "database"])?;
        register(&daemon, 8)?;
        Ok((build, daemon))
    };
    let daemons = bed.builds().into_iter().map(start).collect::<Result<Vec<_>>>()?;
    // No headword holds such a letter, and no ending can be taken off.
    let misses: Vec<String> = dictionary.headwords.iter().map(|word| format!("{word}ж")).collect();
    let mut section = Section::new(format!("Lookups in table `words`, {}", dictionary.title));
    for clients in CLIENTS {
        let work = |work| {
            let (raw, dictionary) = (&raw, &dictionary);
            move |counting: crate::load::Counting<'_>| raw.drive(work, clients, &dictionary.headwords, counting)
        };
        let theirs = rounds.with_mariadb(None);
        let mut entrants = vec![
            Entrant::new(format!("raw select, {clients} at a time"), theirs.clone(), work(Work::Select)),
            Entrant::new(format!("raw select, then insert, {clients} at a time"), theirs, work(Work::SelectAndInsert)),
        ];
        for (dialect, words) in [(Dialect::Lookup, &dictionary.headwords), (Dialect::Miss, &misses)] {
            for (build, daemon) in &daemons {
                let mut speakers = log_in(bed, daemon, clients)?;
                entrants.push(Entrant::new(
                    build.contestant(),
                    rounds.with_mariadb(Some(&daemon.server)),
                    move |counting| speakers.ask(dialect, words, 1, counting),
                ));
            }
        }
        let results = rounds.alternate(&format!("table words, {clients} at a time"), entrants)?;
        let ([select, both], ours) = results.split_first_chunk().ok_or("two results of the database")?;
        let (hits, misses) = ours.split_at(daemons.len());
        let case = case(clients, 1);
        let what = format!("hits (kept in the history), {case}");
        section.compare(&*what, "lookups/s", &hits[0], select, Target::None);
        section.compare(&*what, "lookups/s", &hits[0], both, Target::AtLeast(0.9));
        compare_builds(&mut section, &what, hits, Target::None);
        let what = format!("misses (nothing is kept), {case}");
        section.compare(&*what, "lookups/s", &misses[0], select, Target::AtLeast(0.5));
        compare_builds(&mut section, &what, misses, Target::None);
    }
    sections.push(section);
    Ok(())
}
