//! The fork server's own process: it takes a client's socket from the parent and forks the child that serves it, over
//! and over, until the parent closes its end. It reads nothing that a client has sent.

use super::request::{REQUEST_SIZE, Report, from_bytes};
use crate::config::session::SessionSettings;
use crate::ipc::key_pair::TlsMemory;
use crate::ipc::scoreboard::{Scoreboard, SlotNumber};
use crate::session::{self, Arrival, Confinement, Language, WordSource};
use crate::standard_error::StandardError;
use crate::sys::sandbox::{CallKey, Sandbox};
use crate::sys::{self, ChildSignals, Forker, Origin, Title};
use log::error;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use nix::unistd::{Pid, getpid};
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

/// What the fork server is forked with, of all that the parent has: what its children need.
#[derive(Debug)]
pub struct With<'a> {
    /// All slots; a child keeps its own.
    pub scoreboard: &'a mut Scoreboard,
    /// Where the parent is asked for things.
    pub control_channel: BorrowedFd<'a>,
    /// Where the writer is asked for things.
    pub rendezvous: BorrowedFd<'a>,
    /// The words.
    pub words: &'a mut WordSource,
    /// What TLS is made with, if it is spoken.
    pub tls: Option<TlsMemory<'a>>,
    /// What the operator has decided.
    pub settings: &'a SessionSettings,
    /// What `ps` shows.
    pub title: Option<&'a mut Title>,
    /// What children are confined to.
    pub sandbox: &'a Sandbox,
    /// Where the log goes.
    pub lines: &'a StandardError,
}

/// Runs it to its end.
pub fn run(requests: BorrowedFd<'_>, mut with: With<'_>, origin: Origin) -> Infallible {
    with.lines.begin_process();
    if let Some(title) = with.title.as_mut() {
        title.set("cidiand: fork server");
    }
    let (mut key, signals) = match prepare(requests, &with) {
        Ok(prepared) => prepared,
        Err(error) => {
            error!("cannot set up the fork server: {error}");
            sys::exit_now(1);
        }
    };
    let mut forker = origin.into_forker();
    loop {
        let mut bytes = [0; REQUEST_SIZE];
        match sys::receive_with_descriptor(requests, &mut bytes, MsgFlags::empty()) {
            // The parent has closed its end.
            Ok((0, _)) => sys::exit_now(0),
            Ok((size, Some(client))) => match from_bytes(&bytes[..size]) {
                Some(arrival) => serve(requests, &mut forker, &mut key, signals, &mut with, client, arrival),
                None => error!("the fork server received {size} bytes that are not a request"),
            },
            // It had no room for the socket: the parent sees that nothing comes of it.
            Ok((_, None)) => {}
            Err(Errno::EINTR) => {}
            Err(error) => {
                error!("the fork server cannot receive requests: {error}");
                sys::exit_now(1);
            }
        }
    }
}

fn prepare(requests: BorrowedFd<'_>, with: &With<'_>) -> io::Result<(CallKey, ChildSignals)> {
    let mut keep = vec![requests, with.control_channel, with.rendezvous];
    keep.extend(with.sandbox.descriptor());
    keep.extend(with.tls.iter().flat_map(TlsMemory::descriptors));
    sys::close_all_but(&keep)?;
    // Blocked but while a session waits: here they stay so, and a child begins with no pending signal.
    let signals = ChildSignals::install()?;
    let key = CallKey::draw()?;
    with.sandbox.hand_down(&key)?;
    Ok((key, signals))
}

/// Forks a child for a client. What comes of it is reported.
fn serve(
    requests: BorrowedFd<'_>,
    forker: &mut Forker,
    key: &mut CallKey,
    signals: ChildSignals,
    with: &mut With<'_>,
    client: OwnedFd,
    arrival: Arrival,
) {
    let slot = arrival.slot;
    // In the child it is moved into the session; here it is closed.
    let mut client = Some(client);
    let forked = forker.fork_sibling(key, |key, origin| {
        report(requests, slot, Ok(getpid()));
        let is_tls = arrival.language == Language::LinesOverTls;
        let closed = sys::close_inherited(requests).and_then(|()| match with.tls {
            Some(memory) if !is_tls => memory.descriptors().into_iter().try_for_each(sys::close_inherited),
            _ => Ok(()),
        });
        let (Some(client), Ok(())) = (client.take(), closed) else { sys::exit_now(1) };
        let inherited = session::Inherited {
            client,
            arrival,
            tls: with.tls.filter(|_| is_tls),
            control_channel: with.control_channel,
            rendezvous: with.rendezvous,
            words: with.words,
            settings: with.settings,
            title: with.title.as_deref_mut(),
            connected: Instant::now(),
            confinement: Confinement::Rest { sandbox: with.sandbox, key, signals },
            lines: with.lines,
        };
        session::run(inherited, with.scoreboard, origin)
    });
    if let Err(error) = forked {
        report(requests, slot, Err(error));
    }
}

fn report(requests: BorrowedFd<'_>, slot: SlotNumber, child: Result<Pid, Errno>) {
    // A parent that has gone needs no report; there is room for as many as it can have asked for.
    let _ = send(requests.as_raw_fd(), &Report { slot, child }.to_bytes(), MsgFlags::MSG_NOSIGNAL);
}
