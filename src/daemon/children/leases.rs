//! Leases of database connections: a limit on how many of the children have a connection at once. Leases go round by
//! party, and no party has more than a few. While a child waits for one, holders are asked to give theirs up when their
//! request is done. A lease ends when its exchange closes, so it is free again when the child dies. This module opens
//! no connection, and never waits.

use super::fair::{FairQueue, Party};
use super::turns::is_closed;
use crate::ipc::parent::{GIVEN_BACK, GRANTED, WANTED};
use nix::sys::socket::{MsgFlags, recv, send};
use nix::unistd::Pid;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

/// When no child that was asked has given up a lease for this long, others are asked: the first may be busy, and
/// others idle.
const TELL_MORE: Duration = Duration::from_millis(20);
/// A connection whose child did not report its end counts for this much longer: the server has to notice.
const UNNOTICED: Duration = Duration::from_millis(50);

/// A child that holds a lease, or waits for one. Greater ones have asked later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease(pub u32);

/// A child that asks.
#[derive(Debug)]
struct Applicant {
    exchange: OwnedFd,
    process: Pid,
    party: Party,
}

#[derive(Debug)]
struct Holder {
    applicant: Applicant,
    told: bool,
}

/// What a party holds.
#[derive(Debug, Default)]
struct Share {
    held: usize,
    told: usize,
}

/// The leases.
#[derive(Debug)]
pub struct Leases {
    most: usize,
    /// The most of one party: it could otherwise keep the database, or in the embedded one the processors, busy with
    /// as many requests at once as there are leases, and all others waiting.
    most_of_one: usize,
    held: BTreeMap<Lease, Holder>,
    /// Only parties that hold any.
    shares: HashMap<Party, Share>,
    applicants: HashMap<Lease, Applicant>,
    waiting: FairQueue<Party, Lease>,
    by_process: HashMap<Pid, Lease>,
    /// When connections whose children were killed are gone.
    unnoticed: VecDeque<Instant>,
    next: u32,
    tell_more: Option<Instant>,
}

