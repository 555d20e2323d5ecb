//! One connection to the server: how it is opened, and how a statement survives its loss.
//!
//! It never keeps more than one connection, and never repeats work more often than it says here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use ::mysql::consts::CapabilityFlags;
use ::mysql::prelude::{FromRow, Queryable};
use ::mysql::{Conn, DriverError, Opts, OptsBuilder, Params, from_row_opt};

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{MsgFlags, recv, setsockopt, sockopt};
use nix::sys::time::{TimeSpec, TimeVal, TimeValLike};

use super::contained::contained;
use super::errors::{self, Remedy};
use super::tls;
use crate::store::{Error, Server, SslMode};
use crate::sys;

/// How long to wait for a connection, and then for each answer until it is ready. A client is told `unavailable` within
/// two seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long is waited for a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For one answer.
    answer: Duration,
    /// For a lock, in seconds: less long, so that there is an answer.
    lock: u32,
}

/// In everyday use.
pub(super) const USUAL: Patience = Patience { answer: Duration::from_secs(10), lock: 3 };
/// Where whole tables are replaced.
pub(super) const PATIENT: Patience = Patience { answer: Duration::from_secs(600), lock: 3 };
/// Where there is something else to do.
pub(super) const HURRIED: Patience = Patience { answer: Duration::from_secs(3), lock: 1 };
/// How long a server may take to close a connection that is not needed any more.
const GOODBYE: Duration = Duration::from_millis(100);
/// The largest packet we send or take. It is said here so that it need not be asked of the server on each connect;
/// the server's own limit holds besides.
const MAX_PACKET: usize = 64 * 1024 * 1024;
/// How many prepared statements a connection keeps: all that a session uses.
const STATEMENTS: usize = 32;
/// How often work is repeated after a deadlock.
const REPEATS: u32 = 5;

/// What a session needs, whatever the server's defaults are, in one round trip. Strict, so that nothing is cut to
/// fit; the character set again, because a server may be told to skip the one in the handshake; row locks and table
/// locks are waited for less long than an answer. Read committed, because nothing here reads twice in a transaction
/// and its gap locks would make sessions of different accounts wait for each other. There is no time zone: every
/// time is passed as a `DATETIME` in UTC, and none is asked of the server.
fn session(patience: Patience) -> String {
    let lock = patience.lock;
    format!(
        "SET NAMES utf8mb4, SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', SESSION autocommit = 1, \
         SESSION innodb_lock_wait_timeout = {lock}, SESSION lock_wait_timeout = {lock}; \
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}

/// A connection that is opened again when it is lost.
#[derive(Debug)]
pub(super) struct Link {
    server: Server,
    patience: Patience,
    connection: Option<Conn>,
}

/// How often a piece of work may already have been carried out, unknown to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It was not.
    First,
    /// The connection was lost while it ran: perhaps it was.
    AfterLoss,
}

impl Drop for Link {
    /// Waits, for a moment, until the server has closed its end: whoever counts connections may count on it.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let socket = sys::duplicate(connection.as_raw_fd());
        // Says goodbye.
        drop(connection);
        let Ok(socket) = socket else { return };
        let moment = TimeSpec::from_duration(GOODBYE);
        let mut byte = [0; 1];
        while ppoll(&mut [PollFd::new(socket.as_fd(), PollFlags::POLLIN)], Some(moment), None).is_ok_and(|n| n > 0)
            && recv(socket.as_raw_fd(), &mut byte, MsgFlags::MSG_DONTWAIT).is_ok_and(|size| size > 0)
        {}
    }
}

impl Link {
    pub(super) fn open(server: &Server, patience: Patience) -> Result<Self, Error> {
        let connection = connect(server, patience).map_err(|failure| errors::explain_connecting(&failure))?;
        Ok(Self { server: server.clone(), patience, connection: Some(connection) })
    }

    /// Runs work that may be repeated: after a lost connection once, on a new one; after a deadlock a few times.
    /// Work that fails leaves no transaction open.
    pub(super) fn run<T>(
        &mut self,
        mut work: impl FnMut(&mut Conn, Attempt) -> ::mysql::Result<T>,
    ) -> Result<T, Error> {
        let mut attempt = Attempt::First;
        let mut repeats = REPEATS;
        loop {
            let connection = match &mut self.connection {
                Some(connection) => connection,
                None => {
                    let fresh =
                        connect(&self.server, self.patience).map_err(|failure| errors::explain_connecting(&failure))?;
                    self.connection.insert(fresh)
                }
            };
            let failure = match contained(|| work(connection, attempt)) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            match errors::remedy(&failure) {
                Remedy::Reconnect => {
                    self.connection = None;
                    if attempt == Attempt::First {
                        attempt = Attempt::AfterLoss;
                        continue;
                    }
                }
                Remedy::GiveUp => self.connection = None,
                Remedy::Repeat if repeats > 0 => {
                    repeats -= 1;
                    continue;
                }
                // It has waited for seconds already.
                Remedy::RepeatOnce if repeats == REPEATS => {
                    repeats = 0;
                    continue;
                }
                Remedy::Repeat | Remedy::RepeatOnce | Remedy::None => {}
            }
            return Err(errors::explain(&failure));
        }
    }

