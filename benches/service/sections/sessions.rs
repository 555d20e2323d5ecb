//! Sessions: connect, one exchange, close; also with many idle clients present; and many connects at once.

use crate::Result;
use crate::arguments::Part;
use crate::bed::Bed;
use crate::figures::{Contestant, Measured, Section, Series, Target};
use crate::load::{Burst, Visit, Visitors, hold};
use crate::machine::allow_descriptors;
use crate::peers::{Dictd, start_dictd};
use crate::processes::{Meter, Server, children};
use crate::rounds::{Entrant, Rounds, progress};
use std::net::SocketAddrV4;
use std::time::Duration;

/// A visit to cidiand.
fn goodbye() -> Visit {
    Visit::of_one_line(b"E\n", b"OK", 32)
}

/// A visit to the C server.
fn echo() -> Visit {
    Visit::of_one_line(b"E\n", b"E", 32)
}

/// A visit to a DICT server: dictd looks up the name of each address, and that of 127.0.0.1 is found quickly.
fn quit() -> Visit {
    Visit::of_one_line(b"QUIT\r\n", b"221", 1)
}

/// How many at a time.
const AT_ONCE: usize = 8;
/// How many in a burst.
const BURST: usize = 2_000;
/// When a client in a burst counts as hanging. A client whose SYN is dropped tries again after 1, 3, 7 and 15 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// dictd's backlog is short: there is no need to wait as long for the clients that hang there.
const DICTD_PATIENCE: Duration = Duration::from_secs(5);

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Sessions) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new("Sessions");
    let dictd = match start_dictd(bed, true) {
        Ok(dictd) => dictd,
        Err(error) => {
            section.note(format!("dictd is not compared: {error}"));
            None
        }
    };
    few(rounds, dictd.as_ref(), &mut section)?;
    let idle = rounds.arguments.size(10_000, 1_000);
    allow_descriptors(idle.max(BURST) as u64)?;
    let database = format!("sqlite:{}", bed.path("idle.db").display());
    let no_limits = ["--max-clients", "0", "--login-grace", "0", "--idle-timeout", "0"];
    let daemon = bed.start_daemon("idle", &database, &no_limits)?;
    let (c_server, c_address) = bed.start_fork_echo(&[])?;
    let pair = [(&daemon.server, daemon.address, goodbye()), (&c_server, c_address, echo())];
    among_idle(rounds, &pair, idle, &mut section)?;
    bursts(rounds, &pair, dictd.as_ref(), &mut section)?;
    sections.push(section);
    Ok(())
}

/// A server without a database.
fn meter(server: &Server) -> Meter {
    Meter { server: vec![server.pid()], database: Vec::new() }
}

fn few(rounds: &Rounds<'_>, dictd: Option<&Dictd>, section: &mut Section) -> Result<()> {
    let bed = rounds.bed;
    let database = format!("sqlite:{}", bed.path("sessions.db").display());
    let daemon = bed.start_daemon("sessions", &database, &[])?;
    let (c_server, c_address) = bed.start_fork_echo(&[])?;
    let fixed = bed.start_fork_echo(&["-static"]);
    let mut servers = vec![
        ("cidiand", &daemon.server, daemon.address, goodbye()),
        ("C fork-accept-echo", &c_server, c_address, echo()),
    ];
    if let Ok((server, address)) = &fixed {
        servers.push(("the same, linked statically", server, *address, echo()));
    }
    if let Some(dictd) = dictd {
        servers.push(("dictd", &dictd.server, dictd.address, quit()));
    }
    let mut entrants = Vec::new();
    for (name, server, address, visit) in servers {
        let mut visitors = Visitors::new(address, visit)?;
        entrants.push(Entrant::new(name, meter(server), move |counting| visitors.keep_visiting(AT_ONCE, counting)));
    }
    let results = rounds.alternate("sessions", entrants)?;
    for (number, theirs) in results.iter().enumerate().skip(1) {
        let target = if number == 1 { Target::AtLeast(0.6) } else { Target::None };
        section.compare(format!("{AT_ONCE} at a time"), "sessions/s", &results[0], theirs, target);
    }
    Ok(())
}

