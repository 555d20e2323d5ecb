//! The parent: one thread, one loop. It accepts, forks, reaps, reloads and refuses.
//!
//! The parent never reads a client's bytes, never opens a database, never waits for a client, a child, a file or a
//! name server while it serves, and ends for no reason but a signal. In each turn of the loop it looks to, in this
//! order: shutdown, reload, reap, accept.

use super::admission::Admission;
use super::children::Children;
use super::exit::{Exit, Fatal};
use super::hub::Hub;
use super::listeners::{Accepted, Listener};
use super::loader::Loader;
use super::notify::Notifier;
use super::options::Lookup;
use super::poller::{Poller, Token};
use super::refusals::Refusals;
use super::scarcity::Scarcity;
use super::settings::Settings;
use super::signals::Signals;
use crate::session::board::Board;
use crate::session::exchange::Ask;
use crate::session::{self, Inherited, Peer, SessionSettings, Words};
use crate::sys::{Forker, Title};
use log::{error, info, warn};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long children have to finish what they have read, when the daemon stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How many clients are accepted from one listener before signals and the other listeners are looked at again.
const ACCEPT_AT_ONCE: usize = 32;

/// What the daemon starts with; everything in it has been checked.
#[derive(Debug)]
pub struct Parts {
    /// The right to fork.
    pub forker: Forker,
    /// What the operator has decided.
    pub settings: Settings,
    /// Where clients come in.
    pub listeners: Vec<Listener>,
    /// The signals, already caught.
    pub signals: Signals,
    /// The words, and the memory they are in if they are a snapshot.
    pub words: Words,
    /// The snapshot's memory.
    pub memory: Option<OwnedFd>,
    /// The page that is shared with the children.
    pub board: Board,
    /// Where children ask.
    pub hub: Hub,
    /// The way to systemd.
    pub notifier: Notifier,
    /// What `ps` shows.
    pub title: Option<Title>,
}

/// The parent's state.
pub struct Parent {
    forker: Forker,
    session: SessionSettings,
    words_file: Option<PathBuf>,
    lookup: Lookup,
    listeners: Vec<Listener>,
    listening: bool,
    poller: Poller,
    signals: Signals,
    words: Words,
    memory: Option<OwnedFd>,
    board: Board,
    hub: Hub,
    children: Children,
    admission: Admission,
    refusals: Refusals,
    scarcity: Scarcity,
    loader: Option<Loader>,
    notifier: Notifier,
    title: Option<Title>,
    /// When children that have not ended are killed; the daemon stops from when this is set.
    stop_by: Option<Instant>,
}

impl Parent {
    /// Makes ready to serve.
    ///
    /// # Errors
    /// [`Exit::System`]: no descriptor.
    pub fn new(parts: Parts) -> Result<Self, Fatal> {
        let Parts { forker, settings, listeners, signals, words, memory, board, hub, notifier, title } = parts;
        let system = |error: Errno| Fatal::new(Exit::System, format!("the event loop can't be set up: {error}"));
        let poller = Poller::new().map_err(system)?;
        poller.watch(signals.as_fd(), Token::Signal).map_err(system)?;
        poller.watch(hub.as_fd(), Token::Hub).map_err(system)?;
        let mut parent = Self {
            forker,
            session: settings.session,
            words_file: settings.words,
            lookup: settings.lookup,
            listeners,
            listening: false,
            poller,
            signals,
            words,
            memory,
            board,
            hub,
            children: Children::default(),
            admission: Admission::new(settings.max_clients, settings.max_clients_per_source, settings.exempt_sources),
            refusals: Refusals::default(),
            scarcity: Scarcity::new(),
            loader: None,
            notifier,
            title,
            stop_by: None,
        };
        parent.board.publish(parent.words.generation());
        parent.listen(true);
        Ok(parent)
    }

    /// Serves until a signal says to stop.
    pub fn serve(mut self) -> Exit {
        for listener in &self.listeners {
            info!("listening on {listener}");
        }
        let status = self.status();
        info!("ready: {status}");
        self.notifier.ready(&status);
        loop {
            if self.signals.take(Signal::SIGTERM) | self.signals.take(Signal::SIGINT) {
                if self.stop_by.is_some() {
                    warn!("a second signal: ending {} children at once", self.children.count());
                    self.children.signal_all(Signal::SIGKILL);
                    return Exit::Success;
                }
                self.begin_to_stop();
            }
            if self.signals.take(Signal::SIGHUP) && self.stop_by.is_none() {
                self.begin_to_reload();
            }
            if self.signals.take(Signal::SIGUSR1) {
                self.log_figures();
            }
            if self.signals.take(Signal::SIGCHLD) {
                self.reap();
            }
            if self.stop_by.is_some() && self.children.count() == 0 {
                info!("stopped");
                return Exit::Success;
            }
            let deadline = self.do_what_is_due(Instant::now());
            match self.poller.wait(deadline) {
                Ok(tokens) => tokens.into_iter().for_each(|token| self.attend_to(token)),
                Err(error) => {
                    // Nothing of ours can cause this; going on without it would spin.
                    error!("the event loop fails: {error}");
                    self.begin_to_stop();
                    self.scarcity.rest();
                }
            }
        }
    }

