//! The child: one process for one client, from the fork to `_exit`.
//!
//! It speaks the line protocol (or DICT, where the client came in for that) with its client, looks words up in the
//! snapshot it inherited (or in table `words`), and opens a database connection of its own when it first needs one. It
//! never forks, never accepts, and never returns into the parent's code. It communicates with its parent through the
//! [scoreboard](crate::ipc::scoreboard), [requests](crate::ipc::parent) and its [`ExitReason`].

#![forbid(unsafe_code)]

mod accounts;
mod apart;
mod clock;
mod connection;
mod dict;
mod handshake;
mod history;
mod peer;
mod pick;
mod proxied;
mod rates;
mod replies;
mod requests;
mod reverse;
mod stars;
mod stores;
mod tally;
mod title;
mod tls;
mod tokens;
mod turns;
mod words;
mod work;
mod writer;

use crate::config::session::SessionSettings;
use crate::ipc::counters::RequestKind;
pub use crate::ipc::exit_reason::ExitReason;
use crate::ipc::key_pair::TlsMemory;
pub use peer::{Arrival, Language, Peer};
pub use title::State;
pub use words::{TableNotes, WordSource};

use crate::ipc::channel::Channel;
use crate::ipc::scoreboard::{Scoreboard, Shown};
use crate::protocol::{Code, Failure, Line, MAX_LINE, Request};
use crate::standard_error::StandardError;
use crate::sys::sandbox::{CallKey, Sandbox};
use crate::sys::{self, ChildSignals, Origin, PreparedSignals, Title};
use clock::Clock;
use connection::{Connection, Wait};
use nix::poll::{PollFd, PollFlags};
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tls::Tls;
use work::Work;
use zeroize::{Zeroize, Zeroizing};

/// What a session takes over from its parent.
#[derive(Debug)]
pub struct Inherited<'a> {
    /// The client's connection, non-blocking.
    pub client: OwnedFd,
    /// Who the client is, and this session's place.
    pub arrival: Arrival,
    /// What TLS is made with, where the client came in for it.
    pub tls: Option<TlsMemory<'a>>,
    /// Where the parent is asked for things.
    pub control_channel: BorrowedFd<'a>,
    /// Where the writer is handed what is to be kept.
    pub rendezvous: BorrowedFd<'a>,
    /// Where words are looked up. The child's copy: it replaces it after a reload.
    pub words: &'a mut WordSource,
    /// What the operator has decided.
    pub settings: &'a SessionSettings,
    /// What `ps` shows.
    pub title: Option<&'a mut Title>,
    /// When the client connected.
    pub connected: Instant,
    /// What the session is confined to.
    pub confinement: Confinement<'a>,
    /// Where the log goes.
    pub lines: &'a StandardError,
}

/// How a session is confined.
#[derive(Debug)]
pub enum Confinement<'a> {
    /// It enters the whole sandbox, and closes what it needs no more.
    Whole {
        /// All of this.
        sandbox: &'a Sandbox,
        /// Its signals, whose handlers are installed.
        signals: PreparedSignals,
    },
    /// It has inherited most of it, and no descriptor that it does not need.
    Rest {
        /// Of this it enters the rest.
        sandbox: &'a Sandbox,
        /// With this, which it forgets then.
        key: &'a mut CallKey,
        /// Its signals, which are caught already.
        signals: ChildSignals,
    },
}

/// How long a session waits for its client before its title shows it. Most clients are quicker: then no person could
/// read it, and it would cost a visit as much as a tenth of its page faults.
const TITLE_AFTER: Duration = Duration::from_millis(20);

