//! What failures cost the source they come from, as in OpenSSH: penalties in seconds, which add up and decay by
//! themselves. Above a threshold the source is refused. Pure: events and the time are passed in.

use super::debts::Debts;
use crate::config::networks::Source;
use crate::session::ExitReason;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;
use std::time::{Duration, Instant};

/// Sources that owe this much are refused until they owe nothing: for six failed logins within nine seconds. A person
/// who mistypes is not refused even after the fifth, which ends the connection.
const REFUSED_FROM: Duration = Duration::from_secs(51);
/// The most that a source owes, whatever it did.
const CAP: Duration = Duration::from_secs(600);
/// What one registration costs, and what a source may owe for them: 30 at once (a class behind one address), then one
/// every two minutes.
const REGISTRATION: Duration = Duration::from_secs(120);
const REGISTRATIONS: Duration = Duration::from_secs(30 * 120);
/// The same for changes of accounts, each a write of its own: 300 at once (a class behind one address, or a
/// script), then one a second.
const CHANGE: Duration = Duration::from_secs(1);
const CHANGES: Duration = Duration::from_secs(300);
/// The same for logins by token, which only read, and which a script makes for each word: 3,000 at once, then 50 a
/// second.
const TOKEN_LOGIN: Duration = Duration::from_millis(20);
const TOKEN_LOGINS: Duration = Duration::from_secs(60);
/// How many sources of each family of addresses are remembered; some 240 bytes each.
const MOST_SOURCES: usize = 32_768;

/// Something that a source is penalised for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offence {
    /// A wrong name, password or token.
    FailedLogin,
    /// No login within the grace time.
    GraceOver,
    /// Nothing but invalid requests, or a failed TLS handshake.
    Garbage,
    /// Its child crashed: perhaps it was attacked.
    Crash,
    /// Its child asked for another account: it was attacked, with success.
    Intrusion,
}

impl Offence {
    /// What it costs. A source that only guesses has one guess in ten seconds in the long run, however it goes about
    /// it. A crash refuses at once: an attack on memory needs many tries.
    pub fn penalty(self) -> Duration {
        Duration::from_secs(match self {
            Self::FailedLogin | Self::GraceOver | Self::Garbage => 10,
            Self::Crash | Self::Intrusion => 90,
        })
    }

    /// What the log calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailedLogin => "a failed login",
            Self::GraceOver => "no login within the grace time",
            Self::Garbage => "nothing but garbage",
            Self::Crash => "a crash",
            Self::Intrusion => "a request for another account",
        }
    }

    /// The offence that the end of a child shows. Failed logins are reported by the child while it lives.
    pub fn of_end(status: WaitStatus) -> Option<Self> {
        match status {
            WaitStatus::Exited(_, status) => match ExitReason::from_exit_status(status)? {
                ExitReason::GraceOver => Some(Self::GraceOver),
                // Mostly a port scanner, or the wrong port: that does not happen six times in nine seconds by mistake.
                ExitReason::Garbage | ExitReason::TlsFailed | ExitReason::ClearText => Some(Self::Garbage),
                ExitReason::Goodbye
                | ExitReason::Closed
                | ExitReason::NoProxyHeader
                | ExitReason::Lost
                | ExitReason::Idle
                | ExitReason::FailedLogins
                | ExitReason::Unread
                | ExitReason::Stopped
                | ExitReason::Refused
                | ExitReason::Internal => None,
            },
            // An operator, or a system without memory, ends a child by TERM or KILL.
            WaitStatus::Signaled(_, signal, _) => matches!(
                signal,
                Signal::SIGSYS
                    | Signal::SIGSEGV
                    | Signal::SIGABRT
                    | Signal::SIGBUS
                    | Signal::SIGILL
                    | Signal::SIGFPE
                    | Signal::SIGTRAP
            )
            .then_some(Self::Crash),
            _ => None,
        }
    }
}

/// Something for which a source has a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Registering, whatever comes of it: whether a name is taken is worth something, too.
    Registrations,
    /// Changing an account: its password, its tokens, its history, its end.
    Changes,
    /// Logging in by token.
    TokenLogins,
}

