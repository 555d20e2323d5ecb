//! Admission: the limit of all clients and of each source, and what failures cost a source. Pure: it counts the events
//! that are passed in, gets the time from the caller, and does no I/O.

pub mod debts;
pub mod penalties;
pub mod refusals;
pub mod scarcity;

use self::penalties::{Budget, Offence, Penalties};
use crate::config::networks::{Exemptions, Source};
use crate::session::Peer;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The source under which a client counts; an exempt client has no source.
fn source(exempt: &Exemptions, peer: &Peer) -> Option<Source> {
    match peer {
        Peer::Local { user } => exempt.source_of_user(*user),
        Peer::Internet(address) | Peer::Tls(address) => exempt.source_of_address(address.ip()),
    }
}

/// Why a client is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There are as many clients as there may be.
    Full,
    /// There are as many from its source.
    SourceFull,
    /// Too many failures came from its source.
    Failures,
    /// The system has no process or no descriptor for it.
    Overloaded,
}

impl Refusal {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Full, Self::SourceFull, Self::Failures, Self::Overloaded];

    /// The line that the client gets.
    pub fn message(self) -> &'static str {
        match self {
            Self::Full => "the server has reached its limit of clients; try again later",
            Self::SourceFull => "too many connections from your address",
            Self::Failures => "too many failures from your address",
            Self::Overloaded => "the server is overloaded; try again later",
        }
    }
}

/// A place that was given to a client. Give it back with [`Admission::leave`].
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Admitted {
    /// The source under which it is counted; `None` for an exempt client.
    source: Option<Source>,
}

impl Admitted {
    /// The source, if limits and penalties are for it.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// The client with this place is counted under a source now.
    pub fn count_under(&mut self, source: Option<Source>) {
        self.source = source;
    }
}

/// The limits, and how far they are used.
#[derive(Debug)]
pub struct Admission {
    max_clients: Option<u32>,
    max_clients_per_source: Option<u32>,
    exempt: Exemptions,
    clients: u32,
    /// Only sources that have a client now: bounded by the number of clients.
    by_source: HashMap<Source, u32>,
    penalties: Penalties,
}

impl Admission {
    /// Limits of which nothing is used.
    pub fn new(max_clients: Option<u32>, max_clients_per_source: Option<u32>, exempt: Exemptions) -> Self {
        Self {
            max_clients,
            max_clients_per_source,
            exempt,
            clients: 0,
            by_source: HashMap::new(),
            penalties: Penalties::default(),
        }
    }

    /// Lets a client in, or not. For one over a Unix socket there is only the limit in all, and what guesses cost.
    ///
    /// # Errors
    /// A limit is reached; nothing is counted then.
    pub fn enter(&mut self, peer: &Peer, now: Instant) -> Result<Admitted, Refusal> {
        let source = source(&self.exempt, peer);
        if source.is_some_and(|source| self.penalties.refuses(source, now)) {
            return Err(Refusal::Failures);
        }
        if self.max_clients.is_some_and(|most| self.clients >= most) {
            return Err(Refusal::Full);
        }
        self.count(source)?;
        self.clients += 1;
        Ok(Admitted { source })
    }

    /// Lets a connection of a proxy in: its client is known only when the header is read.
    ///
    /// # Errors
    /// There are as many clients as there may be; nothing is counted then.
    pub fn enter_unknown(&mut self) -> Result<Admitted, Refusal> {
        if self.max_clients.is_some_and(|most| self.clients >= most) {
            return Err(Refusal::Full);
        }
        self.clients += 1;
        Ok(Admitted { source: None })
    }

    /// A client that came by a proxy is known now: counts it under its source, for its place to remember.
    ///
    /// # Errors
    /// A limit is reached; nothing is counted then.
    pub fn introduce(&mut self, peer: &Peer, now: Instant) -> Result<Option<Source>, Refusal> {
        let source = source(&self.exempt, peer);
        if source.is_some_and(|source| self.penalties.refuses(source, now)) {
            return Err(Refusal::Failures);
        }
        self.count(source)?;
        Ok(source)
    }

