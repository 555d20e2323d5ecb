//! Where records are stored: in the database, and in the spool while the database is away. This file decides which of
//! the two a record goes to.
//!
//! As long as the spool is empty and the database answers, only the database is used. From the first failure on, every
//! record goes through the spool until the spool is empty again, so that each account's records stay in order.

mod answering;

use super::order::Order;
use super::outage::Outage;
use super::spool::{Chunk, Spool};
use super::trim::Trimmer;
use crate::ipc::scoreboard::{Scoreboard, WriterCount};
use crate::store::{self, Batch, Error, Hosts, Kind, Location, Operator, Standing, Store};
use crate::sys::{FileNumber, StoreKey, file_number};
use std::path::Path;
use std::time::{Duration, Instant};

/// Without a spool, a failure that took longer than this is the answer to all that came meanwhile.
const LONG: Duration = Duration::from_millis(500);
/// Work that follows other work within this time has been waited for meanwhile.
const AT_ONCE: Duration = Duration::from_millis(100);
/// How many records are taken from the spool at once: no fewer than are taken in between, so that it gets empty.
const CHUNK: u64 = 4_096;
/// The longest time between checks that the database is still the one that the spool is for: a server's may be dropped
/// and made again without any connection's noticing.
const CONFIRM: Duration = Duration::from_secs(1);

type Outcome = Result<Standing, Error>;

/// The writer's connection to the database, opened when it is first needed and kept.
pub(super) struct Committer<'a> {
    location: &'a Location,
    key: StoreKey,
    scoreboard: &'a Scoreboard,
    store: Option<Box<dyn Operator>>,
    spool: Option<Spool<'a>>,
    /// `None` without a limit for histories.
    trimmer: Option<Trimmer>,
    outage: Option<Outage>,
    /// Where the database can be used, and what of this the board shows.
    hosts: Hosts,
    shown: Shown,
    /// When the last piece of work began, and when it ended.
    last: (Instant, Instant),
    failed: Option<Error>,
    /// When the database was last seen to be the one that the spool is for.
    confirmed: Option<Instant>,
    /// Whether the database knows an account whose lookups are in the spool.
    recognised: bool,
    /// What the parent has to do before a writer can go on.
    order: Option<Order>,
    /// Whether it was logged that the spool's file is gone.
    removal_said: bool,
    /// The directory of an embedded database, as it was when this writer was confined to it.
    directory: Option<FileNumber>,
    /// Of this time of using the spool: what was delivered, and what belonged to accounts that are deleted.
    delivered: u64,
    dropped: u64,
    /// Whether it was logged that the spool takes no more.
    refusal_said: bool,
    begun: Instant,
}

/// What was last shown of the hosts.
#[derive(Debug, Default)]
struct Shown {
    changes: u64,
    in_use: Option<usize>,
}

impl<'a> Committer<'a> {
    pub fn new(
        location: &'a Location,
        key: StoreKey,
        scoreboard: &'a Scoreboard,
        spool: Option<Spool<'a>>,
        trimmer: Option<Trimmer>,
        stuck: Option<Duration>,
    ) -> Self {
        // To try what the writer before could not get away from would be the same again: what comes is put into the
        // spool first, and the database is tried between sessions.
        let outage = stuck
            .filter(|_| spool.as_ref().is_some_and(Spool::is_enabled))
            .map(|took| Outage::begin(Error::world("the previous writer got no answer"), took, Instant::now()));
        let committer = Self {
            location,
            key,
            scoreboard,
            store: None,
            spool,
            trimmer,
            outage,
            hosts: Hosts::hinted(scoreboard.database_hosts().in_use(), scoreboard.database_hosts().is_cluster()),
            shown: Shown { changes: 0, in_use: scoreboard.database_hosts().in_use() },
            last: (Instant::now(), Instant::now()),
            failed: None,
            confirmed: None,
            recognised: false,
            order: None,
            removal_said: false,
            directory: directory_of(location),
            delivered: 0,
            dropped: 0,
            refusal_said: false,
            begun: Instant::now(),
        };
        committer.show();
        if let Some(spool) = committer.spool.as_ref().filter(|spool| !spool.is_empty()) {
            log::info!("delivering {} lookups that are in the spool", spool.records());
        }
        committer
    }