    /// A second connection for work that takes long; it ends with that work.
    pub(super) fn patient(&self) -> Result<Conn, Error> {
        connect(&self.server, PATIENT).map_err(|failure| errors::explain_connecting(&failure))
    }
}

/// Connects to the database that the location names.
pub(super) fn connect(server: &Server, patience: Patience) -> ::mysql::Result<Conn> {
    connect_to(server, Some(&server.database), patience)
}

/// Connects to a database, or to none.
pub(super) fn connect_to(server: &Server, database: Option<&str>, patience: Patience) -> ::mysql::Result<Conn> {
    contained(|| open(server, database, patience))
}

fn open(server: &Server, database: Option<&str>, patience: Patience) -> ::mysql::Result<Conn> {
    let opts = OptsBuilder::new()
        .ssl_opts(server.tls.as_ref().map(tls::options).transpose()?)
        .user(Some(&server.user))
        .pass(Some(server.password.as_str()))
        .db_name(database)
        .prefer_socket(false)
        .tcp_nodelay(true)
        .tcp_connect_timeout(Some(CONNECT_TIMEOUT))
        // A server may take a connection and then be silent.
        .read_timeout(Some(CONNECT_TIMEOUT))
        .write_timeout(Some(CONNECT_TIMEOUT))
        .max_allowed_packet(Some(MAX_PACKET))
        .stmt_cache_size(STATEMENTS)
        // "Affected" counts the rows that were found, also those that already were as they should be.
        .additional_capabilities(CapabilityFlags::CLIENT_FOUND_ROWS);
    let mut connection = match &server.socket {
        Some(socket) => Conn::new(Opts::from(opts.socket(Some(socket))))?,
        None => connect_tcp(server, &opts)?,
    };
    let mut answers = connection.query_iter(session(patience))?;
    while let Some(answer) = answers.iter() {
        for row in answer {
            row?;
        }
    }
    drop(answers);
    wait_for_answers(&connection, patience.answer)?;
    Ok(connection)
}

/// How long an answer may take from now on.
fn wait_for_answers(connection: &Conn, patience: Duration) -> io::Result<()> {
    // Another descriptor of the same socket, because the driver keeps its own to itself.
    let socket = sys::duplicate(connection.as_raw_fd())?;
    let patience = TimeVal::seconds(patience.as_secs().cast_signed());
    setsockopt(&socket, sockopt::ReceiveTimeout, &patience)?;
    Ok(setsockopt(&socket, sockopt::SendTimeout, &patience)?)
}

/// Tries each address of the host: the driver would stop at the first that refuses, and `localhost` is often ::1
/// before it is 127.0.0.1.
fn connect_tcp(server: &Server, opts: &OptsBuilder) -> ::mysql::Result<Conn> {
    let mut outcome = Err(DriverError::CouldNotConnect(None).into());
    let mut families = Vec::new();
    let begin = Instant::now();
    for address in (server.host.as_str(), server.port).to_socket_addrs()? {
        let opts = opts.clone().tcp_port(server.port);
        let opts = if verifies_name(server) {
            // The driver verifies the name that it connects to. Bound to an address it tries all of that family.
            let any = any_of_family(&address);
            if families.contains(&any) {
                continue;
            }
            families.push(any);
            opts.ip_or_hostname(Some(&server.host)).bind_address(Some(SocketAddr::new(any, 0)))
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
        // Who is silent has taken the time for all of them.
        if answered || begin.elapsed() >= CONNECT_TIMEOUT {
            break;
        }
    }
    outcome
}

/// Whether the certificate is to be for the host's name, and not for an address of it.
fn verifies_name(server: &Server) -> bool {
    let verifies = server.tls.as_ref().is_some_and(|tls| tls.mode == SslMode::VerifyIdentity);
    verifies && server.host.parse::<IpAddr>().is_err()
}

fn any_of_family(address: &SocketAddr) -> IpAddr {
    if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

/// Runs a prepared select and converts its rows. A row of another shape than expected is an error, not a panic.
pub(super) fn select<T: FromRow>(
    connection: &mut impl Queryable,
    statement: &str,
    parameters: impl Into<Params>,
) -> ::mysql::Result<Vec<T>> {
    let mut rows = Vec::new();
    for row in connection.exec_iter(statement, parameters.into())? {
        rows.push(from_row_opt(row?)?);
    }
    Ok(rows)
}

/// The first row of a prepared select.
pub(super) fn select_first<T: FromRow>(
    connection: &mut impl Queryable,
    statement: &str,
    parameters: impl Into<Params>,
) -> ::mysql::Result<Option<T>> {
    Ok(select(connection, statement, parameters)?.into_iter().next())
}
