//! How a session ended: its exit status, which is an interface to the parent.

/// Why a session ended. The numbers are stable; `docs/architecture.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// The client sent `E`.
    Goodbye,
    /// The client closed the connection.
    Closed,
    /// The connection was reset, or failed.
    Lost,
    /// No whole request within the idle timeout.
    Idle,
    /// No login within the grace time.
    GraceOver,
    /// Too many failed logins.
    FailedLogins,
    /// The client did not read its replies.
    Unread,
    /// The server is stopping.
    Stopped,
    /// The client does not speak TLS as it has to be spoken.
    TlsFailed,
    /// The client speaks clear text where TLS is spoken.
    ClearText,
    /// The client closed, was lost or was idle, and had sent nothing but invalid requests.
    Garbage,
    /// Its source may do no more for now.
    Refused,
    /// A proxy's connection did not begin with a header that names the client.
    NoProxyHeader,
    /// A failure of our own.
    Internal,
}

impl ExitReason {
    /// All there are.
    pub const ALL: [Self; 14] = [
        Self::Goodbye,
        Self::Closed,
        Self::Lost,
        Self::Idle,
        Self::GraceOver,
        Self::FailedLogins,
        Self::Unread,
        Self::Stopped,
        Self::TlsFailed,
        Self::ClearText,
        Self::Garbage,
        Self::Refused,
        Self::NoProxyHeader,
        Self::Internal,
    ];

    /// The exit status of the child.
    pub fn exit_status(self) -> i32 {
        match self {
            Self::Goodbye => 0,
            Self::Closed => 10,
            Self::Lost => 11,
            Self::Idle => 12,
            Self::GraceOver => 13,
            Self::FailedLogins => 14,
            Self::Unread => 15,
            Self::Stopped => 16,
            Self::TlsFailed => 17,
            Self::ClearText => 18,
            Self::Garbage => 20,
            Self::Refused => 21,
            Self::NoProxyHeader => 22,
            Self::Internal => 70,
        }
    }

    /// The reason of an exit status; `None` for one that no session has.
    pub fn from_exit_status(status: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|exit_reason| exit_reason.exit_status() == status)
    }

    /// Its text in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Closed => "closed by the client",
            Self::Lost => "connection lost",
            Self::Idle => "idle too long",
            Self::GraceOver => "no login within the grace time",
            Self::FailedLogins => "too many failed logins",
            Self::Unread => "replies not read",
            Self::Stopped => "server stopping",
            Self::TlsFailed => "TLS failed",
            Self::ClearText => "clear text on a TLS address",
            Self::Garbage => "nothing but garbage",
            Self::Refused => "refused by a limit of its address",
            Self::NoProxyHeader => "no usable PROXY header",
            Self::Internal => "internal error",
        }
    }

    /// Its name in counters: stable, one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Closed => "closed",
            Self::Lost => "lost",
            Self::Idle => "idle",
            Self::GraceOver => "grace_over",
            Self::FailedLogins => "failed_logins",
            Self::Unread => "unread",
            Self::Stopped => "stopped",
            Self::TlsFailed => "tls_failed",
            Self::ClearText => "clear_text",
            Self::Garbage => "garbage",
            Self::Refused => "refused",
            Self::NoProxyHeader => "no_proxy_header",
            Self::Internal => "internal",
        }
    }

    /// Whether something went wrong that is not only the client's going, or its silence.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::Goodbye | Self::Closed | Self::Lost | Self::Idle | Self::Unread | Self::Stopped)
    }

    /// Whether a last line can still be sent to the client.
    pub(crate) fn client_listens(self) -> bool {
        !matches!(self, Self::Closed | Self::Lost | Self::Unread | Self::Garbage)
    }
}
