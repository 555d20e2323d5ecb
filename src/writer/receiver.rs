//! The writer's end of the children's channels: it takes in what has arrived, from the parties in turn, and reports the
//! result to each child. It waits only when there is nothing to do.
//!
//! A request for an account is accepted only with a [`Ticket`] that the same child was given for that account.

use super::questions::{Answer, Questions};
use super::round::Round;
use crate::ipc::channel::{MAX_INLINE, PARTY_SIZE};
use crate::ipc::parent::who_asks;
use crate::ipc::ticket::{Ticket, TicketKey};
use crate::ipc::writer_reply::{MAX_OUTCOME, WriterReply, write_reply};
use crate::ipc::writer_request::{MAX_REQUEST, WriterRequest, read_request};
use crate::store::{Batch, Error, Standing};
use crate::sys;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;
use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// This many records are enough for one commit.
const ENOUGH: usize = 1_024;
/// And this many of one party: what others have waits no longer than these take, however many sessions the party has.
const ENOUGH_OF_ONE: usize = 128;
/// How many events are taken from the kernel at once.
const EVENTS: usize = 256;

/// The tokens of the rendezvous and of the shutdown pipe in epoll; channels have numbers above.
const RENDEZVOUS: u64 = 0;
const SHUTDOWN_PIPE: u64 = 1;

/// What has come in, in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub batches: Vec<Batch>,
    /// For each batch, the number of its channel.
    pub channels: Vec<u64>,
    pub questions: Questions,
    /// How much it is: records, and each question for one.
    pub amount: usize,
    /// Whether the parent wants to see that the writer moves, or has seen that the database's files are others.
    pub pinged: bool,
}

impl Gathered {
    pub fn is_empty(&self) -> bool {
        self.amount == 0
    }

    /// Adds a request from a channel; how much it is.
    fn add(&mut self, number: u64, request: WriterRequest) -> usize {
        let amount = match request {
            WriterRequest::Keep { ticket: Ticket { account, name, .. }, records } => {
                let amount = records.len().max(1);
                self.batches.push(Batch { account, name, records });
                self.channels.push(number);
                amount
            }
            WriterRequest::LogIn { name, proof, reads } => {
                self.questions.add_login(number, name, proof, reads);
                1
            }
            WriterRequest::Recent { ticket, count, before } => {
                self.questions.add_recent(number, ticket.account, count, before);
                1
            }
        };
        self.amount += amount;
        amount
    }
}

/// A child's channel.
#[derive(Debug)]
struct Channel {
    socket: OwnedFd,
    child: Pid,
    /// The party whose turns it takes.
    party: u64,
    /// Whether it is in the round: something has come, or may have.
    in_round: bool,
    /// The request that came with the channel itself.
    first: Option<WriterRequest>,
    /// The ticket that was last recognised: most ask with the same one again and again.
    ticket: Option<Ticket>,
}

/// The channels.
pub(super) struct Receiver<'a> {
    epoll: Epoll,
    rendezvous: BorrowedFd<'a>,
    shutdown_pipe: BorrowedFd<'a>,
    /// By numbers that are never used again: an answer must not reach a child that came later.
    channels: HashMap<u64, Channel>,
    /// The channel of each child. A child has one: with many it would have as many batches on their way.
    by_child: HashMap<Pid, u64>,
    /// Channels that something may have come on.
    round: Round,
    key: TicketKey,
    next: u64,
    ended: bool,
    buffer: Vec<u8>,
    /// Children that requested something without a ticket that allows it, since this was last read.
    offenders: Vec<Pid>,
}

