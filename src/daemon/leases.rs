//! Leases of database connections: however many children there are, only so many of them have a connection at once.
//! Whoever asks gets one in the order of asking; while somebody waits, holders are told to give theirs up when their
//! request is done. A lease ends when its exchange closes, so a child that dies takes none along. It opens no
//! connection, and waits for nobody.

use crate::session::exchange::{GIVEN_BACK, GRANTED, WANTED};
use nix::sys::socket::{MsgFlags, recv, send};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// When nobody who was told has given a lease up for so long, others are told: who was told first may be busy, and
/// others idle.
const TELL_MORE: Duration = Duration::from_millis(20);
/// A connection whose child did not say that it is closed counts for so long more: the server has to notice.
const UNNOTICED: Duration = Duration::from_millis(50);

/// A child that holds a lease, or waits for one. Greater ones have asked later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease(pub u32);

#[derive(Debug)]
struct Holder {
    exchange: OwnedFd,
    told: bool,
}

/// The leases.
#[derive(Debug)]
pub struct Leases {
    most: usize,
    held: BTreeMap<Lease, Holder>,
    waiting: BTreeMap<Lease, OwnedFd>,
    /// When connections whose children were killed are gone.
    unnoticed: VecDeque<Instant>,
    next: u32,
    tell_more: Option<Instant>,
}

