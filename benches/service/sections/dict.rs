//! DICT compared with dictd on the same data, and with the least that a server can do: on open connections, in whole
//! sessions, in a burst, and with the commands that GoldenDict sends; what a misspelling costs, and how much memory a
//! child keeps.

use crate::Result;
use crate::arguments::Part;
use crate::bed::Bed;
use crate::figures::{Contestant, Section, Series, Target};
use crate::load::{Burst, Dialect, Exchange, Speakers, Visit, Visitors, hold, type_keys};
use crate::machine::allow_descriptors;
use crate::peers::{free_port, start_dictd};
use crate::processes::{Meter, Server, children, memory, own_time};
use crate::rounds::{Entrant, Rounds, progress};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// How many clients ask at a time.
const CLIENTS: usize = 8;
/// How many requests a client sends in one write, at the most.
const DEEP: usize = 16;
/// How many connect at once.
const BURST: usize = 2_000;
/// As in the section on sessions: when a client in a burst counts as hanging, for ours and for dictd.
const PATIENCE: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(5)];
/// How many children are looked at, and how long they rest before.
const CHILDREN: usize = 20;
const REST: Duration = Duration::from_secs(8);
/// People who type, and how fast.
const PEOPLE: u32 = 50;
const KEYS: u32 = 5;
/// How often a misspelling is asked for in a run.
const MISSPELLINGS: usize = 50;

/// A server that speaks DICT.
struct Peer<'a> {
    name: &'a str,
    server: &'a Server,
    address: SocketAddrV4,
    patience: Duration,
    is_ours: bool,
}

impl Peer<'_> {
    fn meter(&self) -> Meter {
        Meter { server: vec![self.server.pid()], database: Vec::new() }
    }

    fn target(&self, target: Target) -> Target {
        if self.is_ours { target } else { Target::None }
    }
}

/// Measures the whole section.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Dict) {
        return Ok(());
    }
    let bed = rounds.bed;
    allow_descriptors(BURST as u64)?;
    let mut section = Section::new("DICT");
    let dictionary = bed.dictionary()?;
    let file = dictionary.file.display().to_string();
    let database = format!("sqlite:{}", bed.path("dict.db").display());
    let address = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, free_port()?);
    let listen = address.to_string();
    let options = ["--words", &file, "--dict-listen", &listen, "--max-clients", "0", "--idle-timeout", "0"];
    let daemon = bed.start_daemon("dict", &database, &options)?;
    let (c_server, c_address) = bed.start_fork_echo(&[])?;
    let dictds = match start_dictd(bed, false).and_then(|plain| Ok((plain, start_dictd(bed, true)?))) {
        Ok((Some(plain), Some(packed))) => Some((plain, packed)),
        Ok(_) => {
            section.note("dictd is not compared: Debian's packages dictd and dict-wn are not installed.");
            None
        }
        Err(error) => {
            section.note(format!("dictd is not compared: {error}"));
            None
        }
    };
    let [patience, short] = PATIENCE;
    let mut peers = vec![Peer { name: "cidiand", server: &daemon.server, address, patience, is_ours: true }];
    if let Some((plain, packed)) = &dictds {
        for (name, dictd) in [("dictd with plain data", plain), ("dictd as packaged", packed)] {
            let (server, address) = (&dictd.server, dictd.address);
            peers.push(Peer { name, server, address, patience: short, is_ours: false });
        }
    }
    // Its name stands where the name of a contestant stands; it answers every line with that line.
    let c_meter = Meter { server: vec![c_server.pid()], database: Vec::new() };
    for (depth, is_quick, least) in [(1, false, 0.6), (1, true, 0.6), (DEEP, false, 0.5)] {
        kept(rounds, &peers, (&c_meter, c_address), (depth, is_quick), least, &mut section)?;
    }
    whole(rounds, &peers, (&c_meter, c_address), &mut section)?;
    bursts(rounds, &peers, &mut section)?;
    memory_of(bed, &peers, &mut section)?;
    misspelled(rounds, &peers, &mut section)?;
    typing(rounds, &peers, &mut section)?;
    section.note(format!("The words are {}; no client has logged in.", dictionary.title));
    sections.push(section);
    Ok(())
}

/// Adds the comparisons of ours, and also of the others, with the last.
fn compare(what: &str, unit: &'static str, results: &[Contestant], least: f64, section: &mut Section) {
    let Some((c_server, rest)) = results.split_last() else { return };
    let Some((ours, others)) = rest.split_first() else { return };
    section.compare(what, unit, ours, c_server, Target::AtLeast(least));
    for other in others {
        section.compare(what, unit, ours, other, Target::None);
    }
}

