//! The child: one process for one client, from the fork to `_exit`.
//!
//! It speaks the line protocol (or DICT, where the client came in for that) with its client, looks words up in the
//! snapshot it inherited (or in table `words`), and opens a database connection of its own when it first needs one. It
//! never forks, never accepts, and never returns into the parent's code. To its parent it speaks through the [`board`],
//! the [`exchange`] and its [`Ending`].

#![forbid(unsafe_code)]

mod accounts;
pub mod board;
mod connection;
mod dict;
mod ending;
pub mod exchange;
pub mod figures;
mod history;
mod pages;
pub mod pair;
mod rates;
mod replies;
mod requests;
mod reverse;
mod stores;
mod tally;
mod title;
mod tls;
mod tokens;
mod turns;
mod words;

pub use dict::DictSettings;
pub use ending::Ending;
pub use title::{Peer, State};
pub use words::Words;

use crate::protocol::{Code, Failure, Line, MAX_LINE, Request};
use crate::standard_error::StandardError;
use crate::store::Location;
use crate::sys::sandbox::Sandbox;
use crate::sys::{self, ChildSignals, Origin, Title};
use crate::writer::Channel;
use crate::{dict as dict_protocol, protocol};
use board::{Board, SlotNumber};
use connection::{Connection, Wait};
use nix::poll::{PollFd, PollFlags};
use std::convert::Infallible;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tls::Tls;
use turns::Work;
use zeroize::{Zeroize, Zeroizing};

/// What the operator has decided about sessions.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// The database.
    pub database: Location,
    /// Whether `R` is answered.
    pub registration_open: bool,
    /// The longest time without a whole request; no limit without one.
    pub idle_timeout: Option<Duration>,
    /// The longest time from connecting to the first successful login; no limit without one.
    pub login_grace: Option<Duration>,
    /// Whether names and secrets are taken in clear text only from this machine.
    pub require_tls: bool,
    /// The most lookups a second of one account; 0 for no limit.
    pub lookup_rate: u32,
    /// What concerns sessions that speak DICT.
    pub dict: DictSettings,
}

/// What the clients of a listener speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// The line protocol.
    Lines,
    /// The line protocol within TLS.
    LinesOverTls,
    /// DICT.
    Dict,
}

impl Language {
    /// The longest line of a client, in bytes, without its line end.
    fn max_line(self) -> usize {
        match self {
            Self::Lines | Self::LinesOverTls => MAX_LINE,
            Self::Dict => dict_protocol::MAX_LINE,
        }
    }

    /// Writes why a client is not served (any more).
    pub fn push_failure(self, out: &mut Vec<u8>, failure: &Failure) {
        match self {
            Self::Lines | Self::LinesOverTls => protocol::push_failure(out, failure),
            Self::Dict => dict::push_failure(out, failure),
        }
    }
}

/// What a session takes over from its parent.
#[derive(Debug)]
pub struct Inherited<'a> {
    /// The client's connection, non-blocking.
    pub client: OwnedFd,
    /// Who the client is.
    pub peer: Peer,
    /// What it speaks.
    pub language: Language,
    /// The certificate's sealed memory, where the client came in for TLS.
    pub pair: Option<BorrowedFd<'a>>,
    /// Where the parent is asked for things.
    pub hub: BorrowedFd<'a>,
    /// Where the writer is handed what is to be kept.
    pub door: BorrowedFd<'a>,
    /// This session's place on it.
    pub slot: SlotNumber,
    /// Where words are looked up. The child's copy: it replaces it after a reload.
    pub words: &'a mut Words,
    /// What the operator has decided.
    pub settings: &'a SessionSettings,
    /// What `ps` shows.
    pub title: Option<&'a mut Title>,
    /// When the client connected.
    pub connected: Instant,
    /// A number for the source whose turns its lookups take at the writer; 0 if its account's are.
    pub source: u64,
    /// What the session is confined to.
    pub sandbox: &'a Sandbox,
    /// Where the log goes.
    pub lines: &'a StandardError,
}

/// How long a finished session waits for its client to take the last line and close.
const DRAIN: Duration = Duration::from_secs(1);