impl Leases {
    /// At most so many at once.
    pub fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            held: BTreeMap::new(),
            waiting: BTreeMap::new(),
            unnoticed: VecDeque::new(),
            next: 0,
            tell_more: None,
        }
    }

    /// How many are held.
    pub fn held(&self) -> usize {
        self.held.len() + self.unnoticed.len()
    }

    /// How many children wait for one.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Queues a child that wants a lease, and grants what can be granted. Watch its [`Leases::exchange`] for its
    /// closing.
    pub fn queue(&mut self, exchange: OwnedFd, now: Instant) -> Lease {
        let mut lease = Lease(self.next);
        while self.held.contains_key(&lease) || self.waiting.contains_key(&lease) {
            lease = Lease(lease.0.wrapping_add(1));
        }
        self.next = lease.0.wrapping_add(1);
        self.waiting.insert(lease, exchange);
        self.grant(now);
        lease
    }

    /// The exchange with a child that holds a lease or waits for one.
    pub fn exchange(&self, lease: Lease) -> Option<BorrowedFd<'_>> {
        let held = self.held.get(&lease).map(|holder| &holder.exchange);
        held.or_else(|| self.waiting.get(&lease)).map(AsFd::as_fd)
    }

    /// A child's end is closed: it needs no connection any more, or it has died.
    pub fn closed(&mut self, lease: Lease, now: Instant) {
        match self.held.remove(&lease) {
            Some(holder) => {
                let mut word = [0; 1];
                let size = recv(holder.exchange.as_raw_fd(), &mut word, MsgFlags::MSG_DONTWAIT);
                if size != Ok(1) || word != GIVEN_BACK {
                    self.unnoticed.push_back(now + UNNOTICED);
                }
            }
            None => drop(self.waiting.remove(&lease)),
        }
        self.grant(now);
    }

    /// Does what time has come for, and says when there is something again.
    pub fn look(&mut self, now: Instant) -> Option<Instant> {
        let gone = self.unnoticed.partition_point(|&until| until <= now);
        if gone > 0 {
            self.unnoticed.drain(..gone);
            self.grant(now);
        }
        if self.tell_more.is_some_and(|due| due <= now) {
            self.tell(self.waiting.len());
            // When everybody has been told, there is nothing more to do than to wait.
            self.tell_more = self.held.values().any(|holder| !holder.told).then_some(now + TELL_MORE);
        }
        [self.tell_more, self.unnoticed.front().copied()].into_iter().flatten().min()
    }

    fn grant(&mut self, now: Instant) {
        while self.held() < self.most {
            let Some((lease, exchange)) = self.waiting.pop_first() else { break };
            // A child that has died meanwhile shows as closed soon; until then it counts.
            let _ = send(exchange.as_raw_fd(), &GRANTED, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
            self.held.insert(lease, Holder { exchange, told: false });
        }
        if self.waiting.is_empty() {
            self.tell_more = None;
            return;
        }
        // As many as are wanted, not all: each who is told connects anew for its next request.
        let told = self.held.values().filter(|holder| holder.told).count();
        self.tell(self.waiting.len().saturating_sub(told));
        self.tell_more.get_or_insert(now + TELL_MORE);
    }

    /// Tells so many of those that have held a lease for longest that it is wanted.
    fn tell(&mut self, count: usize) {
        for holder in self.held.values_mut().filter(|holder| !holder.told).take(count) {
            let _ = send(holder.exchange.as_raw_fd(), &WANTED, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
            holder.told = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::exchange::pair;

    struct Child(OwnedFd);

    impl Child {
        fn hears(&self) -> Option<[u8; 1]> {
            let mut word = [0; 1];
            (recv(self.0.as_raw_fd(), &mut word, MsgFlags::MSG_DONTWAIT) == Ok(1)).then_some(word)
        }

        fn gives_back(self) {
            send(self.0.as_raw_fd(), &GIVEN_BACK, MsgFlags::empty()).unwrap();
        }
    }

    fn asks(leases: &mut Leases, now: Instant) -> (Lease, Child) {
        let (ours, theirs) = pair().unwrap();
        (leases.queue(ours, now), Child(theirs))
    }

    #[test]
    fn granted_in_order_and_told_when_wanted() {
        let now = Instant::now();
        let mut leases = Leases::new(2);
        let (first, a) = asks(&mut leases, now);
        let (second, b) = asks(&mut leases, now);
        assert_eq!((a.hears(), b.hears()), (Some(GRANTED), Some(GRANTED)));
        assert_eq!((a.hears(), leases.look(now)), (None, None), "nobody waits");
        let (third, c) = asks(&mut leases, now);
        assert_eq!((a.hears(), b.hears(), c.hears()), (Some(WANTED), None, None), "the oldest, for the one who waits");
        let (_fourth, d) = asks(&mut leases, now);
        assert_eq!((a.hears(), b.hears()), (None, Some(WANTED)), "each is told once");
        b.gives_back();
        leases.closed(second, now);
        assert_eq!((c.hears(), d.hears()), (Some(GRANTED), None), "the first who asked");
        // The oldest is busy: the next one is told after a while.
        let due = leases.look(now).unwrap();
        assert_eq!((c.hears(), due), (None, now + TELL_MORE));
        leases.look(due);
        assert_eq!(c.hears(), Some(WANTED));
        c.gives_back();
        leases.closed(third, due);
        assert_eq!(d.hears(), Some(GRANTED));
        assert_eq!((leases.held(), leases.waiting(), leases.look(due)), (2, 0, None));
        a.gives_back();
        leases.closed(first, due);
        assert_eq!(leases.held(), 1);
    }

    #[test]
    fn the_dead_take_nothing_along() {
        let now = Instant::now();
        let mut leases = Leases::new(1);
        let (first, a) = asks(&mut leases, now);
        let (second, b) = asks(&mut leases, now);
        let (_third, c) = asks(&mut leases, now);
        assert!(leases.exchange(first).is_some() && leases.exchange(second).is_some());
        drop(b);
        leases.closed(second, now);
        assert!(leases.exchange(second).is_none() && leases.waiting() == 1);
        drop(a);
        leases.closed(first, now);
        assert_eq!((c.hears(), leases.held()), (None, 1), "the server has to notice first");
        let due = now + UNNOTICED;
        assert!(leases.look(now).is_some_and(|at| at <= due));
        leases.look(due);
        assert_eq!((c.hears(), leases.held(), leases.waiting()), (Some(GRANTED), 1, 0));
    }
}
