//! Who a client is, and which language it speaks. Pure.

use crate::dict::{self, push_status};
use crate::ipc::scoreboard::SlotNumber;
use crate::protocol::{self, Code, Failure, MAX_LINE};
use std::net::{IpAddr, SocketAddr};

/// A client that was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its session's place on the scoreboard.
    pub slot: SlotNumber,
    /// Who it is.
    pub peer: Peer,
    /// What it speaks.
    pub language: Language,
    /// Whether a proxy's header comes first, which names the client.
    pub is_proxied: bool,
    /// A number for the source whose turns its lookups take at the writer, and whose budgets the parent keeps; 0 if its
    /// account's are, and there are no budgets.
    pub source: u64,
}

/// Who a client is, as far as its address shows.
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
    /// Its address; `None` over a Unix socket.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Internet(address) | Self::Tls(address) => Some(address.ip()),
            Self::Local { .. } => None,
        }
    }

    /// Its address with its port.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Internet(address) | Self::Tls(address) => Some(*address),
            Self::Local { .. } => None,
        }
    }

    /// Whether the traffic stays on this machine.
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
    pub fn max_line(self) -> usize {
        match self {
            Self::Lines | Self::LinesOverTls => MAX_LINE,
            Self::Dict => dict::MAX_LINE,
        }
    }

    /// Writes why a client is not served (any more).
    pub fn push_failure(self, out: &mut Vec<u8>, failure: &Failure) {
        match self {
            Self::Lines | Self::LinesOverTls => protocol::push_failure(out, failure),
            Self::Dict => push_status_of(out, failure),
        }
    }
}

/// A refusal as a status line of DICT: for messages that are the same in both protocols.
fn push_status_of(out: &mut Vec<u8>, failure: &Failure) {
    let code = match failure.code {
        Code::TooLong => 500,
        Code::BadReq | Code::BadName | Code::BadPasswd => 501,
        Code::Denied | Code::Exists => 530,
        Code::NotFound => 552,
        Code::Busy | Code::Unavailable => 420,
        Code::Timeout | Code::Bye => 421,
    };
    push_status(out, code, &failure.message);
}
