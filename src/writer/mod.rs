//! The writer: the one process that commits history records, for all sessions and both stores.
//!
//! A session may reply to a lookup only when its row is durable, and what a row costs is above all what a commit
//! costs. So the children hand their records to this process: it commits whatever has come in with one statement,
//! says so to each child, and looks again; what comes meanwhile is the next batch. It waits for nothing but records.
//! While the database is away, records last in the spool, and go from there to the database when it is back.
//!
//! It never reads a client's bytes, never forks, and holds nothing in its memory that matters: when it dies the parent forks
//! another, and the children send again what was not acknowledged, which a row's identity makes harmless. It ends
//! when its parent closes the shutdown pipe, after it has committed everything, or when its parent dies.

#![forbid(unsafe_code)]

mod committer;
mod order;
mod outage;
mod receiver;
mod round;
mod spool;
mod trim;

pub use order::Order;
pub use spool::SpoolFile;

use crate::ipc::rendezvous::Rendezvous;
use crate::ipc::scoreboard::Scoreboard;
use crate::standard_error::StandardError;
use crate::store::Location;
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Origin, Title};
use committer::Committer;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use receiver::Receiver;
use spool::Spool;
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant};
use trim::Trimmer;

/// What a writer is forked with, of all that the parent has.
#[derive(Debug)]
pub struct With<'a> {
    /// Where counters are shown.
    pub scoreboard: &'a mut Scoreboard,
    /// The database.
    pub database: &'a Location,
    /// What `ps` shows.
    pub title: Option<&'a mut Title>,
    /// What it is confined to.
    pub sandbox: &'a Sandbox,
    /// Where the log goes.
    pub lines: &'a StandardError,
    /// The most lookups of an account; no limit without one.
    pub history_limit: Option<u64>,
}

/// What the writer takes over from its parent.
#[derive(Debug)]
pub struct Inherited<'a> {
    /// Where children hand in their channels.
    pub rendezvous: &'a Rendezvous,
    /// Its other end is the parent's; when that closes, the writer finishes.
    pub shutdown_pipe: BorrowedFd<'a>,
    /// What the parent has of it.
    pub with: With<'a>,
    /// Where records last while the database is away. A client's private server has none.
    pub spool: Option<&'a SpoolFile>,
    /// The writer before this one made no progress for this long and was replaced: the database may be what it waited for.
    pub stuck: Option<Duration>,
}

/// Runs the writer to its end. This is the only way from the parent's code to the writer's.
pub fn run(inherited: Inherited<'_>, origin: Origin) -> Infallible {
    let Inherited { rendezvous, shutdown_pipe, with, spool, stuck } = inherited;
    let With { scoreboard, database, title, sandbox, lines, history_limit } = with;
    let kept = scoreboard.keep_head();
    let scoreboard = &*scoreboard;
    lines.begin_process();
    if let Some(title) = title {
        title.set("cidiand: writer");
    }
    let prepared = kept.map_err(io::Error::from).and_then(|()| prepare(rendezvous, shutdown_pipe, spool, sandbox));
    let served = prepared.and_then(|()| {
        let spool = spool.map(Spool::take_up).transpose()?;
        let trimmer = history_limit.map(|limit| Trimmer::new(limit, Instant::now()));
        let committer = Committer::new(database, origin.into_store_key(), scoreboard, spool, trimmer, stuck);
        Ok(serve(&mut Receiver::new(rendezvous.for_writer(), shutdown_pipe)?, committer, scoreboard, lines)?)
    });
    let served = served.and_then(|order| match order {
        // What was not acknowledged is sent again, to the next one.
        Some(order) => Ok(send(shutdown_pipe.as_raw_fd(), &order.write(), MsgFlags::MSG_NOSIGNAL).map(drop)?),
        None => Ok(()),
    });
    if let Err(error) = &served {
        log::error!("the writer cannot continue: {error}");
    }
    scoreboard.count_unlogged(lines.take_dropped());
    sys::exit_now(i32::from(served.is_err()))
}

fn prepare(
    rendezvous: &Rendezvous,
    shutdown_pipe: BorrowedFd<'_>,
    spool: Option<&SpoolFile>,
    sandbox: &Sandbox,
) -> io::Result<()> {
    let mut keep = vec![rendezvous.for_writer(), shutdown_pipe];
    keep.extend(spool.map(AsFd::as_fd));
    keep.extend(sandbox.descriptor());
    sys::close_all_but(&keep)?;
    sys::let_urgent_signals_in()?;
    sys::survive_file_size_limit()?;
    // Before anything of a child's is read.
    Ok(sandbox.enter()?)
}

fn serve(
    receiver: &mut Receiver<'_>,
    mut committer: Committer<'_>,
    scoreboard: &Scoreboard,
    lines: &StandardError,
) -> Result<Option<Order>, Errno> {
    loop {
        scoreboard.count_unlogged(lines.take_dropped());
        let gathered = receiver
            .wait([committer.due(), committer.return_due(), committer.trim_due()].into_iter().flatten().min())?;
        scoreboard.count_turn();
        if !gathered.is_empty() {
            let outcomes = committer.keep(gathered.batches());
            if let Some(order @ Order::TurnTo(_)) = committer.order() {
                // Nothing of it was kept.
                return Ok(Some(order));
            }
            receiver.acknowledge(&gathered, &outcomes);
            scoreboard.count_turn();
        } else if receiver.ended() {
            // What is in the spool is there for the next daemon.
            return Ok(None);
        }
        if let Some(error) = committer.took_long_to_fail() {
            // Whoever came meanwhile asked while the database could not be reached: to try for each of them again
            // would make them wait as long once more.
            let meanwhile = receiver.look()?;
            let outcomes: Vec<_> = meanwhile.batches().iter().map(|_| Err(error.clone())).collect();
            receiver.acknowledge(&meanwhile, &outcomes);
        }
        committer.deliver();
        committer.return_to_preferred();
        committer.trim();
        if let Some(order) = committer.order() {
            return Ok(Some(order));
        }
    }
}