    /// Has an embedded database open, and what is missing beside it made, before anything is to be kept: sessions open
    /// nothing that is not there. In an outage that is looked after in its own time.
    pub fn prepare_embedded(&mut self) {
        if !matches!(self.location, Location::Sqlite(_)) || self.outage.is_some() {
            return;
        }
        if let Err(error) = self.store().and_then(|store| store.identity().map(drop)) {
            // What comes of it is seen with the next record.
            log::debug!("the database cannot be used: {error}");
            self.store = None;
        }
    }

    /// Keeps batches, and returns the outcome of each.
    pub fn keep(&mut self, batches: &[Batch]) -> Vec<Outcome> {
        self.failed = None;
        let begun = self.begin();
        let direct = match &self.spool {
            None => true,
            // Nothing may be put there, but something may have been left there.
            Some(spool) => spool.is_empty() && (self.outage.is_none() || !spool.is_enabled()),
        };
        let outcomes = if direct { self.keep_directly(batches) } else { self.keep_in_order(batches) };
        self.show_hosts();
        self.last = (begun, Instant::now());
        outcomes
    }

    /// Work begins; when. Those who wait for it have waited since the piece of work before it began, if it follows that
    /// at once: where a cluster takes seconds for each, all of it together has to end in time.
    fn begin(&self) -> Instant {
        let now = Instant::now();
        let (begun, ended) = self.last;
        self.hosts.begin(if now.saturating_duration_since(ended) < AT_ONCE { begun } else { now });
        now
    }

    /// What the parent has to do, if it has to do anything: then this writer must end.
    pub fn order(&self) -> Option<Order> {
        self.order
    }

    /// The failure of the last [`Committer::keep`], if it took long.
    pub fn took_long_to_fail(&mut self) -> Option<Error> {
        self.failed.take()
    }

    fn keep_directly(&mut self, batches: &[Batch]) -> Vec<Outcome> {
        let begin = Instant::now();
        let mut outcomes = self.with_store(|store| store.record_many(batches), batches.len());
        if outcomes.contains(&Ok(Standing::Gone)) {
            // Deleted, or another database's? It is seen with what comes next.
            self.confirmed = None;
        }
        if self.order.is_some() {
            return outcomes;
        }
        let records = records(batches, &outcomes);
        if records > 0 {
            self.scoreboard.count_commit(records, begin.elapsed());
            note_growth(&mut self.trimmer, batches, &outcomes);
        }
        if let Some(error) = failure(&outcomes) {
            let took = begin.elapsed();
            if self.spool.as_ref().is_some_and(Spool::is_enabled) {
                self.fails(error, took);
                self.spool_what_failed(batches, &mut outcomes);
            } else {
                // A connection in an unknown state is not used again.
                self.store = None;
                self.failed = (took > LONG).then_some(error);
            }
        }
        outcomes
    }

    /// Something is in the spool already, or would have to be: what comes is put behind it. Whether accounts may still
    /// be used is asked if it can be; while it can't, they are taken for what they were.
    fn keep_in_order(&mut self, batches: &[Batch]) -> Vec<Outcome> {
        let mut outcomes = match &self.outage {
            Some(outage) => {
                // Whosever it is: what comes now has not been tried.
                let away = Error::world(&outage.error.message);
                batches.iter().map(|_| Err(away.clone())).collect()
            }
            None => {
                let begin = Instant::now();
                let questions: Vec<Batch> =
                    batches.iter().map(|batch| Batch { records: Vec::new(), ..batch.clone() }).collect();
                let mut outcomes = self.with_store(|store| store.record_many(&questions), batches.len());
                if self.order.is_some() {
                    return outcomes;
                }
                if let Some(error) = failure(&outcomes) {
                    self.fails(error, begin.elapsed());
                }
                let waits = Error::world("earlier lookups are not delivered yet");
                for (batch, outcome) in batches.iter().zip(&mut outcomes) {
                    if *outcome == Ok(Standing::Live) && !batch.records.is_empty() {
                        *outcome = Err(waits.clone());
                    }
                }
                outcomes
            }
        };
        self.spool_what_failed(batches, &mut outcomes);
        outcomes
    }

