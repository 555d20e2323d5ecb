//! What is wrong with a database URL.

use std::fmt;

/// What is wrong with a database URL. It repeats nothing of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationError {
    /// Neither `mysql:`, `mariadb:` nor `sqlite:`.
    Scheme,
    /// `sqlite:` with nothing behind it.
    NoPath,
    /// A path that can't be a database file.
    BadPath,
    /// Not a URL at all, or with a bad port or host.
    Malformed,
    /// No host.
    NoHost,
    /// Several hosts, and nothing between two commas, or at an end.
    EmptyHost,
    /// A host that is named twice.
    DoubledHost,
    /// More hosts than a cluster has.
    TooManyHosts,
    /// An invalid port.
    Port,
    /// A socket, and several hosts.
    SocketHosts,
    /// No user.
    NoUser,
    /// No database name, or more than one path segment.
    NoDatabase,
    /// A `%` that is not followed by two hexadecimal digits, or bytes that are not UTF-8.
    Encoding,
    /// A query parameter that there is not, or one twice.
    Parameter,
    /// A mode of TLS that there is not.
    SslMode,
    /// A mode that verifies without `ssl-ca`, or `ssl-ca` without a mode that does.
    SslCa,
    /// TLS over a Unix socket.
    SslSocket,
    /// A socket path that is not absolute.
    Socket,
    /// A fragment.
    Fragment,
}

impl fmt::Display for LocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "a database URL begins with mysql://, mariadb:// or sqlite:",
            Self::NoPath => "the database URL names no file: write sqlite:/path/to/cidian.db",
            Self::BadPath => "the database URL names no usable file: write sqlite:PATH, where PATH is a file's name",
            Self::Malformed => {
                "cannot read the database URL: write mysql://user:password@host:3306/database, with %-encoding \
                 for special characters in user and password"
            }
            Self::NoHost => "the database URL names no host: write mysql://user@HOST/database",
            Self::EmptyHost => {
                "the database URL names an empty host: write mysql://user@HOST1,HOST2:PORT,HOST3/database, without a \
                 comma too many"
            }
            Self::DoubledHost => "the database URL names the same host and port twice",
            Self::TooManyHosts => "the database URL names more than 16 hosts",
            Self::Port => {
                "the port of a host in the database URL is not a number from 1 to 65535 (special characters in user and \
                 password are %-encoded)"
            }
            Self::SocketHosts => "a Unix socket leads to one server: leave out socket, or all hosts but one",
            Self::NoUser => "the database URL names no user: write mysql://USER@host/database",
            Self::NoDatabase => "the database URL names no database: write mysql://user@host/DATABASE",
            Self::Encoding => "the database URL has a broken %-encoding: a % itself is written %25",
            Self::Parameter => {
                "the query parameters of a database URL are socket=PATH, ssl-mode=MODE and ssl-ca=FILE, each once (a ? \
                 is written %3F)"
            }
            Self::SslMode => {
                "the ssl-mode of a database URL is required, verify-ca or verify-identity; without it TLS is not used"
            }
            Self::SslCa => {
                "ssl-mode=verify-ca and ssl-mode=verify-identity need ssl-ca=/path/to/ca.pem (an absolute path), and \
                 nothing else takes it"
            }
            Self::SslSocket => "a Unix socket is private as it is: leave out socket, or ssl-mode and ssl-ca",
            Self::Socket => "the socket of a database URL is an absolute path: ?socket=/run/mysqld/mysqld.sock",
            Self::Fragment => "a database URL has no fragment (a # is written %23)",
        })
    }
}

impl std::error::Error for LocationError {}
