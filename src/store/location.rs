//! Where a database is: the URL of `--database`, parsed.
//!
//! It never shows a password: not in [`Display`](std::fmt::Display), not in [`Debug`](std::fmt::Debug), not in an
//! error. An error repeats no part of the URL, because a password with an unencoded `@`, `/` or `?` ends up in any.

use super::location_error::LocationError;
use super::ssl::DatabaseTls;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use zeroize::Zeroizing;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A MySQL or MariaDB server.
    MySql(Server),
    /// An embedded database in this file.
    Sqlite(PathBuf),
}

/// A MySQL or MariaDB server, and the database on it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// Who we are there.
    pub user: String,
    /// Our password there; empty if there is none.
    pub password: Zeroizing<String>,
    /// Name or address, an IPv6 address without its brackets. Not used if there is a socket.
    pub host: String,
    /// The TCP port. Not used if there is a socket.
    pub port: u16,
    /// The database's name.
    pub database: String,
    /// The server's Unix socket, if it is to be reached there.
    pub socket: Option<String>,
    /// TLS, if it is to be spoken.
    pub tls: Option<DatabaseTls>,
}

impl Location {
    /// Reads a database URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        let (scheme, rest) = text.split_once(':').ok_or(LocationError::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => parse_path(rest).map(Self::Sqlite),
            "mysql" | "mariadb" => parse_server(text).map(Self::MySql),
            _ => Err(LocationError::Scheme),
        }
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        Self::parse(text)
    }
}

/// A path as it is written: nothing in it is decoded, so every file name can be said.
fn parse_path(text: &str) -> Result<PathBuf, LocationError> {
    if text.is_empty() {
        return Err(LocationError::NoPath);
    }
    // `sqlite://name` is a host to some programs and a file to others. `sqlite:///name` is a file to all.
    if text.starts_with("//") && !text.starts_with("///") {
        return Err(LocationError::BadPath);
    }
    // A database in memory would be another one in each child, and lost with it.
    if text.starts_with(":memory:") || text.ends_with('/') || text.contains('\0') {
        return Err(LocationError::BadPath);
    }
    Ok(PathBuf::from(text))
}

fn parse_server(text: &str) -> Result<Server, LocationError> {
    let url = url::Url::parse(text).map_err(|_| LocationError::Malformed)?;
    if url.fragment().is_some() {
        return Err(LocationError::Fragment);
    }
    let user = decode(url.username())?;
    if user.is_empty() {
        return Err(LocationError::NoUser);
    }
    let host = match url.host() {
        Some(url::Host::Domain(name)) => decode(name)?,
        Some(url::Host::Ipv4(address)) => address.to_string(),
        Some(url::Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    if host.is_empty() {
        return Err(LocationError::NoHost);
    }
    let database = decode(url.path().strip_prefix('/').unwrap_or_default())?;
    if database.is_empty() || database.contains('/') || database.chars().any(char::is_control) {
        return Err(LocationError::NoDatabase);
    }
    let (socket, tls) = url.query().map_or(Ok((None, None)), parse_query)?;
    Ok(Server {
        user,
        password: Zeroizing::new(decode(url.password().unwrap_or_default())?),
        host,
        port: url.port().unwrap_or(3306),
        database,
        socket,
        tls,
    })
}

/// The socket, and TLS.
fn parse_query(query: &str) -> Result<(Option<String>, Option<DatabaseTls>), LocationError> {
    let (mut socket, mut mode, mut ca) = (None, None, None);
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').ok_or(LocationError::Parameter)?;
        let place = match name {
            "socket" => &mut socket,
            "ssl-mode" => &mut mode,
            "ssl-ca" => &mut ca,
            _ => return Err(LocationError::Parameter),
        };
        if place.replace(decode(value)?).is_some() {
            return Err(LocationError::Parameter);
        }
    }
    let absolute = |path: &String| path.starts_with('/') && !path.contains('\0');
    if socket.as_ref().is_some_and(|path| !absolute(path)) {
        return Err(LocationError::Socket);
    }
    let tls = DatabaseTls::of(mode.as_deref(), ca)?;
    if socket.is_some() && tls.is_some() {
        return Err(LocationError::SslSocket);
    }
    Ok((socket, tls))
}

/// Takes the %-encoding off. Unlike most decoders it takes nothing that is broken: that is a mistyped password.
fn decode(text: &str) -> Result<String, LocationError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16)).ok_or(LocationError::Encoding);
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).map_err(|_| LocationError::Encoding)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| LocationError::Encoding)
}