/// `DEFINE` on connections that stay.
fn kept(
    rounds: &Rounds<'_>,
    peers: &[Peer<'_>],
    (c_meter, c_address): (&Meter, SocketAddrV4),
    (depth, is_quick): (usize, bool),
    least: f64,
    section: &mut Section,
) -> Result<()> {
    let bed = rounds.bed;
    let words = &bed.dictionary()?.headwords;
    let client = if is_quick { "client acknowledges at once" } else { "ordinary client" };
    let names = vec!["-".to_owned(); CLIENTS];
    let mut entrants = Vec::new();
    for peer in peers {
        let mut speakers = Speakers::connect(&[peer.address], &names, &bed.stop, |_| String::new())?;
        entrants.push(Entrant::new(peer.name, peer.meter(), move |counting| {
            speakers.ask(Dialect::Dict { quick: is_quick }, words, depth, counting)
        }));
    }
    let mut speakers = Speakers::connect(&[c_address], &names, &bed.stop, |_| "OK\n".to_owned())?;
    entrants.push(Entrant::new("C server", c_meter.clone(), move |counting| {
        speakers.ask(Dialect::Echo { quick: is_quick }, words, depth, counting)
    }));
    let results = rounds.alternate(&format!("DEFINE, {depth} deep, {client}"), entrants)?;
    let deep = if depth == 1 { String::new() } else { format!(", {depth} deep") };
    compare(&format!("DEFINE, {CLIENTS} clients{deep}, {client}"), "replies/s", &results, least, section);
    Ok(())
}

/// Connect, banner, `DEFINE`, `QUIT`, end of file.
fn whole(
    rounds: &Rounds<'_>,
    peers: &[Peer<'_>],
    (c_meter, c_address): (&Meter, SocketAddrV4),
    section: &mut Section,
) -> Result<()> {
    let words: Vec<&String> = rounds.bed.dictionary()?.headwords.iter().take(CLIENTS).collect();
    let define = |word: &str| format!("DEFINE * \"{word}\"\r\n");
    let visit = |word: &&String| {
        let banner = Exchange::line("", b"220");
        let quit = Exchange::line("QUIT\r\n", b"221");
        vec![banner, Exchange::line(define(word), b"250"), quit, Exchange::end_of_file()]
    };
    let echo = |word: &&String| {
        vec![Exchange::line(define(word), b"DEF"), Exchange::line("E\r\n", b"E"), Exchange::end_of_file()]
    };
    // dictd looks up the name of each address, and that of 127.0.0.1 is found quickly.
    let visits = peers.iter().map(|peer| {
        let sources = if peer.is_ours { 32 } else { 1 };
        (
            peer.name,
            peer.meter(),
            peer.address,
            Visit { scripts: words.iter().map(visit).collect(), sources, tls: None },
        )
    });
    let c_visit = Visit { scripts: words.iter().map(echo).collect(), sources: 32, tls: None };
    let mut entrants = Vec::new();
    for (name, meter, address, visit) in visits.chain([("C server", c_meter.clone(), c_address, c_visit)]) {
        let mut visitors = Visitors::new(address, visit)?;
        entrants.push(Entrant::new(name, meter, move |counting| visitors.keep_visiting(CLIENTS, counting)));
    }
    let results = rounds.alternate("whole sessions of DICT", entrants)?;
    compare(&format!("connect, DEFINE, QUIT, {CLIENTS} at a time"), "sessions/s", &results, 0.4, section);
    Ok(())
}

/// Many connects at once.
fn bursts(rounds: &Rounds<'_>, peers: &[Peer<'_>], section: &mut Section) -> Result<()> {
    for peer in peers {
        let mut outcomes: Vec<Burst> = Vec::new();
        for run in 1..=rounds.arguments.runs() {
            progress(&format!("a burst of {BURST} on DICT: {}, run {run}", peer.name));
            let visit = Visit::of_one_line(b"QUIT\r\n", b"221", 1);
            outcomes.push(Visitors::new(peer.address, visit)?.burst(BURST, peer.patience, &rounds.bed.stop)?);
        }
        let unanswered = outcomes.iter().map(|burst| (burst.refused + burst.hung) as f64).collect();
        let what = format!("burst of {BURST} connects, {}: unanswered", peer.name);
        section.read(what, "clients", unanswered, peer.target(Target::AtMost(0.0)));
    }
    Ok(())
}

/// What a child keeps for itself, before and after it has looked words up.
fn memory_of(bed: &Bed, peers: &[Peer<'_>], section: &mut Section) -> Result<()> {
    let words = &bed.dictionary()?.headwords;
    for peer in peers {
        progress(&format!("memory of a child of {}", peer.name));
        let parent = peer.server.pid();
        let helpers = |all: &[u32]| children(parent).into_iter().filter(|pid| !all.contains(pid)).collect::<Vec<u32>>();
        // The children of earlier parts are about to end.
        bed.stop.sleep(REST)?;
        let before = children(parent);
        let read = || -> Series {
            helpers(&before)
                .into_iter()
                .filter_map(|pid| memory(pid, "Private_Dirty"))
                .map(|size| size as f64)
                .collect()
        };
        let gone = || helpers(&before).is_empty().then_some(());
        let silent = hold(peer.address, CHILDREN, |_| Ok(()))?;
        bed.stop.sleep(REST)?;
        section.read(format!("idle child of {}", peer.name), "KiB", read(), peer.target(Target::AtMost(64.0)));
        drop(silent);
        bed.stop.wait_for("the silent to end", Duration::from_secs(30), gone)?;
        let names = vec!["-".to_owned(); CHILDREN];
        let mut speakers = Speakers::connect(&[peer.address], &names, &bed.stop, |_| String::new())?;
        speakers.ask_times(Dialect::Dict { quick: true }, words, 20, &bed.stop)?;
        bed.stop.sleep(REST)?;
        let what = format!("idle child of {} after 20 lookups", peer.name);
        section.read(what, "KiB", read(), peer.target(Target::AtMost(100.0)));
        drop(speakers);
        bed.stop.wait_for("the speakers to end", Duration::from_secs(30), gone)?;
    }
    Ok(())
}

/// How long a misspelling takes, and whether the word that was meant comes first.
fn misspelled(rounds: &Rounds<'_>, peers: &[Peer<'_>], section: &mut Section) -> Result<()> {
    for peer in peers {
        progress(&format!("a misspelling: {}", peer.name));
        let mut stream = TcpStream::connect(peer.address)?;
        stream.set_nodelay(true)?;
        let mut replies = BufReader::new(stream.try_clone()?).lines();
        let mut next = || -> Result<String> { Ok(replies.next().ok_or("the server has closed a connection")??) };
        next()?;
        let mut times = Series::default();
        let mut first = String::new();
        for _ in 0..rounds.arguments.runs() {
            let mut of_run = Series::default();
            for _ in 0..MISSPELLINGS {
                rounds.bed.stop.check()?;
                let began = Instant::now();
                stream.write_all(b"MATCH * . recieve\r\n")?;
                let mut line = next()?;
                if line.starts_with("152 ") {
                    first = next()?;
                    while !line.starts_with("250 ") {
                        line = next()?;
                    }
                }
                of_run.push(began.elapsed().as_secs_f64() * 1_000.0);
            }
            times.push(of_run.median());
        }
        let what = format!("MATCH * . recieve, {}, which finds `{first}` first", peer.name);
        section.read(what, "ms", times, peer.target(Target::AtMost(6.0)));
        if peer.is_ours && !first.contains("\"receive\"") {
            section.note(format!("`receive` does not come first, but `{first}`."));
        }
    }
    Ok(())
}

/// People who type into GoldenDict.
fn typing(rounds: &Rounds<'_>, peers: &[Peer<'_>], section: &mut Section) -> Result<()> {
    let words = &rounds.bed.dictionary()?.headwords;
    let length = rounds.arguments.window().length * 2;
    for peer in peers {
        let [mut slowest, mut shares, mut failed] = [Series::default(), Series::default(), Series::default()];
        for run in 1..=rounds.arguments.runs() {
            progress(&format!("{PEOPLE} people type: {}, run {run}", peer.name));
            let (before, began) = (own_time(peer.server.pid())?, Instant::now());
            let typed = type_keys(peer.address, PEOPLE, KEYS, length, words, &rounds.bed.stop)?;
            let spent = own_time(peer.server.pid())?.saturating_sub(before);
            shares.push(spent.as_secs_f64() / began.elapsed().as_secs_f64() * 100.0);
            failed.push(typed.failed as f64);
            let place = typed.delays.len() * 99 / 100;
            slowest.push(typed.delays.get(place).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1_000.0));
            if let Some(failure) = typed.failure {
                section.note(format!("{}: a key had no answer: {failure}", peer.name));
            }
        }
        let name = format!("{} keys a second, each a connection, {}", PEOPLE * KEYS, peer.name);
        section.read(format!("{name}: 99 % within"), "ms", slowest, peer.target(Target::AtMost(10.0)));
        section.read(format!("{name}: the parent"), "% of a CPU", shares, peer.target(Target::AtMost(15.0)));
        section.read(format!("{name}: unanswered"), "keys", failed, peer.target(Target::AtMost(0.0)));
    }
    Ok(())
}
