//! The parent: one thread, one loop. It accepts, forks, reaps, reloads and refuses.
//!
//! The parent never reads a client's bytes, never opens a database, never waits for a client, a child, a file or a name
//! server while it serves, and ends only on a signal. Each turn of the loop handles, in this order: shutdown, reload,
//! reap, accept.

mod accepting;
mod forking;
mod penalising;
mod reaping;
mod reloading;
mod tls;

use super::admission::refusals::Refusals;
use super::admission::scarcity::Scarcity;
use super::children::control_channel::ControlChannel;
use super::children::leases::Leases;
use super::children::lookup_rates::LookupRates;
use super::children::turns::Turns;
use super::helpers::sandboxes::Sandboxes;
use super::helpers::writer::Supervisor;
use super::systemd::notify::Notifier;
use crate::config::networks::Proxies;
use crate::config::options::Lookup;
use crate::config::session::SessionSettings;
use crate::config::settings::Settings;
use crate::config::tls::PairFiles;
use crate::daemon::admission::Admission;
use crate::daemon::children::Children;
use crate::daemon::control::Control;
use crate::daemon::fork_server::ForkServer;
use crate::daemon::listeners::Listener;
use crate::daemon::poller::{Poller, Token};
use crate::daemon::reload::Reload;
use crate::daemon::signals::Signals;
use crate::daemon::throttle::Throttle;
use crate::daemon::unlogged::Unlogged;
use crate::exit::{Exit, Fatal};
use crate::ipc::parent::ParentRequest;
use crate::ipc::scoreboard::{Scoreboard, WriterCount};
use crate::ipc::status::grouped;
use crate::session::WordSource;
use crate::standard_error::StandardError;
use crate::sys::{Forker, Title, fill_heap_gaps};
use crate::writer::With;
use log::{error, info, warn};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long children have to finish what they have read, when the daemon stops.
const DRAIN: Duration = Duration::from_secs(10);
/// How many leases of database connections one party may have at least; more only where there are more processors.
const LEAST_SHARE: usize = 2;

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
    pub words: WordSource,
    /// The snapshot's memory.
    pub memory: Option<OwnedFd>,
    /// The certificate's memory, which the parent never looks into.
    pub pair: Option<OwnedFd>,
    /// The page that is shared with the children.
    pub scoreboard: Scoreboard,
    /// Where children ask.
    pub control_channel: ControlChannel,
    /// The writer's place.
    pub writer: Supervisor,
    /// Where the operator asks; a client's private server has no such place.
    pub control: Option<Control>,
    /// The way to systemd.
    pub notifier: Notifier,
    /// What `ps` shows.
    pub title: Option<Title>,
    /// What children are confined to.
    pub sandboxes: Sandboxes,
    /// Where the log goes.
    pub lines: StandardError,
}

/// How clients come in, and which are refused.
struct Entry {
    listeners: Vec<Listener>,
    listening: bool,
    admission: Admission,
    proxies: Proxies,
    refusals: Refusals,
    scarcity: Scarcity,
    turned_away: penalising::TurnedAway,
    penalties_said: Throttle,
}

/// What children get of a load: words and certificate, and where they come from.
struct Served {
    words_files: Vec<PathBuf>,
    lookup: Lookup,
    words: WordSource,
    memory: Option<OwnedFd>,
    pair_files: Option<PairFiles>,
    tls: Option<tls::Tls>,
}

/// What children take turns with.
struct Shares {
    leases: Leases,
    turns: Turns,
    lookups: LookupRates,
    database_connections: u32,
}

/// What a new process is forked with.
struct Forking {
    forker: Forker,
    title: Option<Title>,
    sandboxes: Sandboxes,
    session: SessionSettings,
    history_limit: Option<u64>,
}

/// Reports to the operator, systemd and the log.
struct Reports {
    control: Option<Control>,
    notifier: Notifier,
    database: String,
    started: Instant,
    /// The same by the clock on the wall, in seconds since 1970.
    started_at: u64,
    unlogged: Unlogged,
}

