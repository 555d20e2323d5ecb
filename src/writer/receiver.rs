//! The writer's end of the children's channels: it takes in whatever has come, by turns of the parties that sent it, and
//! tells each child what came of it. It waits only when there is nothing to do.
//!
//! What is asked for an account is taken in only with a [`Ticket`] that this child has been given for it.

use super::questions::{Answer, Asked, Questions};
use super::round::Round;
use crate::ipc::channel::{MAX_INLINE, PARTY_SIZE};
use crate::ipc::parent::who_asks;
use crate::ipc::ticket::{Ticket, TicketKey};
use crate::ipc::writer_reply::{MAX_OUTCOME, WriterReply, write_reply};
use crate::ipc::writer_request::{MAX_REQUEST, WriterRequest, read_request};
use crate::store::{Batch, Error, Standing};
use crate::sys;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// So many records are enough for one commit.
const ENOUGH: usize = 1_024;
/// So many of one party: what others have waits no longer than these take, however many sessions the party has.
const ENOUGH_OF_ONE: usize = 128;
/// How many events are taken from the kernel at once.
const EVENTS: usize = 256;

/// What epoll says of the rendezvous and of the shutdown pipe; channels have numbers above.
const RENDEZVOUS: u64 = 0;
const SHUTDOWN_PIPE: u64 = 1;

/// What has come in, in the order in which it came.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    batches: Vec<Batch>,
    /// For each batch, the number of its channel.
    from: Vec<u64>,
    questions: Questions,
    /// How much it is: records, and each question for one.
    amount: usize,
    /// The parent wants to see that the writer moves.
    pinged: bool,
}

impl Gathered {
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    pub fn questions(&self) -> &Questions {
        &self.questions
    }

    pub fn is_empty(&self) -> bool {
        self.amount == 0
    }

