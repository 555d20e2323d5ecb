//! What a session counts in its slot of the scoreboard: requests by kind and result, and how long lookups took; and
//! what the writer counts in the head: how long commits took. The counters are wait-free, and no decision depends on
//! them.

use crate::protocol::{Code, Request};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What kind of request a line was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// `R`.
    Register,
    /// `L`.
    Login,
    /// `Q`.
    Lookup,
    /// `H`.
    History,
    /// `E`.
    Goodbye,
    /// `O`.
    Logout,
    /// `S`.
    Suggest,
    /// `P`.
    ChangePasswd,
    /// `X`.
    DeleteAccount,
    /// `D`.
    Define,
    /// `C`.
    Clear,
    /// `K`.
    NewToken,
    /// `T`.
    TokenLogin,
    /// `F`.
    ForgetToken,
    /// `I`.
    About,
    /// `M`.
    Match,
    /// `B`.
    Reverse,
    /// `A`.
    LookupApart,
    /// `U`.
    Choose,
    /// `N`.
    NewDictKey,
    /// `G`.
    Notebook,
    /// `DEFINE` by DICT.
    DictDefine,
    /// `MATCH` by DICT.
    DictMatch,
    /// `AUTH` by DICT.
    DictAuth,
    /// Any other command of DICT.
    Dict,
    /// A line that is not a request, or one with an invalid name or password.
    Invalid,
}

impl RequestKind {
    /// All there are.
    pub const ALL: [Self; 26] = [
        Self::Register,
        Self::Login,
        Self::Lookup,
        Self::History,
        Self::Goodbye,
        Self::Logout,
        Self::Suggest,
        Self::ChangePasswd,
        Self::DeleteAccount,
        Self::Define,
        Self::Clear,
        Self::NewToken,
        Self::TokenLogin,
        Self::ForgetToken,
        Self::About,
        Self::Match,
        Self::Reverse,
        Self::LookupApart,
        Self::Choose,
        Self::NewDictKey,
        Self::Notebook,
        Self::DictDefine,
        Self::DictMatch,
        Self::DictAuth,
        Self::Dict,
        Self::Invalid,
    ];

    /// The kind of a request.
    pub fn of(request: &Request<'_>) -> Self {
        match request {
            Request::Register { .. } => Self::Register,
            Request::Login { .. } => Self::Login,
            Request::Lookup { .. } => Self::Lookup,
            Request::History { .. } => Self::History,
            Request::Goodbye => Self::Goodbye,
            Request::Logout => Self::Logout,
            Request::Suggest { .. } => Self::Suggest,
            Request::ChangePasswd { .. } => Self::ChangePasswd,
            Request::DeleteAccount { .. } => Self::DeleteAccount,
            Request::Define { .. } => Self::Define,
            Request::Clear { .. } => Self::Clear,
            Request::NewToken { .. } => Self::NewToken,
            Request::TokenLogin { .. } => Self::TokenLogin,
            Request::ForgetToken { .. } => Self::ForgetToken,
            Request::About => Self::About,
            Request::Match { .. } => Self::Match,
            Request::Reverse { .. } => Self::Reverse,
            Request::LookupApart { .. } => Self::LookupApart,
            Request::Choose { .. } => Self::Choose,
            Request::NewDictKey { .. } => Self::NewDictKey,
            Request::Notebook { .. } => Self::Notebook,
        }
    }

    /// Its name in counters and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Lookup => "lookup",
            Self::History => "history",
            Self::Goodbye => "goodbye",
            Self::Logout => "logout",
            Self::Suggest => "suggest",
            Self::ChangePasswd => "passwd",
            Self::DeleteAccount => "delete_account",
            Self::Define => "define",
            Self::Clear => "clear",
            Self::NewToken => "new_token",
            Self::TokenLogin => "token_login",
            Self::ForgetToken => "forget_token",
            Self::About => "about",
            Self::Match => "match",
            Self::Reverse => "reverse",
            Self::LookupApart => "lookup_apart",
            Self::Choose => "choose",
            Self::NewDictKey => "new_dict_key",
            Self::Notebook => "notebook",
            Self::DictDefine => "dict_define",
            Self::DictMatch => "dict_match",
            Self::DictAuth => "dict_auth",
            Self::Dict => "dict",
            Self::Invalid => "invalid",
        }
    }
}

/// What came of a request, in one word: `ok`, or the code of its refusal.
pub fn result(refused: Option<Code>) -> &'static str {
    refused.map_or("ok", Code::as_str)
}

/// Upper bounds of how long something took, in microseconds; what took longer than the last is counted besides.
pub const BOUNDS: [u64; 17] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

/// Results a request may have: done, or one of the codes.
const RESULTS: usize = 1 + Code::ALL.len();
const REQUESTS: usize = RequestKind::ALL.len() * RESULTS;
/// Counts for each bound and for what is above the last, and the sum in nanoseconds.
pub const TIMES: usize = BOUNDS.len() + 2;
/// How many numbers a session's counters are.
pub const SIZE: usize = REQUESTS + TIMES;
/// No session counts further than this, whatever it writes; in nanoseconds, some thirteen days.
const MOST: u64 = 1 << 50;

