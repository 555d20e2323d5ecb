//! One connection to the server: how a statement survives the loss of the connection, and on which host of a cluster it
//! is then repeated.
//!
//! There is never more than one connection, and this file limits how often work is repeated.

use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use ::mysql::Conn;

use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{MsgFlags, recv};
use nix::sys::time::TimeSpec;

use super::cluster;
use super::connect::{self, PATIENT, Patience};
use super::contained::contained;
use super::errors::{self, Remedy};
use crate::store::{Error, Hosts, Server};
use crate::sys;

/// How long a server may take to close a connection that is not needed any more.
const GOODBYE: Duration = Duration::from_millis(100);
/// How often work is repeated after a deadlock.
const REPEATS: u32 = 5;
/// The longest pause before a deadlock's loser repeats its work, in milliseconds, when it has lost more than once: two
/// that repeat at once would meet again.
const LONGEST_PAUSE: u8 = 32;

/// A connection that is opened again when it is lost.
#[derive(Debug)]
pub(super) struct Link {
    server: Server,
    patience: Patience,
    hosts: Hosts,
    connection: Option<Opened>,
}

/// A connection, and to which host it is.
#[derive(Debug)]
struct Opened {
    connection: Conn,
    host: usize,
    /// Whether it waits for answers less long than usual, because the work for which it was opened had to end.
    is_hasty: bool,
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
    /// Waits, for a moment, until the server has closed its end: so the number of connections is exact.
    fn drop(&mut self) {
        let Some(Opened { connection, .. }) = self.connection.take() else { return };
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
    pub(super) fn open(server: &Server, patience: Patience, hosts: &Hosts) -> Result<Self, Error> {
        let mut link = Self { server: server.clone(), patience, hosts: hosts.clone(), connection: None };
        link.connected(hosts.begun() + patience.in_all)?;
        Ok(link)
    }

    /// Finds out whether the server is in a cluster.
    pub(super) fn find_cluster(&mut self) -> Result<(), Error> {
        let is_member = self.run(|connection, _| cluster::is_member(connection))?;
        self.hosts.set_cluster(is_member);
        Ok(())
    }

    /// The same as [`Link::run`], for work that is to see all that was done before, anywhere in a cluster; if that
    /// matters.
    pub(super) fn run_caught_up<T>(
        &mut self,
        matters: bool,
        mut work: impl FnMut(&mut Conn) -> ::mysql::Result<T>,
    ) -> Result<T, Error> {
        let waits = matters && self.hosts.is_cluster();
        self.run(|connection, _| {
            if waits {
                cluster::catch_up(connection)?;
            }
            work(connection)
        })
    }

    /// The same for work on which a login rests: not on a server that the operator does not want logins on.
    pub(super) fn run_login<T>(&mut self, mut work: impl FnMut(&mut Conn) -> ::mysql::Result<T>) -> Result<T, Error> {
        let insists = self.server.requires_cluster;
        self.run_caught_up(true, |connection| {
            if insists {
                cluster::insist(connection)?;
            }
            work(connection)
        })
    }

    /// The connection, opened if it is not. With several hosts it waits for answers no longer than until `deadline`.
    fn connected(&mut self, deadline: Instant) -> Result<&mut Opened, Error> {
        let mut opened = match self.connection.take() {
            Some(opened) => opened,
            None => {
                let (connection, host) = connect::connect(&self.server, &self.hosts, self.patience)?;
                Opened { connection, host, is_hasty: false }
            }
        };
        let is_hasty = self.has_several() && Instant::now() + self.patience.answer_of(&self.server) > deadline;
        if is_hasty || opened.is_hasty {
            connect::wait_until(&opened.connection, self.patience, deadline)
                .map_err(|error| Error::world(error.to_string()))?;
            opened.is_hasty = is_hasty;
        }
        Ok(self.connection.insert(opened))
    }

    fn has_several(&self) -> bool {
        self.server.hosts.len() > 1
    }

    /// Runs work that may be repeated: after a lost connection once, on a new one; after a deadlock a few times; on the
    /// next host, if there are several, when one is out of service. Work that fails leaves no transaction open.
    pub(super) fn run<T>(
        &mut self,
        mut work: impl FnMut(&mut Conn, Attempt) -> ::mysql::Result<T>,
    ) -> Result<T, Error> {
        let deadline = self.hosts.begun() + self.patience.in_all;
        let mut attempt = Attempt::First;
        let mut repeats = REPEATS;
        let mut moves = self.server.hosts.len();
        loop {
            let Opened { connection, host, .. } = self.connected(deadline)?;
            let host = *host;
            let failure = match contained(|| work(connection, attempt)) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let remedy = errors::remedy(&failure);
            let lost_again = remedy == Remedy::Reconnect && attempt == Attempt::AfterLoss;
            if self.has_several() && moves > 0 && (lost_again || errors::is_out_of_service(&failure)) {
                moves -= 1;
                self.connection = None;
                self.hosts.fails(host, &self.explain(&failure).message, Instant::now());
                if Instant::now() + connect::LEAST < deadline {
                    // What it was doing may have been done all the same, or be done yet.
                    attempt = Attempt::AfterLoss;
                    continue;
                }
                return Err(self.explain_of(host, &failure));
            }
            match remedy {
                Remedy::Reconnect => {
                    self.connection = None;
                    if attempt == Attempt::First {
                        attempt = Attempt::AfterLoss;
                        continue;
                    }
                }
                Remedy::GiveUp => self.connection = None,
                Remedy::Repeat if repeats > 0 => {
                    if repeats < REPEATS {
                        pause();
                    }
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
            return Err(self.explain_of(host, &failure));
        }
    }

    fn explain(&self, failure: &::mysql::Error) -> Error {
        match errors::is_silence(failure) {
            true => Error::world(format!("no answer within {} s", self.patience.answer_of(&self.server).as_secs())),
            false => errors::explain(failure),
        }
    }

    /// The same with the host's name, where there are several.
    fn explain_of(&self, host: usize, failure: &::mysql::Error) -> Error {
        let error = self.explain(failure);
        match self.server.hosts.get(host).filter(|_| self.has_several()) {
            Some(host) => Error { message: format!("{host}: {}", error.message), ..error },
            None => error,
        }
    }

    /// Goes to a host that is preferred to the one in use, if one works again.
    pub(super) fn return_to_preferred(&mut self) {
        let begin = Instant::now();
        match connect::connect_to_preferred(&self.server, &self.hosts, self.patience) {
            Some((connection, host)) => self.connection = Some(Opened { connection, host, is_hasty: false }),
            None => self.hosts.stays(begin.elapsed(), Instant::now()),
        }
    }

    /// A second connection for work that takes long; it ends with that work. Use it with [`connect::ask`].
    pub(super) fn patient(&self) -> Result<Conn, Error> {
        Ok(connect::connect(&self.server, &self.hosts, PATIENT)?.0)
    }

    /// Where it is connected to.
    pub(super) fn server(&self) -> &Server {
        &self.server
    }
}

fn pause() {
    let mut random = [0];
    // Without chance the pause is the longest one.
    let most = getrandom::fill(&mut random).map_or(LONGEST_PAUSE, |()| random[0] % LONGEST_PAUSE);
    std::thread::sleep(Duration::from_millis(u64::from(most) + 1));
}
