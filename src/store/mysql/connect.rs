//! Connecting to a server, or to one of the hosts of a cluster, with the settings that a session needs there.
//!
//! A host is usable when a statement on a table works. A member that has lost its cluster takes connections, answers a
//! ping, and even `SELECT 1`; only tables and transactions fail there.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use ::mysql::consts::CapabilityFlags;
use ::mysql::prelude::Queryable;
use ::mysql::{Conn, DriverError, Error as Failure, Opts, OptsBuilder};

use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use super::contained::contained;
use super::{errors, statements, tls};
use crate::store::{Error, Host, Hosts, Kind, Server, SslMode};
use crate::sys;

/// How long to wait for a connection, and then for each answer until it is ready. A client gets `unavailable` within
/// two seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long it is looked whether a preferred host is back: others wait meanwhile.
const GLANCE: Duration = Duration::from_millis(500);
/// No attempt on another host begins with less time left than this.
pub(super) const LEAST: Duration = Duration::from_secs(1);

/// How long is waited for a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For one answer of the only host.
    answer: Duration,
    /// For one answer of one of several: longer than a cluster takes to find out that a member is gone (5 to 6 s by
    /// Galera's defaults), for until then commits hang on all of them alike.
    answer_of_several: Duration,
    /// For a lock, in seconds: less long, so that there is an answer.
    lock: u32,
    /// For connecting to one host after the other.
    connecting: Duration,
    /// For a piece of work, on whichever of several hosts: less than a session waits for the writer.
    pub(super) in_all: Duration,
}

/// In everyday use.
pub(super) const USUAL: Patience = Patience {
    answer: Duration::from_secs(10),
    answer_of_several: Duration::from_secs(7),
    lock: 3,
    connecting: Duration::from_millis(4_500),
    in_all: Duration::from_secs(10),
};
/// Where whole tables are replaced.
pub(super) const PATIENT: Patience = Patience {
    answer: Duration::from_secs(600),
    answer_of_several: Duration::from_secs(600),
    connecting: Duration::from_secs(30),
    in_all: Duration::from_secs(600),
    ..USUAL
};
/// Where there is something else to do. All of it must be over before a writer is taken for stuck.
pub(super) const HURRIED: Patience = Patience {
    answer: Duration::from_secs(3),
    answer_of_several: Duration::from_secs(7),
    lock: 1,
    connecting: CONNECT_TIMEOUT,
    in_all: Duration::from_secs(8),
};

impl Patience {
    /// For one answer of this server.
    pub(super) fn answer_of(self, server: &Server) -> Duration {
        if server.hosts.len() > 1 { self.answer_of_several } else { self.answer }
    }
}