impl Leases {
    /// A limit for all at once, and one for each party.
    pub fn new(most: usize, most_of_one: usize) -> Self {
        Self {
            most: most.max(1),
            most_of_one: most_of_one.max(1),
            held: BTreeMap::new(),
            shares: HashMap::new(),
            applicants: HashMap::new(),
            waiting: FairQueue::default(),
            by_process: HashMap::new(),
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

    /// The lease that a process holds or waits for.
    pub fn of(&self, process: Pid) -> Option<Lease> {
        self.by_process.get(&process).copied()
    }

    /// Whether the child has closed its end, whether that was noticed already or not.
    pub fn is_over(&self, lease: Lease) -> bool {
        self.exchange(lease).is_none_or(is_closed)
    }

    /// Queues a child that wants a lease, and grants what can be granted. Watch its [`Leases::exchange`] for its
    /// closing. One that has a lease already must not ask.
    pub fn queue(&mut self, exchange: OwnedFd, process: Pid, party: Party, now: Instant) -> Lease {
        let mut lease = Lease(self.next);
        while self.held.contains_key(&lease) || self.applicants.contains_key(&lease) {
            lease = Lease(lease.0.wrapping_add(1));
        }
        self.next = lease.0.wrapping_add(1);
        self.by_process.insert(process, lease);
        self.applicants.insert(lease, Applicant { exchange, process, party });
        self.waiting.push(party, lease);
        self.grant(now);
        lease
    }

    /// The exchange with a child that holds a lease or waits for one.
    pub fn exchange(&self, lease: Lease) -> Option<BorrowedFd<'_>> {
        let held = self.held.get(&lease).map(|holder| &holder.applicant);
        held.or_else(|| self.applicants.get(&lease)).map(|applicant| applicant.exchange.as_fd())
    }

    /// A child's end is closed: it needs no connection any more, or it has died.
    pub fn closed(&mut self, lease: Lease, now: Instant) {
        if let Some(Holder { applicant, told }) = self.held.remove(&lease) {
            self.by_process.remove(&applicant.process);
            if let Some(share) = self.shares.get_mut(&applicant.party) {
                share.held -= 1;
                share.told -= usize::from(told);
                if share.held == 0 {
                    self.shares.remove(&applicant.party);
                }
            }
            let mut word = [0; 1];
            let size = recv(applicant.exchange.as_raw_fd(), &mut word, MsgFlags::MSG_DONTWAIT);
            if size != Ok(1) || word != GIVEN_BACK {
                self.unnoticed.push_back(now + UNNOTICED);
            }
        } else if let Some(applicant) = self.applicants.remove(&lease) {
            self.by_process.remove(&applicant.process);
            self.waiting.retain(applicant.party, |&waiting| waiting != lease);
        }
        self.grant(now);
    }

    /// Does what is due, and returns when something is due again.
    pub fn look(&mut self, now: Instant) -> Option<Instant> {
        let gone = self.unnoticed.partition_point(|&until| until <= now);
        if gone > 0 {
            self.unnoticed.drain(..gone);
            self.grant(now);
        }
        if self.tell_more.is_some_and(|due| due <= now) {
            self.tell_as_many_as_wait(true);
            // When all have been asked, there is nothing more to do than to wait.
            self.tell_more = self.held.values().any(|holder| !holder.told).then_some(now + TELL_MORE);
        }
        [self.tell_more, self.unnoticed.front().copied()].into_iter().flatten().min()
    }

    fn grant(&mut self, now: Instant) {
        while self.held() < self.most {
            let (shares, most) = (&self.shares, self.most_of_one);
            let may = |party: &Party| shares.get(party).is_none_or(|share| share.held < most);
            let Some((party, lease)) = self.waiting.pop_where(may) else { break };
            let Some(applicant) = self.applicants.remove(&lease) else { continue };
            // A child that has died meanwhile shows as closed soon; until then it counts.
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            let _ = send(applicant.exchange.as_raw_fd(), &GRANTED, flags);
            self.held.insert(lease, Holder { applicant, told: false });
            self.shares.entry(party).or_default().held += 1;
        }
        if self.waiting.is_empty() {
            self.tell_more = None;
            return;
        }
        // As many as are wanted, not all: each that is asked connects anew for its next request.
        self.tell_as_many_as_wait(false);
        self.tell_more.get_or_insert(now + TELL_MORE);
    }

    /// Asks as many holders for theirs as children wait; those that were asked before count, unless it is
    /// `again` that this many wait. A child whose own party has all that it may have waits for that party.
    fn tell_as_many_as_wait(&mut self, again: bool) {
        let mut others = self.waiting.len();
        let mut own = Vec::new();
        for (party, share) in &self.shares {
            let waiting = self.waiting.count(party);
            if share.held >= self.most_of_one && waiting > 0 {
                others -= waiting;
                own.push((*party, if again { waiting } else { waiting.saturating_sub(share.told) }));
            }
        }
        for (party, count) in own {
            self.tell_of(party, count);
        }
        let told: usize = if again { 0 } else { self.shares.values().map(|share| share.told).sum() };
        for _ in told..others {
            let untold = |holder: &Holder| {
                let share = self.shares.get(&holder.applicant.party);
                share.map_or(0, |share| share.held - share.told)
            };
            // Of those that have the most, the one that has held its lease for longest.
            let holders = self.held.iter().filter(|(_, holder)| !holder.told);
            let most = holders.max_by_key(|(lease, holder)| (untold(holder), std::cmp::Reverse(**lease)));
            let Some(party) = most.map(|(_, holder)| holder.applicant.party) else { return };
            self.tell_of(party, 1);
        }
    }

    /// Asks `count` of a party, those that have held a lease for longest first.
    fn tell_of(&mut self, party: Party, count: usize) {
        let theirs = self.held.values_mut().filter(|holder| !holder.told && holder.applicant.party == party);
        for holder in theirs.take(count) {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            let _ = send(holder.applicant.exchange.as_raw_fd(), &WANTED, flags);
            holder.told = true;
            if let Some(share) = self.shares.get_mut(&party) {
                share.told += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::parent::pair;

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

    fn asks_for(leases: &mut Leases, party: Party, now: Instant) -> (Lease, Child) {
        let (ours, theirs) = pair().unwrap();
        let process = Pid::from_raw(i32::try_from(leases.next).unwrap() + 1);
        let lease = leases.queue(ours, process, party, now);
        assert_eq!(leases.of(process), Some(lease));
        (lease, Child(theirs))
    }

    /// Each of another party.
    fn asks(leases: &mut Leases, now: Instant) -> (Lease, Child) {
        let party = Party::Account(u64::from(leases.next) + 1);
        asks_for(leases, party, now)
    }

    #[test]
    fn no_party_has_more_than_its_share_and_nobody_waits_for_all_of_anothers() {
        let now = Instant::now();
        let mut leases = Leases::new(3, 2);
        let (many, few) = (Party::Account(1), Party::Account(2));
        let theirs: Vec<_> = (0..5).map(|_| asks_for(&mut leases, many, now)).collect();
        let heard: Vec<_> = theirs.iter().map(|(_, child)| child.hears()).collect();
        assert_eq!(heard, [Some(GRANTED), Some(GRANTED), None, None, None], "though there is one more");
        let told: Vec<_> = theirs.iter().map(|(_, child)| child.hears()).collect();
        assert_eq!(told, [Some(WANTED), Some(WANTED), None, None, None], "their own kind waits for them");
        let (_, a) = asks_for(&mut leases, few, now);
        let (_, b) = asks_for(&mut leases, few, now);
        assert_eq!((a.hears(), b.hears()), (Some(GRANTED), None));
        let mut theirs = theirs.into_iter();
        for _ in 0..2 {
            let (lease, child) = theirs.next().unwrap();
            child.gives_back();
            leases.closed(lease, now);
        }
        assert_eq!(theirs.next().unwrap().1.hears(), Some(GRANTED));
        assert_eq!(b.hears(), Some(GRANTED), "after one of the others, not after all three");
        assert_eq!((leases.held(), leases.waiting()), (3, 2));
    }

    #[test]
    fn granted_in_order_and_told_when_wanted() {
        let now = Instant::now();
        let mut leases = Leases::new(2, 1);
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
        // The oldest is busy: the next one is asked after a while.
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
        let mut leases = Leases::new(1, 1);
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