/// Runs a session to its end. This is the only door from the parent's code to the child's. Of the `board` it keeps its own
/// slot, and the head to read.
pub fn run(inherited: Inherited<'_>, board: &mut Board, origin: Origin) -> Infallible {
    let Inherited { hub, slot, lines, .. } = inherited;
    lines.begin_process();
    let kept = board.keep_only(slot);
    let board = &*board;
    let ending = match kept.map_err(io::Error::from).and_then(|()| prepare(&inherited)) {
        Ok((signals, tls, dialogue)) => Session::new(inherited, board, origin, signals, tls, dialogue).serve(),
        Err(error) => {
            log::error!("client {}: the session can't be set up: {error}", inherited.peer);
            Ending::Internal
        }
    };
    board.slot(slot).set_unlogged(lines.take_dropped());
    if board.are_many() {
        exchange::announce_end(hub);
    }
    sys::exit_now(ending.exit_status())
}

/// Whatever has to be opened is opened here, before the first byte of the client is read.
fn prepare(inherited: &Inherited<'_>) -> io::Result<(ChildSignals, Option<Tls>, Option<dict::Dialogue>)> {
    let sandbox = inherited.sandbox;
    let mut keep = vec![inherited.client.as_fd(), inherited.hub, inherited.door];
    keep.extend(sandbox.descriptor());
    let tls = match inherited.pair {
        Some(pair) => {
            let with_pair: Vec<_> = keep.iter().copied().chain([pair]).collect();
            sys::close_all_but(&with_pair)?;
            Some(Tls::new(pair::take_up(pair)?).map_err(io::Error::other)?)
        }
        None => None,
    };
    // In clear text the certificate's memory goes with all others, unread.
    sys::close_all_but(&keep)?;
    let dialogue = match inherited.language {
        Language::Dict => Some(dict::Dialogue::new(&inherited.settings.dict).map_err(io::Error::other)?),
        Language::Lines | Language::LinesOverTls => None,
    };
    let signals = ChildSignals::install()?;
    // The last step: from here on only what a session needs is possible, and not a byte of the client's is read yet.
    sandbox.enter()?;
    Ok((signals, tls, dialogue))
}

/// What kinds of lines a client has sent.
#[derive(Debug, Default)]
struct Sent {
    requests: bool,
    garbage: bool,
}

/// A session's state, between one line and the next.
struct Session<'a> {
    connection: Connection,
    /// What a session remembers that speaks DICT; one that does not has none.
    dialogue: Option<dict::Dialogue>,
    signals: ChildSignals,
    stores: stores::Stores<'a>,
    writer: Channel<'a>,
    /// Until when the writer is not asked for what can be known without it.
    writer_silent_until: Option<Instant>,
    words: &'a mut Words,
    hub: BorrowedFd<'a>,
    /// Leave to use a processor for long, while there is one.
    turn: Option<turns::Working>,
    board: &'a Board,
    settings: &'a SessionSettings,
    face: title::Face<'a>,
    replies: replies::Replies,
    tally: tally::Tally,
    clock: history::Clock,
    login: Option<accounts::Login>,
    failed_logins: u32,
    /// When the client connected.
    connected: Instant,
    /// The names of those that no login under the same name has mended.
    failed_names: Vec<String>,
    /// What was sent: any line that is a request, any that is none.
    sent: Sent,
    /// Set in the middle of a request that the session ends with.
    ends: Option<Ending>,
    /// When the grace time is over; none once a login has succeeded.
    grace_ends: Option<Instant>,
}

impl<'a> Session<'a> {
    fn new(
        inherited: Inherited<'a>,
        board: &'a Board,
        origin: Origin,
        signals: ChildSignals,
        tls: Option<Tls>,
        dialogue: Option<dict::Dialogue>,
    ) -> Self {
        let Inherited { client, peer, language, hub, door, slot, words, settings, title, connected, source, .. } =
            inherited;
        // Nobody has to log in to speak DICT.
        let grace = settings.login_grace.filter(|_| language != Language::Dict);
        let client = Rc::new(client);
        let waiting = stores::Waiting { hub, account: 0, client: Rc::clone(&client), signals };
        Self {
            connection: Connection::new(client, tls, language.max_line()),
            dialogue,
            signals,
            stores: stores::Stores::new(
                &settings.database,
                origin.into_store_key(),
                peer.clone(),
                board,
                slot,
                waiting,
            ),
            writer: Channel::new(door, source),
            writer_silent_until: None,
            words,
            hub,
            turn: None,
            board,
            settings,
            face: title::Face::new(peer, language, title, board.slot(slot)),
            replies: replies::Replies::new(language),
            tally: tally::Tally::default(),
            clock: history::Clock::default(),
            login: None,
            failed_logins: 0,
            connected,
            failed_names: Vec::new(),
            sent: Sent::default(),
            ends: None,
            grace_ends: grace.and_then(|grace| connected.checked_add(grace)),
        }
    }

