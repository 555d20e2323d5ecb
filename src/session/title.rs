//! What others see of a session: its title in `ps` and its slot on the board. Never a password, never a word.

use super::board::Slot;
use crate::sys::Title;
use std::net::{IpAddr, SocketAddr};

/// Who a client is, as far as its address tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// Over TCP.
    Internet(SocketAddr),
    /// Over TLS over TCP.
    Tls(SocketAddr),
    /// Over a Unix socket, with the process's user.
    Local {
        /// The user's number.
        user: u32,
    },
}

impl Peer {
    /// Its address; none over a Unix socket.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Internet(address) | Self::Tls(address) => Some(address.ip()),
            Self::Local { .. } => None,
        }
    }

    /// Whether nothing of what is said leaves this machine.
    pub fn is_on_this_machine(&self) -> bool {
        self.address().is_none_or(|address| address.to_canonical().is_loopback())
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Internet(address) => write!(f, "{address}"),
            Self::Tls(address) => write!(f, "{address} (TLS)"),
            Self::Local { user } => write!(f, "unix:uid={user}"),
        }
    }
}

/// What a session is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is logged in, and it waits for its client.
    LoginAwaited,
    /// Somebody is logged in, and it waits for its client.
    Idle,
    /// It answers requests.
    Busy,
    /// It checks or makes a password's hash, or waits for its turn to.
    Hashing,
    /// It has said its last line.
    Closing,
}

impl State {
    const ALL: [Self; 5] = [Self::LoginAwaited, Self::Idle, Self::Busy, Self::Hashing, Self::Closing];

    /// Its number on the board; 0 is none.
    pub fn number(self) -> u64 {
        match self {
            Self::LoginAwaited => 1,
            Self::Idle => 2,
            Self::Busy => 3,
            Self::Hashing => 4,
            Self::Closing => 5,
        }
    }

    /// The state of a number on the board.
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

/// A session's face to the outside.
#[derive(Debug)]
pub struct Face<'a> {
    peer: Peer,
    title: Option<&'a mut Title>,
    slot: Slot<'a>,
    /// The title up to the state; made anew when it changes, not at each request.
    shown: String,
    requests: u64,
}

impl<'a> Face<'a> {
    pub fn new(peer: Peer, title: Option<&'a mut Title>, slot: Slot<'a>) -> Self {
        let mut new = Self { peer, title, slot, shown: String::new(), requests: 0 };
        new.set_user("");
        new
    }

    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    pub fn slot(&self) -> Slot<'a> {
        self.slot
    }

    pub fn set_user(&mut self, name: &str) {
        let user = if name.is_empty() { "-".to_owned() } else { crate::text::printable(name) };
        self.shown = format!("cidiand: client {} user {user}: ", self.peer);
        self.slot.set_user(name);
    }

    /// Whether no request has been counted.
    pub fn is_new(&self) -> bool {
        self.requests == 0
    }

    pub fn count_request(&mut self) {
        self.requests += 1;
        self.slot.set_requests(self.requests);
    }

    pub fn show(&mut self, state: State) {
        self.slot.set_state(state.number());
        if let Some(title) = &mut self.title {
            let begin = self.shown.len();
            self.shown.push_str(state.as_str());
            title.set(&self.shown);
            self.shown.truncate(begin);
        }
    }
}
