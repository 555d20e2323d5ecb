//! Loading table `words`: new rows are written beside those that others are reading.

use std::time::{Duration, Instant};

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, TxOpts, Value};

use super::connect::USUAL;
use super::connection::{Attempt, Link};
use super::select::{select, select_first};
use super::{connect, locks, statements};
use crate::store::load::{Claim, LoadTarget, Most, Stopped, random_mark};
use crate::store::words::GENERATION_HOLDS;
use crate::store::{WordRow, schema};

/// Most rows in one insert. A power of two: a batch is sent in inserts of powers of two, so that few statements are
/// prepared.
const MOST_ROWS: usize = 256;
/// How long another load that is about to end is waited for, in seconds.
const LOCK_SECONDS: u32 = 2;
/// How long a host may take to show what was loaded through another one; and one that can't be reached, to be back.
const SHOWN: Duration = Duration::from_secs(60);
const REACHED: Duration = Duration::from_secs(5);
/// How often it is asked.
const LOOK: Duration = Duration::from_millis(100);

/// A load on a server.
pub(super) struct Load<'a> {
    link: &'a mut Link,
    /// Has the lock that keeps other loads away, as long as it lasts. In a cluster they can come in by other members;
    /// that is what the mark is for.
    _lock: Conn,
}

impl<'a> Load<'a> {
    /// Takes the lock.
    pub(super) fn begin(link: &'a mut Link) -> Result<Self, Stopped> {
        let mut lock = link.patient()?;
        let taken = connect::ask(&mut lock, |lock| match locks::lock(lock, "load", LOCK_SECONDS)? {
            true => Ok(Ok(())),
            false => locks::holder(lock, "load").map(Err),
        })?;
        match taken {
            Ok(()) => Ok(Self { link, _lock: lock }),
            Err(holder) => {
                let holder = holder.map(|id| format!(" (the server's connection {id})")).unwrap_or_default();
                Err(Stopped::Overtaken(format!("another words load is under way{holder}")))
            }
        }
    }

    /// Does something in a transaction, which changes nothing if the load has lost its claim.
    fn transact<T>(
        &mut self,
        claim: Option<&Claim>,
        mut work: impl FnMut(&mut ::mysql::Transaction<'_>, Attempt) -> ::mysql::Result<T>,
    ) -> Result<T, Stopped> {
        let done = self.link.run(|connection, attempt| {
            // Rolled back when it is dropped, and by the server if we are killed.
            let mut transaction = connection.start_transaction(TxOpts::default())?;
            if let Some(claim) = claim {
                let mark: Option<(u8,)> =
                    select_first(&mut transaction, statements::HAS_MARK, (schema::LOAD, &claim.mark))?;
                if mark.is_none() {
                    return Ok(None);
                }
            }
            let done = work(&mut transaction, attempt)?;
            transaction.commit()?;
            Ok(Some(done))
        })?;
        done.ok_or_else(Stopped::mark_is_gone)
    }
}

impl LoadTarget for Load<'_> {
    fn claim(&mut self) -> Result<Claim, Stopped> {
        let random = random_mark()?;
        self.transact(None, |transaction, _| {
            let valid: Option<(String,)> =
                select_first(transaction, statements::LOCK_GENERATION, (schema::GENERATION,))?;
            let greatest: Option<(Option<u32>,)> = select_first(transaction, statements::GREATEST_GENERATION, ())?;
            let valid = valid.as_ref().map(|(valid,)| valid.as_str());
            let claim = Claim::next(valid, greatest.and_then(|(greatest,)| greatest), random);
            transaction.exec_drop(statements::SET_ABOUT, (schema::LOAD, &claim.mark, &claim.mark))?;
            Ok(claim)
        })
    }