    fn serve(mut self) -> Ending {
        match self.converse() {
            Ending::Closed | Ending::Lost | Ending::Idle if self.sent.garbage && !self.sent.requests => Ending::Garbage,
            ending => ending,
        }
    }

    fn converse(&mut self) -> Ending {
        self.face.slot().acknowledge(self.words.generation());
        if let Err(ending) = self.shake_hands() {
            return self.finish(ending);
        }
        if let Err(ending) = self.greet() {
            return self.finish(ending);
        }
        let mut idle_ends = self.idle_from_now();
        loop {
            match self.answer_what_was_read() {
                Ok(answered) if answered > 0 => idle_ends = self.idle_from_now(),
                Ok(_) => {}
                Err(ending) => return self.finish(ending),
            }
            if self.signals.stop_asked() {
                self.replies.fail(&Failure::new(Code::Bye, "the server is stopping"));
                return self.finish(Ending::Stopped);
            }
            match self.wait_for_client(idle_ends) {
                Ok(Wait::Ready) => {}
                Ok(Wait::Interrupted) => {
                    self.renew_words();
                    continue;
                }
                Ok(Wait::TimedOut) => {
                    let (message, ending) = if self.grace_ends.is_some_and(|end| end <= Instant::now()) {
                        ("no login within the grace time", Ending::GraceOver)
                    } else {
                        ("idle too long", Ending::Idle)
                    };
                    self.replies.fail(&Failure::new(Code::Timeout, message));
                    return self.finish(ending);
                }
                Err(ending) => return self.finish(ending),
            }
            match self.connection.read() {
                Ok(true) => {}
                // What follows the last newline is not a request (lesson D5); the replies are all written.
                Ok(false) => {
                    let _ = self.connection.end(Duration::ZERO);
                    return Ending::Closed;
                }
                Err(ending) => return self.finish(ending),
            }
        }
    }

    /// Answers every whole line that has been read, commits what is to last, and writes the replies.
    fn answer_what_was_read(&mut self) -> Result<u64, Ending> {
        let mut answered = 0;
        let mut ending = None;
        let mut whole = Zeroizing::new(Vec::with_capacity(MAX_LINE));
        let mut secrets = false;
        let mut begun = Instant::now();
        while let Some(line) = self.connection.lines.next_line() {
            if answered == 0 {
                self.face.show(State::Busy);
            }
            answered += 1;
            self.face.count_request();
            let line = match line {
                Line::TooLong => None,
                Line::Whole(bytes) => {
                    whole.clear();
                    whole.extend_from_slice(bytes);
                    Some(whole.as_slice())
                }
            };
            ending = match &self.dialogue {
                Some(_) => self.answer_command(line, begun),
                None => self.answer_line(line, begun, &mut secrets),
            };
            if self.stores.client_has_gone() {
                ending = Some(Ending::Lost);
            } else if self.stores.is_shut_out() {
                self.replies.fail(&Failure::new(Code::Bye, "the database was moved; connect again"));
                ending = Some(Ending::Stopped);
            }
            if ending.is_some() {
                break;
            }
            if self.replies.are_many() {
                self.write_replies()?;
                begun = Instant::now();
            }
            // Others that want a connection wait for one request, not for all that were read.
            self.stores.close_if_wanted();
        }
        self.turn = None;
        if self.dialogue.is_none() && self.face.is_new() && tls::is_handshake(self.connection.lines.unfinished()) {
            self.refuse_handshake();
        }
        // Before the client hears that it is done.
        drop(whole);
        if secrets {
            self.connection.lines.wipe();
        }
        self.write_replies()?;
        self.stores.close_if_wanted();
        ending.map_or(Ok(answered), Err)
    }

