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
            if self.stop_by.is_some() || !self.listening {
                return;
            }
            let Some(listener) = usize::try_from(number).ok().and_then(|number| self.listeners.get(number)) else {
                return;
            };
            match listener.accept() {
                Accepted::Client(client, peer) => {
                    let language = listener.language();
                    self.scarcity.over();
                    self.admit(client, peer, language);
                }
                Accepted::Nobody => return,
                Accepted::Lost(error) => {
                    log::debug!("a client was lost before it was accepted: {error}");
                }
                Accepted::Scarce(error) => {
                    if self.refuse_with_spare(number) {
                        continue;
                    }
                    self.scarcity.begin(&error);
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
        let place = match self.admission.enter(&peer, now) {
            Ok(place) => place,
            Err(refusal) => return self.refuse(client, &peer, language, refusal, now),
        };
        let Some(reserved) = self.children.reserve(&self.scoreboard) else {
            self.admission.leave(place);
            return self.refuse(client, &peer, language, Refusal::Full, now);
        };
        let (scoreboard, control_channel, words, session) =
            (&mut self.scoreboard, &self.control_channel, &mut self.words, &self.session);
        let rendezvous = self.writer.for_children();
        let title = self.title.as_mut();
        let pair = self.pair.as_ref().filter(|_| language == Language::LinesOverTls).map(AsFd::as_fd);
        let sandbox = self.sandboxes.for_session(now);
        let lines = self.unlogged.lines();
        let inherited_peer = peer.clone();
        let source = place.source().filter(Source::is_limited).map_or(0, |source| number_of(&source));
        // In the child the client's socket is moved into the session; here it stays, to refuse with.
        let mut client = Some(client);
        let forked = self.forker.fork(|origin| match client.take() {
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
                self.children.begun(pid, reserved, (peer, language), place, now, self.words.generation());
                self.show_many();
            }
            Err(error) => {
                self.scarcity.no_process(error);
                self.children.release(reserved);
                self.admission.leave(place);
                if let Some(client) = client {
                    self.refusals.refuse(client, language, Refusal::Overloaded, &self.poller, now);
                }
            }
        }
    }

    fn refuse(&mut self, client: OwnedFd, peer: &Peer, language: Language, refusal: Refusal, now: Instant) {
        if let Some(more) = self.refusals.may_be_said(now) {
            info!("client {peer} refused: {}{more}", refusal.message());
        }
        self.refusals.refuse(client, language, refusal, &self.poller, now);
    }

    /// With no descriptor left, one that is kept for this lets the longest waiting client in to be told so.
    fn refuse_with_spare(&mut self, number: u32) -> bool {
        if !self.scarcity.release_spare() {
            return false;
        }
        let listener = usize::try_from(number).ok().and_then(|number| self.listeners.get(number));
        let language = listener.map_or(Language::Lines, Listener::language);
        let accepted = listener.map(Listener::accept);
        let refused = match accepted {
            Some(Accepted::Client(client, peer)) => {
                self.scarcity.begin(&std::io::Error::from(Errno::EMFILE));
                log::debug!("client {peer} refused: no descriptor");
                self.refusals.refuse_at_once(client, language, Refusal::Overloaded);
                true
            }
            _ => false,
        };
        self.scarcity.keep_spare();
        refused
    }

    pub(super) fn listen(&mut self, listening: bool) {
        if self.listening == listening {
            return;
        }
        self.listening = listening;
        for (listener, number) in self.listeners.iter().zip(0..) {
            if !listening {
                self.poller.forget(listener.as_fd());
            } else if let Err(error) = self.poller.watch(listener.as_fd(), Token::Listener(number)) {
                error!("{listener} can't be watched: {error}");
                self.scarcity.rest();
                self.listening = false;
            }
        }
    }
}
