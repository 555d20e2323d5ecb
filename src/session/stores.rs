//! The child's own database connection: opened when it is first needed, with a lease from the parent, and closed when
//! it has been idle or when others wait for a lease. The wait for a lease has a limit.

use super::Peer;
use super::connection::{Wait, wait};
use crate::ipc::parent::{ParentRequest, Permit, Question, account_number, ask_for};
use crate::ipc::scoreboard::{Scoreboard, Slot, SlotNumber};
use crate::protocol::{Code, Failure};
use crate::store::{self, Error, Hosts, Kind, Location, Store};
use crate::sys::{ChildSignals, StoreKey};
use nix::poll::{PollFd, PollFlags};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A connection that was not used for this long is closed: it is cheap to make again, and dear to keep in ten thousand
/// children.
const IDLE: Duration = Duration::from_secs(5);
/// How long a lease is waited for: as long as an answer of the database.
const LEASE_TIMEOUT: Duration = Duration::from_secs(10);

/// A store that is open, or not yet.
pub struct Stores<'a> {
    location: &'a Location,
    key: StoreKey,
    peer: Peer,
    scoreboard: &'a Scoreboard,
    slot: Slot<'a>,
    waiting: Waiting<'a>,
    open: Option<Open>,
    client_has_gone: bool,
    is_shut_out: bool,
}

/// What is needed to wait for a lease.
pub struct Waiting<'a> {
    /// Where the parent is asked.
    pub control_channel: BorrowedFd<'a>,
    /// The account for which permits are requested, as a number; 0 without one.
    pub account: u64,
    /// The client, for whom nothing need be done when it has gone.
    pub client: Rc<OwnedFd>,
    /// The signals to wait with.
    pub signals: ChildSignals,
}

struct Open {
    store: Box<dyn Store>,
    lease: Permit,
    used: Instant,
    /// The host that the writer used when this was opened, where there are several.
    host: Option<usize>,
}

