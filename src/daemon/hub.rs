//! The parent's end of the [exchange](crate::session::exchange): it hands out the newest words, and leave to hash
//! passwords to as many children at once as there are processors. It reads one byte of a child, and waits for none;
//! what a source may do is decided elsewhere.

use super::admission::Source;
use super::throttle::Throttle;
use crate::session::exchange::{Ask, GRANTED, REFUSED, pair, who_asks};
use crate::sys;
use log::warn;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};
use nix::unistd::Pid;
use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// How long a turn is kept at most. A hash takes some 20 ms of a processor; more than two hundred times that is no work any
/// more.
pub const TURN: Duration = Duration::from_secs(5);

/// A question whose answer is not over: it holds a turn, or waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn(pub u32);

/// The hub.
#[derive(Debug)]
pub struct Hub {
    ours: OwnedFd,
    theirs: OwnedFd,
    /// How many may hash at once.
    most: usize,
    /// Who has a turn, and since when.
    hashing: Vec<(Turn, Instant)>,
    turns: HashMap<Turn, Exchange>,
    waiting: VecDeque<Turn>,
    next: u32,
    lost_said: Throttle,
}

#[derive(Debug)]
struct Exchange {
    socket: OwnedFd,
    /// Where it comes from, if that can be refused.
    source: Option<Source>,
    /// Who made it, as the kernel says.
    child: Option<Pid>,
    granted: bool,
}

impl Hub {
    /// A hub that lets `most` children hash at once.
    ///
    /// # Errors
    /// No descriptor.
    pub fn new(most: usize) -> Result<Self, Errno> {
        let (ours, theirs) = pair()?;
        Ok(Self {
            ours,
            theirs,
            most: most.max(1),
            hashing: Vec::new(),
            turns: HashMap::new(),
            waiting: VecDeque::new(),
            next: 0,
            lost_said: Throttle::default(),
        })
    }

    /// The end that every child inherits.
    pub fn for_children(&self) -> BorrowedFd<'_> {
        self.theirs.as_fd()
    }

    /// Readable when a child asks.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.ours.as_fd()
    }

    /// Takes one question. `None`: there is none.
    pub fn next_ask(&mut self) -> Option<(Ask, OwnedFd)> {
        loop {
            let mut byte = [0; 1];
            match sys::receive_with_descriptor(self.ours.as_fd(), &mut byte, MsgFlags::MSG_DONTWAIT) {
                Ok((1, Some(socket))) => {
                    if let Some(ask) = Ask::from_byte(byte[0]) {
                        return Some((ask, socket));
                    }
                }
                Ok(_) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                Err(error) => {
                    // The child sees its pair closed, and tells its client to try again later.
                    if let Some(more) = self.lost_said.allow(Instant::now()) {
                        warn!("a child's question is lost: {error}{more}");
                    }
                    return None;
                }
            }
        }
    }

    /// Says whether a child's client may go on.
    pub fn answer(socket: &OwnedFd, may_go_on: bool) {
        // A child that has died meanwhile needs no answer.
        let _ = say(socket, if may_go_on { GRANTED } else { REFUSED });
    }

    /// Refuses every child of a source that waits for its turn; says how many there were.
    pub fn turn_away(&mut self, source: Source) -> u64 {
        let (turns, before) = (&self.turns, self.waiting.len());
        self.waiting.retain(|turn| match turns.get(turn) {
            Some(exchange) if exchange.source == Some(source) => {
                // It closes its end, and is forgotten then.
                Self::answer(&exchange.socket, false);
                false
            }
            _ => true,
        });
        (before - self.waiting.len()) as u64
    }

    /// Hands out the words.
    pub fn give_words(socket: &OwnedFd, generation: u64, memory: BorrowedFd<'_>) {
        let sent = sys::send_with_descriptor(socket.as_fd(), &generation.to_ne_bytes(), memory, MsgFlags::MSG_DONTWAIT);
        if let Err(error) = sent {
            warn!("the words can't be handed to a child: {error}");
        }
    }

    /// Queues a child that wants to hash, and grants what can be granted. Watch its [`Hub::socket`] for its closing.
    pub fn queue(&mut self, socket: OwnedFd, source: Option<Source>) -> Turn {
        let mut turn = Turn(self.next);
        while self.turns.contains_key(&turn) {
            turn = Turn(turn.0.wrapping_add(1));
        }
        self.next = turn.0.wrapping_add(1);
        let child = who_asks(&socket).ok();
        self.turns.insert(turn, Exchange { socket, source, child, granted: false });
        self.waiting.push_back(turn);
        self.grant();
        turn
    }

    /// The socket of a turn.
    pub fn socket(&self, turn: Turn) -> Option<BorrowedFd<'_>> {
        self.turns.get(&turn).map(|exchange| exchange.socket.as_fd())
    }

    /// Turns that have been kept for longer than [`TURN`], and by whom.
    pub fn overdue(&self, now: Instant) -> Vec<(Turn, Option<Pid>)> {
        let overdue = self.hashing.iter().filter(|(_, since)| *since + TURN <= now);
        overdue.map(|(turn, _)| (*turn, self.turns.get(turn).and_then(|exchange| exchange.child))).collect()
    }

    /// When the turn that was granted first is overdue.
    pub fn overdue_at(&self) -> Option<Instant> {
        self.hashing.iter().map(|(_, since)| *since + TURN).min()
    }

    /// A child's end is closed: it is done, or dead. Its turn goes to the next.
    pub fn closed(&mut self, turn: Turn) {
        if let Some(exchange) = self.turns.remove(&turn) {
            if exchange.granted {
                self.hashing.retain(|(holding, _)| *holding != turn);
            } else {
                self.waiting.retain(|&waiting| waiting != turn);
            }
        }
        self.grant();
    }

    fn grant(&mut self) {
        while self.hashing.len() < self.most {
            let Some(turn) = self.waiting.pop_front() else { return };
            let Some(exchange) = self.turns.get_mut(&turn) else { continue };
            // A child that has died meanwhile shows as closed soon; until then it counts.
            let _ = say(&exchange.socket, GRANTED);
            exchange.granted = true;
            self.hashing.push((turn, Instant::now()));
        }
    }
}

