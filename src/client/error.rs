//! What can go wrong in the client: one type, which knows neither the messages for people nor the exit statuses.

use crate::protocol::{Code, Failure};
use std::io;
use std::path::PathBuf;

/// Why the client could not do what it was asked.
#[derive(Debug)]
pub(crate) enum Error {
    /// No server answers at the address.
    Unreachable {
        /// The address, for people.
        address: String,
        /// The system's error.
        reason: io::Error,
    },
    /// A server answers at the address, but TLS with it fails.
    Tls {
        /// The address, for people.
        address: String,
        /// Why.
        fault: TlsFault,
    },
    /// `--tls` was asked for, and the address is a Unix socket.
    TlsNeedsHost,
    /// A password would go in clear text where others may read it.
    ClearText {
        /// The address, for people.
        address: String,
    },
    /// The connection ended without a word, or the server has been silent for too long.
    Lost {
        /// Whether any of the request may have reached the server: then it may or may not have been carried out.
        sent: bool,
    },
    /// The server refuses.
    Refused(Failure),
    /// The server has no dictionary of these names.
    NoSuchDictionary {
        /// The names.
        missing: Vec<String>,
        /// The names of those that it has; empty if it has only one.
        there: Vec<String>,
    },
    /// The server can't be asked for some dictionaries only.
    DictionariesNotKnown,
    /// The server refuses a login.
    LoginRefused(Failure),
    /// The server refuses with a code that this version does not know.
    UnknownRefusal {
        /// The code.
        code: String,
        /// The server's words.
        message: String,
    },
    /// What answers speaks TLS, and was not spoken to so.
    SpeaksTls,
    /// What answers is not a Cidian server.
    NotOurProtocol {
        /// The beginning of its answer.
        said: String,
    },
    /// The server's history holds more different words, or rows that have to wait, than are kept in memory here.
    TooMuchHistory,
    /// Standard output failed.
    Output(io::Error),
    /// Standard input failed.
    Input(io::Error),
    /// The system gives no thread or no signals.
    System(io::Error),
    /// The password file can't be used.
    PasswordFile {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The configuration file makes no sense.
    Configuration {
        /// Its path.
        path: PathBuf,
        /// Why, with the line.
        reason: String,
    },
    /// A file can't be written.
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// A file of words is not UTF-8.
    NotUtf8 {
        /// Its path.
        path: PathBuf,
        /// The line, from 1 on.
        line: usize,
        /// The first wrong byte of the line, from 1 on.
        byte: usize,
    },
    /// A file of words is UTF-16, as its first two bytes say.
    Utf16 {
        /// Its path.
        path: PathBuf,
    },
    /// No account was named, and no person can be asked.
    NoUser,
    /// No terminal to ask for a password on.
    NoTerminal,
    /// The server no longer accepts the saved token, and no person can be asked for the password.
    TokenRefused {
        /// Whose it was.
        name: String,
    },
    /// The file of kept logins can't be used.
    KeptLogins {
        /// Its path.
        path: PathBuf,
        /// Why.
        fault: KeptFault,
    },
    /// There is no place to keep a login in.
    NoStateDirectory,
    /// The variable `CIDIAN_SERVER` holds no address; the reason.
    ServerVariable(String),
    /// Something dangerous was requested without `--yes`, and no person can be asked.
    NotConfirmable,
    /// The person did not confirm.
    NotConfirmed,
    /// The same password was to be typed twice, and was not.
    PasswordsDiffer,
    /// A word that can't be sent.
    BadWord {
        /// The word, as it came.
        word: String,
        /// What is wrong with it.
        fault: WordFault,
    },
    /// Standard input ended where an answer was needed.
    EndOfInput,
    /// Ctrl-C at a password prompt.
    Interrupted,
}

/// Why TLS with a server failed.
#[derive(Debug)]
pub(crate) enum TlsFault {
    /// No authority that we trust vouches for the server.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
    /// The certificate has expired.
    Expired,
    /// The certificate is of the future, or our clock is of the past.
    NotValidYet,
    /// The certificate is one of an authority, not of a server.
    Authority,
    /// The certificate can't be read.
    Damaged,
    /// The certificate is not for servers.
    Purpose,
    /// Something else keeps the certificate from being verified.
    Unverifiable,
    /// What answers is no TLS.
    NotTls,
    /// The server hung up before the handshake was over.
    HungUp,
    /// The server did not answer in time.
    Silent,
    /// The connection failed.
    Lost(io::Error),
    /// The host is nothing that a certificate can be for.
    BadName,
    /// The system has no certificates to trust.
    NoSystemRoots,
    /// The file of `--tls-ca` can't be used.
    TrustFile {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// Anything else; `rustls`'s words.
    Other(String),
}

/// Why the file of kept logins can't be used.
#[derive(Debug)]
pub(crate) enum KeptFault {
    /// Others may read or write it, and may have.
    Exposed,
    /// It belongs to another user.
    NotOurs,
    /// It holds something else.
    Damaged,
    /// The system refuses.
    Io(io::Error),
}

impl From<io::Error> for KeptFault {
    fn from(reason: io::Error) -> Self {
        Self::Io(reason)
    }
}

impl From<nix::errno::Errno> for KeptFault {
    fn from(reason: nix::errno::Errno) -> Self {
        Self::Io(reason.into())
    }
}

/// Why a word can't be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordFault {
    /// Nothing but blanks.
    Empty,
    /// It holds a control character.
    Control,
    /// Its request would be longer than the protocol's limit.
    TooLong,
    /// It is not UTF-8.
    NotUtf8,
}

impl Error {
    /// Whether the request was certainly not carried out, so that it may be sent again on a new connection.
    pub(crate) fn may_send_again(&self) -> bool {
        match self {
            Self::Refused(failure) | Self::LoginRefused(failure) => {
                matches!(failure.code, Code::Timeout | Code::Bye)
            }
            Self::Lost { sent } => !sent,
            _ => false,
        }
    }

    /// Whether the connection is of no use after this.
    pub(crate) fn ends_connection(&self) -> bool {
        match self {
            Self::Refused(failure) | Self::LoginRefused(failure) => failure.code.closes(),
            Self::Lost { .. }
            | Self::UnknownRefusal { .. }
            | Self::NotOurProtocol { .. }
            | Self::TooMuchHistory
            | Self::SpeaksTls
            | Self::Output(_) => true,
            _ => false,
        }
    }
}

/// The result of everything in this module that can fail.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Options that each make sense, but not together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misuse {
    /// `--local` and `--server`.
    TwoServers,
    /// `--tls-ca` without `--tls`.
    TrustWithoutTls,
    /// `--tls` and `--local`.
    TlsToLocal,
    /// `serve`, and a server.
    ServesItself,
    /// Options of `history` before `clear`.
    NotToClear,
    /// `--json` without a subcommand.
    MenusAsJson,
    /// `--json` and another `--format`.
    TwoFormats,
    /// `--json` and a part of an entry.
    PartOfJson,
}

impl Error {
    /// Whether the server has answered `denied`, to a login or to anything else.
    pub(crate) fn is_denied(&self) -> bool {
        matches!(self, Self::Refused(failure) | Self::LoginRefused(failure) if failure.code == Code::Denied)
    }
}
