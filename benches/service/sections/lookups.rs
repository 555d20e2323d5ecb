//! Lookups with durable history on MariaDB, compared with rows inserted as fast as the same server takes them, and with
//! dictd, which keeps no history.

use crate::Result;
use crate::accounts::{log_in, register};
use crate::arguments::Part;
use crate::figures::{Section, Target};
use crate::load::{Dialect, Speakers};
use crate::peers::start_dictd;
use crate::processes::Meter;
use crate::raw::Work;
use crate::rounds::{Entrant, Rounds, progress};

/// Clients, how deep each pipelines, and the least ratio to as many connections that insert as many rows at once.
const CASES: [(u32, usize, f64); 4] = [(1, 1, 0.5), (8, 1, 0.9), (64, 1, 1.5), (8, 16, 0.7)];
/// How many clients look words up when dictd is compared.
const PEERS: u32 = 8;

/// All of it.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Lookups) {
        return Ok(());
    }
    let bed = rounds.bed;
    bed.make_database("lookups")?;
    let raw = bed.make_database("raw")?;
    bed.make_raw_accounts(&raw, 64);
    let daemon = bed.start_daemon("lookups", &bed.mariadb.url("lookups"), &[])?;
    progress("lookups: accounts");
    register(&daemon, 64)?;
    let mut section = Section::new("Lookups with durable history, MariaDB");
    for (clients, depth, least) in CASES {
        let mut speakers = log_in(bed, &daemon, clients)?;
        let what = case(clients, depth);
        let insert = if depth == 1 { "one-row".to_owned() } else { format!("{depth}-row") };
        let entrants = vec![
            Entrant::new("cidiand", rounds.with_mariadb(Some(&daemon.server)), |counting| {
                speakers.ask(Dialect::Lookup, &bed.headwords, depth, counting)
            }),
            Entrant::new(format!("raw {insert} inserts, {clients} at a time"), rounds.with_mariadb(None), |counting| {
                raw.drive(Work::Insert(depth), clients, &bed.headwords, counting)
            }),
        ];
        let results = rounds.alternate(&format!("lookups, {what}"), entrants)?;
        section.compare(what, "lookups/s", &results[0], &results[1], Target::AtLeast(least));
    }
    peers(rounds, &mut section)?;
    sections.push(section);
    Ok(())
}

/// What a case is called.
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