/// The counters, where they lie.
#[derive(Debug, Clone, Copy)]
pub struct Counters<'a> {
    numbers: &'a [AtomicU64],
}

impl<'a> Counters<'a> {
    /// Counters in these [`SIZE`] numbers.
    pub fn of(numbers: &'a [AtomicU64]) -> Self {
        Self { numbers }
    }

    /// A request was answered.
    pub fn count_request(self, kind: RequestKind, refused: Option<Code>) {
        let result = refused.map_or(0, |code| 1 + code as usize);
        if let Some(number) = self.numbers.get(kind as usize * RESULTS + result) {
            number.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Requests that were answered: of each kind and result that there was, how many.
    pub fn requests(self) -> impl Iterator<Item = (RequestKind, Option<Code>, u64)> + 'a {
        let results = || std::iter::once(None).chain(Code::ALL.into_iter().map(Some));
        let all = RequestKind::ALL.into_iter().flat_map(move |kind| results().map(move |result| (kind, result)));
        let counted = all.zip(self.numbers).map(|((kind, result), n)| (kind, result, n.load(Ordering::Relaxed)));
        counted.filter(|(_, _, count)| *count > 0)
    }

    /// Time of lookups, from reading the request to having the reply ready.
    pub fn lookups(self) -> Times<'a> {
        Times { numbers: self.numbers.get(REQUESTS..REQUESTS + TIMES).unwrap_or(&[]) }
    }

    /// Adds them up to sums of [`SIZE`] numbers, which are of the same shape.
    pub fn add_to(self, sums: &[AtomicU64]) {
        for (number, sum) in self.numbers.iter().zip(sums) {
            let count = number.load(Ordering::Relaxed).min(MOST);
            if count > 0 {
                sum.store(sum.load(Ordering::Relaxed).saturating_add(count), Ordering::Relaxed);
            }
        }
    }
}

/// Numbers for counters, not shared with other processes.
pub fn none() -> Vec<AtomicU64> {
    (0..SIZE).map(|_| AtomicU64::new(0)).collect()
}

/// How long something took, as a distribution.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    numbers: &'a [AtomicU64],
}

impl<'a> Times<'a> {
    /// Times in these [`TIMES`] numbers.
    pub fn of(numbers: &'a [AtomicU64]) -> Self {
        Self { numbers }
    }

    /// Adds one duration.
    pub fn observe(self, took: Duration) {
        let microseconds = u64::try_from(took.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX);
        let at = BOUNDS.partition_point(|bound| *bound < microseconds);
        if let (Some(count), Some(sum)) = (self.numbers.get(at), self.numbers.get(TIMES - 1)) {
            count.fetch_add(1, Ordering::Relaxed);
            sum.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// How often it took up to each of [`BOUNDS`] and no less than the one before, then how often longer than all; and
    /// the sum in nanoseconds.
    pub fn read(self) -> (Vec<u64>, u64) {
        let mut all: Vec<u64> = self.numbers.iter().map(|number| number.load(Ordering::Relaxed)).collect();
        let sum = all.pop().unwrap_or(0);
        (all, sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_result_has_a_number_of_its_own() {
        let numbers = none();
        let counters = Counters::of(&numbers);
        let results = || std::iter::once(None).chain(Code::ALL.into_iter().map(Some));
        let mut times = 0;
        for kind in RequestKind::ALL {
            for result in results() {
                times += 1;
                (0..times).for_each(|_| counters.count_request(kind, result));
            }
        }
        let read: Vec<_> = counters.requests().collect();
        assert_eq!(read.len(), times);
        let mut expected = 0;
        for (at, kind) in RequestKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at);
            for result in results() {
                assert_eq!(read[expected], (kind, result, expected as u64 + 1));
                expected += 1;
            }
        }
        assert_eq!(counters.lookups().read().0.iter().sum::<u64>(), 0, "requests and times do not touch");
    }

    #[test]
    fn what_takes_as_long_as_a_bound_is_within_it() {
        let numbers = none();
        let counters = Counters::of(&numbers);
        for nanoseconds in [0, 50_000, 50_001, 100_000, 10_000_000_000, 10_000_000_001, 3_600_000_000_000] {
            counters.lookups().observe(Duration::from_nanos(nanoseconds));
        }
        let (counts, sum) = counters.lookups().read();
        assert_eq!((counts.len(), counts[0], counts[1], counts[16], counts[17]), (18, 2, 2, 1, 2));
        assert_eq!(counts.iter().sum::<u64>(), 7);
        assert_eq!(sum, 50_000 + 50_001 + 100_000 + 10_000_000_000 + 10_000_000_001 + 3_600_000_000_000);
        // Whatever a session writes, sums do not overflow.
        let sums = none();
        numbers[0].store(u64::MAX, Ordering::Relaxed);
        (0..3).for_each(|_| counters.add_to(&sums));
        assert_eq!(sums[0].load(Ordering::Relaxed), 3 * MOST);
        assert_eq!(Counters::of(&sums).lookups().read().0[17], 6);
        // Missing memory is not a reason to end.
        Counters::of(&[]).lookups().observe(Duration::ZERO);
        Counters::of(&[]).count_request(RequestKind::Invalid, Some(Code::Bye));
    }
}