/// After how long without a request a session gives back what memory it has no use for meanwhile.
const REST: Duration = Duration::from_secs(2);
/// How long a finished session waits for its client to take the last line and close.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs a session to its end. This is the only way from the parent's code to the child's. Of the `scoreboard` it keeps
/// its own slot, and the head to read.
pub fn run(mut inherited: Inherited<'_>, scoreboard: &mut Scoreboard, origin: Origin) -> Infallible {
    let Inherited { control_channel, lines, .. } = inherited;
    let slot = inherited.arrival.slot;
    lines.begin_process();
    let kept = scoreboard.keep_only(slot);
    let scoreboard = &*scoreboard;
    let exit_reason = match kept.map_err(io::Error::from).and_then(|()| prepare(&mut inherited)) {
        Ok((signals, tls, dialogue)) => Session::new(inherited, scoreboard, origin, signals, tls, dialogue).serve(),
        Err(error) => {
            log::error!("client {}: cannot set up the session: {error}", inherited.arrival.peer);
            ExitReason::Internal
        }
    };
    scoreboard.slot(slot).show(Shown::Unlogged, lines.take_dropped());
    if scoreboard.are_many() {
        crate::ipc::parent::announce_end(control_channel);
    }
    sys::exit_now(exit_reason.exit_status())
}

/// Whatever has to be opened is opened here, before the first byte of the client is read.
fn prepare(inherited: &mut Inherited<'_>) -> io::Result<(ChildSignals, Option<Tls>, Option<dict::Dialogue>)> {
    let Inherited { client, arrival, tls, control_channel, rendezvous, settings, confinement, .. } = inherited;
    if let Confinement::Whole { sandbox, .. } = confinement {
        // In clear text the memory of the certificate and of the tickets' keys goes with all others, unread.
        let client = client.as_fd();
        let [pair, resumption] = tls.as_ref().map_or([client; 2], TlsMemory::descriptors);
        let ruleset = sandbox.descriptor().unwrap_or(client);
        sys::close_all_but(&[client, *control_channel, *rendezvous, ruleset, pair, resumption])?;
    }
    let tls = match tls {
        Some(memory) => {
            let tls = Tls::new(memory.take_up()?).map_err(io::Error::other)?;
            memory.descriptors().into_iter().try_for_each(sys::close_inherited)?;
            Some(tls)
        }
        None => None,
    };
    let dialogue = match arrival.language {
        Language::Dict => Some(dict::Dialogue::new(&settings.dict).map_err(io::Error::other)?),
        Language::Lines | Language::LinesOverTls => None,
    };
    // The last step: from here on only what a session needs is possible, and not a byte of the client's is read yet.
    let signals = match confinement {
        Confinement::Whole { sandbox, signals } => {
            let signals = ChildSignals::take_up(*signals)?;
            sandbox.enter()?;
            signals
        }
        Confinement::Rest { sandbox, key, signals } => {
            sandbox.enter_the_rest(key)?;
            *signals
        }
    };
    Ok((signals, tls, dialogue))
}

/// A session's state, between one line and the next.
struct Session<'a> {
    client: ClientState,
    parent: ParentLink<'a>,
    writer: WriterLink<'a>,
    stores: stores::Stores<'a>,
    dictionaries: Dictionaries<'a>,
    logins: Logins,
    requests: RequestState,
    replies: replies::Replies,
    face: title::Face<'a>,
    settings: &'a SessionSettings,
    signals: ChildSignals,
}

/// The client: its connection, and how it speaks.
struct ClientState {
    connection: Connection,
    language: Language,
    is_proxied: bool,
    /// When it connected.
    connected: Instant,
    /// What a session that speaks DICT remembers; `None` for other languages.
    dialogue: Option<dict::Dialogue>,
}

/// What the parent is asked on, and what it gave.
struct ParentLink<'a> {
    control_channel: BorrowedFd<'a>,
    scoreboard: &'a Scoreboard,
    /// Permission to use a processor for long, while there is one.
    turn: Option<turns::Working>,
}

/// The writer, and the times of what it is sent.
struct WriterLink<'a> {
    channel: Channel<'a>,
    /// Until when the writer is not asked for what can be known without it.
    silent_until: Option<Instant>,
    clock: Clock,
}

/// Where words are looked up.
struct Dictionaries<'a> {
    words: &'a mut WordSource,
    /// The names of the dictionaries that are asked; if empty, all are.
    asked: Vec<String>,
}

