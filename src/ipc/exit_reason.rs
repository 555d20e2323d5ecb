//! How a session ended: its exit status, which is an interface to the parent.

/// Why a session ended. The numbers are stable; `docs/architecture.md` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ExitReason {
    /// The client sent `E`.
    Goodbye = 0,
    /// The client closed the connection.
    Closed = 10,
    /// The connection was reset, or failed.
    Lost = 11,
    /// No whole request within the idle timeout.
    Idle = 12,
    /// No login within the grace time.
    GraceOver = 13,
    /// Too many failed logins.
    FailedLogins = 14,
    /// The client did not read its replies.
    Unread = 15,
    /// The server is stopping.
    Stopped = 16,
    /// The client does not speak TLS as it has to be spoken.
    TlsFailed = 17,
    /// The client speaks clear text where TLS is spoken.
    ClearText = 18,
    /// The client closed, was lost or was idle, and had sent nothing but invalid requests.
    Garbage = 20,
    /// Its source may do no more for now.
    Refused = 21,
    /// A proxy's connection did not begin with a header that names the client.
    NoProxyHeader = 22,
    /// A failure of our own.
    Internal = 70,
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
        self as i32
    }

    /// The reason of an exit status; `None` for one that no session has.
    pub fn from_exit_status(status: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|exit_reason| exit_reason.exit_status() == status)
    }

    /// Its text in the log.
    pub fn as_str(self) -> &'static str {
        self.called().1
    }

    /// Its name in counters: stable, one word.
    pub fn name(self) -> &'static str {
        self.called().0
    }

    fn called(self) -> (&'static str, &'static str) {
        match self {
            Self::Goodbye => ("goodbye", "goodbye"),
            Self::Closed => ("closed", "closed by the client"),
            Self::Lost => ("lost", "connection lost"),
            Self::Idle => ("idle", "idle too long"),
            Self::GraceOver => ("grace_over", "no login within the grace time"),
            Self::FailedLogins => ("failed_logins", "too many failed logins"),
            Self::Unread => ("unread", "replies not read"),
            Self::Stopped => ("stopped", "server stopping"),
            Self::TlsFailed => ("tls_failed", "TLS failed"),
            Self::ClearText => ("clear_text", "clear text on a TLS address"),
            Self::Garbage => ("garbage", "nothing but garbage"),
            Self::Refused => ("refused", "refused by a limit of its address"),
            Self::NoProxyHeader => ("no_proxy_header", "no usable PROXY header"),
            Self::Internal => ("internal", "internal error"),
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