fn say(socket: &OwnedFd, answer: [u8; 1]) -> Result<usize, Errno> {
    send(socket.as_raw_fd(), &answer, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::exchange::ask_to_hash;

    #[test]
    fn turns_are_given_in_order_and_come_back_when_a_child_goes() {
        let mut hub = Hub::new(2).unwrap();
        let mut permits: Vec<_> =
            (0..4).map(|_| Some(ask_to_hash(hub.for_children(), Ask::Hashing).unwrap())).collect();
        let mut turns = Vec::new();
        while let Some((ask, socket)) = hub.next_ask() {
            assert_eq!(ask, Ask::Hashing);
            turns.push(hub.queue(socket, None));
        }
        let granted = |permit: &Option<crate::session::exchange::Permit>| {
            let mut byte = [0; 1];
            let fd = permit.as_ref().unwrap().as_fd().as_raw_fd();
            nix::sys::socket::recv(fd, &mut byte, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_PEEK) == Ok(1)
        };
        assert_eq!(permits.iter().map(granted).collect::<Vec<_>>(), [true, true, false, false]);
        // One that waits goes away, then one that holds a turn.
        permits[2] = None;
        hub.closed(turns[2]);
        permits[0] = None;
        hub.closed(turns[0]);
        assert!(granted(&permits[3]));
        assert!(permits[1].as_ref().unwrap().granted().unwrap());
        hub.closed(turns[1]);
        hub.closed(turns[3]);
        assert!(hub.turns.is_empty() && hub.waiting.is_empty() && hub.hashing.is_empty());
    }

    #[test]
    fn a_source_that_is_turned_away_leaves_its_place_to_others() {
        let mut hub = Hub::new(1).unwrap();
        let sources = [1, 1, 2, 1].map(|number| Some(Source::V6(number)));
        let mut waiting: Vec<_> = sources
            .into_iter()
            .map(|source| {
                let permit = ask_to_hash(hub.for_children(), Ask::LoggingIn).unwrap();
                let (ask, socket) = hub.next_ask().unwrap();
                assert_eq!(ask, Ask::LoggingIn);
                assert_eq!(crate::session::exchange::who_asks(&socket).unwrap(), nix::unistd::getpid());
                (permit, hub.queue(socket, source))
            })
            .collect();
        assert_eq!(hub.turn_away(Source::V6(1)), 2);
        let (first, turn) = waiting.remove(0);
        assert!(first.granted().unwrap(), "it has its turn already");
        hub.closed(turn);
        for ((permit, turn), granted) in waiting.into_iter().zip([false, true, false]) {
            assert_eq!(permit.granted().unwrap(), granted);
            hub.closed(turn);
        }
        assert!(hub.turns.is_empty() && hub.waiting.is_empty() && hub.hashing.is_empty());
    }
}