impl Budget {
    /// What once costs, and the most that may be owed.
    fn terms(self) -> (Duration, Duration) {
        match self {
            Self::Registrations => (REGISTRATION, REGISTRATIONS),
            Self::Changes => (CHANGE, CHANGES),
            Self::TokenLogins => (TOKEN_LOGIN, TOKEN_LOGINS),
        }
    }
}

/// The penalties of all sources, and what they have spent of their budgets.
#[derive(Debug)]
pub struct Penalties {
    failures: Debts,
    registrations: Debts,
    changes: Debts,
    token_logins: Debts,
}

impl Penalties {
    /// Penalises a source. How long it is refused, if it is from now on and was not before.
    pub fn penalise(&mut self, source: Source, offence: Offence, now: Instant) -> Option<Duration> {
        let left = self.failures.add(source, offence.penalty(), CAP, now);
        (left >= REFUSED_FROM && self.failures.mark(source, now)).then_some(left)
    }

    /// Takes a penalty back.
    pub fn pardon(&mut self, source: Source, offence: Offence, now: Instant) {
        self.failures.take_back(source, offence.penalty(), now);
    }

    /// Whether a source is refused.
    pub fn refuses(&self, source: Source, now: Instant) -> bool {
        self.failures.is_marked(source, now)
    }

    /// Spends some of a budget; `false` if there is not enough left, and then nothing is spent.
    pub fn spend(&mut self, source: Source, budget: Budget, now: Instant) -> bool {
        let (cost, most) = budget.terms();
        let debts = match budget {
            Budget::Registrations => &mut self.registrations,
            Budget::Changes => &mut self.changes,
            Budget::TokenLogins => &mut self.token_logins,
        };
        if debts.left(source, now) + cost > most {
            return false;
        }
        debts.add(source, cost, most, now);
        true
    }

    /// The refused sources and for how long, the longest first.
    pub fn refused(&self, now: Instant) -> Vec<(Source, Duration)> {
        self.failures.marked(now)
    }

    /// How many sources have a penalty, refused or not.
    pub fn sources(&self, now: Instant) -> usize {
        self.failures.count(now)
    }
}

