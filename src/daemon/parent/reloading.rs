//! Reloading the words, and answering the operator's requests on the control socket.

use super::Parent;
use super::tls::Tls;
use crate::config::options::Lookup;
use crate::daemon::admission::Refusal;
use crate::daemon::helpers::loader::{self, Loader, Wanted};
use crate::daemon::listeners::Listener;
use crate::daemon::poller::ControlClient;
use crate::daemon::poller::Token;
use crate::daemon::reload::{CHILDREN_HAVE, LONGEST, Moved};
use crate::exit::{Exit, Fatal};
use crate::ipc::control::ControlCommand;
use crate::ipc::counters;
use crate::ipc::scoreboard::WriterCount;
use crate::ipc::status::{self, Status};
use crate::text::printable;
use log::{error, info, warn};
use nix::sys::signal::Signal;
use std::os::fd::AsFd;
use std::time::Instant;

impl Parent {
    /// Loads once, or once more after the load that is under way: requests faster than a load (a watcher of
    /// files) must not keep every load from its end.
    pub(super) fn begin_to_reload(&mut self) {
        if self.reload.loader.is_some() {
            self.reload.remember();
            return;
        }
        self.reports.notifier.reloading();
        let words = (self.served.lookup == Lookup::Text).then(|| self.served.words_files.clone());
        let wanted = Wanted { words, pair: self.served.pair_files.clone() };
        if wanted.is_nothing() {
            info!("nothing to load: words are looked up in table words");
            self.reports.notifier.ready(self.status());
            let asking = self.reload.release();
            self.tell_all(asking, &format!("ok {}", self.words_line()));
            return;
        }
        let started = Loader::start(
            &mut self.forking.forker,
            self.forking.sandboxes.for_loader(),
            wanted,
            self.served.words.loaded(),
        )
        .and_then(|loader| {
            self.poller.watch(loader.helper.as_fd(), Token::Loader)?;
            Ok(loader)
        });
        match started {
            Ok(loader) => {
                info!("loading {}", loader.wanted);
                self.reload.begun(loader, Instant::now());
            }
            Err(error) => self.reload_failed(&Fatal::new(Exit::System, format!("cannot fork a loader: {error}"))),
        }
    }

    pub(super) fn finish_to_reload(&mut self) {
        let Some(loader) = self.reload.loader.take() else { return };
        self.poller.forget(loader.helper.as_fd());
        let generation = self.served.words.generation() + 1;
        let loaded = loader.finish().and_then(|loaded| {
            if let Some(memory) = &loaded.words {
                self.served
                    .words
                    .replace(generation, memory.as_fd())
                    .map_err(|error| Fatal::new(Exit::System, error.to_string()))?;
                self.served.words.populate();
            }
            Ok(loaded)
        });
        match loaded {
            Ok(loaded) => {
                for warning in &loaded.warnings {
                    warn!("{warning}");
                }
                self.fork_server.is_outdated();
                if let Some(pair) = loaded.pair {
                    // For new clients; those that are there have theirs.
                    match Tls::new(pair, Instant::now()) {
                        Ok(tls) => self.served.tls = Some(tls),
                        Err(error) => error!("keeping the old certificate: {error}"),
                    }
                }
                if loaded.words.is_some() {
                    self.served.memory = loaded.words;
                    self.scoreboard.publish(generation);
                    // Idle children would notice at their next lookup; waking them gives the old words' memory back
                    // now.
                    self.take_births();
                    self.children.signal_all(Signal::SIGHUP);
                }
                let read = match loaded.read {
                    Some((read, of)) if of > 1 => format!("; {read} of {of} dictionaries read anew"),
                    _ => String::new(),
                };
                info!("loaded {}: {}{read}", loader.wanted, self.words_line());
                // Before `cidiand reload` is answered: systemd waits for both, and ends at the later.
                self.reports.notifier.ready(self.status());
                self.reload.loaded(self.served.words.generation(), Instant::now());
            }
            Err(fatal) => self.reload_failed(&fatal),
        }
        self.load_again();
    }

