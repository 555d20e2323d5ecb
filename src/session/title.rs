//! What others can see of a session: its title in `ps` and its slot on the scoreboard. They never contain a password or
//! a word that was looked up.

use super::peer::{Language, Peer};
use crate::ipc::scoreboard::{Shown, Slot};
use crate::sys::Title;

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is logged in, and it waits for its client.
    LoginAwaited = 1,
    /// A user is logged in, and it waits for its client.
    Idle = 2,
    /// It answers requests.
    Busy = 3,
    /// It checks or makes a password's hash, or waits for its turn to.
    Hashing = 4,
    /// It has written its last line.
    Closing = 5,
}

impl State {
    const ALL: [Self; 5] = [Self::LoginAwaited, Self::Idle, Self::Busy, Self::Hashing, Self::Closing];

    /// Its number on the scoreboard; 0 for no state.
    pub fn number(self) -> u64 {
        self as u64
    }

    /// The state of a number on the scoreboard.
    pub fn of_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The word in `ps`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginAwaited => "awaiting login",
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Hashing => "hashing",
            Self::Closing => "closing",
        }
    }
}

/// A session's face to the outside: the scoreboard at once, the title when it waits.
#[derive(Debug)]
pub struct Face<'a> {
    peer: Peer,
    language: Language,
    title: Option<&'a mut Title>,
    slot: Slot<'a>,
    /// The title up to the state; made when it is first needed, and anew when another user is logged in.
    begin: String,
    user: String,
    state: State,
    /// The state that the title shows, if it shows any.
    shown: Option<State>,
    requests: u64,
}

impl<'a> Face<'a> {
    pub fn new(peer: Peer, language: Language, title: Option<&'a mut Title>, slot: Slot<'a>) -> Self {
        Self {
            peer,
            language,
            title,
            slot,
            begin: String::new(),
            user: String::new(),
            state: State::LoginAwaited,
            shown: None,
            requests: 0,
        }
    }

    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The client is another one than it seemed to be.
    pub fn set_peer(&mut self, peer: Peer) {
        self.peer = peer;
        self.begin.clear();
        self.shown = None;
    }

    pub fn slot(&self) -> Slot<'a> {
        self.slot
    }

    pub fn set_user(&mut self, name: &str) {
        self.user = name.to_owned();
        self.begin.clear();
        self.shown = None;
        self.slot.set_user(name);
    }

    /// Whether no request has been counted.
    pub fn is_new(&self) -> bool {
        self.requests == 0
    }

    /// How many requests have been counted.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    pub fn count_request(&mut self) {
        self.requests += 1;
        self.slot.show(Shown::Requests, self.requests);
    }

    /// Shows on the scoreboard what the session is doing.
    pub fn show(&mut self, state: State) {
        self.state = state;
        self.slot.show(Shown::State, state.number());
    }

    /// Brings the title up to date. For before every wait: a session that is over before it ever waits spares the pages
    /// that this touches, and a state that lasts no time is not seen.
    pub fn publish(&mut self) {
        let Some(title) = &mut self.title else { return };
        if self.shown == Some(self.state) {
            return;
        }
        if self.begin.is_empty() {
            let user = if self.user.is_empty() { "-".to_owned() } else { crate::text::printable(&self.user) };
            let language = if self.language == Language::Dict { " (DICT)" } else { "" };
            self.begin = format!("cidiand: client {}{language} user {user}: ", self.peer);
        }
        let begin = self.begin.len();
        self.begin.push_str(self.state.as_str());
        title.set(&self.begin);
        self.begin.truncate(begin);
        self.shown = Some(self.state);
    }
}