impl Drop for Stores<'_> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<'a> Stores<'a> {
    pub fn new(
        location: &'a Location,
        key: StoreKey,
        peer: Peer,
        scoreboard: &'a Scoreboard,
        slot: SlotNumber,
        waiting: Waiting<'a>,
    ) -> Self {
        let slot = scoreboard.slot(slot);
        Self { location, key, peer, scoreboard, slot, waiting, open: None, client_has_gone: false, is_shut_out: false }
    }

    /// From now on what is asked of the parent is asked for this account.
    pub fn act_for(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.waiting.account = account_number(name);
        }
    }

    /// The client is another one than it seemed to be.
    pub fn set_peer(&mut self, peer: Peer) {
        self.peer = peer;
    }

    /// A question to the parent.
    pub fn question(&self, ask: ParentRequest) -> Question {
        Question { ask, account: self.waiting.account }
    }

    /// When the connection will have been idle for too long, if there is one.
    pub fn idle_at(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.used + IDLE)
    }

    /// Readable when the lease is wanted back.
    pub fn lease(&self) -> Option<BorrowedFd<'_>> {
        self.open.as_ref().map(|open| open.lease.as_fd())
    }

    /// Closes the connection if others wait for a lease. For between two requests.
    pub fn close_if_wanted(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.lease.is_wanted()) {
            self.close();
        }
    }

    /// Closes the connection; the next need opens another.
    pub fn close(&mut self) {
        if let Some(Open { store, lease, .. }) = self.open.take() {
            // In this order: what is given back must be over.
            drop(store);
            lease.give_back();
        }
    }

    /// The store, opened if it is not.
    pub fn get(&mut self) -> Result<&mut dyn Store, Error> {
        let host = self.scoreboard.database_hosts().in_use();
        let open = match self.open.take() {
            Some(open) if self.scoreboard.outage().is_none() && open.host == host => {
                Open { used: Instant::now(), ..open }
            }
            // In an outage the server may be silent: a new connection shows it sooner than an open one. And where the
            // writer uses another host than before, the one of before may be.
            Some(Open { store, lease, .. }) => {
                drop(store);
                self.open_with(lease, host)?
            }
            None => {
                let lease = self.permit(ParentRequest::Database, "no database connection: all are in use")?;
                self.open_with(lease, host)?
            }
        };
        Ok(self.open.insert(open).store.as_mut())
    }

    fn open_with(&self, lease: Permit, host: Option<usize>) -> Result<Open, Error> {
        let hosts = Hosts::hinted(host, self.scoreboard.database_hosts().is_cluster());
        let store = store::open_for_session(self.location, &hosts, self.key)?;
        Ok(Open { store, lease, used: Instant::now(), host })
    }

    /// Whether the client disconnected while the session waited for a lease.
    pub fn client_has_gone(&self) -> bool {
        self.client_has_gone
    }

    /// Whether an embedded database was found to be there, but in files that took the place of those to which this
    /// process is confined: only sessions that begin now can use it.
    pub fn is_shut_out(&self) -> bool {
        self.is_shut_out
    }

    /// What was wanted of a database that this process may not open has come from elsewhere.
    pub fn manage_without(&mut self) {
        self.is_shut_out = false;
    }

    /// Does something with the store; a failure is logged, and becomes the reply to the client.
    pub fn with<T>(&mut self, work: impl FnOnce(&mut dyn Store) -> Result<T, Error>) -> Result<T, Failure> {
        self.get().and_then(work).map_err(|error| self.failed(&error))
    }

    /// The same for something that is written. Of the sessions one writes to the embedded database at a time, by turns.
    pub fn write<T>(&mut self, work: impl FnOnce(&mut dyn Store) -> Result<T, Error>) -> Result<T, Failure> {
        let turn = match self.location {
            Location::MySql(_) => Ok(None),
            // A connection first: a turn is not kept while one is waited for.
            Location::Sqlite(_) => self
                .get()
                .map(drop)
                .and_then(|()| self.permit(ParentRequest::Writing, "no turn to write: others are writing").map(Some)),
        };
        let done = match turn {
            Ok(_turn) => self.get().and_then(work),
            Err(error) => Err(error),
        };
        done.map_err(|error| self.failed(&error))
    }

    fn permit(&mut self, ask: ParentRequest, too_late: &str) -> Result<Permit, Error> {
        let permit = self.waiting.permit(ask, too_late)?;
        self.client_has_gone |= permit.is_none();
        permit.ok_or_else(|| Error::world("the client is gone"))
    }

    /// A failure of this connection: it is logged, and becomes the reply to the client.
    pub fn failed(&mut self, error: &Error) -> Failure {
        // A connection in an unknown state is not used again.
        self.close();
        self.is_shut_out = store::is_shut_out(self.location);
        if self.is_shut_out {
            log::info!(
                "client {}: the database's files were replaced; this session may not open the new ones",
                self.peer
            );
            return unavailable();
        }
        self.tell(error)
    }

    /// Logs a failure, and returns the reply for the client, without the database's own message.
    pub fn tell(&self, error: &Error) -> Failure {
        if self.client_has_gone {
            return unavailable();
        }
        let peer = &self.peer;
        self.slot.count_database_error();
        match error.kind {
            // The writer has logged the outage; a warning for each client that meets it is not needed.
            Kind::World if self.scoreboard.outage().is_some() => log::info!("client {peer}: database: {error}"),
            Kind::World => log::warn!("client {peer}: database: {error}"),
            Kind::Configuration => log::error!("client {peer}: database (check its configuration): {error}"),
            Kind::Bug => log::error!("client {peer}: database (a bug in cidiand, please report it): {error}"),
        }
        unavailable()
    }
}

fn unavailable() -> Failure {
    Failure::new(Code::Unavailable, "the database can't be reached now; try again later")
}

impl Waiting<'_> {
    /// Waits for what the parent gives in turn. `None` if the client is gone.
    fn permit(&self, ask: ParentRequest, too_late: &str) -> Result<Option<Permit>, Error> {
        let failed = |why: &dyn std::fmt::Display| Error::world(format!("the daemon did not grant the request: {why}"));
        let permit =
            ask_for(self.control_channel, Question { ask, account: self.account }).map_err(|error| failed(&error))?;
        let deadline = Instant::now() + LEASE_TIMEOUT;
        loop {
            // No event is requested for the client's socket; that it has hung up is always reported.
            let mut watched =
                [PollFd::new(permit.as_fd(), PollFlags::POLLIN), PollFd::new(self.client.as_fd(), PollFlags::empty())];
            match wait(&mut watched, Some(deadline), &self.signals) {
                Ok(Wait::Ready) if watched[0].any() == Some(true) => break,
                Ok(Wait::Ready) => return Ok(None),
                Ok(Wait::TimedOut) => return Err(Error::world(too_late)),
                Ok(Wait::Interrupted) => {}
                Err(_) => return Err(failed(&"the wait failed")),
            }
        }
        permit.granted(self.control_channel).map_err(|error| failed(&error))?;
        Ok(Some(permit))
    }
}
