//! Whole visits, as the client makes one for each word: connect, log in by token, at most one request, leave. Each line
//! is sent when the reply to the previous one has arrived.

use crate::Result;
use crate::accounts::{look_up, register, tokens};
use crate::arguments::Part;
use crate::bed::{Build, Daemon, Store};
use crate::figures::{Section, Target};
use crate::load::{Exchange, Visit, Visitors};
use crate::processes::Meter;
use crate::rounds::{Entrant, Rounds, progress};

/// How many at a time, each of an account of its own.
pub const AT_ONCE: u32 = 8;
const SOURCES: u8 = 32;
/// How many lookups each history holds.
const LOOKUPS: usize = 10;

/// What a visitor does between login and goodbye.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Nothing, and no login.
    Empty,
    /// Nothing.
    Login,
    /// `Q`
    Lookup,
    /// `H`
    History,
}

/// The kinds, how they are shown, and the targets of the ratios: to the C server on MariaDB and on SQLite, and to the
/// build before.
const KINDS: [(Kind, &str, [f64; 2], f64); 4] = [
    (Kind::Empty, "`E`", [0.6, 0.6], 0.0),
    (Kind::Login, "`T`, `E`", [0.0, 0.0], 0.0),
    (Kind::Lookup, "`T`, `Q`, `E`", [0.45, 0.45], 2.7),
    (Kind::History, "`T`, `H`, `E`", [0.42, 0.45], 0.0),
];

/// The first contestants are this tree's: as it is by default, and with a fork server.
const OURS: usize = 2;

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Visits) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new(format!("Visits, {AT_ONCE} at a time"));
    let words = &bed.dictionary()?.headwords[..];
    let (c_server, c_address) = bed.start_fork_echo(&[])?;
    for (place, store) in Store::ALL.into_iter().enumerate() {
        let servers = servers(rounds, store)?;
        for (kind, shown, to_c, to_before) in KINDS {
            let mut entrants = Vec::new();
            for (name, daemon, tokens) in &servers {
                let mut visitors = Visitors::new(daemon.address, visit(kind, tokens, words, false))?;
                entrants.push(Entrant::new(*name, rounds.meter(store, &daemon.server), move |counting| {
                    visitors.keep_visiting(AT_ONCE as usize, counting)
                }));
            }
            let meter = Meter { server: vec![c_server.pid()], database: Vec::new() };
            let mut visitors = Visitors::new(c_address, visit(kind, &servers[0].2, words, true))?;
            entrants.push(Entrant::new("C server that answers the same lines", meter, move |counting| {
                visitors.keep_visiting(AT_ONCE as usize, counting)
            }));
            let what = format!("{}, {shown}", store.shown());
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
/// which have a history.
fn servers(rounds: &Rounds<'_>, store: Store) -> Result<Vec<(&'static str, Daemon, Vec<String>)>> {
    let bed = rounds.bed;
    let mut servers = Vec::new();
    let fork_server = (Build::This, "with a fork server", "visits_fork".to_owned(), Some("--fork-server"));
    let mut all: Vec<_> =
        bed.builds().into_iter().map(|build| (build, build.contestant(), build.own("visits"), None)).collect();
    all.insert(1, fork_server);
    for (build, name, own, option) in all {
        progress(&format!("visits on {}: accounts of {name}", store.shown()));
        let own = format!("{own}_{}", store.shown().to_lowercase());
        let database = bed.make_store(build, store, &own)?;
        // The same words for both: the built-in ones are not the same in every build.
        let dictionary = bed.dictionary()?;
        let words = dictionary.file.display().to_string();
        let options: Vec<&str> = ["--words", &words].into_iter().chain(option).collect();
        let daemon = bed.start_daemon_of(build, &own, &database, &options)?;
        let tokens = accounts(&daemon, &dictionary.headwords)?;
        servers.push((name, daemon, tokens));
    }
    Ok(servers)
}

/// Tokens of the accounts of all simultaneous visitors; each has a history.
pub fn accounts(daemon: &Daemon, words: &[String]) -> Result<Vec<String>> {
    register(daemon, AT_ONCE)?;
    let tokens = tokens(daemon, AT_ONCE)?;
    look_up(daemon, &tokens, &words[..LOOKUPS])?;
    Ok(tokens)
}

/// What each of the accounts does in a visit; sent to the C server, which writes it back, or to a daemon.
pub fn visit(kind: Kind, tokens: &[String], words: &[String], is_echo: bool) -> Visit {
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
    Visit { scripts: (1..).zip(tokens).map(script).collect(), sources: SOURCES, tls: None }
}