    fn attend_to(&mut self, token: Token) {
        match token {
            Token::Signal => self.signals.drain(),
            Token::Hub => self.answer_children(),
            Token::Loader => self.finish_to_reload(),
            Token::Listener(number) => self.accept(number),
            Token::Turn(turn) => {
                if let Some(socket) = self.hub.socket(turn) {
                    self.poller.forget(socket);
                }
                self.hub.closed(turn);
            }
            Token::Refused(number) => self.refusals.closed(number, &self.poller),
        }
    }

    /// Does what time has come for, and says when there is something again.
    fn do_what_is_due(&mut self, now: Instant) -> Option<Instant> {
        let mut stop_by = self.stop_by;
        if stop_by.is_some_and(|deadline| deadline <= now) {
            warn!("{} children have not finished in {} s and are ended", self.children.count(), DRAIN.as_secs());
            self.children.signal_all(Signal::SIGKILL);
            // They can't refuse; what is left is to reap them.
            stop_by = Some(now + DRAIN);
            self.stop_by = stop_by;
        }
        let rested = match self.scarcity.pause_until() {
            Some(until) if until <= now => {
                self.scarcity.resume();
                self.listen(true);
                None
            }
            until => until,
        };
        let refused = self.refusals.close_due(&self.poller, now);
        let (admission, words, lookup) = (&self.admission, &self.words, self.lookup);
        let told = self.notifier.status(|| status_line(admission, words, lookup), now);
        [stop_by, rested, refused, told].into_iter().flatten().min()
    }

    // Accept.

