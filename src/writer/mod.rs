//! The writer: the one process that commits history records, for all sessions and both stores.
//!
//! A session may reply to a lookup only when its row is durable, and what a row costs is above all what a commit
//! costs. So the children hand their records to this process: it commits whatever has come in with one statement,
//! says so to each child, and looks again; what comes meanwhile is the next batch. It waits for nothing but records.
//! While the database is away, records last in the spool, and go from there to the database when it is back.
//!
//! It never reads a client's bytes, never forks, and holds nothing in its memory that matters: when it dies the parent forks
//! another, and the children send again what was not acknowledged, which a row's identity makes harmless. It ends
//! when its parent closes the lifeline, after it has committed everything, or when its parent dies.

#![forbid(unsafe_code)]

mod intake;
mod keeper;
mod order;
mod outage;
mod round;
mod spool;
mod trim;

pub use order::Order;
pub use spool::SpoolFile;

use crate::ipc::rendezvous::Door;
use crate::ipc::scoreboard::Board;
use crate::standard_error::StandardError;
use crate::store::Location;
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Origin, Title};
use intake::Intake;
use keeper::Keeper;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use spool::Spool;
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};
use trim::Trimmer;

/// What the writer takes over from its parent.
#[derive(Debug)]
pub struct Inherited<'a> {
    /// Where children hand in their channels.
    pub door: &'a Door,
    /// Its other end is the parent's; when that closes, the writer finishes.
    pub lifeline: BorrowedFd<'a>,
    /// Where figures are shown.
    pub board: &'a mut Board,
    /// The database.
    pub database: &'a Location,
    /// What `ps` shows.
    pub title: Option<&'a mut Title>,
    /// What the writer is confined to.
    pub sandbox: &'a Sandbox,
    /// Where the log goes.
    pub lines: &'a StandardError,
    /// The most lookups of an account; no limit without one.
    pub history_limit: Option<u64>,
    /// Where records last while the database is away. A client's private server has none.
    pub spool: Option<&'a SpoolFile>,
    /// The writer before this one did not move for so long and was replaced: the database may be what it waited for.
    pub stuck: Option<Duration>,
}

/// Runs the writer to its end. This is the only door from the parent's code to the writer's.
pub fn run(inherited: Inherited<'_>, origin: Origin) -> Infallible {
    let Inherited { door, lifeline, board, database, title, sandbox, lines, history_limit, spool, stuck } = inherited;
    let kept = board.keep_head();
    let board = &*board;
    lines.begin_process();
    if let Some(title) = title {
        title.set("cidiand: writer");
    }
    let prepared = kept.map_err(io::Error::from).and_then(|()| prepare(door, lifeline, spool, sandbox));
    let served = prepared.and_then(|()| {
        let spool = spool.map(Spool::take_up).transpose()?;
        let trimmer = history_limit.map(|limit| Trimmer::new(limit, Instant::now()));
        let keeper = Keeper::new(database, origin.into_store_key(), board, spool, trimmer, stuck);
        Ok(serve(&mut Intake::new(door.for_writer(), lifeline)?, keeper, board, lines)?)
    });
    let served = served.and_then(|order| match order {
        // What was not acknowledged is sent again, to the next one.
        Some(order) => Ok(send(lifeline.as_raw_fd(), &order.write(), MsgFlags::MSG_NOSIGNAL).map(drop)?),
        None => Ok(()),
    });
    if let Err(error) = &served {
        log::error!("the writer can't go on: {error}");
    }
    board.count_unlogged(lines.take_dropped());
    sys::exit_now(i32::from(served.is_err()))
}

fn prepare(door: &Door, lifeline: BorrowedFd<'_>, spool: Option<&SpoolFile>, sandbox: &Sandbox) -> io::Result<()> {
    let mut keep = vec![door.for_writer(), lifeline];
    keep.extend(spool.map(AsFd::as_fd));
    keep.extend(sandbox.descriptor());
    sys::close_all_but(&keep)?;
    sys::let_urgent_signals_in()?;
    sys::survive_file_size_limit()?;
    // Before anything of a child's is read.
    Ok(sandbox.enter()?)
}

fn serve(
    intake: &mut Intake<'_>,
    mut keeper: Keeper<'_>,
    board: &Board,
    lines: &StandardError,
) -> Result<Option<Order>, Errno> {
    loop {
        board.count_unlogged(lines.take_dropped());
        let gathered =
            intake.wait([keeper.due(), keeper.return_due(), keeper.trim_due()].into_iter().flatten().min())?;
        board.count_turn();
        if !gathered.is_empty() {
            let outcomes = keeper.keep(gathered.batches());
            if let Some(order @ Order::TurnTo(_)) = keeper.order() {
                // Nothing of it was kept.
                return Ok(Some(order));
            }
            intake.acknowledge(&gathered, &outcomes);
            board.count_turn();
        } else if intake.ended() {
            // What is in the spool is there for the next daemon.
            return Ok(None);
        }
        if let Some(error) = keeper.took_long_to_fail() {
            // Whoever came meanwhile asked while the database could not be reached: to try for each of them again
            // would make them wait as long once more.
            let meanwhile = intake.look()?;
            let outcomes: Vec<_> = meanwhile.batches().iter().map(|_| Err(error.clone())).collect();
            intake.acknowledge(&meanwhile, &outcomes);
        }
        keeper.deliver();
        keeper.return_to_preferred();
        keeper.trim();
        if let Some(order) = keeper.order() {
            return Ok(Some(order));
        }
    }
}
