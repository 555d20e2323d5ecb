//! The writer's end of the children's channels: it takes in whatever has come, by turns of the parties that sent it, and
//! tells each child what came of it. It waits only when there is nothing to do.

use super::round::Round;
use crate::ipc::message::{MAX_MESSAGE, MAX_OUTCOME, read_batch, write_outcome};
use crate::ipc::parent::who_asks;
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
    records: usize,
    /// The parent wants to see that the writer moves.
    pinged: bool,
}

impl Gathered {
    pub fn batches(&self) -> &[Batch] {
        &self.batches
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
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
}

/// The channels.
#[derive(Debug)]
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
    next: u64,
    ended: bool,
    buffer: Vec<u8>,
}

impl<'a> Receiver<'a> {
    /// # Errors
    /// No descriptor, no memory.
    pub fn new(rendezvous: BorrowedFd<'a>, shutdown_pipe: BorrowedFd<'a>) -> Result<Self, Errno> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(rendezvous, EpollEvent::new(EpollFlags::EPOLLIN, RENDEZVOUS))?;
        epoll.add(shutdown_pipe, EpollEvent::new(EpollFlags::EPOLLIN, SHUTDOWN_PIPE))?;
        // One byte more than any message, to see one that is longer.
        let buffer = vec![0; MAX_MESSAGE + 1];
        Ok(Self {
            epoll,
            rendezvous,
            shutdown_pipe,
            channels: HashMap::new(),
            by_child: HashMap::new(),
            round: Round::default(),
            next: SHUTDOWN_PIPE + 1,
            ended: false,
            buffer,
        })
    }

    /// Whether the parent has said that this is the end.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Takes in what has come, and waits only if there is nothing: until `until`, if there is such a time. Empty only
    /// then, and at the end.
    ///
    /// # Errors
    /// Those of `epoll_wait(2)`.
    pub fn wait(&mut self, until: Option<Instant>) -> Result<Gathered, Errno> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let gathered = self.gather(timeout(left), ENOUGH)?;
            if !gathered.is_empty() || gathered.pinged || self.ended || left.is_some_and(|left| left.is_zero()) {
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
        // In the order of the round: a batch of each party, again and again.
        self.round.begin();
        let mut again = Vec::new();
        while gathered.records < enough {
            let Some((party, number)) = self.round.next() else { break };
            match self.read(number) {
                Some(batch) => {
                    let records = batch.records.len().max(1);
                    gathered.records += records;
                    gathered.batches.push(batch);
                    gathered.from.push(number);
                    again.push((party, number));
                    let share = if enough == usize::MAX { enough } else { ENOUGH_OF_ONE };
                    self.round.charge(party, records, share);
                }
                None => {
                    if let Some(channel) = self.channels.get_mut(&number) {
                        channel.in_round = false;
                    }
                }
            }
        }
        // More may have come on these, or their end; a child that keeps to the rules waits for its answer first.
        for (party, number) in again {
            self.round.push(party, number);
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
        loop {
            let mut party = [0; 8];
            match sys::receive_with_descriptor(self.rendezvous, &mut party, MsgFlags::MSG_DONTWAIT) {
                Ok((_, Some(socket))) => {
                    let number = self.next;
                    self.next += 1;
                    let events = EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLET;
                    let added = self.epoll.add(&socket, EpollEvent::new(events, number));
                    let child = match added.and_then(|()| who_asks(&socket)) {
                        Ok(child) => child,
                        Err(error) => {
                            log::warn!("cannot receive a child's records yet: {error}");
                            continue;
                        }
                    };
                    if let Some(older) = self.by_child.insert(child, number) {
                        self.channels.remove(&older);
                    }
                    let party = u64::from_ne_bytes(party);
                    self.channels.insert(number, Channel { socket, child, party, in_round: false });
                    self.note(number);
                }
                Err(Errno::EAGAIN) => return,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => {
                    // Its channel is closed, and the child tries again.
                    log::warn!("cannot receive a child's records yet: {error}");
                    return;
                }
            }
        }
    }

    /// Reads one batch from a channel, or closes it. Without a batch, nothing more is there.
    fn read(&mut self, number: u64) -> Option<Batch> {
        let channel = self.channels.get(&number)?;
        loop {
            match recv(channel.socket.as_raw_fd(), &mut self.buffer, MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                Ok(size) if size > 0 => {
                    let batch = read_batch(&self.buffer[..size]);
                    if batch.is_none() {
                        log::error!(
                            "a child sent the writer {size} bytes that are not a batch. This is a bug, please \
                                     report it"
                        );
                        self.close(number);
                    }
                    return batch;
                }
                // The child has gone, or has been idle.
                Ok(_) | Err(_) => {
                    self.close(number);
                    return None;
                }
            }
        }
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
    pub fn acknowledge(&mut self, gathered: &Gathered, outcomes: &[Result<Standing, Error>]) {
        let mut answer = Vec::with_capacity(MAX_OUTCOME);
        for (number, outcome) in gathered.from.iter().zip(outcomes) {
            let Some(Channel { socket, .. }) = self.channels.get(number) else { continue };
            answer.clear();
            write_outcome(&mut answer, outcome);
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            if send(socket.as_raw_fd(), &answer, flags).is_err() {
                // It has gone, or reads nothing.
                self.close(*number);
            }
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
    use crate::ipc::channel::PATIENCE;
    use crate::ipc::parent::pair;
    use crate::store::{AccountId, Microseconds, Record};
    use std::os::fd::AsFd;

    const ANN: AccountId = AccountId { number: 7, created: Some(Microseconds(1)) };

    fn record(word: &str) -> Record {
        Record { word: word.to_owned(), time: Microseconds(1), origin: 2 }
    }

    /// One child's batch from end to end, with everything that can happen to it on the way.
    #[test]
    fn a_batch_reaches_a_writer_and_is_acknowledged_by_one() {
        let rendezvous = Rendezvous::new().unwrap();
        let (shutdown_pipe, theirs) = pair().unwrap();
        std::thread::scope(|scope| {
            let child = scope.spawn(|| {
                let mut channel = crate::ipc::channel::Channel::new(rendezvous.for_children(), 0);
                let keep = |channel: &mut crate::ipc::channel::Channel<'_>, records: &[Record]| {
                    channel.keep(ANN, "ann", records, PATIENCE, &mut || {})
                };
                let outcome = keep(&mut channel, &[record("a"), record("b")]);
                assert_eq!(outcome, Ok(Standing::Live));
                assert!(channel.idle_at().is_some());
                assert_eq!(keep(&mut channel, &[]), Ok(Standing::Gone), "on the same channel");
                let refused = keep(&mut channel, &[record("c")]);
                assert_eq!(refused, Err(Error::world("away")));
            });
            // The first writer dies before it says anything, the second after it has taken the batch in.
            drop(Receiver::new(rendezvous.for_writer(), theirs.as_fd()).unwrap());
            let mut second = Receiver::new(rendezvous.for_writer(), theirs.as_fd()).unwrap();
            assert_eq!(second.wait(None).unwrap().batches()[0].records, [record("a"), record("b")]);
            drop(second);
            let mut third = Receiver::new(rendezvous.for_writer(), theirs.as_fd()).unwrap();
            let sent_again = third.wait(None).unwrap();
            assert_eq!(sent_again.batches()[0].records, [record("a"), record("b")]);
            assert_eq!((sent_again.batches()[0].account, &*sent_again.batches()[0].name), (ANN, "ann"));
            third.acknowledge(&sent_again, &[Ok(Standing::Live)]);
            let standing = third.wait(None).unwrap();
            assert!(standing.batches()[0].records.is_empty());
            third.acknowledge(&standing, &[Ok(Standing::Gone)]);
            let refused = third.wait(None).unwrap();
            third.acknowledge(&refused, &[Err(Error::world("away"))]);
            child.join().unwrap();
            drop(shutdown_pipe);
            let now = Instant::now();
            assert!(third.wait(Some(now)).unwrap().is_empty());
            assert!(third.wait(Some(now + Duration::from_secs(60))).unwrap().is_empty() && third.ended());
            assert!(third.channels.is_empty(), "the child's end is closed");
        });
    }

    /// An idle writer that is asked for a sign of life moves, and does not end.
    #[test]
    fn a_ping_is_no_end() {
        let rendezvous = Rendezvous::new().unwrap();
        let (shutdown_pipe, theirs) = pair().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd()).unwrap();
        send(shutdown_pipe.as_raw_fd(), b"?", MsgFlags::empty()).unwrap();
        assert!(receiver.wait(None).unwrap().is_empty() && !receiver.ended());
        drop(shutdown_pipe);
        assert!(receiver.wait(None).unwrap().is_empty() && receiver.ended());
    }

    #[test]
    fn what_is_no_batch_costs_only_its_sender() {
        let rendezvous = Rendezvous::new().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd()).unwrap();
        for garbage in [vec![0], vec![b'x'; MAX_MESSAGE + 1], vec![0; 4_096]] {
            let (child, writers) = pair().unwrap();
            send(child.as_raw_fd(), &garbage, MsgFlags::empty()).unwrap();
            sys::send_with_descriptor(rendezvous.for_children(), &[0; 8], writers.as_fd(), MsgFlags::empty()).unwrap();
            drop(writers);
            assert!(receiver.look().unwrap().is_empty());
            assert_eq!(recv(child.as_raw_fd(), &mut [0; 1], MsgFlags::MSG_DONTWAIT), Ok(0), "closed");
        }
    }

    /// A child that hands in a second channel has the first no more.
    #[test]
    fn a_child_has_one_channel() {
        let rendezvous = Rendezvous::new().unwrap();
        let (_lifeline, theirs) = pair().unwrap();
        let mut receiver = Receiver::new(rendezvous.for_writer(), theirs.as_fd()).unwrap();
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
