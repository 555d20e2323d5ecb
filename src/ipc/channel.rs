//! A child's way to the writer: a socket pair of its own, made for its first request and closed when it has been idle,
//! so that ten thousand silent children cost the writer nothing. Every wait has a limit.

use super::parent::{account_number, pair};
use super::ticket::{Proof, Ticket};
use super::writer_reply::{MAX_OUTCOME, MAX_REPLY, WriterReply, read_reply};
use super::writer_request::{write_keep, write_log_in, write_recent};
use crate::store::{Error, PastLookup, Place, Record, Standing};
use crate::sys;
use nix::errno::Errno;
use nix::poll::ppoll;
use nix::sys::socket::{MsgFlags, recv, send, setsockopt, sockopt};
use nix::sys::time::{TimeSpec, TimeVal, TimeValLike};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long an answer may take: as long as one of the database's may.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the writer may take to report an account's standing before the database is asked.
const BRIEFLY: Duration = Duration::from_millis(250);
/// The same for a login and for the last lookups, for which a connection would have to be opened.
pub const SOON: Duration = Duration::from_millis(500);
/// How long to wait before a request is sent again; twice as long the next time, and so on.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How often a child looks how long it has waited.
const LOOK_MILLISECONDS: i64 = 250;
/// When a child complains of a writer that does not answer.
pub const SILENT: Duration = Duration::from_secs(2);

/// A channel that was not used for this long is closed: it costs the writer a descriptor.
const IDLE: Duration = Duration::from_secs(5);

/// What goes through the rendezvous with a channel: a number for the party, and the first request if it is no longer
/// than this. All children share the room there.
pub const MAX_INLINE: usize = 2_048;
/// Bytes of a party's number.
pub const PARTY_SIZE: usize = 8;

/// A channel to the writer, open or not yet.
#[derive(Debug)]
pub struct Channel<'a> {
    rendezvous: BorrowedFd<'a>,
    source: u64,
    open: Option<OwnedFd>,
    /// The party that the open channel was handed in for.
    party: u64,
    used: Instant,
}

impl<'a> Channel<'a> {
    /// A channel through this rendezvous, for a source that takes turns with others; 0 if the accounts do.
    pub fn new(rendezvous: BorrowedFd<'a>, source: u64) -> Self {
        Self { rendezvous, source, open: None, party: 0, used: Instant::now() }
    }

    /// From now on it is for this source. Before anything is sent.
    pub fn set_source(&mut self, source: u64) {
        self.source = source;
    }

    /// Which source it is for; 0 for one without limits.
    pub fn source(&self) -> u64 {
        self.source
    }

    /// When the channel will have been idle for too long, if there is one.
    pub fn idle_at(&self) -> Option<Instant> {
        self.open.as_ref().map(|_| self.used + IDLE)
    }

    /// Gives the channel up; the next request makes another.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Logs in: a ticket for the account of this name, if the proof is right and it is not locked.
    ///
    /// # Errors
    /// What is wrong with the database, as the writer sees it; or that the writer did not answer within `patience`.
    pub fn log_in(
        &mut self,
        name: &str,
        proof: &Proof,
        reads: bool,
        patience: Duration,
        complain: &mut dyn FnMut(),
    ) -> Result<Option<Ticket>, Error> {
        let mut request = Vec::with_capacity(256);
        write_log_in(&mut request, name, proof, reads);
        match self.exchange(name, &request, MAX_OUTCOME, patience, complain)? {
            WriterReply::LoggedIn(ticket) => Ok(Some(ticket)),
            WriterReply::Refused => Ok(None),
            other => Err(unexpected(other)),
        }
    }

    /// How the account stands, which costs no connection: the writer asks for many at once. One that is busy with
    /// something else, or stuck, is not waited for.
    ///
    /// # Errors
    /// As [`Channel::keep`], and that the writer did not answer at once.
    pub fn standing(&mut self, ticket: &Ticket) -> Result<Standing, Error> {
        self.keep(ticket, &[], BRIEFLY, &mut || {})
    }

    /// Has records kept, at most [`crate::ipc::message::MOST_RECORDS`]; without any, asks how the account stands. When
    /// it returns [`Standing::Live`], they are durable.
    ///
    /// It is waited for as long as `patience`, which is [`ANSWER_TIMEOUT`] for records; `complain` is called when it
    /// has been silent for [`SILENT`]. When the writer dies, they are sent again to the next one: the same rows, which
    /// are there once in the end.
    ///
    /// # Errors
    /// The writer's report of what is wrong with the database, or that there is no writer.
    pub fn keep(
        &mut self,
        ticket: &Ticket,
        records: &[Record],
        patience: Duration,
        complain: &mut dyn FnMut(),
    ) -> Result<Standing, Error> {
        let mut request = Vec::with_capacity(128 + records.len() * 48);
        write_keep(&mut request, ticket, records);
        match self.exchange(&ticket.name, &request, MAX_OUTCOME, patience, complain)? {
            WriterReply::Standing(standing) => Ok(standing),
            other => Err(unexpected(other)),
        }
    }