/// The parent's state.
pub struct Parent {
    entry: Entry,
    served: Served,
    shares: Shares,
    forking: Forking,
    reports: Reports,
    poller: Poller,
    signals: Signals,
    scoreboard: Scoreboard,
    control_channel: ControlChannel,
    writer: Supervisor,
    fork_server: ForkServer,
    births: forking::Births,
    children: Children,
    reaping: reaping::Reaping,
    reload: Reload,
    /// When children that have not ended are killed; the daemon stops from when this is set.
    stop_by: Option<Instant>,
}

impl Parent {
    /// Makes ready to serve.
    ///
    /// # Errors
    /// [`Exit::System`]: no descriptor.
    pub fn new(parts: Parts) -> Result<Self, Fatal> {
        let settings = parts.settings;
        let system = |error: Errno| Fatal::new(Exit::System, format!("cannot set up the event loop: {error}"));
        let poller = Poller::new().map_err(system)?;
        poller.watch(parts.signals.as_fd(), Token::Signal).map_err(system)?;
        poller.watch(parts.control_channel.as_fd(), Token::ControlChannel).map_err(system)?;
        if let Some(control) = &parts.control {
            control.watch(&poller).map_err(system)?;
        }
        let database = settings.session.database.to_string();
        let lookup_rate = settings.session.lookup_rate;
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let tls = parts.pair.map(|pair| tls::Tls::new(pair, Instant::now())).transpose();
        let tls =
            tls.map_err(|error| Fatal::new(Exit::System, format!("cannot make the keys of TLS sessions: {error}")))?;
        let is_usable = settings.fork_server && parts.sandboxes.for_session().can_be_handed_down();
        let fork_server = ForkServer::new(is_usable);
        let mut parent = Self {
            entry: Entry {
                listeners: parts.listeners,
                listening: false,
                admission: Admission::new(settings.max_clients, settings.max_clients_per_source, settings.exempt),
                proxies: settings.proxies,
                refusals: Refusals::default(),
                scarcity: Scarcity::default(),
                turned_away: penalising::TurnedAway::default(),
                penalties_said: Throttle::default(),
            },
            served: Served {
                words_files: settings.words,
                lookup: settings.lookup,
                words: parts.words,
                memory: parts.memory,
                pair_files: settings.pair,
                tls,
            },
            shares: Shares {
                // One connection is the writer's.
                leases: Leases::new(
                    usize::try_from(settings.database_connections - 1).unwrap_or(usize::MAX),
                    processors.max(LEAST_SHARE),
                ),
                turns: Turns::new(processors),
                lookups: LookupRates::new(lookup_rate),
                database_connections: settings.database_connections,
            },
            forking: Forking {
                forker: parts.forker,
                title: parts.title,
                sandboxes: parts.sandboxes,
                session: settings.session,
                history_limit: settings.history_limit,
            },
            reports: Reports {
                control: parts.control,
                notifier: parts.notifier,
                database,
                started: Instant::now(),
                started_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
                unlogged: Unlogged::new(parts.lines),
            },
            poller,
            signals: parts.signals,
            children: Children::new(&parts.scoreboard),
            scoreboard: parts.scoreboard,
            control_channel: parts.control_channel,
            writer: parts.writer,
            fork_server,
            births: forking::Births::default(),
            reaping: reaping::Reaping::default(),
            reload: Reload::default(),
            stop_by: None,
        };
        parent.scoreboard.publish(parent.served.words.generation());
        // No client has been let in before: whatever fails at start fails without one.
        parent.entry.listeners.iter().try_for_each(Listener::start)?;
        parent.listen(true);
        Ok(parent)
    }

