//! The probe: a helper that opens the database and checks its schema, because the parent never opens one.

use super::sandboxes;
use super::{Answer, Helper};
use crate::daemon::logging;
use crate::exit::{Exit, Fatal};
use crate::sandbox;
use crate::store::{self, Identity, Kind, Location};
use crate::sys::Forker;
use crate::sys::sandbox::Support;
use log::warn;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};

const FINE: u8 = b'f';
/// The same, and the server is in a cluster.
const MEMBER: u8 = b'm';
const WORLD: u8 = b'w';
const CONFIGURATION: u8 = b'c';
const BUG: u8 = b'b';

/// What was found of a database that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which one it is.
    pub identity: Identity,
    /// Whether it is on a member of a cluster.
    pub is_cluster: bool,
}

/// Checks the database, and waits for the result.
///
/// # Errors
/// [`Exit::Unavailable`] if it can't be reached, [`Exit::Configuration`] if it has no schema (an embedded one is
/// made) or refuses us.
pub fn check(forker: &mut Forker, location: &Location, support: Support) -> Result<Found, Fatal> {
    let sandbox = sandboxes::one(sandbox::probe(location), support)?;
    let helper = Helper::start(
        forker,
        &sandbox,
        || (),
        |origin, ()| {
            logging::log_panics();
            let key = origin.into_store_key();
            let checked = store::check(location, key).and_then(|()| {
                let identity = store::open(location, key)?.identity()?;
                let outcome = if store::is_cluster(location, key)? { MEMBER } else { FINE };
                Ok((outcome, identity, store::weaknesses(location, key)?))
            });
            let (outcome, message) = match checked {
                Ok((outcome, identity, weaknesses)) => {
                    (outcome, [vec![identity.to_string()], weaknesses].concat().join("\n"))
                }
                Err(error) => (
                    match error.kind {
                        Kind::World => WORLD,
                        Kind::Configuration => CONFIGURATION,
                        Kind::Bug => BUG,
                    },
                    error.message,
                ),
            };
            Answer { outcome, message, made: Vec::new() }
        },
    )
    .map_err(|error| Fatal::new(Exit::System, format!("cannot fork a process to check the database: {error}")))?;
    let answer = helper.answer();
    // It is reaped with all others, or here if it still is there.
    let ended = waitpid(helper.pid(), None);
    let Some(answer) = answer else {
        let why = match ended {
            // Sessions would end in the same way: it is better to fail now.
            Ok(WaitStatus::Signaled(_, Signal::SIGSYS, _)) => {
                "was ended by its sandbox: connecting to the database makes a system call that sessions may not make; \
                 the kernel's log has its number (type=1326). With a host name the cause may be a module of \
                 /etc/nsswitch.conf: use the address instead"
            }
            _ => "ended without an answer",
        };
        return Err(Fatal::new(Exit::Software, format!("the check of database {location} {why}")));
    };
    let exit = match answer.outcome {
        FINE | MEMBER => {
            let is_cluster = answer.outcome == MEMBER;
            let mut lines = answer.message.lines();
            let identity = lines.next().and_then(Identity::parse);
            lines.for_each(|weakness| warn!("database {location}: {weakness}"));
            let nameless =
                || Fatal::new(Exit::Software, format!("the check of database {location} returned no identity"));
            return identity.map(|identity| Found { identity, is_cluster }).ok_or_else(nameless);
        }
        WORLD => Exit::Unavailable,
        CONFIGURATION => Exit::Configuration,
        _ => Exit::Software,
    };
    Err(Fatal::new(exit, format!("database {location}: {}", answer.message)))
}