/// The largest packet we send or take. It is set here so that the driver need not ask the server on each connect;
/// the server's own limit holds besides.
const MAX_PACKET: usize = 64 * 1024 * 1024;
/// How many prepared statements a connection keeps: all that a session uses.
const STATEMENTS: usize = 32;
/// What a session needs, whatever the server's defaults are, in one round trip. Strict, so that nothing is cut to
/// fit; the character set again, because a server may be configured to skip the one in the handshake; row locks and
/// table locks are waited for less long than an answer. Read committed, because nothing here reads twice in a
/// transaction and its gap locks would make sessions of different accounts wait for each other. There is no time zone:
/// every time is passed as a `DATETIME` in UTC, and the server's clock is never used.
fn session(patience: Patience) -> String {
    let lock = patience.lock;
    format!(
        "SET NAMES utf8mb4, SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', SESSION autocommit = 1, \
         SESSION innodb_lock_wait_timeout = {lock}, SESSION lock_wait_timeout = {lock}; \
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}

/// Why no host could be used.
#[derive(Debug)]
pub(super) struct Refusal {
    /// The server's number for it, if it came from a server.
    pub(super) code: Option<u16>,
    error: Error,
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.error
    }
}

impl Refusal {
    fn of(failure: &Failure) -> Self {
        let error = match errors::is_silence(failure) {
            true => Error::world(format!("no answer within {} s of connecting", CONNECT_TIMEOUT.as_secs_f32())),
            false => errors::explain_connecting(failure),
        };
        Self { code: errors::code(failure), error }
    }

    /// The failures of several hosts as one: an outage, if one of them may recover by itself.
    fn of_all(refusals: Vec<(&Host, Self)>, untried: usize) -> Self {
        let code = refusals.iter().find_map(|(_, refusal)| refusal.code);
        let worst = |kind| refusals.iter().any(|(_, refusal)| refusal.error.kind == kind);
        let kind = [Kind::World, Kind::Bug].into_iter().find(|&kind| worst(kind)).unwrap_or(Kind::Configuration);
        let mut said: Vec<String> =
            refusals.iter().map(|(host, refusal)| format!("{host}: {}", refusal.error.message)).collect();
        if untried > 0 {
            said.push(format!("{untried} not tried yet"));
        }
        Self { code, error: Error { kind, message: said.join("; ") } }
    }
}

/// Connects to the database that the location names, on the first host that can be used; and which one that is.
pub(super) fn connect(server: &Server, hosts: &Hosts, patience: Patience) -> Result<(Conn, usize), Refusal> {
    connect_to(server, hosts, Some(&server.database), patience)
}

/// The same, for callers that know nothing of the hosts.
pub(super) fn connect_anew(server: &Server, patience: Patience) -> Result<Conn, Error> {
    Ok(connect(server, &Hosts::default(), patience)?.0)
}

/// Connects to a database, or to none.
pub(super) fn connect_to(
    server: &Server,
    hosts: &Hosts,
    database: Option<&str>,
    patience: Patience,
) -> Result<(Conn, usize), Refusal> {
    if server.hosts.len() < 2 {
        let opened = contained(|| open(server, 0, database, patience, CONNECT_TIMEOUT));
        return opened.map(|connection| (connection, 0)).map_err(|failure| Refusal::of(&failure));
    }
    let begin = Instant::now();
    let order = hosts.order(server.hosts.len(), begin);
    let mut refusals = Vec::new();
    for &host in &order {
        if !refusals.is_empty() && begin.elapsed() >= patience.connecting {
            break;
        }
        match contained(|| open(server, host, database, patience, CONNECT_TIMEOUT)) {
            Ok(connection) => {
                hosts.works(host, Instant::now());
                return Ok((connection, host));
            }
            Err(failure) => {
                let refusal = Refusal::of(&failure);
                hosts.fails(host, &refusal.error.message, Instant::now());
                refusals.push((&server.hosts[host], refusal));
            }
        }
    }
    let untried = order.len() - refusals.len();
    Err(Refusal::of_all(refusals, untried))
}

/// Connects to a host that is preferred to the one in use, if one can be used; and which one that is.
pub(super) fn connect_to_preferred(server: &Server, hosts: &Hosts, patience: Patience) -> Option<(Conn, usize)> {
    hosts.preferred().find_map(|host| {
        match contained(|| open(server, host, Some(&server.database), patience, GLANCE)) {
            Ok(connection) => {
                hosts.works(host, Instant::now());
                Some((connection, host))
            }
            Err(failure) => {
                hosts.fails(host, &Refusal::of(&failure).error.message, Instant::now());
                None
            }
        }
    })
}

/// Connects to this host and to no other.
pub(super) fn connect_only(server: &Server, host: usize, patience: Patience) -> Result<Conn, Error> {
    let opened = contained(|| open(server, host, Some(&server.database), patience, CONNECT_TIMEOUT));
    opened.map_err(|failure| Refusal::of(&failure).error)
}

/// Asks something of a connection that is used for nothing else.
pub(super) fn ask<T>(
    connection: &mut Conn,
    question: impl FnOnce(&mut Conn) -> ::mysql::Result<T>,
) -> Result<T, Error> {
    contained(|| question(connection)).map_err(|failure| errors::explain(&failure))
}

fn open(
    server: &Server,
    host: usize,
    database: Option<&str>,
    patience: Patience,
    timeout: Duration,
) -> ::mysql::Result<Conn> {
    let opts = OptsBuilder::new()
        .ssl_opts(server.tls.as_ref().map(tls::options).transpose()?)
        .user(Some(&server.user))
        .pass(Some(server.password.as_str()))
        .db_name(database)
        .prefer_socket(false)
        .tcp_nodelay(true)
        .tcp_connect_timeout(Some(timeout))
        // A server may take a connection and then be silent.
        .read_timeout(Some(timeout))
        .write_timeout(Some(timeout))
        .max_allowed_packet(Some(MAX_PACKET))
        .stmt_cache_size(STATEMENTS)
        // "Affected" counts the rows that were found, also those that already were as they should be.
        .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS);
    let mut connection = match (&server.socket, server.hosts.get(host)) {
        (Some(socket), _) => Conn::new(Opts::from(opts.socket(Some(socket))))?,
        (None, Some(at)) => connect_tcp(server, at, &opts, timeout)?,
        (None, None) => return Err(DriverError::CouldNotConnect(None).into()),
    };
    let mut answers = connection.query_iter(session(patience))?;
    while let Some(answer) = answers.iter() {
        for row in answer {
            row?;
        }
    }
    drop(answers);
    if server.hosts.len() > 1 && database.is_some() {
        match connection.query_drop(statements::USABLE) {
            // The schema is yet to be made.
            Err(failure) if errors::code(&failure) == Some(errors::NO_TABLE) => {}
            other => other?,
        }
    }
    wait_for_answers(&connection, patience.answer_of(server))?;
    Ok(connection)
}