    /// Puts the records of those batches into the spool that the database could not take.
    fn spool_what_failed(&mut self, batches: &[Batch], outcomes: &mut [Outcome]) {
        let Some(spool) = &mut self.spool else { return };
        let mut waiting = Vec::new();
        for (batch, outcome) in batches.iter().zip(outcomes) {
            match outcome {
                Err(error) if error.kind != Kind::Bug => {
                    // What no database will ever take would stay in the spool, and all else behind it.
                    match store::check_batch(batch) {
                        Ok(()) => waiting.push((batch, outcome)),
                        Err(error) => *outcome = Err(error),
                    }
                }
                _ => {}
            }
        }
        let spooled = spool.append(&waiting.iter().map(|(batch, _)| *batch).collect::<Vec<_>>());
        for ((batch, outcome), spooled) in waiting.into_iter().zip(spooled) {
            *outcome = match spooled {
                Ok(()) => Ok(Standing::Live),
                // Nothing was to be kept.
                Err(_) if batch.records.is_empty() => Ok(Standing::Live),
                Err(why) => {
                    if !std::mem::replace(&mut self.refusal_said, true) {
                        log::error!("{why}; refusing lookups until there is space, or the database is back");
                    }
                    Err(match &*outcome {
                        Err(error) => Error { message: format!("{error}; {why}"), ..why },
                        Ok(_) => why,
                    })
                }
            };
        }
        self.look_after_spool();
        // Before any child gets its answer.
        self.show();
    }

    /// When there is something to do without a request.
    pub fn due(&self) -> Option<Instant> {
        let spool = self.spool.as_ref()?;
        match &self.outage {
            Some(outage) => Some(outage.next),
            // At once.
            None if !spool.is_empty() => Some(self.begun),
            None => None,
        }
    }

    /// When it is looked whether a host is back that is preferred to the one in use.
    pub fn return_due(&self) -> Option<Instant> {
        self.hosts.return_at().filter(|_| self.outage.is_none() && self.store.is_some())
    }

    /// Looks whether a preferred host is back, if it is time to.
    pub fn return_to_preferred(&mut self) {
        if self.return_due().is_none_or(|due| due > Instant::now()) {
            return;
        }
        if let Some(store) = &mut self.store {
            store.return_to_preferred();
        }
        self.show_hosts();
    }

    /// Does it: looks whether the database is back, and delivers a chunk of what is in the spool.
    pub fn deliver(&mut self) {
        let now = Instant::now();
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.begin();
        if let Err(error) = self.try_to_deliver()
            && self.order.is_none()
        {
            self.fails(error, now.elapsed());
        }
        self.look_after_spool();
        self.show();
        self.show_hosts();
        self.last = (now, Instant::now());
    }

