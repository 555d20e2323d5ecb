//! Turns: permission to do something that only a few children may do at once. Turns go round by party. A child has one
//! turn at most; the turn ends when its exchange closes, so it is free again when the child dies. This module never
//! waits.

use super::control_channel::ControlChannel;
use super::fair::{FairQueue, Party};
use crate::config::networks::Source;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// Between two children that write, the database rests for as long as the first has written, but no longer: the writer
/// has its part of it, too.
const LONGEST_REST: Duration = Duration::from_millis(50);

/// How long a turn is kept at most: to hash takes some 20 ms of a processor, and more than two hundred times that is no
/// work any more; to write may take as long as an operator's tool keeps the database, and a little.
const LONGEST_WORK: Duration = Duration::from_secs(5);
const LONGEST_WRITING: Duration = Duration::from_secs(15);

/// A child that has a turn, or waits for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turn(pub u32);

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// To use a processor for long: to hash a password, to answer what takes more than a moment.
    Processor,
    /// To write to the embedded database.
    Writing,
}

/// A child that asks.
#[derive(Debug, Clone, Copy)]
pub struct Applicant {
    /// Its process.
    pub process: Pid,
    /// The party that it takes turns for.
    pub party: Party,
    /// The source for whose failures it can be turned away while it waits.
    pub turned_away_with: Option<Source>,
}

#[derive(Debug)]
struct Exchange {
    socket: OwnedFd,
    kind: Kind,
    applicant: Applicant,
    granted: Option<Instant>,
}

#[derive(Debug)]
struct Pool {
    most: usize,
    granted: Vec<Turn>,
    waiting: FairQueue<Party, Turn>,
    /// When the next is granted, if it is not at once.
    rests_until: Option<Instant>,
}

/// The turns.
#[derive(Debug)]
pub struct Turns {
    processor: Pool,
    writing: Pool,
    exchanges: HashMap<Turn, Exchange>,
    by_process: HashMap<Pid, Turn>,
    next: u32,
}

impl Kind {
    fn longest(self) -> Duration {
        match self {
            Self::Processor => LONGEST_WORK,
            Self::Writing => LONGEST_WRITING,
        }
    }
}

impl Exchange {
    /// When it has been kept for too long, if it was granted.
    fn over_by(&self) -> Option<Instant> {
        self.granted.map(|since| since + self.kind.longest())
    }
}

impl Pool {
    fn new(most: usize) -> Self {
        Self { most: most.max(1), granted: Vec::new(), waiting: FairQueue::default(), rests_until: None }
    }
}

impl Turns {
    /// As many children use a processor for long at once as there are `processors`; one writes.
    pub fn new(processors: usize) -> Self {
        Self {
            processor: Pool::new(processors),
            writing: Pool::new(1),
            exchanges: HashMap::new(),
            by_process: HashMap::new(),
            next: 0,
        }
    }

    /// The turn that a process has or waits for.
    pub fn of(&self, process: Pid) -> Option<Turn> {
        self.by_process.get(&process).copied()
    }

    /// Whether the child has closed its end, whether that was noticed already or not.
    pub fn is_over(&self, turn: Turn) -> bool {
        self.socket(turn).is_none_or(is_closed)
    }

    /// Queues a child, and grants what can be granted. Watch its [`Turns::socket`] for its closing. One that has a turn
    /// already must not ask.
    pub fn queue(&mut self, kind: Kind, socket: OwnedFd, applicant: Applicant, now: Instant) -> Turn {
        let mut turn = Turn(self.next);
        while self.exchanges.contains_key(&turn) {
            turn = Turn(turn.0.wrapping_add(1));
        }
        self.next = turn.0.wrapping_add(1);
        self.by_process.insert(applicant.process, turn);
        self.exchanges.insert(turn, Exchange { socket, kind, applicant, granted: None });
        self.pool(kind).waiting.push(applicant.party, turn);
        self.grant(kind, now);
        turn
    }

