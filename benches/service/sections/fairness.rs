//! What an honest client notices of a source that does its worst: 255 connections of one account, which send requests
//! without ever waiting for a reply. The honest client comes from another address; no address is exempt.

use crate::Result;
use crate::accounts::register;
use crate::arguments::Part;
use crate::attack::{Attack, READY};
use crate::bed::{Build, Daemon, PASSWD};
use crate::figures::{Section, Series, Target};
use crate::processes::Server;
use crate::rounds::{Rounds, progress};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// The honest account.
const NAME: &str = "bench2";
/// Rows of the attacker's history.
const ROWS: u32 = 40_000;
/// Lookups from one login to the next.
const LOOKUPS: usize = 20;
/// Between two lookups: somebody who types is slower.
const PAUSE: Duration = Duration::from_millis(5);
/// Longer than any deadline of the daemon's.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long the attacker's sessions may take to end.
const END: Duration = Duration::from_secs(20);
/// How long an attack takes until its connections are logged in; where they have to hash, three times as long.
const BEGIN: Duration = Duration::from_secs(3);
/// The most that 99 of a hundred lookups may take, in milliseconds; the most for a login, relative to one alone.
const LOOKUP_LIMIT: f64 = 20.0;
const LOGIN_RATIO: f64 = 3.0;
/// Not more than a source may register.
const MOST_ROUNDS: usize = 20;

/// What the honest client experienced, in milliseconds.
#[derive(Debug, Default)]
struct Met {
    lookups: Vec<f64>,
    logins: Vec<f64>,
    others: Vec<f64>,
    failed: u64,
    failure: Option<String>,
}

/// Measures the whole section, once for each attack and store, and alone before and after.
pub fn measure(rounds: &Rounds<'_>, sections: &mut Vec<Section>) -> Result<()> {
    if !rounds.arguments.wants(Part::Fairness) {
        return Ok(());
    }
    let bed = rounds.bed;
    let mut section = Section::new("Fairness: beside one source that does its worst");
    // The build before may take an hour to get over an attack: it is attacked only where that was asked for.
    let builds = if rounds.arguments.names(Part::Fairness) { bed.builds() } else { vec![Build::This] };
    for store in ["SQLite", "MariaDB"] {
        for &build in &builds {
            beside(rounds, build, store, &mut section)?;
        }
    }
    section.note(format!(
        "One process holds 255 connections of one account from 127.0.0.2, and sends without waiting; whatever is closed \
         is opened again. The honest client is another account's, from another address. It looks a word up every {} ms, \
         and after each {LOOKUPS} lookups makes a new connection, logs in with its password, and asks for `H`, `K` and \
         `R` in turn. The attacker, the honest client, the daemon and the database share the processors.",
        PAUSE.as_millis()
    ));
    sections.push(section);
    Ok(())
}

/// One build on one store: alone, and beside each attack.
fn beside(rounds: &Rounds<'_>, build: Build, store: &str, section: &mut Section) -> Result<()> {
    let bed = rounds.bed;
    let length = rounds.arguments.size(Duration::from_secs(15), Duration::from_secs(6));
    let (suffix, called) = match build {
        Build::This => ("this", store.to_owned()),
        Build::Before => ("before", format!("{store}, the build before")),
    };
    let name = format!("fairness_{suffix}");
    let url = if store == "SQLite" {
        format!("sqlite:{}", bed.path(&format!("{name}.db")).display())
    } else {
        bed.make_database_of(build, &name)?;
        bed.mariadb.url(&name)
    };
    let words = bed.dictionary()?.file.display().to_string();
    let options = ["--exempt-source", "none", "--words", &words];
    let start = || bed.start_daemon_of(build, &format!("{name}-{store}"), &url, &options);
    let mut daemon = start()?;
    register(&daemon, 2)?;
    super::histories::fill(bed, &daemon, 1, ROWS)?;
    let mut source = 3;
    let mut honest = |daemon: &Daemon, what: &str| -> Result<Met> {
        progress(&format!("fairness, {called}: {what}"));
        let from = Ipv4Addr::new(127, 0, 1, source);
        source += 1;
        meet(daemon, from, length)
    };
    let alone = honest(&daemon, "alone")?;
    for attack in [Attack::K, Attack::L, Attack::H, Attack::S, Attack::Q, Attack::D, Attack::Garbage] {
        let attacker = begin(rounds, attack, &daemon)?;
        let met = honest(&daemon, attack.name())?;
        drop(attacker);
        let ended = bed.stop.wait_for("the attacker's sessions to end", END, || {
            crate::processes::children(daemon.server.pid()).len().le(&1).then_some(())
        });
        match (ended, build) {
            (Ok(()), _) => {}
            (Err(error), Build::This) => return Err(error),
            // The build before goes on hashing for clients that have gone.
            (Err(_), Build::Before) => {
                drop(daemon);
                daemon = start()?;
            }
        }
        tell(section, &format!("{called}, {}", attack.name()), &alone, &met, build);
    }
    Ok(())
}