    /// Serves until a signal ends it.
    pub fn serve(mut self) -> Exit {
        for listener in &self.entry.listeners {
            info!("listening on {listener}");
        }
        fill_heap_gaps();
        // Before any session can have a record; what fails now is tried again.
        self.fork_writer(Instant::now());
        self.look_after_fork_server(Instant::now());
        let status = self.status();
        info!("ready: {status}");
        self.reports.notifier.ready(status);
        let mut signals_were_first = false;
        loop {
            if self.signals.take(Signal::SIGTERM) | self.signals.take(Signal::SIGINT) {
                if self.stop_by.is_some() {
                    warn!("second signal: killing {} children", self.children.count());
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
                self.reap(Instant::now());
            }
            // The writer last: until then a session may have a record.
            if self.stop_by.is_some() && self.no_child_is_left() && self.writer.finish() {
                info!("stopped");
                self.tell_unlogged(Instant::now());
                return Exit::Success;
            }
            let deadline = self.do_what_is_due(Instant::now());
            match self.poller.wait(deadline) {
                Ok(tokens) => {
                    // Signals before all else, which waits for the next turn: who has gone makes room for who comes. But
                    // not twice in a row, or children that end one after the other would keep clients waiting.
                    signals_were_first = !signals_were_first && tokens.clone().any(|token| token == Token::Signal);
                    tokens
                        .filter(|token| !signals_were_first || *token == Token::Signal)
                        .for_each(|token| self.attend_to(token));
                }
                Err(error) => {
                    // Nothing of ours can cause this; going on without it would spin.
                    error!("the event loop failed: {error}");
                    self.begin_to_stop();
                    self.entry.scarcity.rest();
                }
            }
        }
    }

    fn attend_to(&mut self, token: Token) {
        match token {
            Token::Signal => self.signals.drain(),
            Token::ControlChannel => self.answer_children(),
            Token::Loader => self.finish_to_reload(),
            Token::Listener(number) => self.accept(number),
            Token::Turn(turn) => self.turn_is_over(turn),
            Token::Lease(lease) => self.lease_is_over(lease),
            Token::Refused(number) => self.entry.refusals.closed(number, &self.poller),
            Token::Control => {
                if let Some(control) = &mut self.reports.control {
                    control.accept(&self.poller, Instant::now());
                }
            }
            Token::ControlClient(control_client) => self.listen_to(control_client),
            Token::Writer => self.end_offenders(),
            Token::ForkServer => self.receive_reports(),
        }
    }

    /// Does what is due, and returns when something is due again.
    fn do_what_is_due(&mut self, now: Instant) -> Option<Instant> {
        let mut stop_by = self.stop_by;
        if stop_by.is_some_and(|deadline| deadline <= now) {
            let who = match self.children.count() {
                0 => "the writer, which".to_owned(),
                1 => "1 child that".to_owned(),
                count => format!("{count} children that"),
            };
            warn!("killing {who} did not finish within {} s", DRAIN.as_secs());
            self.children.signal_all(Signal::SIGKILL);
            if self.children.count() == 0 {
                self.writer.kill();
            }
            // They can't refuse; what is left is to reap them.
            stop_by = Some(now + DRAIN);
            self.stop_by = stop_by;
        }
        let rested = match self.entry.scarcity.pause_until() {
            Some(until) if until <= now => {
                self.entry.scarcity.resume();
                self.listen(true);
                None
            }
            until => until,
        };
        let refused = self.entry.refusals.close_due(&self.poller, now);
        let (admission, words, children) = (&self.entry.admission, &self.served.words, &self.children);
        let status = || match self.stop_by {
            Some(_) => stopping_line(children),
            None => status_line(admission, words),
        };
        let told = self.reports.notifier.look(status, self.stop_by, now);
        self.tell_who_waits_for_children(now);
        let reap = self.reap_if_due(now);
        self.give_up_loading(now);
        let look = self.reload.look_at(now);
        let writer = self.fork_writer(now);
        let resumption = self.renew_resumption(now);
        let fork_server = self.look_after_fork_server(now);
        let overdue = self.end_overdue_turns(now);
        let leases = self.shares.leases.look(now);
        let turns = self.shares.turns.look(now);
        let control = self.reports.control.as_mut().and_then(|control| control.close_due(&self.poller, now));
        let unlogged = self.tell_unlogged(now);
        [
            stop_by,
            rested,
            refused,
            told,
            reap,
            look,
            control,
            writer,
            leases,
            turns,
            overdue,
            unlogged,
            resumption,
            fork_server,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn tell_unlogged(&mut self, now: Instant) -> Option<Instant> {
        let others = self.scoreboard.take_unlogged().saturating_add(self.children.take_unlogged());
        self.reports.unlogged.look(others, now)
    }

    /// Forks a writer if it is time for one. Returns when it is, if that is later.
    fn fork_writer(&mut self, now: Instant) -> Option<Instant> {
        let look = self.writer.look(|| self.scoreboard.counted(WriterCount::Turns), now);
        if self.writer.due().is_some_and(|due| due <= now) {
            let with = With {
                scoreboard: &mut self.scoreboard,
                database: &self.forking.session.database,
                title: self.forking.title.as_mut(),
                sandbox: self.forking.sandboxes.for_writer(),
                lines: self.reports.unlogged.lines(),
                history_limit: self.forking.history_limit,
            };
            self.writer.fork(&mut self.forking.forker, with, now);
            let watched = self.writer.messages().map(|messages| self.poller.watch(messages, Token::Writer));
            if let Some(Err(error)) = watched {
                // What it reports is then read when it ends.
                warn!("cannot watch the writer: {error}");
            }
        }
        [self.writer.due(), look].into_iter().flatten().min()
    }

    fn answer_children(&mut self) {
        while let Some((question, socket)) = self.control_channel.next_ask() {
            // A child that asks has reported before.
            self.take_births();
            match question.ask {
                ParentRequest::Words => {
                    if let Some(memory) = &self.served.memory {
                        ControlChannel::give_words(&socket, self.served.words.generation(), memory.as_fd());
                    }
                }
                ParentRequest::ExitReason => self.note_ending(&socket),
                ParentRequest::WriterSilent => {
                    self.writer.suspect(self.scoreboard.counted(WriterCount::Turns), Instant::now());
                }
                ParentRequest::Working | ParentRequest::LoggingIn | ParentRequest::Writing => {
                    self.queue_for_turn(question, socket);
                }
                ParentRequest::Registering | ParentRequest::Changing | ParentRequest::UsingToken => {
                    self.count_against_budget(question.ask, &socket);
                }
                ParentRequest::FailedLogin | ParentRequest::Mended => self.count_login(question.ask, &socket),
                ParentRequest::Database => self.queue_for_lease(question.account, socket),
                ParentRequest::LookingUp => {
                    let wait = self.shares.lookups.wait(question.account, Instant::now());
                    ControlChannel::answer_with_wait(&socket, u64::try_from(wait.as_micros()).unwrap_or(u64::MAX));
                }
                ParentRequest::Introducing => self.meet(&socket),
            }
        }
    }

    // Shutdown.

    fn begin_to_stop(&mut self) {
        if self.stop_by.is_some() {
            return;
        }
        info!("stopping: {} clients have {} s to finish", self.children.count(), DRAIN.as_secs());
        self.reports.notifier.stopping(stopping_line(&self.children), DRAIN);
        self.stop_by = Some(Instant::now() + DRAIN);
        self.listen(false);
        self.entry.listeners.clear();
        if let Some(loader) = self.reload.loader.take() {
            self.poller.forget(loader.helper.as_fd());
            loader.give_up();
        }
        self.take_births();
        self.children.signal_all(Signal::SIGTERM);
    }

    /// Whether every child has gone, and what could fork another.
    fn no_child_is_left(&self) -> bool {
        self.children.count() == 0 && self.births.are_none() && self.fork_server.has_gone()
    }

    // What is reported to others.

    fn status(&self) -> String {
        status_line(&self.entry.admission, &self.served.words)
    }

    fn log_figures(&self) {
        let words = match self.served.words.headwords() {
            Some(headwords) => headwords.to_string(),
            None => "table".to_owned(),
        };
        info!(
            "counters: clients={} forks={} reaped={} refused={} words={words} generation={}",
            self.children.count(),
            self.children.forks(),
            self.children.reaped(),
            self.entry.refusals.count(),
            self.served.words.generation(),
        );
    }
}

fn stopping_line(children: &Children) -> String {
    format!("stopping, {} clients", grouped(children.count() as u64))
}

fn status_line(admission: &Admission, words: &WordSource) -> String {
    let words = match words.headwords() {
        Some(headwords) => format!("{} headwords, generation {}", grouped(headwords as u64), words.generation()),
        None => "words in table words".to_owned(),
    };
    format!("{} clients, {words}", grouped(admission.clients().into()))
}