    /// The socket of a turn.
    pub fn socket(&self, turn: Turn) -> Option<BorrowedFd<'_>> {
        self.exchanges.get(&turn).map(|exchange| exchange.socket.as_fd())
    }

    /// A child's end is closed: it is done, or dead. Its turn goes to the next.
    pub fn closed(&mut self, turn: Turn, now: Instant) {
        let Some(Exchange { kind, applicant, granted, .. }) = self.exchanges.remove(&turn) else { return };
        self.by_process.remove(&applicant.process);
        let pool = self.pool(kind);
        match granted {
            Some(since) => {
                pool.granted.retain(|granted| *granted != turn);
                if kind == Kind::Writing {
                    pool.rests_until = Some(now + now.saturating_duration_since(since).min(LONGEST_REST));
                }
            }
            None => pool.waiting.retain(applicant.party, |&waiting| waiting != turn),
        }
        self.grant(kind, now);
    }

    /// Refuses every child of a source that waits to log in; returns their number.
    pub fn turn_away(&mut self, source: Source) -> u64 {
        let (exchanges, waiting) = (&self.exchanges, &mut self.processor.waiting);
        let before = waiting.len();
        let is_refused =
            |exchange: &Exchange| exchange.granted.is_none() && exchange.applicant.turned_away_with == Some(source);
        // It may wait in more than one queue: over a Unix socket the parties are accounts.
        let refused = exchanges.values().filter(|exchange| is_refused(exchange));
        let parties: HashSet<Party> = refused.map(|exchange| exchange.applicant.party).collect();
        for party in parties {
            waiting.retain(party, |turn| match exchanges.get(turn) {
                Some(exchange) if is_refused(exchange) => {
                    // It closes its end, and is forgotten then.
                    ControlChannel::answer(&exchange.socket, false);
                    false
                }
                _ => true,
            });
        }
        (before - waiting.len()) as u64
    }

    /// Does what is due, and returns when something is due again.
    pub fn look(&mut self, now: Instant) -> Option<Instant> {
        if self.writing.rests_until.is_some_and(|until| until <= now) {
            self.writing.rests_until = None;
            self.grant(Kind::Writing, now);
        }
        self.writing.rests_until
    }

    /// Turns that have been kept for too long, and by whom.
    pub fn overdue(&self, now: Instant) -> Vec<(Turn, Pid, Duration)> {
        let overdue = self.granted().filter(|(_, exchange)| exchange.over_by().is_some_and(|at| at <= now));
        overdue.map(|(turn, exchange)| (turn, exchange.applicant.process, exchange.kind.longest())).collect()
    }

    /// When the first turn is overdue of those that are granted.
    pub fn overdue_at(&self) -> Option<Instant> {
        self.granted().filter_map(|(_, exchange)| exchange.over_by()).min()
    }

    fn granted(&self) -> impl Iterator<Item = (Turn, &Exchange)> {
        let turns = self.processor.granted.iter().chain(&self.writing.granted);
        turns.filter_map(|turn| Some((*turn, self.exchanges.get(turn)?)))
    }

    fn pool(&mut self, kind: Kind) -> &mut Pool {
        match kind {
            Kind::Processor => &mut self.processor,
            Kind::Writing => &mut self.writing,
        }
    }

    fn grant(&mut self, kind: Kind, now: Instant) {
        let pool = match kind {
            Kind::Processor => &mut self.processor,
            Kind::Writing => &mut self.writing,
        };
        if pool.rests_until.is_some_and(|until| until > now) {
            return;
        }
        while pool.granted.len() < pool.most {
            let Some((_, turn)) = pool.waiting.pop() else { return };
            let Some(exchange) = self.exchanges.get_mut(&turn) else { continue };
            // A child that has died meanwhile shows as closed soon; until then it counts.
            ControlChannel::answer(&exchange.socket, true);
            exchange.granted = Some(now);
            pool.granted.push(turn);
        }
    }
}