/// Sessions while a number of other clients are connected and silent.
fn among_idle(
    rounds: &Rounds<'_>,
    pair: &[(&Server, SocketAddrV4, Visit); 2],
    idle: usize,
    section: &mut Section,
) -> Result<()> {
    let bed = rounds.bed;
    let mut entrants = Vec::new();
    for (name, (server, address, visit)) in ["cidiand", "C fork-accept-echo"].into_iter().zip(pair) {
        let mut visitors = Visitors::new(*address, visit.clone())?;
        // Processes that it has without any client, such as a writer.
        let own = children(server.pid()).len();
        entrants.push(Entrant::new(name, meter(server), move |counting| {
            let held = hold(*address, idle, |count| wait_for_children(bed, server, own + count))?;
            wait_for_rest(bed, server)?;
            // Coming and going of the idle is not measured: the window begins again.
            let measured = visitors.keep_visiting(AT_ONCE, counting.again());
            drop(held);
            wait_for_end_of_children(bed, server, own)?;
            measured
        }));
    }
    let results = rounds.alternate(&format!("sessions among {idle} idle clients"), entrants)?;
    let what = format!("{AT_ONCE} at a time, {idle} idle clients present");
    section.compare(what, "sessions/s", &results[0], &results[1], Target::AtLeast(0.7));
    Ok(())
}

/// Waits until a server does nothing any more: its last children may have been forked, but not yet run.
fn wait_for_rest(bed: &Bed, server: &Server) -> Result<()> {
    let mut before = meter(server).read()?.server;
    for _ in 0..100 {
        bed.stop.sleep(Duration::from_millis(300))?;
        let now = meter(server).read()?.server;
        if now.saturating_sub(before) <= Duration::from_millis(10) {
            return Ok(());
        }
        before = now;
    }
    Err("a server with idle clients only does not come to rest".into())
}

fn wait_for_children(bed: &Bed, server: &Server, count: usize) -> Result<()> {
    let enough = || (children(server.pid()).len() >= count).then_some(());
    bed.stop.wait_for(&format!("{count} children"), Duration::from_secs(60), enough)
}

fn wait_for_end_of_children(bed: &Bed, server: &Server, own: usize) -> Result<()> {
    let few_enough = || (children(server.pid()).len() <= own).then_some(());
    bed.stop.wait_for("the end of its children", Duration::from_secs(60), few_enough)
}

fn bursts(
    rounds: &Rounds<'_>,
    pair: &[(&Server, SocketAddrV4, Visit); 2],
    dictd: Option<&Dictd>,
    section: &mut Section,
) -> Result<()> {
    let [(_, ours, goodbye), (_, theirs, line)] = pair;
    let mut servers =
        vec![("cidiand", *ours, goodbye.clone(), PATIENCE), ("C fork-accept-echo", *theirs, line.clone(), PATIENCE)];
    if let Some(dictd) = dictd {
        servers.push(("dictd", dictd.address, quit(), DICTD_PATIENCE));
    }
    let mut results: Vec<(Contestant, Vec<Burst>)> =
        servers.iter().map(|(name, ..)| (Contestant::new(*name), Vec::new())).collect();
    for run in 1..=rounds.arguments.runs() {
        for ((name, address, visit, patience), (contestant, outcomes)) in servers.iter().zip(&mut results) {
            progress(&format!("a burst of {BURST}: {name}, run {run}"));
            let burst = Visitors::new(*address, visit.clone())?.burst(BURST, *patience, &rounds.bed.stop)?;
            contestant.push(Measured { rate: burst.took.as_secs_f64() * 1_000.0, ..Measured::default() });
            outcomes.push(burst);
        }
    }
    section.compare(
        format!("a burst of {BURST} connects, until all are answered"),
        "ms",
        &results[0].0,
        &results[1].0,
        Target::None,
    );
    let count = |outcomes: &[Burst], what: fn(&Burst) -> usize| -> Series {
        outcomes.iter().map(|burst| what(burst) as f64).collect()
    };
    for (contestant, outcomes) in &results {
        let target = if contestant.name == "cidiand" { Target::AtMost(0.0) } else { Target::None };
        let name = &contestant.name;
        section.read(format!("burst, {name}: refused"), "clients", count(outcomes, |burst| burst.refused), target);
        section.read(format!("burst, {name}: hanging"), "clients", count(outcomes, |burst| burst.hung), target);
    }
    Ok(())
}
