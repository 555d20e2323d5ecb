//! The limits of the database and of the disk: the same rows inserted, and the same words selected, by threads that
//! do nothing else, with one connection each over the Unix socket; and bare `fdatasync`.

use crate::Result;
use crate::figures::Measured;
use crate::load::Counting;
use mysql::prelude::Queryable;
use mysql::{Conn, OptsBuilder, Value};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// A database of the bench's MariaDB.
#[derive(Debug, Clone)]
pub struct Database {
    /// The server's Unix socket.
    pub socket: PathBuf,
    /// The database's name.
    pub name: String,
}

/// The work that one connection repeats.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Inserts that many rows into `hist` with one statement.
    Insert(usize),
    /// Selects one row of table `words` by its primary key.
    Select,
    /// Selects one row, then inserts one: a lookup with its history, without anything else.
    SelectAndInsert,
}

impl Database {
    fn connect(&self) -> Result<Conn> {
        let opts = OptsBuilder::new()
            .user(Some("root"))
            .socket(Some(self.socket.display().to_string()))
            .db_name(Some(&self.name))
            .prefer_socket(false);
        Ok(Conn::new(opts)?)
    }

    /// Does `work` on that many connections, each with an account of its own; autocommit, as in the server.
    /// Table `user` must hold the accounts 1 to `connections`.
    pub fn drive(&self, work: Work, connections: u32, words: &[String], counting: Counting<'_>) -> Result<Measured> {
        let connections = (1..=connections).map(|n| Ok((n, self.connect()?))).collect::<Result<Vec<_>>>()?;
        let workers = connections.into_iter().map(|(number, mut connection)| {
            move |done: &AtomicU64, over: &AtomicBool| -> Result<()> {
                let rows = match work {
                    Work::Insert(rows) => rows,
                    Work::Select | Work::SelectAndInsert => 1,
                };
                let insert = connection.prep(insert_statement(rows))?;
                let select = connection.prep("SELECT word, interpret FROM words WHERE word = ?")?;
                let origin = getrandom::u64()?;
                let mut next = usize::try_from(number)? * 997;
                let mut last = 0;
                while !over.load(Ordering::Relaxed) {
                    if !matches!(work, Work::Insert(_)) {
                        let row: Option<(String, String)> =
                            connection.exec_first(&select, (&words[next % words.len()],))?;
                        row.ok_or("a word is not in table words")?;
                    }
                    if !matches!(work, Work::Select) {
                        let mut values = Vec::with_capacity(rows * 5);
                        for row in 0..rows {
                            let word = &words[(next + row) % words.len()];
                            last = now_in_microseconds()?.max(last + 1);
                            values.push(Value::from(number));
                            values.push(Value::from(format!("bench{number}")));
                            values.push(Value::from(word));
                            values.push(moment(last)?);
                            values.push(Value::from(origin));
                        }
                        connection.exec_drop(&insert, values)?;
                    }
                    next += rows;
                    done.fetch_add(u64::try_from(rows)?, Ordering::Relaxed);
                }
                Ok(())
            }
        });
        run(workers.collect(), counting)
    }
}

/// That many threads write a small record each and wait until it is on the disk, over and over: what a server that
/// syncs for each lookup can do. All write to one file, or each to a file of its own.
pub fn sync_to_disk(directory: &Path, writers: u32, one_file: bool, counting: Counting<'_>) -> Result<Measured> {
    const RECORD: [u8; 128] = [b'r'; 128];
    const RECORDS: u64 = 8_192;
    let mut workers = Vec::new();
    let mut shared: Option<File> = None;
    for number in 0..writers {
        let file = match &shared {
            Some(file) if one_file => file.try_clone()?,
            _ => {
                let path = directory.join(format!("sync-{number}"));
                let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
                // Only the open descriptor keeps it.
                std::fs::remove_file(path)?;
                // Written once before, so that a sync later is of data, not of the file's size and extents.
                let size = usize::try_from(RECORDS)? * RECORD.len();
                file.write_all_at(&vec![0; size], 0)?;
                file.sync_all()?;
                file
            }
        };
        if one_file && shared.is_none() {
            shared = Some(file.try_clone()?);
        }
        let first = u64::from(number) * RECORDS / u64::from(writers.max(1));
        workers.push(move |done: &AtomicU64, over: &AtomicBool| -> Result<()> {
            let mut record = first;
            while !over.load(Ordering::Relaxed) {
                file.write_all_at(&RECORD, record % RECORDS * 128)?;
                file.sync_data()?;
                record += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
    }
    run(workers, counting)
}

/// Runs each worker in a thread until the time is over.
fn run<W>(workers: Vec<W>, mut counting: Counting<'_>) -> Result<Measured>
where
    W: FnOnce(&AtomicU64, &AtomicBool) -> Result<()> + Send,
{
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (done, over) = (&done, &over);
        let work = |worker: W| move || worker(done, over).map_err(|error| error.to_string());
        let threads: Vec<_> = workers.into_iter().map(|worker| scope.spawn(work(worker))).collect();
        let counted = loop {
            match counting.turn(done.load(Ordering::Relaxed)) {
                Ok(Some(left)) => std::thread::sleep(left.min(Duration::from_millis(100))),
                Ok(None) => break counting.finish(done.load(Ordering::Relaxed)),
                Err(error) => break Err(error),
            }
        };
        over.store(true, Ordering::Relaxed);
        for thread in threads {
            thread.join().map_err(|_| "a thread has panicked")??;
        }
        counted
    })
}

fn insert_statement(rows: usize) -> String {
    let places = vec!["(?, ?, ?, ?, ?)"; rows].join(", ");
    format!("INSERT INTO hist (user_id, name, word, time, origin) VALUES {places}")
}

fn now_in_microseconds() -> Result<i64> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros())?)
}

fn moment(microseconds: i64) -> Result<Value> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1_000)?;
    let (date, time) = (moment.date(), moment.time());
    Ok(Value::Date(
        u16::try_from(date.year())?,
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.microsecond(),
    ))
}