/// The login, and the failed ones.
#[derive(Default)]
struct Logins {
    current: Option<accounts::Login>,
    /// How many have failed.
    failed: u32,
    /// The names of those that no login under the same name has mended.
    failed_names: Vec<String>,
    /// When the grace time is over; `None` once a login has succeeded.
    grace_ends: Option<Instant>,
}

/// What is known of the requests so far.
#[derive(Default)]
struct RequestState {
    tally: tally::Tally,
    /// Whether any line was a request.
    any_valid: bool,
    /// Whether any line was neither a request nor a mistake in one.
    any_garbage: bool,
    /// Set in the middle of a request that the session ends with.
    ends: Option<ExitReason>,
}

impl<'a> Session<'a> {
    fn new(
        inherited: Inherited<'a>,
        scoreboard: &'a Scoreboard,
        origin: Origin,
        signals: ChildSignals,
        tls: Option<Tls>,
        dialogue: Option<dict::Dialogue>,
    ) -> Self {
        let Inherited { client, arrival, control_channel, rendezvous, words, settings, title, connected, .. } =
            inherited;
        let Arrival { slot, peer, language, is_proxied, source } = arrival;
        // DICT needs no login.
        let grace = settings.login_grace.filter(|_| language != Language::Dict);
        let client = Rc::new(client);
        let waiting = stores::Waiting { control_channel, account: 0, client: Rc::clone(&client), signals };
        let stores =
            stores::Stores::new(&settings.database, origin.into_store_key(), peer.clone(), scoreboard, slot, waiting);
        Self {
            client: ClientState {
                connection: Connection::new(client, tls, language.max_line()),
                language,
                is_proxied,
                connected,
                dialogue,
            },
            parent: ParentLink { control_channel, scoreboard, turn: None },
            writer: WriterLink {
                channel: Channel::new(rendezvous, source),
                silent_until: None,
                clock: Clock::default(),
            },
            stores,
            dictionaries: Dictionaries { words, asked: Vec::new() },
            logins: Logins { grace_ends: grace.and_then(|grace| connected.checked_add(grace)), ..Logins::default() },
            requests: RequestState::default(),
            replies: replies::Replies::new(language),
            face: title::Face::new(peer, language, title, scoreboard.slot(slot)),
            settings,
            signals,
        }
    }

    fn serve(mut self) -> ExitReason {
        let Err(exit_reason) = self.converse();
        match self.finish(exit_reason) {
            ExitReason::Closed | ExitReason::Lost | ExitReason::Idle
                if self.requests.any_garbage && !self.requests.any_valid =>
            {
                ExitReason::Garbage
            }
            exit_reason => exit_reason,
        }
    }

    /// Answers the client until there is a reason to end.
    fn converse(&mut self) -> Result<Infallible, ExitReason> {
        self.face.slot().show(Shown::Generation, self.dictionaries.words.generation());
        if self.client.is_proxied {
            self.meet_client()?;
        }
        self.shake_hands()?;
        self.greet()?;
        let mut idle_ends = self.idle_from_now();
        loop {
            if self.answer_what_was_read()? > 0 {
                idle_ends = self.idle_from_now();
            }
            if self.signals.stop_asked() {
                self.replies.fail(&Failure::new(Code::Bye, "the server is stopping"));
                return Err(ExitReason::Stopped);
            }
            match self.wait_for_client(idle_ends)? {
                Wait::Ready => {}
                Wait::Interrupted => {
                    self.renew_words();
                    continue;
                }
                Wait::TimedOut => {
                    let (message, exit_reason) = if self.logins.grace_ends.is_some_and(|end| end <= Instant::now()) {
                        ("no login within the grace time", ExitReason::GraceOver)
                    } else {
                        ("idle too long", ExitReason::Idle)
                    };
                    self.replies.fail(&Failure::new(Code::Timeout, message));
                    return Err(exit_reason);
                }
            }
            if !self.client.connection.read()? {
                // What follows the last newline is not a request; the replies are all written.
                let _ = self.client.connection.end(Duration::ZERO);
                return Err(ExitReason::Closed);
            }
        }
    }