    /// Counts one more client of a source.
    fn count(&mut self, source: Option<Source>) -> Result<(), Refusal> {
        if let Some(source) = source.filter(Source::is_limited) {
            let count = self.by_source.get(&source).copied().unwrap_or(0);
            if self.max_clients_per_source.is_some_and(|most| count >= most) {
                return Err(Refusal::SourceFull);
            }
            self.by_source.insert(source, count + 1);
        }
        Ok(())
    }

    /// Takes a client's place back.
    pub fn leave(&mut self, place: Admitted) {
        self.clients = self.clients.saturating_sub(1);
        if let Some(source) = place.source
            && let Some(count) = self.by_source.get_mut(&source)
        {
            *count -= 1;
            if *count == 0 {
                self.by_source.remove(&source);
            }
        }
    }

    /// Penalises a source; a user of this machine for guesses only. How long it is refused, if it is from now on and
    /// was not before.
    pub fn penalise(&mut self, source: Source, offence: Offence, now: Instant) -> Option<Duration> {
        if !source.is_limited() && offence != Offence::FailedLogin {
            return None;
        }
        self.penalties.penalise(source, offence, now)
    }

    /// Takes a penalty back.
    pub fn pardon(&mut self, source: Source, offence: Offence, now: Instant) {
        self.penalties.pardon(source, offence, now);
    }

    /// Spends some of a source's budget; `false` if there is not enough left. An exempt client, and one over a Unix
    /// socket, has no budget.
    pub fn spend(&mut self, source: Option<Source>, budget: Budget, now: Instant) -> bool {
        source.filter(Source::is_limited).is_none_or(|source| self.penalties.spend(source, budget, now))
    }

    /// Whether a source is refused for its failures. An exempt client is not.
    pub fn refuses(&self, source: Option<Source>, now: Instant) -> bool {
        source.is_some_and(|source| self.penalties.refuses(source, now))
    }

    /// The penalties, to look at.
    pub fn penalties(&self) -> &Penalties {
        &self.penalties
    }

    /// The most clients there may be; no limit without one.
    pub fn limit(&self) -> Option<u32> {
        self.max_clients
    }

