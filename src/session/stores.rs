//! The child's own database connection: opened when it is first needed, closed when it has been idle.

use super::Peer;
use super::board::Board;
use crate::protocol::{Code, Failure};
use crate::store::{self, Error, Kind, Location, Store};
use crate::sys::StoreKey;

/// A store that is open, or not yet.
pub struct Stores<'a> {
    location: &'a Location,
    key: StoreKey,
    peer: Peer,
    board: &'a Board,
    open: Option<Box<dyn Store>>,
}

impl<'a> Stores<'a> {
    pub fn new(location: &'a Location, key: StoreKey, peer: Peer, board: &'a Board) -> Self {
        Self { location, key, peer, board, open: None }
    }

    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Closes the connection; the next need opens another.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// The store, opened if it is not.
    pub fn get(&mut self) -> Result<&mut dyn Store, Error> {
        let store = match self.open.take() {
            Some(store) => store,
            None => store::open(self.location, self.key)?,
        };
        Ok(self.open.insert(store).as_mut())
    }

    /// Does something with the store; a failure is logged, and becomes what the client is told.
    pub fn with<T>(&mut self, work: impl FnOnce(&mut dyn Store) -> Result<T, Error>) -> Result<T, Failure> {
        match self.get().and_then(work) {
            Ok(done) => Ok(done),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// A failure of this connection: it is logged, and becomes what the client is told.
    pub fn failed(&mut self, error: &Error) -> Failure {
        // A connection in an unknown state is not used again.
        self.open = None;
        self.tell(error)
    }

    /// Logs a failure, and says what the client is told of it: nothing of the database's own words.
    pub fn tell(&self, error: &Error) -> Failure {
        let peer = &self.peer;
        self.board.count_database_error();
        match error.kind {
            Kind::World => log::warn!("client {peer}: database: {error}"),
            Kind::Configuration => log::error!("client {peer}: database (its configuration needs mending): {error}"),
            Kind::Bug => log::error!("client {peer}: database (a bug in cidiand, please report it): {error}"),
        }
        Failure::new(Code::Unavailable, "the database can't be reached now; try again later")
    }
}
