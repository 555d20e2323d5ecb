//! Counting a session's requests by kind and result. The result may be known only later: a lookup is done when its
//! record is durable. This module counts, and logs for debugging; it decides nothing.

use super::peer::Peer;
use super::replies::Awaits;
use crate::ipc::counters::{Counters, RequestKind, result};
use crate::protocol::Code;
use log::debug;
use std::time::Instant;

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Begun {
    kind: RequestKind,
    /// For those whose time is measured.
    at: Option<Instant>,
}

impl Begun {
    /// A request of this kind is about to be answered.
    pub fn of(kind: RequestKind) -> Self {
        let measured = matches!(kind, RequestKind::Lookup | RequestKind::Define | RequestKind::DictDefine);
        Self { kind, at: measured.then(Instant::now) }
    }
}

/// Requests whose replies wait.
#[derive(Debug, Default)]
pub(super) struct Tally {
    waiting: Vec<(Begun, Awaits, Option<Code>)>,
}

impl Tally {
    /// A request has been answered, with a refusal or not; or its reply waits, and this is its result if that comes
    /// true.
    pub fn answered(
        &mut self,
        begun: Begun,
        refused: Option<Code>,
        awaits: Option<Awaits>,
        counters: Counters<'_>,
        peer: &Peer,
    ) {
        match awaits {
            Some(awaits) => self.waiting.push((begun, awaits, refused)),
            None => count(&begun, refused, Instant::now, counters, peer),
        }
    }

    /// A line was no request.
    pub fn invalid(code: Code, counters: Counters<'_>, peer: &Peer) {
        count(&Begun { kind: RequestKind::Invalid, at: None }, Some(code), Instant::now, counters, peer);
    }

    /// The results of those that wait are known: their own, unless `instead` has another code.
    pub fn settle(&mut self, instead: impl Fn(Awaits) -> Option<Code>, counters: Counters<'_>, peer: &Peer) {
        let now = Instant::now();
        for (begun, awaits, refused) in self.waiting.drain(..) {
            count(&begun, instead(awaits).or(refused), || now, counters, peer);
        }
    }
}

fn count(begun: &Begun, refused: Option<Code>, now: impl Fn() -> Instant, counters: Counters<'_>, peer: &Peer) {
    counters.count_request(begun.kind, refused);
    if let Some(at) = begun.at {
        counters.lookups().observe(now().saturating_duration_since(at));
    }
    // Neither words nor names: what people look up is not logged.
    debug!("client {peer}: {}: {}", begun.kind.as_str(), result(refused));
}