    fn accept(&mut self, number: u32) {
        for _ in 0..ACCEPT_AT_ONCE {
            if self.stop_by.is_some() || !self.listening {
                return;
            }
            let Some(listener) = usize::try_from(number).ok().and_then(|number| self.listeners.get(number)) else {
                return;
            };
            match listener.accept() {
                Accepted::Client(client, peer) => {
                    self.scarcity.over();
                    self.admit(client, peer);
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

    fn admit(&mut self, client: OwnedFd, peer: Peer) {
        let now = Instant::now();
        let place = match self.admission.enter(address(&peer)) {
            Ok(place) => place,
            Err(refusal) => {
                info!("client {peer} refused: {}", refusal.message());
                self.refusals.refuse(client, refusal.message(), &self.poller, now);
                return;
            }
        };
        let Some(reserved) = self.children.reserve(&self.board) else {
            warn!("client {peer} refused: the table of children is full");
            self.admission.leave(place);
            self.refusals.refuse(client, "the server is full; try again later", &self.poller, now);
            return;
        };
        let (board, hub, words, session) = (&self.board, &self.hub, &mut self.words, &self.session);
        let title = self.title.as_mut();
        let inherited_peer = peer.clone();
        // In the child the client's socket is moved into the session; here it stays, to refuse with.
        let mut client = Some(client);
        let forked = self.forker.fork(|origin| match client.take() {
            Some(client) => session::run(
                Inherited {
                    client,
                    peer: inherited_peer,
                    hub: hub.for_children(),
                    board,
                    slot: reserved.slot(),
                    words,
                    settings: session,
                    title,
                    connected: now,
                },
                origin,
            ),
            None => crate::sys::exit_now(1),
        });
        match forked {
            Ok(pid) => self.children.begun(pid, reserved, peer, place, now),
            Err(error) => {
                self.scarcity.no_process(error);
                self.children.release(reserved);
                self.admission.leave(place);
                if let Some(client) = client {
                    self.refusals.refuse(client, "the server is overloaded; try again later", &self.poller, now);
                }
            }
        }
    }

    /// With no descriptor left, one that is kept for this lets the longest waiting client in to be told so.
    fn refuse_with_spare(&mut self, number: u32) -> bool {
        if !self.scarcity.release_spare() {
            return false;
        }
        let accepted = usize::try_from(number).ok().and_then(|number| self.listeners.get(number)).map(Listener::accept);
        let refused = match accepted {
            Some(Accepted::Client(client, peer)) => {
                self.scarcity.begin(&std::io::Error::from(Errno::EMFILE));
                log::debug!("client {peer} refused: no descriptor");
                self.refusals.refuse_at_once(client, "the server is overloaded; try again later");
                true
            }
            _ => false,
        };
        self.scarcity.keep_spare();
        refused
    }

    fn listen(&mut self, listening: bool) {
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

    // Reap.

    /// SIGCHLD coalesces: one signal may stand for many children.
    fn reap(&mut self) {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(status) => {
                    if let Some(pid) = status.pid()
                        && let Some(place) = self.children.ended(pid, status, &self.board)
                    {
                        self.admission.leave(place);
                    }
                }
                Err(Errno::EINTR) => {}
                Err(error) => {
                    error!("children can't be waited for: {error}");
                    return;
                }
            }
        }
    }

    // Reload.

    fn begin_to_reload(&mut self) {
        if self.lookup == Lookup::Database {
            info!("nothing to load: words are looked up in table words");
            return;
        }
        if let Some(older) = self.loader.take() {
            // Loads that overtake each other end with the newest file.
            self.poller.forget(older.helper().as_fd());
            older.give_up();
        }
        match Loader::start(&mut self.forker, self.words_file.as_deref()) {
            Ok(loader) => {
                info!("loading {}", loader.from());
                if let Err(error) = self.poller.watch(loader.helper().as_fd(), Token::Loader) {
                    error!("reload failed: {error}; the old words stay");
                    loader.give_up();
                    return;
                }
                self.loader = Some(loader);
            }
            Err(error) => error!("reload failed: no process to load the words with: {error}; the old words stay"),
        }
    }

    fn finish_to_reload(&mut self) {
        let Some(loader) = self.loader.take() else { return };
        self.poller.forget(loader.helper().as_fd());
        let generation = self.words.generation() + 1;
        let loaded = loader.finish().and_then(|loaded| {
            self.words
                .replace(generation, loaded.memory.as_fd())
                .map_err(|error| Fatal::new(Exit::System, error.to_string()))?;
            Ok(loaded)
        });
        match loaded {
            Ok(loaded) => {
                if let Some(warning) = &loaded.warning {
                    warn!("{warning}");
                }
                self.memory = Some(loaded.memory);
                self.board.publish(generation);
                // Idle children would notice at their next lookup; waking them gives the old words' memory back now.
                self.children.signal_all(Signal::SIGHUP);
                info!(
                    "loaded {}: {} headwords, generation {generation}",
                    loader.from(),
                    self.words.headwords().unwrap_or(0)
                );
            }
            Err(fatal) => error!("reload failed: {fatal}; the old words stay"),
        }
    }

    fn answer_children(&mut self) {
        while let Some((ask, socket)) = self.hub.next_ask() {
            match ask {
                Ask::Words => {
                    if let Some(memory) = &self.memory {
                        Hub::give_words(&socket, self.words.generation(), memory.as_fd());
                    }
                }
                Ask::Hashing => {
                    let turn = self.hub.queue(socket);
                    let watched = self.hub.socket(turn).map(|fd| self.poller.watch_closing(fd, Token::Turn(turn)));
                    if let Some(Err(error)) = watched {
                        warn!("a child's turn can't be watched: {error}");
                        self.hub.closed(turn);
                    }
                }
            }
        }
    }

    // Shutdown.

    fn begin_to_stop(&mut self) {
        if self.stop_by.is_some() {
            return;
        }
        info!("stopping: {} clients have {} s to finish", self.children.count(), DRAIN.as_secs());
        self.notifier.stopping(&format!("stopping, {} clients", self.children.count()));
        self.stop_by = Some(Instant::now() + DRAIN);
        self.listen(false);
        self.listeners.clear();
        if let Some(loader) = self.loader.take() {
            self.poller.forget(loader.helper().as_fd());
            loader.give_up();
        }
        self.children.signal_all(Signal::SIGTERM);
    }

    // What others are told.

    fn status(&self) -> String {
        status_line(&self.admission, &self.words, self.lookup)
    }

    fn log_figures(&self) {
        let words = match self.words.headwords() {
            Some(headwords) => headwords.to_string(),
            None => "table".to_owned(),
        };
        info!(
            "figures: clients={} forks={} reaped={} refused={} words={words} generation={}",
            self.children.count(),
            self.children.forks(),
            self.children.reaped(),
            self.refusals.count(),
            self.words.generation(),
        );
    }
}

fn status_line(admission: &Admission, words: &Words, lookup: Lookup) -> String {
    let words = match (lookup, words.headwords()) {
        (Lookup::Text, Some(headwords)) => {
            format!("{} headwords, generation {}", grouped(headwords), words.generation())
        }
        _ => "words in table words".to_owned(),
    };
    format!("{} clients, {words}", grouped(usize::try_from(admission.clients()).unwrap_or(usize::MAX)))
}

/// A number with commas, as people read it.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn address(peer: &Peer) -> Option<IpAddr> {
    match peer {
        Peer::Internet(address) => Some(address.ip()),
        Peer::Local { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped() {
        let of = [(0, "0"), (999, "999"), (3_104, "3,104"), (1_000_000, "1,000,000")];
        assert!(of.iter().all(|(number, text)| grouped(*number) == *text));
    }
}