    /// Answers one line of the line protocol; none is one that was too long.
    fn answer_line(&mut self, line: Option<&[u8]>, begun: Instant, secrets: &mut bool) -> Option<Ending> {
        let too_long = || Err(Failure::new(Code::TooLong, "the line is longer than 1024 bytes"));
        let request = line.map_or_else(too_long, Request::parse);
        if let Err(ending) = self.take_turn(request.as_ref().map_or(Work::Quick, Work::of), begun) {
            return Some(ending);
        }
        // What is no request may be one with a password that was mistyped.
        *secrets |= !request.as_ref().is_ok_and(Request::is_public);
        match request {
            Ok(request) => {
                self.sent.requests = true;
                if let Err(ending) = self.wait_for_rate(&request) {
                    return Some(ending);
                }
                self.answer_and_count(&request)
            }
            Err(failure) => {
                // An impossible name or password is a person's mistake, in a request.
                let garbage = matches!(failure.code, Code::BadReq | Code::TooLong);
                self.sent.garbage |= garbage;
                self.sent.requests |= !garbage;
                tally::Tally::invalid(failure.code, self.face.slot().figures(), self.face.peer());
                self.replies.fail(&failure);
                None
            }
        }
    }

    fn answer_and_count(&mut self, request: &Request<'_>) -> Option<Ending> {
        let begun = tally::Begun::of(figures::RequestKind::of(request));
        let waiting = self.replies.count_waiting();
        self.replies.refused = None;
        let ending = self.answer(request);
        let (refused, awaits) = (self.replies.refused, self.replies.awaits(waiting));
        self.tally.answered(begun, refused, awaits, self.face.slot().figures(), self.face.peer());
        ending
    }

    fn write_replies(&mut self) -> Result<(), Ending> {
        self.settle();
        let mut replies = self.replies.take();
        let Self { connection, stores, face, turn, .. } = self;
        let written = connection.write(&replies, || {
            *turn = None;
            stores.close();
            face.publish();
        });
        if std::mem::take(&mut self.replies.secret) {
            replies.zeroize();
        }
        written
    }

    fn wait_for_client(&mut self, idle_ends: Option<Instant>) -> Result<Wait, Ending> {
        let awaits_login = self.login.is_none() && self.dialogue.is_none();
        self.face.show(if awaits_login { State::LoginAwaited } else { State::Idle });
        let deadline = [idle_ends, self.grace_ends].into_iter().flatten().min();
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Ok(Wait::TimedOut);
        }
        if self.connection.has_input() {
            return Ok(Wait::Ready);
        }
        self.face.publish();
        self.connection.lines.release_if_empty();
        loop {
            let idle_at = [self.stores.idle_at(), self.writer.idle_at()].into_iter().flatten().min();
            let until = [deadline, idle_at].into_iter().flatten().min();
            let client = PollFd::new(self.connection.socket(), PollFlags::POLLIN);
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
            if self.stores.idle_at().is_some_and(|at| at <= now) {
                self.stores.close();
            }
            if self.writer.idle_at().is_some_and(|at| at <= now) {
                self.writer.close();
            }
            sys::give_back_memory();
        }
    }

    /// Says what is left to say, and closes so that it arrives: closing with unread input sends a reset, which can
    /// overtake the last reply.
    fn finish(&mut self, ending: Ending) -> Ending {
        match ending {
            Ending::TlsFailed => self.log_tls_failure(),
            Ending::ClearText => self.refuse_clear_text(),
            _ => {}
        }
        if ending.client_listens() {
            self.face.show(State::Closing);
            if self.write_replies().is_ok() {
                let Self { connection, face, .. } = self;
                connection.close_politely(DRAIN, || face.publish());
            }
        }
        ending
    }

    fn idle_from_now(&self) -> Option<Instant> {
        self.settings.idle_timeout.and_then(|timeout| Instant::now().checked_add(timeout))
    }

    /// Moves to the newest words, if there are newer ones. On failure the old ones serve on, and the next look
    /// tries again.
    fn renew_words(&mut self) {
        let newest = self.board.generation();
        if newest == self.words.generation() {
            return;
        }
        match exchange::ask_for_words(self.hub).and_then(|(generation, memory)| {
            self.words.replace(generation, memory.as_fd()).map_err(|error| std::io::Error::other(error.to_string()))
        }) {
            Ok(()) => self.face.slot().acknowledge(self.words.generation()),
            Err(error) => log::warn!("client {}: the new words can't be taken yet: {error}", self.face.peer()),
        }
    }
}