    fn try_to_deliver(&mut self) -> Result<(), Error> {
        // Opened whether there is anything to deliver or not: that is how it shows that it is back.
        self.store()?;
        let (Some(store), Some(spool)) = (&mut self.store, &mut self.spool) else { return Ok(()) };
        let had_some = !spool.is_empty();
        if had_some {
            let unread = |error: std::io::Error| Error::world(format!("the spool cannot be read: {error}"));
            let chunk = spool.chunk(CHUNK).map_err(unread)?;
            if !self.recognised && !recognise(store.as_mut(), spool, &chunk)? {
                self.order = Some(Order::PutAside);
                return Ok(());
            }
            self.recognised = true;
            let begin = Instant::now();
            let outcomes = store.deliver(&chunk.batches);
            if let Some(error) = outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
                return Err(error.clone());
            }
            let delivered = records(&chunk.batches, &outcomes);
            self.delivered += delivered;
            self.dropped += chunk.records - delivered;
            if delivered > 0 {
                self.scoreboard.count_commit(delivered, begin.elapsed());
            }
            note_growth(&mut self.trimmer, &chunk.batches, &outcomes);
            let emptied = |error: std::io::Error| Error::world(format!("cannot empty the spool: {error}"));
            spool.delivered(&chunk).map_err(emptied)?;
        }
        let is_empty = spool.is_empty();
        if let Some(outage) = self.outage.take() {
            log::info!("the database is back after {:.1} s", outage.since.elapsed().as_secs_f64());
        }
        self.refusal_said = false;
        if had_some && is_empty {
            self.recognised = false;
            let (delivered, dropped) = (std::mem::take(&mut self.delivered), std::mem::take(&mut self.dropped));
            let level = if dropped > 0 { log::Level::Warn } else { log::Level::Info };
            log::log!(
                level,
                "the spool is empty: {delivered} lookups were delivered, {dropped} of deleted accounts dropped"
            );
        }
        Ok(())
    }

    /// The database can't be used, as an attempt has shown that took this long.
    fn fails(&mut self, error: Error, took: Duration) {
        // A connection in an unknown state is not used again.
        self.store = None;
        let now = Instant::now();
        let took = self.hosts.rest_after(self.location.hosts().len(), took, now);
        if self.outage.as_ref().is_none_or(|outage| outage.error.kind != error.kind) {
            let where_to = "lookups are kept in the spool";
            match error.kind {
                Kind::World => log::warn!("cannot use the database: {error}; {where_to} until it is back"),
                Kind::Configuration => {
                    log::error!("the database or its configuration must be fixed: {error}; {where_to} until then");
                }
                Kind::Bug => {
                    log::error!(
                        "the database rejects lookups in the spool (a bug in cidiand, please report it): {error}; they \
                         stay there, and new {where_to}, too"
                    );
                }
            }
        }
        match &mut self.outage {
            Some(outage) => outage.goes_on(error, took, now),
            None => self.outage = Some(Outage::begin(error, took, now)),
        }
        let directory = directory_of(self.location);
        if directory.is_some() && directory != self.directory {
            // This process may use the old one only.
            self.order = Some(Order::Renew);
        }
    }

    /// Has the spool's file put back, if it was replaced or removed and that can be done.
    fn look_after_spool(&mut self) {
        let Some(spool) = self.spool.as_ref().filter(|spool| !spool.is_empty()) else { return };
        if spool.can_be_put_back() {
            self.order = self.order.or(Some(Order::PutBack));
        } else if !std::mem::replace(&mut self.removal_said, spool.is_removed()) && self.removal_said {
            log::error!(
                "the spool was removed with its directory: its lookups are lost if the daemon ends before the database \
                 or the directory is back"
            );
        }
    }

    /// When histories are to be looked at: not while the database is away, or has yet to take what is in the spool.
    pub fn trim_due(&self) -> Option<Instant> {
        let waits = self.outage.is_some() || self.spool.as_ref().is_some_and(|spool| !spool.is_empty());
        self.trimmer.as_ref().filter(|_| !waits)?.due()
    }

    /// Takes a step at keeping histories within their limit, if it is time for one.
    pub fn trim(&mut self) {
        let now = Instant::now();
        if self.trim_due().is_none_or(|due| due > now) {
            return;
        }
        self.begin();
        let Some(mut trimmer) = self.trimmer.take() else { return };
        // Without a store the step fails as it would with one that does not answer.
        match self.store() {
            Ok(store) => match trimmer.step(store, now) {
                Ok(deleted) => self.scoreboard.count(WriterCount::Trimmed, deleted),
                Err(error) => self.trimming_failed(&error),
            },
            Err(error) => {
                trimmer.rest(now);
                self.trimming_failed(&error);
            }
        }
        self.trimmer = Some(trimmer);
    }

    fn trimming_failed(&mut self, error: &Error) {
        // A connection in an unknown state is not used again. Whether it is an outage shows when there is something to
        // keep.
        self.store = None;
        log::warn!("cannot trim histories to their limit now: {error}");
    }

    /// Shows on the scoreboard what is known of the hosts, and logs when another one is used.
    fn show_hosts(&mut self) {
        if self.shown.changes == self.hosts.changes() {
            return;
        }
        self.scoreboard.database_hosts().show(&self.hosts);
        let in_use = self.hosts.in_use();
        if let (Some(before), Some(now)) = (self.shown.in_use, in_use)
            && before != now
            && let [Some(was), Some(is)] = [before, now].map(|host| self.location.hosts().get(host))
        {
            match self.hosts.failure(before) {
                Some(failed) => log::warn!("cannot use database host {was}: {}; using {is}", failed.why),
                None => log::info!("database host {is} is usable again; using it in place of {was}"),
            }
        }
        self.shown = Shown { changes: self.hosts.changes(), in_use };
    }

    /// Shows its state on the scoreboard.
    fn show(&self) {
        let Some(spool) = &self.spool else { return };
        self.scoreboard.show_spool(spool.records(), spool.size(), spool.oldest().map_or(0, |time| time.0));
        self.scoreboard.show_outage(self.outage.as_ref().map(|outage| outage.since.elapsed()));
    }

    /// What `work` returns for the batches, or for each why it could not be done.
    fn with_store(&mut self, work: impl FnOnce(&mut dyn Operator) -> Vec<Outcome>, batches: usize) -> Vec<Outcome> {
        match self.store() {
            Ok(store) => work(store),
            Err(error) => vec![Err(error); batches],
        }
    }

    fn store(&mut self) -> Result<&mut dyn Operator, Error> {
        let mut store = match self.store.take() {
            Some(store) => store,
            None => {
                self.confirmed = None;
                store::open_for_writer(self.location, &self.hosts, self.key)?
            }
        };
        if let Some(spool) = &self.spool
            && self.confirmed.is_none_or(|confirmed| confirmed.elapsed() >= CONFIRM)
        {
            let found = store.identity()?;
            if found != spool.identity() {
                self.order = Some(Order::TurnTo(found));
                return Err(Error::world("the database was replaced by another one"));
            }
            self.confirmed = Some(Instant::now());
        }
        Ok(self.store.insert(store).as_mut())
    }
}