/// Waits for answers as long as one may take, and no longer than until `deadline`.
pub(super) fn wait_until(connection: &Conn, patience: Patience, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now()).max(LEAST);
    wait_for_answers(connection, patience.answer_of_several.min(left))
}

/// How long an answer may take from now on.
fn wait_for_answers(connection: &Conn, patience: Duration) -> io::Result<()> {
    // Another descriptor of the same socket, because the driver keeps its own to itself.
    let socket = sys::duplicate(connection.as_raw_fd())?;
    let patience = TimeVal::milliseconds(i64::try_from(patience.as_millis()).unwrap_or(i64::MAX));
    setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
    Ok(setsockopt(&socket, sockopt::SendTimeout, &patience)?)
}

/// Tries each address of the host: the driver would stop at the first that refuses, and `localhost` is often ::1
/// before it is 127.0.0.1.
fn connect_tcp(server: &Server, host: &Host, opts: &OptsBuilder, timeout: Duration) -> ::mysql::Result<Conn> {
    let mut outcome = Err(DriverError::CouldNotConnect(None).into());
    let mut families = Vec::new();
    let begin = Instant::now();
    for address in (host.name.as_str(), host.port).to_socket_addrs()? {
        let opts = opts.clone().tcp_port(host.port);
        let opts = if verifies_name(server, host) {
            // The driver verifies the name that it connects to. Bound to an address it tries all of that family.
            let any = any_of_family(&address);
            if families.contains(&any) {
                continue;
            }
            families.push(any);
            opts.ip_or_hostname(Some(&host.name)).bind_address(Some(SocketAddr::new(any, 0)))
        } else {
            let ip = if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() };
            opts.ip_or_hostname(Some(ip))
        };
        outcome = Conn::new(Opts::from(opts));
        // Any answer of a server is an answer, also a refusal; and so is a certificate.
        let answered = match &outcome {
            Err(failure @ ::mysql::Error::IoError(_)) => errors::of_tls(failure).is_some(),
            Err(::mysql::Error::DriverError(_)) => false,
            _ => true,
        };
        // A silent host has used up the time for all of them.
        if answered || begin.elapsed() >= timeout {
            break;
        }
    }
    outcome
}

/// Whether the certificate is to be for the host's name, and not for an address of it.
fn verifies_name(server: &Server, host: &Host) -> bool {
    let verifies = server.tls.as_ref().is_some_and(|tls| tls.mode == SslMode::VerifyIdentity);
    verifies && host.address().is_none()
}

fn any_of_family(address: &SocketAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}