fn begin(rounds: &Rounds<'_>, attack: Attack, daemon: &Daemon) -> Result<Server> {
    progress(&format!("255 connections for {}", attack.name()));
    let program = std::env::current_exe()?;
    let mut attacker = Server::start(&program, |command| {
        use clap::ValueEnum;
        let kind = attack.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        command.args(["--bench", "--attack", &kind, "--target", &daemon.address.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
    })?;
    let mut line = String::new();
    BufReader::new(attacker.take_stdout().ok_or("no pipe")?).read_line(&mut line)?;
    if line.trim() != READY {
        return Err("the attacker could not begin".into());
    }
    // Afterwards its logins are over.
    rounds.bed.stop.sleep(if attack == Attack::K { BEGIN * 3 } else { BEGIN })?;
    Ok(attacker)
}

/// Runs an honest client for `length`.
fn meet(daemon: &Daemon, from: Ipv4Addr, length: Duration) -> Result<Met> {
    let mut met = Met::default();
    let ends = Instant::now() + length;
    let mut present = Client::connect(from, daemon)?;
    met.ask(&mut present, &format!("L {NAME} {PASSWD}"));
    let mut round = 0;
    while Instant::now() < ends || round < 3 {
        for _ in 0..LOOKUPS {
            std::thread::sleep(PAUSE);
            if let Some(took) = met.ask(&mut present, &format!("Q {NAME} apple")) {
                met.lookups.push(took);
            }
        }
        let mut other = Client::connect(from, daemon)?;
        if let Some(took) = met.ask(&mut other, &format!("L {NAME} {PASSWD}")) {
            met.logins.push(took);
        }
        let request = match round % 3 {
            0 => format!("H {NAME}"),
            1 => format!("K {NAME}"),
            _ if round < 3 * MOST_ROUNDS => format!("R h{}r{round} {PASSWD}", u32::from(from) % 65_536),
            _ => "I".to_owned(),
        };
        if let Some(took) = met.ask(&mut other, &request) {
            met.others.push(took);
        }
        round += 1;
    }
    Ok(met)
}

impl Met {
    /// Sends a request, and returns how many milliseconds the reply took, if it was not a refusal.
    fn ask(&mut self, client: &mut Client, request: &str) -> Option<f64> {
        let began = Instant::now();
        match client.ask(request) {
            Ok(()) => Some(began.elapsed().as_secs_f64() * 1e3),
            Err(error) => {
                self.failed += 1;
                let kind = request.split(' ').next().unwrap_or_default();
                let seconds = began.elapsed().as_secs_f64();
                self.failure.get_or_insert(format!("{kind} after {seconds:.1} s: {error}"));
                None
            }
        }
    }
}

fn tell(section: &mut Section, what: &str, alone: &Met, met: &Met, build: Build) {
    let mut one = |name: &str, unit, value: f64, target| {
        // The build before is there only for comparison: it has no targets any more.
        let target = if build == Build::This { target } else { Target::None };
        section.read(format!("{what}: {name}"), unit, Series::from_iter([value]), target);
    };
    let lookup = |met: &Met| percentile(&met.lookups, 99.0);
    let login = |met: &Met| percentile(&met.logins, 50.0);
    let name = format!("`Q`, 99 % within (alone {:.1} ms)", lookup(alone));
    one(&name, "ms", lookup(met), Target::AtMost(LOOKUP_LIMIT));
    let name =
        format!("`L`, against {:.0} ms alone (the slowest {:.0} ms)", login(alone), percentile(&met.logins, 100.0));
    one(&name, "times", login(met) / login(alone), Target::AtMost(LOGIN_RATIO));
    one("the slowest `H`, `K`, `R`", "ms", percentile(&met.others, 100.0), Target::None);
    one("`FAIL`", "", met.failed as f64, Target::AtMost(0.0));
    if let Some(failure) = &met.failure {
        section.note(format!("{what}: the first failure: {failure}"));
    }
}

/// The value that this percentage of the values does not exceed.
fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
}

struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(from: Ipv4Addr, daemon: &Daemon) -> Result<Self> {
        Ok(Self { stream: BufReader::new(connect_from(from, daemon.address)?) })
    }

    /// The whole reply is read; a refusal is an error.
    fn ask(&mut self, request: &str) -> Result<()> {
        self.stream.get_mut().write_all(format!("{request}\n").as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.starts_with("OK") {
            return Err(if line.is_empty() { "closed".into() } else { line.trim_end().into() });
        }
        if let (true, Some(rows)) = (request.starts_with(['H', 'I']), line.trim_end().strip_prefix("OK ")) {
            for _ in 0..rows.parse::<usize>()? {
                line.clear();
                self.stream.read_line(&mut line)?;
            }
        }
        Ok(())
    }
}

/// A connection from an address of this machine.
pub fn connect_from(from: Ipv4Addr, to: SocketAddrV4) -> Result<TcpStream> {
    let client = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(client.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))?;
    connect(client.as_raw_fd(), &SockaddrIn::from(to))?;
    let stream = TcpStream::from(client);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}