    /// Answers every whole line that has been read, commits what is to last, and writes the replies.
    fn answer_what_was_read(&mut self) -> Result<u64, ExitReason> {
        let mut answered = 0;
        let mut exit_reason = None;
        let mut whole = Zeroizing::new(Vec::new());
        let mut secrets = false;
        let mut begun = Instant::now();
        while let Some(line) = self.client.connection.lines.next_line() {
            if answered == 0 {
                self.face.show(State::Busy);
            }
            answered += 1;
            self.face.count_request();
            let line = match line {
                Line::TooLong => None,
                Line::Whole(bytes) => {
                    whole.clear();
                    // At once, where there is a line at all: nothing of a password stays where it was before it grew.
                    whole.reserve(MAX_LINE);
                    whole.extend_from_slice(bytes);
                    Some(whole.as_slice())
                }
            };
            exit_reason = match &self.client.dialogue {
                Some(_) => self.answer_command(line, begun),
                None => self.answer_line(line, begun, &mut secrets),
            };
            if self.stores.client_has_gone() {
                exit_reason = Some(ExitReason::Lost);
            } else if self.stores.is_shut_out() {
                self.replies.fail(&Failure::new(Code::Bye, "the database was moved; connect again"));
                exit_reason = Some(ExitReason::Stopped);
            }
            if exit_reason.is_some() {
                break;
            }
            if self.replies.are_many() {
                self.write_replies()?;
                begun = Instant::now();
            }
            // Others that want a connection wait for one request, not for all that were read.
            self.stores.close_if_wanted();
        }
        self.parent.turn = None;
        if self.client.dialogue.is_none()
            && self.face.is_new()
            && tls::is_handshake(self.client.connection.lines.unfinished())
        {
            self.refuse_handshake();
        }
        // Before the client learns that it is done.
        drop(whole);
        if secrets {
            self.client.connection.lines.wipe();
        }
        self.write_replies()?;
        self.stores.close_if_wanted();
        exit_reason.map_or(Ok(answered), Err)
    }

    /// Answers one line of the line protocol; `None` stands for one that was too long.
    fn answer_line(&mut self, line: Option<&[u8]>, begun: Instant, secrets: &mut bool) -> Option<ExitReason> {
        let too_long = || Err(Failure::new(Code::TooLong, "the line is longer than 1024 bytes"));
        let request = line.map_or_else(too_long, Request::parse);
        if let Err(exit_reason) = self.take_turn(request.as_ref().map_or(Work::Quick, Work::of), begun) {
            return Some(exit_reason);
        }
        // An invalid request may be a mistyped one that contains a password.
        *secrets |= !request.as_ref().is_ok_and(Request::is_public);
        match request {
            Ok(request) => {
                self.requests.any_valid = true;
                // A password takes long to check. The reply to the one before shows whether the client is still there.
                let ready = if request.has_passwd() { self.write_replies() } else { Ok(()) };
                if let Err(exit_reason) = ready.and_then(|()| self.wait_for_rate(&request)) {
                    return Some(exit_reason);
                }
                self.answer_and_count(RequestKind::of(&request), |session| session.answer(&request))
            }
            Err(failure) => {
                // An impossible name or password is a person's mistake, in a request.
                let garbage = matches!(failure.code, Code::BadReq | Code::TooLong);
                self.requests.any_garbage |= garbage;
                self.requests.any_valid |= !garbage;
                tally::Tally::invalid(failure.code, self.face.slot().counters(), self.face.peer());
                self.replies.fail(&failure);
                None
            }
        }
    }

    /// Answers a request, and counts it as one of this kind.
    fn answer_and_count(
        &mut self,
        kind: RequestKind,
        answer: impl FnOnce(&mut Self) -> Option<ExitReason>,
    ) -> Option<ExitReason> {
        let begun = tally::Begun::of(kind);
        let waiting = self.replies.count_waiting();
        self.replies.refused = None;
        let exit_reason = answer(self);
        let (refused, awaits) = (self.replies.refused, self.replies.awaits(waiting));
        self.requests.tally.answered(begun, refused, awaits, self.face.slot().counters(), self.face.peer());
        exit_reason
    }

