//! Lookups in table `words`, compared with bare selects of the same rows.

use super::lookups::case;
use crate::Result;
use crate::accounts::{log_in, register};
use crate::arguments::Part;
use crate::figures::{Section, Target};
use crate::load::Dialect;
use crate::raw::Work;
use crate::rounds::{Entrant, Rounds, progress};

/// How many clients, and as many connections.
const CLIENTS: [u32; 2] = [1, 8];

/// All of it.
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
    bed.make_database("words")?;
    let url = bed.mariadb.url("words");
    bed.tool(&url, &["words", "load", &file])?;
    let daemon = bed.start_daemon("words", &url, &["--lookup", "database"])?;
    register(&daemon, 8)?;
    // No headword holds such a letter, and no ending can be taken off.
    let misses: Vec<String> = dictionary.headwords.iter().map(|word| format!("{word}ж")).collect();
    let mut section = Section::new(format!("Lookups in table `words`, {}", dictionary.title));
    for clients in CLIENTS {
        let mut hits = log_in(bed, &daemon, clients)?;
        let mut not_there = log_in(bed, &daemon, clients)?;
        let ours = rounds.with_mariadb(Some(&daemon.server));
        let theirs = rounds.with_mariadb(None);
        let work = |work| {
            let (raw, dictionary) = (&raw, &dictionary);
            move |counting: crate::load::Counting<'_>| raw.drive(work, clients, &dictionary.headwords, counting)
        };
        let entrants = vec![
            Entrant::new("cidiand, hits", ours.clone(), |counting| {
                hits.ask(Dialect::Lookup, &dictionary.headwords, 1, counting)
            }),
            Entrant::new("cidiand, misses", ours, |counting| not_there.ask(Dialect::Miss, &misses, 1, counting)),
            Entrant::new(format!("raw select, {clients} at a time"), theirs.clone(), work(Work::Select)),
            Entrant::new(format!("raw select, then insert, {clients} at a time"), theirs, work(Work::SelectAndInsert)),
        ];
        let results = rounds.alternate(&format!("table words, {clients} at a time"), entrants)?;
        let [hits, misses, select, both] = &results[..] else { return Err("four results".into()) };
        let what = case(clients, 1);
        section.compare(format!("hits (kept in the history), {what}"), "lookups/s", hits, select, Target::None);
        section.compare(format!("hits (kept in the history), {what}"), "lookups/s", hits, both, Target::AtLeast(0.9));
        section.compare(format!("misses (nothing is kept), {what}"), "lookups/s", misses, select, Target::AtLeast(0.9));
    }
    sections.push(section);
    Ok(())
}