    /// Gives up a load whose time is up.
    pub(super) fn give_up_loading(&mut self, now: Instant) {
        let Some(loader) = self.reload.overdue(now) else { return };
        self.poller.forget(loader.helper.as_fd());
        let why = format!("{}: not loaded within {} s", loader.wanted, LONGEST.as_secs());
        loader.give_up();
        self.reload_failed(&Fatal::new(Exit::System, why));
        self.load_again();
    }

    fn load_again(&mut self) {
        if self.stop_by.is_none() && self.reload.take_remembered() {
            self.begin_to_reload();
        }
    }

    fn reload_failed(&mut self, fatal: &Fatal) {
        let stays = match (self.served.lookup, &self.served.pair_files) {
            (Lookup::Text, None) => "keeping the old words",
            (Lookup::Text, Some(_)) => "keeping the old words and the old certificate",
            (Lookup::Database, _) => "keeping the old certificate",
        };
        error!("reload failed: {fatal}; {stays}");
        self.reports.notifier.ready(self.status());
        // Whether a file is bad or not there: it is refused.
        let exit = match fatal.exit {
            Exit::NoInput | Exit::Configuration => Exit::Data,
            other => other,
        };
        let line = format!("refused {} {}; {stays}", exit.status(), printable(&fatal.message));
        let asking = self.reload.failed();
        self.tell_all(asking, &line);
    }

    fn words_line(&self) -> String {
        match self.served.words.headwords() {
            Some(headwords) => format!("{headwords} headwords, generation {}", self.served.words.generation()),
            None => format!("words are looked up in table words of {}", self.reports.database),
        }
    }

    pub(super) fn listen_to(&mut self, control_client: ControlClient) {
        match self.reports.control.as_mut().and_then(|control| control.read(control_client, &self.poller)) {
            Some(ControlCommand::Status) => {
                self.take_births();
                let said = match serde_json::to_string(&self.describe()) {
                    Ok(json) => format!("ok {json}"),
                    Err(error) => format!("refused {} {error}", Exit::Software.status()),
                };
                self.tell(control_client, &said);
            }
            Some(ControlCommand::Reload) if self.stop_by.is_some() => {
                self.tell(control_client, &format!("refused {} the daemon is stopping", Exit::Unavailable.status()));
            }
            Some(ControlCommand::Reload) => {
                self.reload.wait(control_client);
                self.begin_to_reload();
            }
            None => {}
        }
    }

    fn tell(&mut self, control_client: ControlClient, line: &str) {
        if let Some(control) = &mut self.reports.control {
            control.reply(control_client, line, &self.poller);
        }
    }

    fn tell_all(&mut self, control_clients: Vec<ControlClient>, line: &str) {
        for control_client in control_clients {
            self.tell(control_client, line);
        }
    }

    pub(super) fn tell_who_waits_for_children(&mut self, now: Instant) {
        let newest = self.served.words.generation();
        for moved in self.reload.moved(|| self.children.slowest(&self.scoreboard, newest), now) {
            match moved {
                Moved::All(control_client) => self.tell(control_client, &format!("ok {}", self.words_line())),
                Moved::Lagging(control_client) => {
                    let lagging = self.children.lagging(&self.scoreboard, newest);
                    let children = if lagging == 1 { "child has" } else { "children have" };
                    let line = format!(
                        "refused {} {}, but {lagging} {children} not moved to it within {} s",
                        Exit::TryAgain.status(),
                        self.words_line(),
                        CHILDREN_HAVE.as_secs()
                    );
                    self.tell(control_client, &line);
                }
            }
        }
    }

