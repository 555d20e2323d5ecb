//! Lookups with durable history on MariaDB, compared with rows inserted as fast as the same server takes them, and with
//! dictd, which keeps no history.

use crate::Result;
use crate::accounts::{log_in, register};
use crate::arguments::Part;
use crate::bed::{Build, Daemon, Store};
use crate::figures::{Contestant, Section, Target};
use crate::load::{Dialect, Speakers};
use crate::peers::start_dictd;
use crate::processes::Meter;
use crate::raw::Work;
use crate::rounds::{Entrant, Rounds, progress};

/// Clients, and how deep each pipelines; the least ratio to as many connections that insert as many rows at once, and
/// to the build before.
const CASES: [(u32, usize, f64, f64); 4] =
    [(1, 1, 0.7, 1.2), (8, 1, 0.85, 1.35), (64, 1, 1.8, 1.6), (8, 16, 0.85, 1.35)];
/// How many clients look words up when dictd is compared.
const PEERS: u32 = 8;

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Lookups) {
        return Ok(());
    }
    let bed = rounds.bed;
    let raw = bed.make_database("raw")?;
    bed.make_raw_accounts(&raw, 64);
    let daemons = start_daemons(rounds, Store::MariaDb, "lookups")?;
    let mut section = Section::new("Lookups with durable history, MariaDB");
    for (clients, depth, to_raw, to_before) in CASES {
        let what = case(clients, depth);
        let insert = if depth == 1 { "one-row".to_owned() } else { format!("{depth}-row") };
        let mut entrants = entrants(rounds, Store::MariaDb, &daemons, clients, depth)?;
        entrants.push(Entrant::new(
            format!("raw {insert} inserts, {clients} at a time"),
            rounds.with_mariadb(None),
            |counting| raw.drive(Work::Insert(depth), clients, &bed.headwords, counting),
        ));
        let results = rounds.alternate(&format!("lookups, {what}"), entrants)?;
        let (builds, raw) = results.split_at(daemons.len());
        section.compare(&*what, "lookups/s", &builds[0], &raw[0], Target::AtLeast(to_raw));
        compare_builds(&mut section, &what, builds, Target::AtLeast(to_before));
    }
    peers(rounds, &mut section)?;
    sections.push(section);
    Ok(())
}

/// A daemon of each build, this tree's first, with the same words and 64 accounts.
pub fn start_daemons(rounds: &Rounds<'_>, store: Store, name: &str) -> Result<Vec<(Build, Daemon)>> {
    let bed = rounds.bed;
    let words = bed.built_in_words()?;
    let start = |build: Build| {
        let own = build.own(name);
        progress(&format!("lookups on {}: accounts of {}", store.shown(), build.contestant()));
        let database = bed.make_store(build, store, &own)?;
        let daemon = bed.start_daemon_of(build, &own, &database, &["--words", &words])?;
        register(&daemon, 64)?;
        Ok((build, daemon))
    };
    bed.builds().into_iter().map(start).collect()
}

/// Clients of each of the daemons, who look words up.
pub fn entrants<'e>(
    rounds: &'e Rounds<'_>,
    store: Store,
    daemons: &[(Build, Daemon)],
    clients: u32,
    depth: usize,
) -> Result<Vec<Entrant<'e>>> {
    let enter = |(build, daemon): &(Build, Daemon)| {
        let mut speakers = log_in(rounds.bed, daemon, clients)?;
        Ok(Entrant::new(build.contestant(), rounds.meter(store, &daemon.server), move |counting| {
            speakers.ask(Dialect::Lookup, &rounds.bed.headwords, depth, counting)
        }))
    };
    daemons.iter().map(enter).collect()
}

/// This tree's build, the first of them, over the one before, if there is one.
pub fn compare_builds(section: &mut Section, what: &str, builds: &[Contestant], target: Target) {
    for before in &builds[1..] {
        section.compare(what, "lookups/s", &builds[0], before, target);
    }
}

/// The name of a case.
pub fn case(clients: u32, depth: usize) -> String {
    let clients = if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") };
    if depth == 1 { format!("{clients}, no pipelining") } else { format!("{clients}, {depth} deep") }
}

/// The same dictionary, the same words, no history on their side.
fn peers(rounds: &Rounds<'_>, section: &mut Section) -> Result<()> {
    let bed = rounds.bed;
    let servers = start_dictd(bed, true).and_then(|packed| Ok((packed, start_dictd(bed, false)?)));
    let (packed, plain) = match servers {
        Ok((Some(packed), Some(plain))) => (packed, plain),
        Ok(_) => {
            section.note("dictd is not compared: Debian's packages dictd and dict-wn are not installed.");
            return Ok(());
        }
        Err(error) => {
            section.note(format!("dictd is not compared: {error}"));
            return Ok(());
        }
    };
    let dictionary = bed.dictionary()?;
    bed.make_database("peers")?;
    let file = dictionary.file.display().to_string();
    let daemon = bed.start_daemon("peers", &bed.mariadb.url("peers"), &["--words", &file])?;
    register(&daemon, PEERS)?;
    let mut ours = log_in(bed, &daemon, PEERS)?;
    let names = vec!["-".to_owned(); usize::try_from(PEERS)?];
    let mut entrants = vec![Entrant::new("cidiand", rounds.with_mariadb(Some(&daemon.server)), |counting| {
        ours.ask(Dialect::Lookup, &dictionary.headwords, 1, counting)
    })];
    let theirs = [
        ("dictd as packaged, ordinary client", &packed, false),
        ("dictd as packaged, client acknowledges at once", &packed, true),
        ("dictd with plain data, client acknowledges at once", &plain, true),
    ];
    for (name, dictd, quick) in theirs {
        let mut speakers = Speakers::connect(&[dictd.address], &names, &bed.stop, |_| String::new())?;
        let meter = Meter { server: vec![dictd.server.pid()], database: Vec::new() };
        entrants.push(Entrant::new(name, meter, move |counting| {
            speakers.ask(Dialect::Dict { quick }, &dictionary.headwords, 1, counting)
        }));
    }
    let results = rounds.alternate("lookups in WordNet", entrants)?;
    for theirs in &results[1..] {
        let what = format!("WordNet, {}", case(PEERS, 1));
        section.compare(what, "lookups/s", &results[0], theirs, Target::None);
    }
    Ok(())
}