impl<'a> Receiver<'a> {
    /// # Errors
    /// No descriptor, no memory.
    pub fn new(rendezvous: BorrowedFd<'a>, shutdown_pipe: BorrowedFd<'a>, key: TicketKey) -> Result<Self, Errno> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(rendezvous, EpollEvent::new(EpollFlags::EPOLLIN, RENDEZVOUS))?;
        epoll.add(shutdown_pipe, EpollEvent::new(EpollFlags::EPOLLIN, SHUTDOWN_PIPE))?;
        // One byte more than any message, to see one that is longer.
        let buffer = vec![0; MAX_REQUEST + 1];
        Ok(Self {
            epoll,
            rendezvous,
            shutdown_pipe,
            channels: HashMap::new(),
            by_child: HashMap::new(),
            round: Round::default(),
            key,
            next: SHUTDOWN_PIPE + 1,
            ended: false,
            buffer,
            offenders: Vec::new(),
        })
    }

    /// Of each request without a ticket that was good for it, since this was last asked, whose it was.
    pub fn take_offenders(&mut self) -> Vec<Pid> {
        std::mem::take(&mut self.offenders)
    }

    /// Whether a channel is open, as far as is known.
    pub fn is_open(&self, number: u64) -> bool {
        self.channels.contains_key(&number)
    }

    /// Whether the parent has closed the shutdown pipe.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Takes in what has come, and waits only if there is nothing: until `until`, if there is such a time. Empty only
    /// then, at the end, and if there is nothing but offenders.
    ///
    /// # Errors
    /// Those of `epoll_wait(2)`.
    pub fn wait(&mut self, until: Option<Instant>) -> Result<Gathered, Errno> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let gathered = self.gather(timeout(left), ENOUGH)?;
            let is_something = !gathered.is_empty() || gathered.pinged || !self.offenders.is_empty();
            if is_something || self.ended || left.is_some_and(|left| left.is_zero()) {
                return Ok(gathered);
            }
        }
    }

    /// Takes in all that has come, however much it is of whom: a batch of each channel.
    ///
    /// # Errors
    /// Those of `epoll_wait(2)`.
    pub fn look(&mut self) -> Result<Gathered, Errno> {
        self.gather(EpollTimeout::ZERO, usize::MAX)
    }

    /// Waits for no longer than `patience` for the first that comes.
    fn gather(&mut self, patience: EpollTimeout, enough: usize) -> Result<Gathered, Errno> {
        let mut gathered = Gathered::default();
        let waits = self.round.is_empty() && !self.ended;
        gathered.pinged = self.see_what_has_come(if waits { patience } else { EpollTimeout::ZERO })?;
        self.round.begin();
        self.take(&mut gathered, enough);
        Ok(gathered)
    }

    /// Waits for more to be committed with what was gathered, until a time at most, and returns the questions that have
    /// come. `None` if there is nothing to wait for: it is enough, or more has come than one commit takes.
    ///
    /// # Errors
    /// Those of `ppoll(2)` and `epoll_wait(2)`.
    pub fn wait_for_more(&mut self, gathered: &mut Gathered, until: Instant) -> Result<Option<Questions>, Errno> {
        if self.ended || !self.round.is_empty() || gathered.amount >= ENOUGH {
            return Ok(None);
        }
        let left = TimeSpec::from_duration(until.saturating_duration_since(Instant::now()));
        let mut events = [PollFd::new(self.epoll.0.as_fd(), PollFlags::POLLIN)];
        match ppoll(&mut events, Some(left), None) {
            Ok(0) | Err(Errno::EINTR) => return Ok(Some(Questions::default())),
            Ok(_) => {}
            Err(error) => return Err(error),
        }
        gathered.pinged |= self.see_what_has_come(EpollTimeout::ZERO)?;
        gathered.questions = Questions::default();
        self.take(gathered, ENOUGH);
        Ok(Some(std::mem::take(&mut gathered.questions)))
    }

    /// Reads what has come, in the order of the round: a request of each party, again and again.
    fn take(&mut self, gathered: &mut Gathered, enough: usize) {
        while gathered.amount < enough {
            let Some((party, number)) = self.round.next() else { break };
            // What comes from now on shows anew. A child that keeps to the rules waits for its answer before it asks
            // again; one that does not waits until something else comes from it.
            if let Some(channel) = self.channels.get_mut(&number) {
                channel.in_round = false;
            }
            if let Some(request) = self.read(number) {
                let amount = gathered.add(number, request);
                let share = if enough == usize::MAX { enough } else { ENOUGH_OF_ONE };
                self.round.charge(party, amount, share);
            }
        }
    }

    /// Notes which channels something has come on; the kernel reports each only once. Whether the parent wants a sign
    /// of life.
    fn see_what_has_come(&mut self, mut patience: EpollTimeout) -> Result<bool, Errno> {
        let mut pinged = false;
        let mut events = [EpollEvent::empty(); EVENTS];
        loop {
            let count = match self.epoll.wait(&mut events, patience) {
                Ok(count) => count,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error),
            };
            patience = EpollTimeout::ZERO;
            for event in &events[..count] {
                match event.data() {
                    RENDEZVOUS => self.let_in(),
                    SHUTDOWN_PIPE => {
                        if self.is_pinged() {
                            pinged = true;
                        } else {
                            self.ended = true;
                            // It stays readable, and would wake us for ever.
                            self.epoll.delete(self.shutdown_pipe)?;
                        }
                    }
                    number => self.note(number),
                }
            }
            if count < EVENTS {
                return Ok(pinged);
            }
        }
    }

    /// Whether the parent has only asked for a sign of life; it has closed its end otherwise.
    fn is_pinged(&self) -> bool {
        let mut bytes = [0; 16];
        match recv(self.shutdown_pipe.as_raw_fd(), &mut bytes, MsgFlags::MSG_DONTWAIT) {
            Ok(size) => size > 0,
            Err(error) => matches!(error, Errno::EAGAIN | Errno::EINTR),
        }
    }

    fn note(&mut self, number: u64) {
        if let Some(channel) = self.channels.get_mut(&number)
            && !std::mem::replace(&mut channel.in_round, true)
        {
            self.round.push(channel.party, number);
        }
    }

    /// Takes channels in at the rendezvous.
    fn let_in(&mut self) {
        let mut message = [0; PARTY_SIZE + MAX_INLINE + 1];
        loop {
            match sys::receive_with_descriptor(self.rendezvous, &mut message, MsgFlags::MSG_DONTWAIT) {
                Ok((size, Some(socket))) => self.let_one_in(&message[..size], socket),
                Err(Errno::EAGAIN) => return,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => {
                    // Its channel is closed, and the child tries again.
                    log::warn!("cannot receive a child's requests yet: {error}");
                    return;
                }
            }
        }
    }

    fn let_one_in(&mut self, message: &[u8], socket: OwnedFd) {
        let Some((party, first)) = message.split_first_chunk::<PARTY_SIZE>() else { return };
        let number = self.next;
        self.next += 1;
        let events = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
        let added = self.epoll.add(&socket, EpollEvent::new(events, number));
        let child = match added.and_then(|()| who_asks(&socket)) {
            Ok(child) => child,
            Err(error) => {
                log::warn!("cannot receive a child's requests yet: {error}");
                return;
            }
        };
        if let Some(older) = self.by_child.insert(child, number) {
            self.channels.remove(&older);
        }
        let party = u64::from_ne_bytes(*party);
        let channel = Channel { socket, child, party, in_round: false, first: None, ticket: None };
        self.channels.insert(number, channel);
        if first.is_empty() {
            // It is on the channel already.
            return self.note(number);
        }
        let first = self.read_from(number, child, first);
        if let (Some(channel), Some(_)) = (self.channels.get_mut(&number), &first) {
            channel.first = first;
            self.note(number);
        }
    }

    /// Reads one request from a channel, or closes it. Without a request, nothing more is there.
    fn read(&mut self, number: u64) -> Option<WriterRequest> {
        let channel = self.channels.get_mut(&number)?;
        let child = channel.child;
        if let Some(first) = channel.first.take() {
            return Some(first);
        }
        loop {
            match recv(channel.socket.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                Ok(size) if size > 0 => {
                    let buffer = std::mem::take(&mut self.buffer);
                    let request = self.read_from(number, child, &buffer[..size]);
                    self.buffer = buffer;
                    return request;
                }
                // The child has gone, or has been idle.
                Ok(_) | Err(_) => {
                    self.close(number);
                    return None;
                }
            }
        }
    }

    /// The request in a message, if it is one and the child may ask this. Otherwise its channel is closed.
    fn read_from(&mut self, number: u64, child: Pid, message: &[u8]) -> Option<WriterRequest> {
        let Some(request) = read_request(message) else {
            let size = message.len();
            log::error!(
                "child {child} sent the writer {size} bytes that are not a request. This is a bug, please report it"
            );
            self.close(number);
            return None;
        };
        let (ticket, is_enough) = match &request {
            WriterRequest::LogIn { .. } => return Some(request),
            WriterRequest::Keep { ticket, .. } => (ticket, true),
            WriterRequest::Recent { ticket, .. } => (ticket, ticket.reads),
        };
        let channel = self.channels.get_mut(&number)?;
        if is_enough && (channel.ticket.as_ref() == Some(ticket) || self.key.recognises(child, ticket)) {
            if channel.ticket.as_ref() != Some(ticket) {
                channel.ticket = Some(ticket.clone());
            }
            return Some(request);
        }
        // The parent logs it, and ends the child.
        self.offenders.push(child);
        self.close(number);
        None
    }

    /// Closes a channel, which takes it out of the epoll: no other process has this end.
    fn close(&mut self, number: u64) {
        if let Some(channel) = self.channels.remove(&number)
            && self.by_child.get(&channel.child) == Some(&number)
        {
            self.by_child.remove(&channel.child);
        }
    }

    /// Sends the children the outcomes of their batches.
    pub fn acknowledge(&mut self, gathered: &Gathered, outcomes: Vec<Result<Standing, Error>>) {
        let mut bytes = Vec::with_capacity(MAX_OUTCOME);
        for (number, outcome) in gathered.channels.iter().zip(outcomes) {
            self.reply(*number, &WriterReply::from(outcome), &mut bytes);
        }
    }

    /// Answers the children's questions. A login that has succeeded is answered with a ticket.
    pub fn answer(&mut self, answers: Vec<(u64, Answer)>) {
        let mut bytes = Vec::with_capacity(MAX_OUTCOME);
        for (number, answer) in answers {
            let Some(Channel { child, .. }) = self.channels.get(&number) else { continue };
            let reply = match answer {
                Answer::LoggedIn { account, name, reads } => {
                    WriterReply::LoggedIn(self.key.issue(*child, account, name, reads))
                }
                Answer::Refused => WriterReply::Refused,
                Answer::Lookups(Some(lookups)) => WriterReply::Lookups(lookups),
                Answer::Lookups(None) => WriterReply::Standing(Standing::Gone),
                Answer::Failed(error) => WriterReply::Failed(error),
            };
            self.reply(number, &reply, &mut bytes);
        }
    }

    fn reply(&mut self, number: u64, reply: &WriterReply, bytes: &mut Vec<u8>) {
        let Some(Channel { socket, .. }) = self.channels.get(&number) else { return };
        bytes.clear();
        write_reply(bytes, reply);
        if send(socket.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL).is_err() {
            // It has gone, or reads nothing.
            self.close(number);
        }
    }
}

/// Rounded up: what is due must be due when the wait ends.
fn timeout(left: Option<Duration>) -> EpollTimeout {
    let milliseconds = |left: Duration| u16::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u16::MAX);
    left.map_or(EpollTimeout::NONE, |left| EpollTimeout::from(milliseconds(left)))
}

#[cfg(test)]
mod tests;
