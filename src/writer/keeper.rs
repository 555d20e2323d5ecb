//! Where records last: the database. What is to happen to records while it is away is decided here, too.

use crate::session::board::Board;
use crate::store::{self, Batch, Error, Kind, Location, Standing, Store};
use crate::sys::StoreKey;
use std::time::{Duration, Instant};

/// A failure that took longer than this is told to all who came meanwhile.
const LONG: Duration = Duration::from_millis(500);

/// The writer's connection to the database, opened when it is first needed and kept.
pub(super) struct Keeper<'a> {
    location: &'a Location,
    key: StoreKey,
    board: &'a Board,
    store: Option<Box<dyn Store>>,
    failed: Option<Error>,
}

impl<'a> Keeper<'a> {
    pub fn new(location: &'a Location, key: StoreKey, board: &'a Board) -> Self {
        Self { location, key, board, store: None, failed: None }
    }

    /// Keeps batches, and says of each what came of it.
    pub fn keep(&mut self, batches: &[Batch]) -> Vec<Result<Standing, Error>> {
        let begin = Instant::now();
        self.failed = None;
        let outcomes = match self.store() {
            Ok(store) => store.record_many(batches),
            Err(error) => batches.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut records = 0;
        let mut failed = None;
        for (batch, outcome) in batches.iter().zip(&outcomes) {
            match outcome {
                Ok(Standing::Live) => records += batch.records.len(),
                Ok(Standing::Gone) => {}
                // What is wrong with one batch alone is its own.
                Err(error) if error.kind == Kind::Bug => {}
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            // A connection in an unknown state is not used again.
            self.store = None;
            self.failed = (begin.elapsed() > LONG).then(|| error.clone());
        }
        if records > 0 {
            self.board.count_commit(records as u64);
            self.board.figures().commits().observe(begin.elapsed());
        }
        outcomes
    }

    /// The failure of the last [`Keeper::keep`], if it took long.
    pub fn took_long_to_fail(&mut self) -> Option<Error> {
        self.failed.take()
    }

    fn store(&mut self) -> Result<&mut dyn Store, Error> {
        let store = match self.store.take() {
            Some(store) => store,
            None => store::open(self.location, self.key)?,
        };
        Ok(self.store.insert(store).as_mut())
    }
}