impl Default for Penalties {
    /// Without any debts.
    fn default() -> Self {
        let none = || Debts::new(MOST_SOURCES);
        Self { failures: none(), registrations: none(), changes: none(), token_logins: none() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::Pid;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const ANN: Source = Source::V4(Ipv4Addr::new(192, 0, 2, 1));
    const BOB: Source = Source::V6(7);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn five_failures_are_forgiven_and_the_sixth_is_not() {
        let (mut penalties, now) = (Penalties::default(), Instant::now());
        for _ in 0..5 {
            assert_eq!(penalties.penalise(ANN, Offence::FailedLogin, now), None);
            assert!(!penalties.refuses(ANN, now));
        }
        assert_eq!(penalties.penalise(ANN, Offence::FailedLogin, now), Some(seconds(60)));
        assert_eq!(penalties.penalise(ANN, Offence::FailedLogin, now), None, "told once");
        assert!(penalties.refuses(ANN, now) && !penalties.refuses(BOB, now));
        assert!(penalties.refuses(ANN, now + seconds(69)), "until it owes nothing, not only less");
        assert!(!penalties.refuses(ANN, now + seconds(70)));
        assert_eq!(penalties.sources(now), 1);
        assert_eq!(penalties.refused(now), [(ANN, seconds(70))]);
    }

    #[test]
    fn a_pardon_leaves_nothing_of_a_mistake() {
        let (mut penalties, now) = (Penalties::default(), Instant::now());
        penalties.penalise(ANN, Offence::FailedLogin, now);
        penalties.pardon(ANN, Offence::FailedLogin, now);
        penalties.pardon(ANN, Offence::FailedLogin, now);
        assert_eq!(penalties.sources(now), 0);
        assert_eq!((0..5).find_map(|_| penalties.penalise(ANN, Offence::FailedLogin, now)), None);
    }

    #[test]
    fn crashes_refuse_at_once_and_an_operators_signals_do_not() {
        let of = |signal| Offence::of_end(WaitStatus::Signaled(Pid::from_raw(1), signal, false));
        for signal in [
            Signal::SIGSYS,
            Signal::SIGSEGV,
            Signal::SIGABRT,
            Signal::SIGBUS,
            Signal::SIGILL,
            Signal::SIGFPE,
            Signal::SIGTRAP,
        ] {
            assert_eq!(of(signal), Some(Offence::Crash), "{signal}");
        }
        for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGXCPU] {
            assert_eq!(of(signal), None, "{signal}");
        }
        let (mut penalties, now) = (Penalties::default(), Instant::now());
        assert_eq!(penalties.penalise(BOB, Offence::Crash, now), Some(seconds(90)));
        let of = |status| Offence::of_end(WaitStatus::Exited(Pid::from_raw(1), status));
        assert_eq!(of(ExitReason::GraceOver.exit_status()), Some(Offence::GraceOver));
        assert_eq!(of(ExitReason::Garbage.exit_status()), Some(Offence::Garbage));
        for ending in [
            ExitReason::Goodbye,
            ExitReason::Closed,
            ExitReason::Lost,
            ExitReason::Idle,
            ExitReason::Stopped,
            ExitReason::Internal,
        ] {
            assert_eq!(of(ending.exit_status()), None, "{ending:?}");
        }
        assert_eq!(of(99), None);
    }

    #[test]
    fn thirty_registrations_and_then_one_every_two_minutes() {
        let (mut penalties, now) = (Penalties::default(), Instant::now());
        let mut register = |source, now| penalties.spend(source, Budget::Registrations, now);
        assert_eq!((0..40).filter(|_| register(ANN, now)).count(), 30);
        assert!(register(BOB, now));
        assert!(!register(ANN, now + seconds(119)));
        assert!(register(ANN, now + seconds(120)));
        assert!(!register(ANN, now + seconds(121)));
        assert!(!penalties.refuses(ANN, now), "registering is no failure");
    }

    #[test]
    fn budgets_have_nothing_to_do_with_each_other() {
        let (mut penalties, now) = (Penalties::default(), Instant::now());
        for (budget, most, later) in [(Budget::Changes, 300, 10), (Budget::TokenLogins, 3_000, 500)] {
            assert_eq!((0..10_000).filter(|_| penalties.spend(ANN, budget, now)).count(), most, "{budget:?}");
            let ten_seconds_later = now + seconds(10);
            assert_eq!((0..10_000).filter(|_| penalties.spend(ANN, budget, ten_seconds_later)).count(), later);
            assert!(penalties.spend(BOB, budget, now));
        }
        assert!(penalties.spend(ANN, Budget::Registrations, now));
    }

    proptest! {
        /// However a source spreads its guesses, and however many connections it uses, it has no more of them than
        /// its time allows: six at once, then one in ten seconds.
        #[test]
        fn guesses_are_bounded_by_time(waits in proptest::collection::vec(0u64..30, 0..400)) {
            let (mut penalties, begin) = (Penalties::default(), Instant::now());
            let (mut now, mut guesses) = (begin, 0);
            for wait in waits {
                now += seconds(wait);
                if !penalties.refuses(ANN, now) {
                    guesses += 1;
                    penalties.penalise(ANN, Offence::FailedLogin, now);
                }
                prop_assert!(guesses <= 6 + now.duration_since(begin).as_secs() / 10);
            }
        }

        /// Whatever a source did, ten minutes later it is as if it had done nothing; and a source that did nothing is
        /// never refused.
        #[test]
        fn penalties_end(offences in proptest::collection::vec((0usize..4, 0u64..20), 0..300)) {
            let all = [Offence::FailedLogin, Offence::GraceOver, Offence::Garbage, Offence::Crash];
            let (mut penalties, mut now) = (Penalties::default(), Instant::now());
            for (offence, wait) in offences {
                now += seconds(wait);
                let refused = penalties.penalise(ANN, all[offence], now);
                prop_assert!(refused.is_none_or(|left| left >= REFUSED_FROM && left <= CAP));
                prop_assert!(!penalties.refuses(BOB, now));
            }
            prop_assert!(!penalties.refuses(ANN, now + CAP) && penalties.sources(now + CAP) == 0);
        }
    }
}