    fn adopt(&mut self, claim: &Claim, most: u32) -> Result<u32, Stopped> {
        self.transact(Some(claim), |transaction, _| {
            let count = |transaction: &mut ::mysql::Transaction<'_>| {
                let row: Option<(u32,)> = select_first(transaction, statements::COUNT_UNLOADED, ())?;
                Ok::<_, ::mysql::Error>(row.map_or(0, |(count,)| count))
            };
            let before = count(transaction)?;
            if before == 0 {
                return Ok(0);
            }
            transaction.exec_drop(statements::ADOPT, (claim.valid, most))?;
            // Some may stay: those of which there is a valid one already. They go with the switch.
            Ok(before.saturating_sub(count(transaction)?))
        })
    }

    fn remove(&mut self, claim: Option<&Claim>, [first, last]: [u32; 2], most: Most) -> Result<u32, Stopped> {
        self.transact(claim, |transaction, _| {
            let sizes: Vec<(u32,)> = select(transaction, statements::SIZES, (first, last, most.rows))?;
            let fitting = most.fitting(sizes.iter().map(|(size,)| *size));
            let rows = u32::try_from(fitting).unwrap_or(most.rows);
            if rows > 0 {
                transaction.exec_drop(statements::DELETE_GENERATIONS, (first, last, rows))?;
            }
            Ok(rows)
        })
    }

    fn insert(&mut self, claim: &Claim, rows: &[WordRow<'_>]) -> Result<(), Stopped> {
        self.transact(Some(claim), |transaction, attempt| {
            let again = attempt == Attempt::AfterLoss;
            let mut rest = rows;
            while !rest.is_empty() {
                let most = rest.len().min(MOST_ROWS);
                let count = if most.is_power_of_two() { most } else { most.next_power_of_two() / 2 };
                let (now, later) = rest.split_at(count);
                let mut values: Vec<Value> = Vec::with_capacity(count * statements::WORD_COLUMNS);
                for row in now {
                    values.extend([
                        row.word.into(),
                        row.dictionary.into(),
                        claim.generation.into(),
                        schema::cut_folded(row.folded).into(),
                        schema::cut_folded(row.key).into(),
                        row.interpret.into(),
                    ]);
                }
                transaction.exec_drop(statements::insert_words(count, again), values)?;
                rest = later;
            }
            Ok(())
        })
    }

    fn switch(&mut self, claim: &Claim, about: &[(&'static str, String)]) -> Result<(), Stopped> {
        let generation = claim.generation.to_string();
        let done = self.transact(Some(claim), |transaction, _| {
            transaction.exec_drop(statements::DELETE_UNLOADED, ())?;
            for (name, value) in about {
                transaction.exec_drop(statements::SET_ABOUT, (name, value, value))?;
            }
            transaction.exec_drop(statements::SET_ABOUT, (schema::GENERATION, &generation, &generation))?;
            transaction.exec_drop(statements::DELETE_MARK, (schema::LOAD,))
        });
        match done {
            // An attempt whose answer was lost may have done it.
            Err(Stopped::Overtaken(by)) => match self.link.run(|connection, _| shown(connection))? {
                shown if shown == claim.generation => Ok(()),
                _ => Err(Stopped::Overtaken(by)),
            },
            done => done,
        }
    }

    fn behind(&mut self, generation: u32) -> Vec<String> {
        let behind = self.hosts_behind(generation);
        std::thread::sleep(GENERATION_HOLDS);
        behind
    }
}

impl Load<'_> {
    /// Waits until each host shows the generation. Those that do not, in words.
    fn hosts_behind(&self, generation: u32) -> Vec<String> {
        let server = self.link.server().clone();
        if server.hosts.len() < 2 {
            return Vec::new();
        }
        let begin = Instant::now();
        let mut behind = Vec::new();
        for (number, host) in server.hosts.iter().enumerate() {
            let mut connection = None;
            loop {
                let shown = match &mut connection {
                    Some(connection) => connect::ask(connection, shown),
                    None => connect::connect_only(&server, number, USUAL)
                        .and_then(|opened| connect::ask(connection.insert(opened), shown)),
                };
                let (why, patience) = match shown {
                    Ok(shown) if shown >= generation => break,
                    Ok(_) => ("still shows the old words".to_owned(), SHOWN),
                    Err(error) => {
                        connection = None;
                        (error.message, REACHED)
                    }
                };
                if begin.elapsed() >= patience {
                    behind.push(format!("{host}: {why}"));
                    break;
                }
                std::thread::sleep(LOOK);
            }
        }
        behind
    }
}

/// The generation that a server shows.
fn shown(connection: &mut Conn) -> ::mysql::Result<u32> {
    let row: Option<(String,)> = select_first(connection, statements::ABOUT_ITSELF, (schema::GENERATION,))?;
    Ok(row.and_then(|(value,)| value.parse().ok()).unwrap_or(0))
}

/// Gives every row of table `words` that has no key its key. How many there were.
pub(super) fn fill_keys(connection: &mut Conn) -> ::mysql::Result<u64> {
    const PAGE: usize = 1_000;
    let (mut after, mut filled) = (0_u64, 0);
    loop {
        let rows: Vec<(u64, String)> = select(connection, statements::WITHOUT_KEY, (after, PAGE))?;
        let Some((last, _)) = rows.last() else { return Ok(filled) };
        after = *last;
        let mut transaction = connection.start_transaction(TxOpts::default())?;
        for (id, word) in &rows {
            let key = crate::words::lookup::key(word);
            transaction.exec_drop(statements::SET_KEY, (schema::cut_folded(&key), id))?;
        }
        transaction.commit()?;
        filled += rows.len() as u64;
    }
}
