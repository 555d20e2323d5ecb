//! Whole visits, as the client makes one for each word: connect, log in by token, at most one request, leave. Each line
//! is sent when the reply to the previous one has arrived.

use crate::Result;
use crate::accounts::{look_up, register, tokens};
use crate::arguments::Part;
use crate::bed::{Build, Daemon};
use crate::figures::{Section, Target};
use crate::load::{Exchange, Visit, Visitors};
use crate::processes::Meter;
use crate::rounds::{Entrant, Rounds, progress};

/// How many at a time, each of an account of its own.
const AT_ONCE: u32 = 8;
const SOURCES: u8 = 32;
/// How many lookups are there to be looked back at.
const LOOKUPS: usize = 10;

/// What a visitor does between login and goodbye.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Empty,
    Login,
    Lookup,
    History,
}

/// The kinds, how they are shown, and what the ratio to the C server should be on MariaDB and on SQLite; to the build before.
const KINDS: [(Kind, &str, [f64; 2], f64); 4] = [
    (Kind::Empty, "`E`", [0.6, 0.6], 0.0),
    (Kind::Login, "`T`, `E`", [0.0, 0.0], 0.0),
    (Kind::Lookup, "`T`, `Q`, `E`", [0.45, 0.45], 2.7),
    (Kind::History, "`T`, `H`, `E`", [0.42, 0.45], 0.0),
];

/// The first contestants are this tree's: as it is by default, and with a fork server.
const OURS: usize = 2;

/// All of it.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Visits) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new(format!("Visits, {AT_ONCE} at a time"));
    let words = &bed.dictionary()?.headwords[..];
    let (c_server, c_address) = bed.start_fork_echo(&[])?;
    for (place, store) in ["MariaDB", "SQLite"].into_iter().enumerate() {
        let servers = servers(rounds, store)?;
        for (kind, shown, to_c, to_before) in KINDS {
            let mut entrants = Vec::new();
            for (name, daemon, tokens) in &servers {
                let database = (store == "MariaDB").then(|| bed.mariadb.pid()).into_iter().collect();
                let meter = Meter { server: vec![daemon.server.pid()], database };
                let mut visitors = Visitors::new(daemon.address, visit(kind, tokens, words, false))?;
                entrants.push(Entrant::new(*name, meter, move |counting| {
                    visitors.keep_visiting(AT_ONCE as usize, counting)
                }));
            }
            let meter = Meter { server: vec![c_server.pid()], database: Vec::new() };
            let mut visitors = Visitors::new(c_address, visit(kind, &servers[0].2, words, true))?;
            entrants.push(Entrant::new("C server that answers the same lines", meter, move |counting| {
                visitors.keep_visiting(AT_ONCE as usize, counting)
            }));
            let what = format!("{store}, {shown}");
            let results = rounds.alternate(&format!("visits, {what}"), entrants)?;
            let least = |ratio: f64| if ratio > 0.0 { Target::AtLeast(ratio) } else { Target::None };
            for (ours, how) in results[..OURS].iter().zip(["", ", fork server"]) {
                for (number, theirs) in results.iter().enumerate().skip(OURS).rev() {
                    let target = least(if number + 1 == results.len() { to_c[place] } else { to_before });
                    section.compare(format!("{what}{how}"), "visits/s", ours, theirs, target);
                }
            }
        }
    }
    sections.push(section);
    Ok(())
}

/// The daemons of a store: this tree's two, and the earlier build's if there is one; each with tokens of its accounts,
/// which have something to look back at.
fn servers(rounds: &Rounds<'_>, store: &str) -> Result<Vec<(&'static str, Daemon, Vec<String>)>> {
    let bed = rounds.bed;
    let mut servers = Vec::new();
    let ours =
        [(Build::This, "cidiand", "this", None), (Build::This, "with a fork server", "fork", Some("--fork-server"))];
    let before = bed.builds().into_iter().filter(|build| matches!(build, Build::Before));
    for (build, name, suffix, option) in
        ours.into_iter().chain(before.map(|build| (build, "the build before", "before", None)))
    {
        progress(&format!("visits on {store}: accounts of {name}"));
        let own = format!("visits_{}_{suffix}", store.to_lowercase());
        let database = if store == "MariaDB" {
            bed.make_database_of(build, &own)?;
            bed.mariadb.url(&own)
        } else {
            format!("sqlite:{}", bed.path(&format!("{own}.db")).display())
        };
        // The same words for both: the built-in ones are not the same in every build.
        let dictionary = bed.dictionary()?;
        let words = dictionary.file.display().to_string();
        let options: Vec<&str> = ["--words", &words].into_iter().chain(option).collect();
        let daemon = bed.start_daemon_of(build, &own, &database, &options)?;
        register(&daemon, AT_ONCE)?;
        let tokens = tokens(&daemon, AT_ONCE)?;
        look_up(&daemon, &tokens, &dictionary.headwords[..LOOKUPS])?;
        servers.push((name, daemon, tokens));
    }
    Ok(servers)
}

fn visit(kind: Kind, tokens: &[String], words: &[String], is_echo: bool) -> Visit {
    let exchange = |request: String, ours: fn(String) -> Exchange, theirs: &'static [u8]| {
        if is_echo { Exchange::line(request, theirs) } else { ours(request) }
    };
    let line = |request: String| Exchange::line(request, b"OK");
    let script = |(number, token): (usize, &String)| {
        let name = format!("bench{number}");
        let mut script = Vec::new();
        if !matches!(kind, Kind::Empty) {
            script.push(exchange(format!("T {name} {token}\n"), line, b"T"));
        }
        match kind {
            Kind::Empty | Kind::Login => {}
            Kind::Lookup => {
                let word = &words[number * 997 % words.len()];
                script.push(exchange(format!("Q {name} {word}\n"), line, b"Q"));
            }
            Kind::History => script.push(exchange(format!("H {name}\n"), Exchange::rows, b"H")),
        }
        script.push(exchange("E\n".to_owned(), line, b"E"));
        script
    };
    Visit { scripts: (1..).zip(tokens).map(script).collect(), sources: SOURCES }
}