    /// How many clients there are.
    pub fn clients(&self) -> u32 {
        self.clients
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::IpAddr;

    fn ip(text: &str) -> Peer {
        Peer::Internet((text.parse::<IpAddr>().unwrap(), 7).into())
    }

    const USER: Peer = Peer::Local { user: 7 };

    fn no_exemption() -> Exemptions {
        Exemptions::parse(&["none".to_owned()]).unwrap()
    }

    /// Six guesses refuse a user of this machine, and no other; nothing but guesses counts.
    #[test]
    fn users_of_this_machine_pay_for_guesses() {
        let (mut admission, now) = (Admission::new(None, Some(1), Exemptions::default()), Instant::now());
        let source = admission.enter(&USER, now).unwrap().source().unwrap();
        assert_eq!(source.to_string(), "user 7");
        for offence in [Offence::Crash, Offence::Garbage, Offence::GraceOver] {
            assert_eq!(admission.penalise(source, offence, now), None);
        }
        assert!((0..100).all(|_| admission.spend(Some(source), Budget::Registrations, now)));
        assert!((0..5).all(|_| admission.penalise(source, Offence::FailedLogin, now).is_none()));
        assert!(admission.enter(&USER, now).is_ok());
        assert!(admission.penalise(source, Offence::FailedLogin, now).is_some());
        assert_eq!(admission.enter(&USER, now), Err(Refusal::Failures));
        assert!(admission.enter(&Peer::Local { user: 8 }, now).is_ok());
        assert!(admission.enter(&USER, now + Duration::from_secs(60)).is_ok());
        let place = Admission::new(None, None, Exemptions::everybody_here()).enter(&USER, now).unwrap();
        assert_eq!(place.source(), None);
    }

    /// A limit of three admits three.
    #[test]
    fn a_limit_of_three_admits_three() {
        let (mut admission, now) = (Admission::new(Some(3), None, no_exemption()), Instant::now());
        let mut places: Vec<Admitted> = (0..3).map(|_| admission.enter(&ip("192.0.2.1"), now).unwrap()).collect();
        assert_eq!(admission.enter(&ip("192.0.2.2"), now), Err(Refusal::Full));
        admission.leave(places.pop().unwrap());
        assert!(admission.enter(&USER, now).is_ok());
        assert_eq!(admission.enter(&USER, now), Err(Refusal::Full));
    }

    #[test]
    fn sources_are_counted_apart_and_forgotten() {
        let (mut admission, now) = (Admission::new(None, Some(1), Exemptions::default()), Instant::now());
        let place = admission.enter(&ip("2001:db8::1"), now).unwrap();
        assert_eq!(admission.enter(&ip("2001:db8::2"), now), Err(Refusal::SourceFull));
        let other = admission.enter(&ip("2001:db8:0:1::1"), now).unwrap();
        let mapped = admission.enter(&ip("::ffff:192.0.2.1"), now).unwrap();
        assert_eq!(admission.enter(&ip("192.0.2.1"), now), Err(Refusal::SourceFull));
        for _ in 0..3 {
            let _ = admission.enter(&ip("127.0.0.9"), now).unwrap();
            let _ = admission.enter(&ip("::1"), now).unwrap();
        }
        for place in [place, other, mapped] {
            admission.leave(place);
        }
        assert!(admission.by_source.is_empty());
        assert_eq!(admission.clients(), 6);
    }

    /// Refused whatever room there is, and only where it counts: exempt networks and Unix sockets are not touched.
    #[test]
    fn failures_refuse_their_source_and_no_other() {
        let (mut admission, now) = (Admission::new(Some(9), Some(9), Exemptions::default()), Instant::now());
        let place = admission.enter(&ip("2001:db8::1"), now).unwrap();
        let source = place.source().unwrap();
        assert_eq!(source.to_string(), "2001:db8::/64");
        assert!(admission.penalise(source, Offence::Crash, now).is_some());
        assert_eq!(admission.enter(&ip("2001:db8::2"), now), Err(Refusal::Failures));
        for other in [ip("2001:db8:0:1::1"), ip("192.0.2.1"), ip("127.0.0.1"), USER] {
            assert!(admission.enter(&other, now).is_ok());
        }
        let exempt = admission.enter(&ip("127.0.0.1"), now).unwrap().source();
        assert_eq!(exempt, None);
        assert!(
            !admission.refuses(exempt, now) && (0..100).all(|_| admission.spend(exempt, Budget::Registrations, now))
        );
        assert!(admission.enter(&ip("2001:db8::1"), now + Duration::from_secs(90)).is_ok());
        assert!(admission.refuses(Some(source), now));
    }

    /// A client that comes by a proxy is unknown at first, and then counts under its own source.
    #[test]
    fn who_comes_by_a_proxy_is_counted_when_it_is_known() {
        let (mut admission, now) = (Admission::new(Some(3), Some(1), no_exemption()), Instant::now());
        let mut places: Vec<Admitted> = (0..3).map(|_| admission.enter_unknown().unwrap()).collect();
        assert_eq!(admission.enter_unknown(), Err(Refusal::Full));
        let source = admission.introduce(&ip("192.0.2.1"), now).unwrap();
        places[0].count_under(source);
        assert_eq!(admission.introduce(&ip("192.0.2.1"), now), Err(Refusal::SourceFull));
        assert!(admission.penalise(source.unwrap(), Offence::Crash, now).is_some());
        assert_eq!(admission.introduce(&ip("192.0.2.1"), now), Err(Refusal::Failures));
        places[1].count_under(admission.introduce(&ip("192.0.2.2"), now).unwrap());
        for place in places {
            admission.leave(place);
        }
        assert!(admission.by_source.is_empty() && admission.clients() == 0);
    }

    proptest! {
        #[test]
        fn what_enters_and_leaves_leaves_nothing(addresses in proptest::collection::vec(0u8..4, 0..50), most in 1u32..5) {
            let (mut admission, now) = (Admission::new(Some(most * 3), Some(most), no_exemption()), Instant::now());
            let mut places = Vec::new();
            for address in addresses {
                let before = admission.clients();
                match admission.enter(&ip(&format!("192.0.2.{address}")), now) {
                    Ok(place) => places.push(place),
                    Err(_) => prop_assert_eq!(admission.clients(), before),
                }
                prop_assert!(admission.clients() <= most * 3);
                prop_assert!(admission.by_source.values().all(|&count| count <= most));
            }
            for place in places {
                admission.leave(place);
            }
            prop_assert!(admission.clients() == 0 && admission.by_source.is_empty());
        }
    }
}
