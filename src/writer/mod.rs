//! The writer: the one process that commits history records, for all sessions and both stores.
//!
//! A session may reply to a lookup only when its row is durable, and what a row costs is above all what a commit costs.
//! So the children hand their records to this process: it commits everything that has arrived with one statement,
//! acknowledges it to each child, and looks again; what arrives meanwhile is the next batch. It waits for nothing but
//! records, and with some in hand for others only where that keeps more of them in the same time (`grouping.rs`). While
//! the database is away, records are kept in the spool, from which they go to the database when it is back.
//!
//! Because it has a connection, it also answers short questions for which a child would have to open one: a login by
//! token, the last lookups, whether an account may be used. It acts for an account only on behalf of a child that has
//! shown its right to it and has got a [ticket](crate::ipc::ticket) for that.
//!
//! It never reads a client's bytes, never forks, and holds nothing in its memory that matters: when it dies the parent
//! forks another, and the children send again what was not acknowledged, which a row's identity makes harmless. It ends
//! when its parent closes the shutdown pipe, after it has committed everything, or when its parent dies.

#![forbid(unsafe_code)]

mod committer;
mod grouping;
mod order;
mod outage;
mod questions;
mod receiver;
mod round;
mod spool;
mod trim;

pub use order::{Notice, Order};
pub use spool::SpoolFile;

use crate::ipc::rendezvous::Rendezvous;
use crate::ipc::scoreboard::{Scoreboard, WriterCount};
use crate::ipc::ticket::{KeyMemory, TicketKey};
use crate::standard_error::StandardError;
use crate::store::Location;
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, Origin, Title};
use committer::Committer;
use grouping::Grouping;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use receiver::{Gathered, Receiver};
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
    /// Where the key of tickets is, for all writers.
    pub key: &'a KeyMemory,
    /// What the parent has of it.
    pub with: With<'a>,
    /// Where records last while the database is away. A client's private server has no spool.
    pub spool: Option<&'a SpoolFile>,
    /// The writer before this one made no progress for this long and was replaced: the database may be what it waited
    /// for.
    pub stuck: Option<Duration>,
}

/// Runs the writer to its end. This is the only way from the parent's code to the writer's.
pub fn run(inherited: Inherited<'_>, origin: Origin) -> Infallible {
    let Inherited { rendezvous, shutdown_pipe, key, with, spool, stuck } = inherited;
    let With { scoreboard, database, title, sandbox, lines, history_limit } = with;
    let kept = scoreboard.keep_head();
    let scoreboard = &*scoreboard;
    lines.begin_process();
    if let Some(title) = title {
        title.set("cidiand: writer");
    }
    let prepared = kept.map_err(io::Error::from).and_then(|()| prepare(rendezvous, shutdown_pipe, key, spool, sandbox));
    let served = prepared.and_then(|key| {
        let spool = spool.map(Spool::take_up).transpose()?;
        let trimmer = history_limit.map(|limit| Trimmer::new(limit, Instant::now()));
        let committer = Committer::new(database, origin.into_store_key(), scoreboard, spool, trimmer, stuck);
        let mut receiver = Receiver::new(rendezvous.for_writer(), shutdown_pipe, key)?;
        Ok(serve(&mut receiver, committer, shutdown_pipe, scoreboard, lines)?)
    });
    let served = served.and_then(|order| match order {
        // What was not acknowledged is sent again, to the next one.
        Some(order) => {
            let notice = Notice::Order(order).write();
            Ok(send(shutdown_pipe.as_raw_fd(), &notice, MsgFlags::MSG_NOSIGNAL).map(drop)?)
        }
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
    key: &KeyMemory,
    spool: Option<&SpoolFile>,
    sandbox: &Sandbox,
) -> io::Result<TicketKey> {
    let key = key.take_up()?;
    let mut keep = vec![rendezvous.for_writer(), shutdown_pipe];
    keep.extend(spool.map(AsFd::as_fd));
    keep.extend(sandbox.descriptor());
    sys::close_all_but(&keep)?;
    sys::let_urgent_signals_in()?;
    sys::survive_file_size_limit()?;
    // Before anything of a child's is read.
    sandbox.enter()?;
    Ok(key)
}

fn serve(
    receiver: &mut Receiver<'_>,
    mut committer: Committer<'_>,
    shutdown_pipe: BorrowedFd<'_>,
    scoreboard: &Scoreboard,
    lines: &StandardError,
) -> Result<Option<Order>, Errno> {
    committer.prepare_embedded();
    let mut grouping = Grouping::default();
    loop {
        if let Some(order) = committer.order() {
            return Ok(Some(order));
        }
        scoreboard.count_unlogged(lines.take_dropped());
        let mut gathered = receiver
            .wait([committer.due(), committer.return_due(), committer.trim_due()].into_iter().flatten().min())?;
        scoreboard.count(WriterCount::Turns, 1);
        if !gathered.questions.is_empty() {
            // Before the commit, which takes longer.
            receiver.answer(committer.answer(&gathered.questions));
            fail_meanwhile(receiver, &mut committer)?;
        }
        if !gathered.batches.is_empty() {
            wait_for_others(receiver, &mut committer, &mut grouping, &mut gathered)?;
            let begin = Instant::now();
            let outcomes = committer.keep(&gathered.batches);
            grouping.committed(&gathered.channels, gathered.amount, begin.elapsed(), Instant::now());
            if let Some(order @ Order::TurnTo(_)) = committer.order() {
                // Nothing of it was kept.
                return Ok(Some(order));
            }
            receiver.acknowledge(&gathered, outcomes);
            scoreboard.count(WriterCount::Turns, 1);
            fail_meanwhile(receiver, &mut committer)?;
        }
        if gathered.is_empty() && receiver.ended() {
            // What is in the spool is there for the next daemon.
            return Ok(None);
        }
        for offender in receiver.take_offenders() {
            scoreboard.count(WriterCount::Refusals, 1);
            // Where there is no room the parent has enough to do with those before.
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            let _ = send(shutdown_pipe.as_raw_fd(), &Notice::Offender(offender).write(), flags);
        }
        if gathered.pinged {
            committer.prepare_embedded();
        }
        committer.deliver();
        committer.return_to_preferred();
        committer.trim();
    }
}

/// Waits for what is about to come and is better kept with what has come; questions are answered meanwhile.
fn wait_for_others(
    receiver: &mut Receiver<'_>,
    committer: &mut Committer<'_>,
    grouping: &mut Grouping,
    gathered: &mut Gathered,
) -> Result<(), Errno> {
    grouping.begin(&gathered.channels, |channel| receiver.is_open(channel), Instant::now());
    while let Some(until) = grouping.until(gathered.batches.len(), Instant::now()) {
        let Some(questions) = receiver.wait_for_more(gathered, until)? else { break };
        if !questions.is_empty() {
            receiver.answer(committer.answer(&questions));
            fail_meanwhile(receiver, committer)?;
        }
    }
    Ok(())
}

/// After a failure that took long: what came meanwhile was asked while the database could not be reached, and to try
/// for each of it again would make all wait as long once more.
fn fail_meanwhile(receiver: &mut Receiver<'_>, committer: &mut Committer<'_>) -> Result<(), Errno> {
    let Some(error) = committer.took_long_to_fail() else { return Ok(()) };
    let meanwhile = receiver.look()?;
    receiver.answer(meanwhile.questions.failed(&error));
    let outcomes = meanwhile.batches.iter().map(|_| Err(error.clone())).collect();
    receiver.acknowledge(&meanwhile, outcomes);
    Ok(())
}
