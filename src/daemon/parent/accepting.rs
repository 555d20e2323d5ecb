//! Accepting: from a listener to a forked child, or to a polite refusal.

use super::Parent;
use super::forking::Entering;
use crate::config::networks::Source;
use crate::daemon::admission::Refusal;
use crate::daemon::children::control_channel::ControlChannel;
use crate::daemon::listeners::{Accepted, Listener};
use crate::daemon::poller::Token;
use crate::ipc::parent::{Introduced, introduction, number_of, who_asks};
use crate::session::{Arrival, Language, Peer};
use log::{error, info};
use nix::errno::Errno;
use std::os::fd::OwnedFd;
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
                    let language = listener.language;
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
        let is_proxied = self.entry.proxies.include(peer.address());
        let entered = match is_proxied {
            true => self.entry.admission.enter_unknown(),
            false => self.entry.admission.enter(&peer, now),
        };
        let place = match entered {
            Ok(place) => place,
            Err(refusal) => return self.refuse(client, &peer, language, refusal, now),
        };
        let Some(reserved) = self.children.reserve(&self.scoreboard) else {
            self.entry.admission.leave(place);
            return self.refuse(client, &peer, language, Refusal::Full, now);
        };
        let looked = self.forking.sandboxes.look(now);
        if looked.is_database_new {
            // It prepares the new files.
            self.writer.wake();
        }
        if looked.is_renewed {
            self.fork_server.is_outdated();
        }
        let source = place.source().filter(Source::is_limited).map_or(0, |source| number_of(&source));
        let arrival = Arrival { slot: reserved.slot(), peer, language, is_proxied, source };
        self.fork_child(Entering { client, arrival, place, reserved, since: now });
    }

    /// A child has read its proxy's header: its client is let in under its own source, or not. The kernel reports which
    /// child it is, and only one whose connection is a proxy's can report it, once.
    pub(super) fn meet(&mut self, socket: &OwnedFd) {
        let now = Instant::now();
        let Ok(child) = who_asks(socket) else { return };
        let (Some((proxy, language)), Ok(address)) = (self.children.unknown(child), introduction(socket)) else {
            return;
        };
        let peer = match (address, language) {
            // The proxy itself, or a program of its machine.
            (None, _) => proxy.clone(),
            (Some(address), Language::LinesOverTls) => Peer::Tls(address),
            (Some(address), Language::Lines | Language::Dict) => Peer::Internet(address),
        };
        match self.entry.admission.introduce(&peer, now) {
            Ok(source) => {
                let number = source.filter(Source::is_limited).map_or(0, |source| number_of(&source));
                self.children.introduced(child, peer, source);
                ControlChannel::answer_introduction(socket, &Introduced::Welcome { source: number });
            }
            Err(refusal) => {
                if let Some(more) = self.entry.refusals.may_be_said(now) {
                    info!("client {peer} refused: {}{more}", refusal.message());
                }
                self.entry.refusals.count_one(refusal);
                self.children.introduced(child, peer, None);
                ControlChannel::answer_introduction(socket, &Introduced::Refused(refusal.message().to_owned()));
            }
        }
    }

    fn refuse(&mut self, client: OwnedFd, peer: &Peer, language: Language, refusal: Refusal, now: Instant) {
        if let Some(more) = self.entry.refusals.may_be_said(now) {
            info!("client {peer} refused: {}{more}", refusal.message());
        }
        self.entry.refusals.refuse(client, language, refusal, &self.poller, now);
    }

    /// With no descriptor left, a spare one is closed so that the longest waiting client can be refused with a line.
    fn refuse_with_spare(&mut self, number: u32) -> bool {
        if !self.entry.scarcity.release_spare() {
            return false;
        }
        let listener = usize::try_from(number).ok().and_then(|number| self.entry.listeners.get(number));
        let language = listener.map_or(Language::Lines, |listener| listener.language);
        let accepted = listener.map(Listener::accept);
        let refused = match accepted {
            Some(Accepted::Client(client, peer)) => {
                self.entry.scarcity.begin(&std::io::Error::from(Errno::EMFILE));
                log::debug!("client {peer} refused: no descriptor");
                self.entry.refusals.refuse_at_once(&client, language, Refusal::Overloaded);
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