    fn write_replies(&mut self) -> Result<(), ExitReason> {
        self.settle();
        let mut replies = self.replies.take();
        let Self { client, parent, stores, face, .. } = self;
        let written = client.connection.write(&replies, || {
            parent.turn = None;
            stores.close();
            face.publish();
        });
        if std::mem::take(&mut self.replies.secret) {
            replies.zeroize();
        }
        self.replies.reuse(replies);
        written
    }

    fn wait_for_client(&mut self, idle_ends: Option<Instant>) -> Result<Wait, ExitReason> {
        let awaits_login = self.logins.current.is_none() && self.client.dialogue.is_none();
        self.face.show(if awaits_login { State::LoginAwaited } else { State::Idle });
        let deadline = [idle_ends, self.logins.grace_ends].into_iter().flatten().min();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Ok(Wait::TimedOut);
        }
        if self.client.connection.has_input() {
            return Ok(Wait::Ready);
        }
        self.client.connection.lines.release_if_empty();
        // A client that is quick spares the session its title.
        let began = Instant::now();
        let (mut title_at, mut rests_at) = (Some(began + TITLE_AFTER), Some(began + REST));
        loop {
            let idle_at = [self.stores.idle_at(), self.writer.channel.idle_at(), rests_at].into_iter().flatten().min();
            let until = [deadline, idle_at, title_at].into_iter().flatten().min();
            let client = PollFd::new(self.client.connection.socket(), PollFlags::POLLIN);
            let waited = match self.stores.lease() {
                Some(lease) => {
                    let mut watched = [client, PollFd::new(lease, PollFlags::POLLIN)];
                    match connection::wait(&mut watched, until, &self.signals)? {
                        // Others want what this one has no use for now.
                        Wait::Ready if watched[0].any() != Some(true) => None,
                        waited => Some(waited),
                    }
                }
                None => Some(connection::wait(&mut [client], until, &self.signals)?),
            };
            let now = Instant::now();
            match waited {
                Some(Wait::TimedOut) if deadline.is_none_or(|deadline| now < deadline) => {}
                Some(waited) => return Ok(waited),
                None => self.stores.close(),
            }
            if title_at.take_if(|at| *at <= now).is_some() {
                self.face.publish();
                continue;
            }
            if self.stores.idle_at().is_some_and(|at| at <= now) {
                self.stores.close();
            }
            if self.writer.channel.idle_at().is_some_and(|at| at <= now) {
                self.writer.channel.close();
            }
            if rests_at.take_if(|at| *at <= now).is_some() {
                self.replies.release();
            }
            sys::give_back_memory();
        }
    }

    /// Writes what is left to write, and closes so that it arrives: closing with unread input sends a reset, which can
    /// overtake the last reply.
    fn finish(&mut self, exit_reason: ExitReason) -> ExitReason {
        match exit_reason {
            ExitReason::TlsFailed => self.log_tls_failure(),
            ExitReason::ClearText => self.refuse_clear_text(),
            _ => {}
        }
        if exit_reason.client_listens() {
            self.face.show(State::Closing);
            if self.write_replies().is_ok() {
                let Self { client, face, .. } = self;
                client.connection.close_politely(DRAIN, TITLE_AFTER, || face.publish());
            }
        }
        exit_reason
    }

    fn idle_from_now(&self) -> Option<Instant> {
        self.settings.idle_timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    /// Moves to the newest words, if there are newer ones. On failure the old ones serve on, and the next look
    /// tries again.
    fn renew_words(&mut self) {
        let newest = self.parent.scoreboard.generation();
        if newest == self.dictionaries.words.generation() {
            return;
        }
        match crate::ipc::parent::ask_for_words(self.parent.control_channel).and_then(|(generation, memory)| {
            self.dictionaries
                .words
                .replace(generation, memory.as_fd())
                .map_err(|error| std::io::Error::other(error.to_string()))
        }) {
            Ok(()) => self.face.slot().show(Shown::Generation, self.dictionaries.words.generation()),
            Err(error) => {
                log::warn!("client {}: cannot load the new words, keeping the old ones: {error}", self.face.peer());
            }
        }
    }
}
