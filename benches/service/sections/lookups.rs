//! Lookups with durable history, against rows inserted as fast as the same database takes them.

use crate::Result;
use crate::arguments::Part;
use crate::bed::{Daemon, PASSWD};
use crate::figures::{Section, Target};
use crate::load::{Dialect, Speakers};
use crate::raw::Work;
use crate::rounds::{Entrant, Rounds, progress};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpStream};

/// Clients, how deep each pipelines, and the least ratio to as many connections that insert as many rows at once.
const CASES: [(u32, usize, f64); 4] = [(1, 1, 0.5), (8, 1, 0.9), (64, 1, 1.5), (8, 16, 0.7)];

/// On MariaDB.
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
    register(daemon.address, 64)?;
    let mut section = Section::new("Lookups with durable history, MariaDB");
    for (clients, depth, least) in CASES {
        let mut speakers = log_in(&daemon, clients, Dialect::Cidian)?;
        let name = if depth == 1 { "raw one-row inserts".to_owned() } else { format!("raw {depth}-row inserts") };
        let connections = if clients == 1 { "1 connection".to_owned() } else { format!("{clients} connections") };
        let entrants = vec![
            Entrant::new("cidiand", rounds.with_mariadb(Some(daemon.server.pid())), |counting| {
                speakers.look_up(&bed.headwords, depth, counting)
            }),
            Entrant::new(format!("{name}, {connections}"), rounds.with_mariadb(None), |counting| {
                raw.drive(Work::Insert(depth), clients, &bed.headwords, counting)
            }),
        ];
        let what = case(clients, depth);
        let results = rounds.alternate(&format!("lookups, {what}"), entrants)?;
        section.compare(what, "lookups/s", &results[0], &results[1], Target::AtLeast(least));
    }
    sections.push(section);
    Ok(())
}

/// What a case is called.
pub fn case(clients: u32, depth: usize) -> String {
    let clients = if clients == 1 { "1 client".to_owned() } else { format!("{clients} clients") };
    if depth == 1 { format!("{clients}, no pipelining") } else { format!("{clients}, {depth} deep") }
}

/// Makes the accounts `bench1` to `bench{count}`.
pub fn register(address: SocketAddrV4, count: u32) -> Result<()> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    let mut replies = BufReader::new(connection.try_clone()?).lines();
    for number in 1..=count {
        connection.write_all(format!("R bench{number} {PASSWD}\n").as_bytes())?;
        let reply = replies.next().ok_or("the server has closed the connection")??;
        if reply != "OK" {
            return Err(format!("bench{number} can't be registered: {reply}").into());
        }
    }
    Ok(())
}

/// Connects and logs in the first `count` of those accounts.
pub fn log_in(daemon: &Daemon, count: u32, dialect: Dialect) -> Result<Speakers> {
    let names: Vec<String> = (1..=count).map(|number| format!("bench{number}")).collect();
    Speakers::connect(daemon.address, dialect, &names, |name| format!("L {name} {PASSWD}\n"))
}