    /// The last lookups of the account, newest first; `None` if it is gone or locked. `count` is at most
    /// [`MOST_RECENT`](super::writer_request::MOST_RECENT).
    ///
    /// # Errors
    /// As [`Channel::log_in`].
    pub fn recent(
        &mut self,
        ticket: &Ticket,
        count: u32,
        before: Option<Place>,
    ) -> Result<Option<Vec<PastLookup>>, Error> {
        let mut request = Vec::with_capacity(128);
        write_recent(&mut request, ticket, count, before);
        match self.exchange(&ticket.name, &request, MAX_REPLY, SOON, &mut || {})? {
            WriterReply::Lookups(lookups) => Ok(Some(lookups)),
            WriterReply::Standing(Standing::Gone) => Ok(None),
            other => Err(unexpected(other)),
        }
    }

    /// Sends a request for an account of this name until it is answered, or for as long as `patience`.
    fn exchange(
        &mut self,
        name: &str,
        request: &[u8],
        longest: usize,
        patience: Duration,
        complain: &mut dyn FnMut(),
    ) -> Result<WriterReply, Error> {
        let party = if self.source == 0 { account_number(name) } else { self.source };
        if party != self.party {
            self.open = None;
            self.party = party;
        }
        let begin = Instant::now();
        self.used = begin;
        let mut pause = PAUSE;
        loop {
            let received =
                self.send(request, patience).and_then(|open| Self::receive(open, longest, begin, patience, complain));
            let error = match received {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            // Whatever still comes on this channel is an answer to what was given up.
            self.open = None;
            if begin.elapsed() + pause >= patience {
                return Err(Error::world(silence(begin.elapsed(), error)));
            }
            // Nothing is watched: this is a pause.
            let _ = ppoll(&mut [], Some(TimeSpec::from_duration(pause)), None);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends a request, through a new channel if needed, and gives back the channel to read the answer from.
    fn send(&mut self, request: &[u8], patience: Duration) -> Result<&OwnedFd, Errno> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        if let Some(open) = self.open.take() {
            send(open.as_raw_fd(), request, flags)?;
            return Ok(self.open.insert(open));
        }
        let (ours, theirs) = pair()?;
        // A wait that ends by itself spares a system call for each request.
        setsockopt(&ours, sockopt::ReceiveTimeout, &TimeVal::milliseconds(LOOK_MILLISECONDS))?;
        let mut message = Vec::with_capacity(PARTY_SIZE + MAX_INLINE.min(request.len()));
        message.extend_from_slice(&self.party.to_ne_bytes());
        if request.len() <= MAX_INLINE {
            message.extend_from_slice(request);
        } else {
            // Before the writer has its end: it then finds both at once.
            send(ours.as_raw_fd(), request, flags)?;
        }
        // The rendezvous itself may wait for longer than this caller wants to.
        let wait = if patience < SILENT { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
        sys::send_with_descriptor(self.rendezvous, &message, theirs.as_fd(), wait)?;
        Ok(self.open.insert(ours))
    }

    fn receive(
        open: &OwnedFd,
        longest: usize,
        begin: Instant,
        patience: Duration,
        complain: &mut dyn FnMut(),
    ) -> Result<WriterReply, Errno> {
        let mut reply = vec![0; longest];
        let mut complained = false;
        loop {
            match recv(open.as_raw_fd(), &mut reply, MsgFlags::empty()) {
                // An empty one is the end: the writer has died, or had no descriptor for us.
                Ok(size) => return read_reply(&reply[..size]).ok_or(Errno::ECONNRESET),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if begin.elapsed() < patience => {
                    if begin.elapsed() >= SILENT && !std::mem::replace(&mut complained, true) {
                        complain();
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// How long there was no answer, and why, if it was not only late.
fn silence(waited: Duration, error: Errno) -> String {
    let tenths = (waited.as_millis() + 50) / 100;
    let why = if error == Errno::EAGAIN { String::new() } else { format!(": {}", error.desc()) };
    format!("the writer did not answer within {}.{} s{why}", tenths / 10, tenths % 10)
}

/// The error in a reply that does not answer the request.
fn unexpected(reply: WriterReply) -> Error {
    match reply {
        WriterReply::Failed(error) => error,
        _ => Error::bug("the writer answered a question that was not asked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::rendezvous::Rendezvous;
    use crate::ipc::ticket::SecretDigest;

    #[test]
    fn a_silent_writer_is_told_in_plain_words() {
        let rendezvous = Rendezvous::new().unwrap();
        let mut channel = Channel::new(rendezvous.for_children(), 0);
        let proof = Proof::Passwd(SecretDigest::of("x"));
        let error = channel.log_in("ann", &proof, true, SOON, &mut || {}).unwrap_err();
        let is_plain = error.message.starts_with("the writer did not answer within ") && error.message.ends_with(" s");
        assert!(is_plain, "{error}");
        assert_eq!(silence(ANSWER_TIMEOUT, Errno::EAGAIN), "the writer did not answer within 10.0 s");
        let died = silence(ANSWER_TIMEOUT, Errno::ECONNRESET);
        assert_eq!(died, "the writer did not answer within 10.0 s: Connection reset by peer");
    }
}