/// Whether the other end of a pair is closed: `poll` reports that without being asked.
pub fn is_closed(socket: BorrowedFd<'_>) -> bool {
    let mut sockets = [PollFd::new(socket, PollFlags::empty())];
    poll(&mut sockets, PollTimeout::ZERO).is_ok_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::parent::{GRANTED, REFUSED, pair};
    use nix::sys::socket::{MsgFlags, recv};
    use std::os::fd::AsRawFd;

    struct Child {
        end: OwnedFd,
        turn: Turn,
    }

    impl Child {
        fn is_told(&self, word: [u8; 1]) -> bool {
            let mut byte = [0; 1];
            recv(self.end.as_raw_fd(), &mut byte, MsgFlags::MSG_DONTWAIT) == Ok(1) && byte == word
        }
    }

    fn asks(turns: &mut Turns, kind: Kind, process: i32, source: u64, now: Instant) -> Child {
        let (ours, end) = pair().unwrap();
        let source = Source::V6(source);
        let party = Party::Source(source);
        let applicant = Applicant { process: Pid::from_raw(process), party, turned_away_with: Some(source) };
        Child { end, turn: turns.queue(kind, ours, applicant, now) }
    }

    fn is_idle(turns: &Turns) -> bool {
        let idle = |pool: &Pool| pool.granted.is_empty() && pool.waiting.is_empty();
        turns.exchanges.is_empty() && turns.by_process.is_empty() && idle(&turns.processor) && idle(&turns.writing)
    }

    #[test]
    fn turns_go_round_by_source_and_come_back_when_a_child_goes() {
        let (mut turns, now) = (Turns::new(2), Instant::now());
        let mut children: Vec<_> = [1, 1, 1, 1, 2]
            .iter()
            .zip(1..)
            .map(|(&source, n)| asks(&mut turns, Kind::Processor, n, source, now))
            .collect();
        let granted =
            |children: &[Child]| -> Vec<bool> { children.iter().map(|child| child.is_told(GRANTED)).collect() };
        assert_eq!(granted(&children), [true, true, false, false, false]);
        assert_eq!(turns.of(Pid::from_raw(1)), Some(children[0].turn));
        // The first of the other source waits for one turn, though three were there before it.
        let first = children.remove(0);
        assert!(!turns.is_over(first.turn));
        drop(first.end);
        assert!(turns.is_over(first.turn));
        turns.closed(first.turn, now);
        turns.closed(children[0].turn, now);
        assert_eq!(granted(&children), [false, true, false, true]);
        // One that waits goes away.
        turns.closed(children[2].turn, now);
        turns.closed(children[1].turn, now);
        turns.closed(children[3].turn, now);
        assert!(is_idle(&turns));
    }

    #[test]
    fn a_source_that_is_turned_away_leaves_its_place_to_others() {
        let (mut turns, now) = (Turns::new(1), Instant::now());
        let children: Vec<_> = [1, 1, 2, 1]
            .iter()
            .zip(1..)
            .map(|(&source, n)| asks(&mut turns, Kind::Processor, n, source, now))
            .collect();
        assert_eq!(turns.turn_away(Source::V6(1)), 2);
        assert!(children[0].is_told(GRANTED), "it has its turn already");
        turns.closed(children[0].turn, now);
        let refused: Vec<_> = children[1..].iter().map(|child| child.is_told(REFUSED)).collect();
        assert_eq!(refused, [true, false, true]);
        children[1..].iter().for_each(|child| turns.closed(child.turn, now));
        assert!(is_idle(&turns));
    }

    #[test]
    fn the_database_rests_between_two_who_write() {
        let (mut turns, now) = (Turns::new(1), Instant::now());
        let hashing = asks(&mut turns, Kind::Processor, 1, 1, now);
        let (first, second) = (asks(&mut turns, Kind::Writing, 2, 1, now), asks(&mut turns, Kind::Writing, 3, 1, now));
        assert!(hashing.is_told(GRANTED) && first.is_told(GRANTED) && !second.is_told(GRANTED));
        let later = now + Duration::from_millis(7);
        turns.closed(first.turn, later);
        let due = later + Duration::from_millis(7);
        assert_eq!(turns.look(later), Some(due));
        assert!(!second.is_told(GRANTED));
        assert_eq!(turns.look(due), None);
        assert!(second.is_told(GRANTED));
        assert_eq!(turns.overdue_at(), Some(now + LONGEST_WORK));
        let overdue = |turns: &Turns, at| turns.overdue(at).into_iter().map(|(turn, ..)| turn).collect::<Vec<_>>();
        assert_eq!(overdue(&turns, now + LONGEST_WORK), [hashing.turn]);
        assert_eq!(overdue(&turns, due + LONGEST_WRITING), [hashing.turn, second.turn]);
        turns.closed(second.turn, due + Duration::from_secs(9));
        assert_eq!(turns.look(due + Duration::from_secs(9)), Some(due + Duration::from_secs(9) + LONGEST_REST));
        turns.closed(hashing.turn, now);
        assert!(is_idle(&turns));
    }
}