    /// Adds a request from a channel; how much it is.
    fn add(&mut self, number: u64, request: WriterRequest) -> usize {
        let amount = match request {
            WriterRequest::Keep { ticket: Ticket { account, name, .. }, records } => {
                let amount = records.len().max(1);
                self.batches.push(Batch { account, name, records });
                self.from.push(number);
                amount
            }
            WriterRequest::LogIn { name, proof, reads } => {
                self.questions.add(number, Asked::Login { name, proof, reads });
                1
            }
            WriterRequest::Recent { ticket, count } => {
                self.questions.add(number, Asked::Recent { account: ticket.account, count });
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
    /// Children that asked for something without a ticket that is good for it, since somebody last asked.
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

    /// Whether the parent has said that this is the end.
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
        // In the order of the round: a request of each party, again and again.
        self.round.begin();
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
        Ok(gathered)
    }

    /// Notes which channels something has come on; the kernel tells of each but once. Whether the parent wants a sign of
    /// life.
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

    /// Closes a channel, which takes it out of the epoll: nobody else has this end.
    fn close(&mut self, number: u64) {
        if let Some(channel) = self.channels.remove(&number)
            && self.by_child.get(&channel.child) == Some(&number)
        {
            self.by_child.remove(&channel.child);
        }
    }

    /// Tells the children what came of their batches.
    pub fn acknowledge(&mut self, gathered: &Gathered, outcomes: Vec<Result<Standing, Error>>) {
        let mut bytes = Vec::with_capacity(MAX_OUTCOME);
        for (number, outcome) in gathered.from.iter().zip(outcomes) {
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
mod tests {
    use super::super::Rendezvous;
    use super::*;
    use crate::ipc::channel::{Channel as Ours, PATIENCE};
    use crate::ipc::parent::pair;
    use crate::ipc::ticket::{KeyMemory, Proof};
    use crate::ipc::writer_reply::read_reply;
    use crate::ipc::writer_request::{write_keep, write_log_in, write_recent};
    use crate::store::{AccountId, Microseconds, PastLookup, Record, TokenHash};
    use std::os::fd::AsFd;

    const ANN: AccountId = AccountId { number: 7, created: Some(Microseconds(1)) };
    const BOB: AccountId = AccountId { number: 8, created: Some(Microseconds(1)) };

    fn record(word: &str) -> Record {
        Record { word: word.to_owned(), time: Microseconds(1), origin: 2 }
    }

    /// One child's batch from end to end, with everything that can happen to it on the way.
    #[test]
    fn a_batch_reaches_a_writer_and_is_acknowledged_by_one() {
        let rendezvous = Rendezvous::new().unwrap();
        let key = KeyMemory::new().unwrap();
        let (shutdown_pipe, theirs) = pair().unwrap();
        let new = || Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key.take_up().unwrap()).unwrap();
        let ticket = key.take_up().unwrap().issue(Pid::this(), ANN, "ann".to_owned(), true);
        std::thread::scope(|scope| {
            let child = scope.spawn(|| {
                let mut channel = Ours::new(rendezvous.for_children(), 0);
                let keep =
                    |channel: &mut Ours<'_>, records: &[Record]| channel.keep(&ticket, records, PATIENCE, &mut || {});
                let outcome = keep(&mut channel, &[record("a"), record("b")]);
                assert_eq!(outcome, Ok(Standing::Live));
                assert!(channel.idle_at().is_some());
                assert_eq!(keep(&mut channel, &[]), Ok(Standing::Gone), "on the same channel");
                let refused = keep(&mut channel, &[record("c")]);
                assert_eq!(refused, Err(Error::world("away")));
                // More than goes through the rendezvous.
                channel.close();
                let many = vec![record(&"x".repeat(128)); 32];
                assert_eq!(keep(&mut channel, &many), Ok(Standing::Live));
            });
            // The first writer dies before it says anything, the second after it has taken the batch in.
            drop(new());
            let mut second = new();
            assert_eq!(second.wait(None).unwrap().batches()[0].records, [record("a"), record("b")]);
            drop(second);
            let mut third = new();
            let sent_again = third.wait(None).unwrap();
            assert_eq!(sent_again.batches()[0].records, [record("a"), record("b")]);
            assert_eq!((sent_again.batches()[0].account, &*sent_again.batches()[0].name), (ANN, "ann"));
            third.acknowledge(&sent_again, vec![Ok(Standing::Live)]);
            let standing = third.wait(None).unwrap();
            assert!(standing.batches()[0].records.is_empty());
            third.acknowledge(&standing, vec![Ok(Standing::Gone)]);
            let refused = third.wait(None).unwrap();
            third.acknowledge(&refused, vec![Err(Error::world("away"))]);
            let many = third.wait(None).unwrap();
            assert_eq!(many.batches()[0].records.len(), 32);
            third.acknowledge(&many, vec![Ok(Standing::Live)]);
            child.join().unwrap();
            drop(shutdown_pipe);
            let now = Instant::now();
            assert!(third.wait(Some(now)).unwrap().is_empty());
            assert!(third.wait(Some(now + Duration::from_secs(60))).unwrap().is_empty() && third.ended());
            assert!(third.channels.is_empty(), "the child's end is closed");
            assert!(third.take_offenders().is_empty());
        });
    }

    /// A login gets a ticket, which is good with the next writer, too.
    #[test]
    fn a_login_is_answered_with_a_ticket() {
        let rendezvous = Rendezvous::new().unwrap();
        let key = KeyMemory::new().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let new = || Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key.take_up().unwrap()).unwrap();
        let past = PastLookup { word: "apple".to_owned(), time: Microseconds(5), origin: 1 };
        std::thread::scope(|scope| {
            let child = scope.spawn(|| {
                let mut channel = Ours::new(rendezvous.for_children(), 0);
                let proof = Proof::Token(TokenHash::of("x"));
                assert_eq!(channel.log_in("bob", &proof, true, PATIENCE, &mut || {}), Ok(None));
                let ticket = channel.log_in("ann", &proof, true, PATIENCE, &mut || {}).unwrap().unwrap();
                assert_eq!((ticket.account, &*ticket.name), (ANN, "ann"));
                assert_eq!(channel.recent(&ticket, 10), Ok(Some(vec![past.clone()])));
                assert_eq!(channel.recent(&ticket, 10), Ok(None));
                let failed = channel.recent(&ticket, 10);
                assert_eq!(failed, Err(Error::world("away")));
            });
            let mut first = new();
            for answer in [Answer::Refused, Answer::LoggedIn { account: ANN, name: "ann".to_owned(), reads: true }] {
                let asked = first.wait(None).unwrap();
                assert_eq!(asked.questions().tokens.len(), 1);
                first.answer(vec![(asked.questions().tokens_from[0].0, answer)]);
            }
            let asked = first.wait(None).unwrap();
            assert_eq!(asked.questions().recent, [(ANN, 10)]);
            drop(first);
            let mut second = new();
            for answer in
                [Answer::Lookups(Some(vec![past.clone()])), Answer::Lookups(None), Answer::Failed(Error::world("away"))]
            {
                let asked = second.wait(None).unwrap();
                assert_eq!(asked.questions().recent, [(ANN, 10)]);
                second.answer(vec![(asked.questions().recent_from[0], answer)]);
            }
            child.join().unwrap();
        });
    }

    /// What a session that its client has taken over may try: it is heard for the account only that it was given a ticket
    /// for, and only for what that is good for.
    #[test]
    fn nothing_is_taken_in_without_a_ticket_for_it() {
        let rendezvous = Rendezvous::new().unwrap();
        let key = KeyMemory::new().unwrap().take_up().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let of_ann = key.issue(Pid::this(), ANN, "ann".to_owned(), true);
        let for_dict = key.issue(Pid::this(), ANN, "ann".to_owned(), false);
        let of_another_child = key.issue(Pid::from_raw(Pid::this().as_raw() + 1), ANN, "ann".to_owned(), true);
        let own = KeyMemory::new().unwrap().take_up().unwrap().issue(Pid::this(), BOB, "bob".to_owned(), true);
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
        let forged = [
            own,
            of_another_child,
            Ticket { account: BOB, ..of_ann.clone() },
            Ticket { name: "bob".to_owned(), ..of_ann.clone() },
            Ticket { account: AccountId { created: None, ..ANN }, ..of_ann.clone() },
            Ticket { reads: true, ..for_dict.clone() },
        ];
        let mut requests: Vec<Vec<u8>> = Vec::new();
        for ticket in &forged {
            let (mut keep, mut standing, mut recent) = (Vec::new(), Vec::new(), Vec::new());
            write_keep(&mut keep, ticket, &[record("x")]);
            write_keep(&mut standing, ticket, &[]);
            write_recent(&mut recent, ticket, 10);
            requests.extend([keep, standing, recent]);
        }
        let mut recent = Vec::new();
        write_recent(&mut recent, &for_dict, 10);
        requests.push(recent);
        let mut honest = Vec::new();
        write_keep(&mut honest, &of_ann, &[record("a")]);
        for (at, request) in (1..).zip(&requests) {
            // On a channel that was used for what is right, and as the first thing on one.
            for beforehand in [true, false] {
                let (child, writers) = pair().unwrap();
                let message = [&[0; PARTY_SIZE][..], if beforehand { &honest[..] } else { &request[..] }].concat();
                sys::send_with_descriptor(rendezvous.for_children(), &message, writers.as_fd(), MsgFlags::empty())
                    .unwrap();
                drop(writers);
                if beforehand {
                    let gathered = receiver.look().unwrap();
                    assert_eq!(gathered.batches()[0].account, ANN);
                    receiver.acknowledge(&gathered, vec![Ok(Standing::Live)]);
                    let mut reply = [0; MAX_OUTCOME];
                    let size = recv(child.as_raw_fd(), &mut reply, MsgFlags::MSG_DONTWAIT).unwrap();
                    assert_eq!(read_reply(&reply[..size]), Some(WriterReply::Standing(Standing::Live)));
                    send(child.as_raw_fd(), request, MsgFlags::empty()).unwrap();
                }
                let gathered = receiver.look().unwrap();
                assert!(gathered.is_empty() && gathered.batches().is_empty() && gathered.questions().is_empty());
                assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed: {at}");
            }
        }
        assert_eq!(receiver.take_offenders(), vec![Pid::this(); 2 * requests.len()]);
        assert!(receiver.channels.is_empty());
    }

    /// An idle writer that is asked for a sign of life moves, and does not end.
    #[test]
    fn a_ping_is_no_end() {
        let rendezvous = Rendezvous::new().unwrap();
        let (shutdown_pipe, theirs) = pair().unwrap();
        let key = KeyMemory::new().unwrap().take_up().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
        send(shutdown_pipe.as_raw_fd(), b"?", MsgFlags::empty()).unwrap();
        assert!(receiver.wait(None).unwrap().is_empty() && !receiver.ended());
        drop(shutdown_pipe);
        assert!(receiver.wait(None).unwrap().is_empty() && receiver.ended());
    }

    #[test]
    fn what_is_no_request_costs_only_its_sender() {
        let rendezvous = Rendezvous::new().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let key = KeyMemory::new().unwrap().take_up().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
        for garbage in [vec![0], vec![b'k'; MAX_REQUEST + 1], vec![0; 4_096]] {
            let (child, writers) = pair().unwrap();
            send(child.as_raw_fd(), &garbage, MsgFlags::empty()).unwrap();
            sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty()).unwrap();
            drop(writers);
            assert!(receiver.look().unwrap().is_empty());
            assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed");
        }
        for garbage in [&b""[..], &[0; 7], &[0; 9], &[b'k'; PARTY_SIZE + MAX_INLINE + 9]] {
            let (child, writers) = pair().unwrap();
            sys::send_with_descriptor(rendezvous.for_children(), garbage, writers.as_fd(), MsgFlags::empty()).unwrap();
            drop(writers);
            assert!(receiver.look().unwrap().is_empty());
            assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed");
        }
    }

    /// A child that sends more than it may before it is answered gets no more than one answer at a time, and nothing of
    /// it is left when it has gone.
    #[test]
    fn a_child_that_sends_too_much_at_once() {
        let rendezvous = Rendezvous::new().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let key = KeyMemory::new().unwrap().take_up().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
        let mut log_in = Vec::new();
        write_log_in(&mut log_in, "ann", &Proof::Token(TokenHash::of("x")), true);
        let (child, writers) = pair().unwrap();
        (0..5).for_each(|_| assert_eq!(send(child.as_raw_fd(), &log_in, MsgFlags::empty()), Ok(log_in.len())));
        sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty()).unwrap();
        drop(writers);
        let asked = receiver.look().unwrap();
        assert_eq!(asked.questions().tokens.len(), 1);
        receiver.answer(vec![(asked.questions().tokens_from[0].0, Answer::Refused)]);
        drop(child);
        for _ in 0..5 {
            let asked = receiver.look().unwrap();
            let from = &asked.questions().tokens_from;
            assert!(from.len() <= 1);
            receiver.answer(from.iter().map(|(channel, _)| (*channel, Answer::Refused)).collect());
        }
        assert!(receiver.channels.is_empty());
    }

    /// A child that hands in a second channel has the first no more.
    #[test]
    fn a_child_has_one_channel() {
        let rendezvous = Rendezvous::new().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let key = KeyMemory::new().unwrap().take_up().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd(), key).unwrap();
        let ends: Vec<_> = (0..3)
            .map(|_| {
                let (child, writers) = pair().unwrap();
                sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty())
                    .unwrap();
                child
            })
            .collect();
        assert!(receiver.look().unwrap().is_empty());
        assert_eq!((receiver.channels.len(), receiver.by_child.len()), (1, 1));
        let closed = |end: &OwnedFd| recv(end.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT) == Ok(0);
        assert_eq!(ends.iter().map(closed).collect::<Vec<_>>(), [true, true, false]);
    }
}