    fn describe(&self) -> Status {
        let mut clients = self.children.clients(&self.scoreboard);
        clients.limit = self.entry.admission.limit();
        let source = match (self.served.lookup, self.served.words_files.as_slice()) {
            (Lookup::Database, _) => "table words".to_owned(),
            (Lookup::Text, []) => "built-in words".to_owned(),
            (Lookup::Text, files) => loader::names(files),
        };
        let generation = self.served.words.generation();
        let (spooled, spool_bytes) = self.scoreboard.spooled();
        let counted = self.children.counters(&self.scoreboard);
        let counted = counters::Counters::of(&counted);
        let writer = status::Writer {
            pid: self.writer.pid().map(nix::unistd::Pid::as_raw),
            forks: self.writer.forks(),
            records: self.scoreboard.counted(WriterCount::Records),
            commits: self.scoreboard.counted(WriterCount::Commits),
            silent_seconds: self.writer.silent(Instant::now()).map(|silent| silent.as_secs()),
            replaced: self.writer.replaced(),
            token_logins: self.scoreboard.counted(WriterCount::Logins),
            histories: self.scoreboard.counted(WriterCount::LooksBack),
            requests_refused: self.scoreboard.counted(WriterCount::Refusals),
        };
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uptime_seconds: self.reports.started.elapsed().as_secs(),
            listening: self.entry.listeners.iter().map(Listener::to_string).collect(),
            clients,
            words: status::Words {
                source,
                headwords: self.served.words.headwords().map(|headwords| headwords as u64),
                generation,
                lagging: self.children.lagging(&self.scoreboard, generation),
                loading: self.reload.loader.is_some(),
            },
            forks: self.children.forks(),
            reaped: self.children.reaped(),
            refused: self.entry.refusals.count(),
            refused_by: status::RefusedBy {
                clients: self.entry.refusals.count_of(Refusal::Full),
                clients_per_source: self.entry.refusals.count_of(Refusal::SourceFull),
                failures: self.entry.refusals.count_of(Refusal::Failures),
                scarcity: self.entry.refusals.count_of(Refusal::Overloaded),
            },
            penalties: self.describe_penalties(),
            database: self.reports.database.clone(),
            database_hosts: self.describe_hosts(),
            database_in_cluster: self.scoreboard.database_hosts().is_cluster(),
            database_errors: self.children.database_errors(&self.scoreboard),
            database_connections: status::DatabaseConnections {
                limit: self.shares.database_connections,
                leased: self.shares.leases.held() as u64,
                waiting: self.shares.leases.waiting() as u64,
            },
            writer,
            spool: status::Spool {
                limit_bytes: self.writer.spool_limit().unwrap_or(0),
                records: spooled,
                bytes: spool_bytes,
                oldest_seconds: self.scoreboard.spool_age().map(|age| age.as_secs()),
                outage_seconds: self.scoreboard.outage().map(|lasts| lasts.as_secs()),
            },
            started: self.reports.started_at,
            sessions_ended: self.children.endings().map(|(name, count)| (name.to_owned(), count)).collect(),
            requests: status::requests(counted),
            lookups: status::Times::of(counted.lookups()),
            history_limit: self.forking.history_limit.unwrap_or(0),
            history_trimmed: self.scoreboard.counted(WriterCount::Trimmed),
            lookup_rate: self.forking.session.lookup_rate,
            lookups_delayed: self.shares.lookups.delayed(),
            commits: status::Times::of(self.scoreboard.commit_times()),
            reloads: status::Reloads { taken: self.reload.counts.0, refused: self.reload.counts.1 },
            log_lines_dropped: self.reports.unlogged.total(),
        }
    }

    fn describe_hosts(&self) -> Vec<status::DatabaseHost> {
        let hosts = self.forking.session.database.hosts();
        let known = self.scoreboard.database_hosts();
        let describe = |(number, host): (usize, &_)| {
            let failure = known.failure(number);
            status::DatabaseHost {
                host: format!("{host}"),
                in_use: known.in_use() == Some(number),
                error_seconds: failure.as_ref().map(|(ago, _)| ago.as_secs()),
                error: failure.map(|(_, why)| why),
            }
        };
        // For a single host, whether there is an outage is all there is to report.
        if hosts.len() > 1 { hosts.iter().enumerate().map(describe).collect() } else { Vec::new() }
    }
}