/// Puts the %-encoding on everything that could be taken for a part of a URL.
fn encode(text: &str, plain: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || plain.contains(letter) {
            encoded.push(letter);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MySql(server) => server.fmt(f),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

impl Server {
    /// Whether what is said to it can be read on the way: it is on another machine, as far as its name says, and no TLS
    /// is spoken.
    pub(super) fn is_in_clear_text(&self) -> bool {
        self.socket.is_none() && self.tls.is_none() && !is_this_machine(&self.host)
    }
}

/// Whether a host is this machine by its name or address. No name is looked up.
fn is_this_machine(host: &str) -> bool {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mysql://{}", encode(&self.user, "-._~"))?;
        if !self.password.is_empty() {
            f.write_str(":***")?;
        }
        if self.host.contains(':') {
            write!(f, "@[{}]", self.host)?;
        } else {
            write!(f, "@{}", encode(&self.host, "-._~"))?;
        }
        if self.port != 3306 {
            write!(f, ":{}", self.port)?;
        }
        write!(f, "/{}", encode(&self.database, "-._~"))?;
        if let Some(path) = &self.socket {
            write!(f, "?socket={}", encode(path, "-._~/"))?;
        }
        if let Some(tls) = &self.tls {
            write!(f, "?ssl-mode={}", tls.mode.as_str())?;
            if let Some(path) = &tls.ca {
                write!(f, "&ssl-ca={}", encode(&path.to_string_lossy(), "-._~/"))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn server(text: &str) -> Server {
        match Location::parse(text).unwrap() {
            Location::MySql(server) => server,
            Location::Sqlite(path) => panic!("{path:?}"),
        }
    }

    #[test]
    fn the_interface_s_three_examples() {
        let tcp = server("mysql://user:pass%40word%2F@host:3307/dict");
        assert_eq!((tcp.user.as_str(), tcp.password.as_str()), ("user", "pass@word/"));
        assert_eq!((tcp.host.as_str(), tcp.port, tcp.database.as_str()), ("host", 3307, "dict"));
        let socket = server("mysql://user@localhost/dict?socket=/run/mysqld/mysqld.sock");
        assert_eq!(socket.socket.as_deref(), Some("/run/mysqld/mysqld.sock"));
        assert_eq!((socket.password.as_str(), socket.port), ("", 3306));
        let file = Location::parse("sqlite:/var/lib/cidian/cidian.db");
        assert_eq!(file, Ok(Location::Sqlite("/var/lib/cidian/cidian.db".into())));
        assert_eq!("sqlite:foo.db".parse(), Ok(Location::Sqlite("foo.db".into())));
        assert_eq!(server("mariadb://u@[::1]:3308/d").host, "::1");
    }

    #[test]
    fn what_is_refused_and_why() {
        use LocationError::*;
        for (text, error) in [
            ("", Scheme),
            ("postgres://u@h/d", Scheme),
            ("/var/lib/cidian.db", Scheme),
            ("sqlite:", NoPath),
            ("sqlite://foo.db", BadPath),
            ("sqlite::memory:", BadPath),
            ("sqlite:/var/lib/", BadPath),
            ("mysql://h/d", NoUser),
            ("mysql:u@h/d", NoUser),
            ("mysql:///d", NoUser),
            ("mysql://u@h", NoDatabase),
            ("mysql://u@h/", NoDatabase),
            ("mysql://u@h/a/b", NoDatabase),
            ("mysql://u@h/a%2Fb", NoDatabase),
            ("mysql://u@h:99999/d", Malformed),
            ("mysql://u@[::1/d", Malformed),
            ("mysql://u:%@h/d", Encoding),
            ("mysql://u:%FF@h/d", Encoding),
            ("mysql://u:%+1@h/d", Encoding),
            ("mysql://u@h/d?ssl=1", Parameter),
            ("mysql://u@h/d?", Parameter),
            ("mysql://u@h/d?socket=/a&socket=/b", Parameter),
            ("mysql://u@h/d?socket=a", Socket),
            ("mysql://u@h/d?ssl-mode=preferred", SslMode),
            ("mysql://u@h/d?ssl-mode=", SslMode),
            ("mysql://u@h/d?ssl-mode=required&ssl-mode=required", Parameter),
            ("mysql://u@h/d?ssl-mode=verify-ca", SslCa),
            ("mysql://u@h/d?ssl-mode=verify-identity&ssl-ca=ca.pem", SslCa),
            ("mysql://u@h/d?ssl-mode=required&ssl-ca=/ca.pem", SslCa),
            ("mysql://u@h/d?ssl-ca=/ca.pem", SslCa),
            ("mysql://u@h/d?socket=/s&ssl-mode=required", SslSocket),
            ("mysql://u@h/d?ssl-mode=verify-ca&ssl-ca=/ca.pem&x=1", Parameter),
            ("mysql://u@h/d#x", Fragment),
        ] {
            assert_eq!(Location::parse(text), Err(error), "{text}");
            assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn what_can_be_read_on_the_way() {
        for (url, expected) in [
            ("mysql://u@db.example/d", true),
            ("mysql://u@192.0.2.1/d", true),
            ("mysql://u@[2001:db8::1]/d", true),
            ("mysql://u@notlocalhost/d", true),
            ("mysql://u@LOCALHOST./d", false),
            ("mysql://u@127.0.1.1/d", false),
            ("mysql://u@[::1]/d", false),
            ("mysql://u@db.example/d?socket=/run/s", false),
            ("mysql://u@db.example/d?ssl-mode=required", false),
        ] {
            assert_eq!(server(url).is_in_clear_text(), expected, "{url}");
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        // No secret in any log.
        let location = Location::parse("mysql://ann:secret@db.example/dict").unwrap();
        assert_eq!(location.to_string(), "mysql://ann:***@db.example/dict");
        assert!(!format!("{location:?}").contains("secret"));
        for broken in ["mysql://ann:se@cret@h/d#", "mysql://ann:x/se?cret@h/d", "mysql://ann:se#cret@h/d"] {
            let error = Location::parse(broken).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("cret"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(
            user in "\\PC{1,20}", password in "\\PC{0,20}", database in "[^/\\pC]{1,20}", port in 1..=u16::MAX,
            host in "[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?(\\.[a-z][a-z0-9]{0,5}){0,2}",
            socket in proptest::option::of("/[^\\pC]{0,30}"),
        ) {
            let mut text = format!("mysql://{}", encode(&user, ""));
            if !password.is_empty() {
                text.push_str(&format!(":{}", encode(&password, "")));
            }
            text.push_str(&format!("@{host}:{port}/{}", encode(&database, "")));
            if let Some(path) = &socket {
                text.push_str(&format!("?socket={}", encode(path, "/")));
            }
            // A dot segment is a URL's own way to say "here", even when it is encoded.
            prop_assume!(database != "." && database != "..");
            let read = server(&text);
            let shown = read.to_string();
            let kept = Zeroizing::new(password.clone());
            prop_assert_eq!(&read, &Server { user, password: kept, host, port, database, socket, tls: None });
            let again = server(&shown);
            let mask = if password.is_empty() { "" } else { "***" };
            prop_assert_eq!(again, Server { password: Zeroizing::new(mask.to_owned()), ..read });
        }

        #[test]
        fn never_panics(text in "(mysql://|mariadb://|sqlite:)?\\PC{0,60}") {
            let _ = Location::parse(&text);
        }

        #[test]
        fn a_file_round_trips(path in "[a-zA-Z0-9 %?#:._-]{1,20}") {
            prop_assume!(!path.starts_with(":memory:"));
            let location = Location::parse(&format!("sqlite:{path}")).unwrap();
            prop_assert_eq!(Location::parse(&location.to_string()), Ok(location));
        }
    }
}