/// Whether the database knows any of the accounts whose lookups are in the spool. One that knows no such account is not
/// theirs, whatever its identity: an older backup, above all.
fn recognise(store: &mut dyn Store, spool: &Spool<'_>, first: &Chunk) -> Result<bool, Error> {
    let mut next = None;
    loop {
        let chunk = next.as_ref().unwrap_or(first);
        let questions: Vec<Batch> =
            chunk.batches.iter().map(|batch| Batch { records: Vec::new(), ..batch.clone() }).collect();
        for outcome in store.deliver(&questions) {
            if outcome? == Standing::Live {
                return Ok(true);
            }
        }
        let unread = |error: std::io::Error| Error::world(format!("the spool cannot be read: {error}"));
        match spool.chunk_after(chunk, CHUNK).map_err(unread)? {
            Some(chunk) => next = Some(chunk),
            None => return Ok(false),
        }
    }
}

/// Device and inode of the directory that an embedded database is in.
fn directory_of(location: &Location) -> Option<FileNumber> {
    let Location::Sqlite(path) = location else { return None };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    file_number(directory)
}

/// Reports to the trimmer how histories have grown by the batches that the database has.
fn note_growth(trimmer: &mut Option<Trimmer>, batches: &[Batch], outcomes: &[Outcome]) {
    let Some(trimmer) = trimmer else { return };
    let now = Instant::now();
    for (batch, outcome) in batches.iter().zip(outcomes) {
        if *outcome == Ok(Standing::Live) && !batch.records.is_empty() {
            trimmer.recorded(batch.account, batch.records.len() as u64, now);
        }
    }
}

/// How many records are durable.
fn records(batches: &[Batch], outcomes: &[Outcome]) -> u64 {
    let live = batches.iter().zip(outcomes).filter(|(_, outcome)| **outcome == Ok(Standing::Live));
    live.map(|(batch, _)| batch.records.len() as u64).sum()
}

/// The last failure that is not one batch's alone: what is wrong with that is its own.
fn failure(outcomes: &[Outcome]) -> Option<Error> {
    let errors = outcomes.iter().rev().filter_map(|outcome| outcome.as_ref().err());
    errors.into_iter().find(|error| error.kind != Kind::Bug).cloned()
}
