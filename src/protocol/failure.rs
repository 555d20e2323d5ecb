//! Why a request was not carried out. Pure.

/// Why a request was not done: the protocol's table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Unknown request, missing field, not UTF-8, a control character, `n` out of range.
    BadReq,
    /// The line is over its limit.
    TooLong,
    /// The name is not 1 to 32 characters without white space.
    BadName,
    /// The password is not 1 to 256 characters and at most 768 bytes.
    BadPasswd,
    /// The name is taken.
    Exists,
    /// Wrong name, password or token; not logged in; logged in as another user; the account is gone or locked.
    Denied,
    /// No such word.
    NotFound,
    /// A limit is reached; the connection ends.
    Busy,
    /// Idle too long, no login within the grace time, or replies not read; the connection ends.
    Timeout,
    /// The database can't be reached now.
    Unavailable,
    /// The server is stopping; the connection ends.
    Bye,
}

impl Code {
    /// Every code, in the order of the protocol's table.
    pub const ALL: [Self; 11] = [
        Self::BadReq,
        Self::TooLong,
        Self::BadName,
        Self::BadPasswd,
        Self::Exists,
        Self::Denied,
        Self::NotFound,
        Self::Busy,
        Self::Timeout,
        Self::Unavailable,
        Self::Bye,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadReq => "badreq",
            Self::TooLong => "toolong",
            Self::BadName => "badname",
            Self::BadPasswd => "badpasswd",
            Self::Exists => "exists",
            Self::Denied => "denied",
            Self::NotFound => "notfound",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Bye => "bye",
        }
    }

    /// The code of a word; `None` for one that this version does not know.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// Whether the reply ends the connection. Requests not answered before it were not carried out.
    pub fn closes(self) -> bool {
        matches!(self, Self::Busy | Self::Timeout | Self::Bye)
    }
}

/// A refusal: its code and a message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What a program acts on.
    pub code: Code,
    /// What a person reads.
    pub message: String,
}

impl Failure {
    /// A refusal with its message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// `badreq`, with its message.
pub(super) fn bad(message: impl Into<String>) -> Failure {
    Failure::new(Code::BadReq, message)
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Failure {}
