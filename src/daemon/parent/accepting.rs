//! Accepting: from a listener to a forked child, or to a polite refusal.

use super::Parent;
use crate::config::networks::Source;
use crate::daemon::admission::Refusal;
use crate::daemon::listeners::{Accepted, Listener};
use crate::daemon::poller::Token;
use crate::ipc::parent::number_of;
use crate::session::{self, Inherited, Language, Peer};
use log::{error, info};
use nix::errno::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

/// How many clients are accepted from one listener before signals and the other listeners are looked at again.
const ACCEPT_AT_ONCE: usize = 32;

impl Parent {
    pub(super) fn accept(&mut self, number: u32) {
        for _ in 0..ACCEPT_AT_ONCE {
            if self.stop_by.is_some() || !self.entry.listening {
                return;
            }
            let Some(listener) = usize::try_from(number).ok().and_then(|number| self.entry.listeners.get(number))
            else {
                return;
            };
            match listener.accept() {
                Accepted::Client(client, peer) => {
                    let language = listener.language();
                    self.entry.scarcity.over();
                    self.admit(client, peer, language);
                }
                Accepted::Nobody => return,
                Accepted::Lost(error) => {
                    log::debug!("a client disconnected before it was accepted: {error}");
                }
                Accepted::Scarce(error) => {
                    if self.refuse_with_spare(number) {
                        continue;
                    }
                    self.entry.scarcity.begin(&error);
                    self.listen(false);
                    return;
                }
                Accepted::Ended => {
                    self.begin_to_stop();
                    return;
                }
            }
        }
    }

    fn admit(&mut self, client: OwnedFd, peer: Peer, language: Language) {
        let now = Instant::now();
        let place = match self.entry.admission.enter(&peer, now) {
            Ok(place) => place,
            Err(refusal) => return self.refuse(client, &peer, language, refusal, now),
        };
        let Some(reserved) = self.children.reserve(&self.scoreboard) else {
            self.entry.admission.leave(place);
            return self.refuse(client, &peer, language, Refusal::Full, now);
        };
        let (scoreboard, control_channel, words, session) =
            (&mut self.scoreboard, &self.control_channel, &mut self.served.words, &self.forking.session);
        let rendezvous = self.writer.for_children();
        let title = self.forking.title.as_mut();
        let pair = self.served.pair.as_ref().filter(|_| language == Language::LinesOverTls).map(AsFd::as_fd);
        let sandbox = self.forking.sandboxes.for_session(now);
        let lines = self.reports.unlogged.lines();
        let inherited_peer = peer.clone();
        let source = place.source().filter(Source::is_limited).map_or(0, |source| number_of(&source));
        // In the child the client's socket is moved into the session; here it stays, to refuse with.
        let mut client = Some(client);
        let forked = self.forking.forker.fork(|origin| match client.take() {
            Some(client) => session::run(
                Inherited {
                    client,
                    peer: inherited_peer,
                    language,
                    pair,
                    control_channel: control_channel.for_children(),
                    rendezvous,
                    slot: reserved.slot(),
                    words,
                    settings: session,
                    title,
                    connected: now,
                    source,
                    sandbox,
                    lines,
                },
                scoreboard,
                origin,
            ),
            None => crate::sys::exit_now(1),
        });
        match forked {
            Ok(pid) => {
                self.children.begun(pid, reserved, (peer, language), place, now, self.served.words.generation());
                self.show_many();
            }
            Err(error) => {
                self.entry.scarcity.no_process(error);
                self.children.release(reserved);
                self.entry.admission.leave(place);
                if let Some(client) = client {
                    self.entry.refusals.refuse(client, language, Refusal::Overloaded, &self.poller, now);
                }
            }
        }
    }

    fn refuse(&mut self, client: OwnedFd, peer: &Peer, language: Language, refusal: Refusal, now: Instant) {
        if let Some(more) = self.entry.refusals.may_be_said(now) {
            info!("client {peer} refused: {}{more}", refusal.message());
        }
        self.entry.refusals.refuse(client, language, refusal, &self.poller, now);
    }

    /// With no descriptor left, one that is kept for this lets the longest waiting client in to be told so.
    fn refuse_with_spare(&mut self, number: u32) -> bool {
        if !self.entry.scarcity.release_spare() {
            return false;
        }
        let listener = usize::try_from(number).ok().and_then(|number| self.entry.listeners.get(number));
        let language = listener.map_or(Language::Lines, Listener::language);
        let accepted = listener.map(Listener::accept);
        let refused = match accepted {
            Some(Accepted::Client(client, peer)) => {
                self.entry.scarcity.begin(&std::io::Error::from(Errno::EMFILE));
                log::debug!("client {peer} refused: no descriptor");
                self.entry.refusals.refuse_at_once(client, language, Refusal::Overloaded);
                true
            }
            _ => false,
        };
        self.entry.scarcity.keep_spare();
        refused
    }

    pub(super) fn listen(&mut self, listening: bool) {
        if self.entry.listening == listening {
            return;
        }
        self.entry.listening = listening;
        for (listener, number) in self.entry.listeners.iter().zip(0..) {
            if !listening {
                self.poller.forget(listener.as_fd());
            } else if let Err(error) = self.poller.watch(listener.as_fd(), Token::Listener(number)) {
                error!("cannot watch {listener}: {error}");
                self.entry.scarcity.rest();
                self.entry.listening = false;
            }
        }
    }
}
