//! The client's exit statuses, in one table. This module never decides what is printed.

use super::error::{Error, KeptFault, TlsFault};
use crate::protocol::Code;
use std::process::ExitCode;

/// How the client ends: sysexits(3) where it has a status for it, so that scripts know what is worth a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// A word was not found, or was not valid.
    NotFound = 1,
    /// A wrong option, or one that is missing (EX_USAGE).
    Usage = 64,
    /// Something typed is not acceptable: a name, a password, two passwords that differ; or a file that is not UTF-8
    /// (EX_DATAERR).
    Data = 65,
    /// The password file, or that of `--tls-ca`, can't be read (EX_NOINPUT).
    NoInput = 66,
    /// No server at the address, or the connection was lost (EX_UNAVAILABLE).
    NoServer = 69,
    /// The system refused something that never fails (EX_OSERR).
    System = 71,
    /// The name is taken (EX_CANTCREAT).
    Taken = 73,
    /// Standard input or output failed (EX_IOERR).
    Io = 74,
    /// Busy, stopping, timed out, or its database is away: try again later (EX_TEMPFAIL).
    Later = 75,
    /// What answers does not speak this protocol (EX_PROTOCOL).
    Protocol = 76,
    /// Not allowed: wrong name or password, and the like (EX_NOPERM).
    Denied = 77,
    /// The configuration file makes no sense (EX_CONFIG).
    Configuration = 78,
    /// Ctrl-C: the status that a shell would report.
    Interrupted = 130,
    /// The reader of the output went away: the status that a shell would report.
    BrokenPipe = 141,
}

impl Exit {
    /// The number that the shell sees.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

impl From<Code> for Exit {
    fn from(code: Code) -> Self {
        match code {
            Code::Exists => Self::Taken,
            Code::Denied => Self::Denied,
            Code::NotFound => Self::NotFound,
            Code::Busy | Code::Timeout | Code::Unavailable | Code::Bye => Self::Later,
            Code::BadReq | Code::TooLong | Code::BadName | Code::BadPasswd => Self::Data,
        }
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::Tls { fault: TlsFault::TrustFile { .. }, .. } => Self::NoInput,
            Error::Unreachable { .. } | Error::Lost { .. } | Error::Tls { .. } | Error::SpeaksTls => Self::NoServer,
            Error::Refused(failure) | Error::LoginRefused(failure) => failure.code.into(),
            Error::UnknownRefusal { .. } | Error::NotOurProtocol { .. } | Error::TooMuchHistory => Self::Protocol,
            Error::PasswordFile { .. } => Self::NoInput,
            Error::NoUser | Error::NoTerminal | Error::ServerVariable(_) | Error::NotConfirmable => Self::Usage,
            Error::TlsNeedsHost | Error::ClearText { .. } => Self::Usage,
            Error::NoSuchDictionary { .. } | Error::DictionariesNotKnown => Self::Usage,
            Error::PasswordsDiffer | Error::NotConfirmed | Error::BadWord { .. } | Error::EndOfInput => Self::Data,
            Error::NotUtf8 { .. } | Error::Utf16 { .. } => Self::Data,
            Error::TokenRefused { .. } => Self::Denied,
            Error::KeptLogins { fault, .. } => match fault {
                KeptFault::Exposed | KeptFault::NotOurs => Self::Denied,
                KeptFault::Damaged => Self::Data,
                KeptFault::Io(_) => Self::System,
            },
            Error::NoStateDirectory => Self::System,
            Error::Output(reason) if reason.kind() == std::io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            Error::Output(_) | Error::Input(_) | Error::File { .. } => Self::Io,
            Error::Configuration { .. } => Self::Configuration,
            Error::System(_) => Self::System,
            Error::Interrupted => Self::Interrupted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Failure;
    use std::io;

    /// The promised table of exit statuses.
    #[test]
    fn the_promised_statuses() {
        let refused = |code| Exit::from(&Error::Refused(Failure::new(code, ""))).number();
        assert_eq!(refused(Code::NotFound), 1);
        assert_eq!(refused(Code::Exists), 73);
        for code in [Code::Busy, Code::Unavailable, Code::Timeout, Code::Bye] {
            assert_eq!(refused(code), 75);
        }
        assert_eq!(refused(Code::Denied), 77);
        assert_eq!(refused(Code::BadName), 65);
        assert_eq!(Exit::from(&Error::Lost { sent: true }).number(), 69);
        assert_eq!(Exit::from(&Error::NoUser).number(), 64);
        assert_eq!(Exit::from(&Error::Output(io::ErrorKind::BrokenPipe.into())).number(), 141);
        assert_eq!(Exit::from(&Error::Output(io::ErrorKind::StorageFull.into())).number(), 74);
    }
}
