//! Where a database is: the URL of `--database`, parsed.
//!
//! A password is never shown: not by [`Display`](std::fmt::Display), not by [`Debug`](std::fmt::Debug), not in an
//! error. An error repeats no part of the URL, because parts of a password with an unencoded `@`, `/` or `?` can end up
//! in any part.

use super::hosts::{self, Host, MOST_HOSTS};
use super::location_error::LocationError;
use super::ssl::DatabaseTls;
use std::fmt;
use std::path::PathBuf;
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
    /// The user name.
    pub user: String,
    /// The password; empty without one.
    pub password: Zeroizing<String>,
    /// Where it listens, in the order of preference: at least one, and more than one only if they are members of one
    /// cluster. Not used if there is a socket.
    pub hosts: Vec<Host>,
    /// The database's name.
    pub database: String,
    /// The server's Unix socket, if it is to be reached there.
    pub socket: Option<String>,
    /// TLS, if it is to be spoken.
    pub tls: Option<DatabaseTls>,
    /// Whether logins are refused while the server is not in a cluster's primary component. Not a part of the URL.
    pub requires_cluster: bool,
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

    /// The same place, where logins are refused unless the server is in a cluster's primary component. `None` for an
    /// embedded database, which has no cluster.
    pub fn requiring_a_cluster(self) -> Option<Self> {
        match self {
            Self::MySql(server) => Some(Self::MySql(Server { requires_cluster: true, ..server })),
            Self::Sqlite(_) => None,
        }
    }

    /// Its hosts, in the order of preference; empty for an embedded database or a Unix socket.
    pub fn hosts(&self) -> &[Host] {
        match self {
            Self::MySql(server) if server.socket.is_none() => &server.hosts,
            Self::MySql(_) | Self::Sqlite(_) => &[],
        }
    }
}

/// A path as it is written: nothing in it is decoded, so every file name can be written.
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
    let (before, hosts, behind) = split_hosts(text);
    let listed: Vec<&str> = hosts.split(',').collect();
    if listed.len() > 1 && listed.iter().any(|host| host.trim().is_empty()) {
        return Err(LocationError::EmptyHost);
    }
    if listed.len() > MOST_HOSTS {
        return Err(LocationError::TooManyHosts);
    }
    let url = parse_url(&format!("{before}{}{behind}", listed[0]))?;
    if url.fragment().is_some() {
        return Err(LocationError::Fragment);
    }
    let user = decode(url.username())?;
    if user.is_empty() {
        return Err(LocationError::NoUser);
    }
    let mut hosts = vec![host_of(&url)?];
    for other in &listed[1..] {
        hosts.push(host_of(&parse_url(&format!("mysql://{other}"))?)?);
    }
    if hosts::doubled(&hosts) {
        return Err(LocationError::DoubledHost);
    }
    let database = decode(url.path().strip_prefix('/').unwrap_or_default())?;
    if database.is_empty() || database.contains('/') || database.chars().any(char::is_control) {
        return Err(LocationError::NoDatabase);
    }
    let (socket, tls) = url.query().map_or(Ok((None, None)), parse_query)?;
    if socket.is_some() && hosts.len() > 1 {
        return Err(LocationError::SocketHosts);
    }
    let password = Zeroizing::new(decode(url.password().unwrap_or_default())?);
    Ok(Server { user, password, hosts, database, socket, tls, requires_cluster: false })
}

/// A URL up to its hosts, the hosts, and what is behind them.
fn split_hosts(text: &str) -> (&str, &str, &str) {
    let Some((scheme, rest)) = text.split_once("://") else { return (text, "", "") };
    let end = text.len() - rest.len() + rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &text[scheme.len() + 3..end];
    let begin = end - authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts).len();
    (&text[..begin], &text[begin..end], &text[end..])
}

fn parse_url(text: &str) -> Result<url::Url, LocationError> {
    url::Url::parse(text).map_err(|error| match error {
        url::ParseError::InvalidPort => LocationError::Port,
        _ => LocationError::Malformed,
    })
}

fn host_of(url: &url::Url) -> Result<Host, LocationError> {
    let name = match url.host() {
        Some(url::Host::Domain(name)) => decode(name)?,
        Some(url::Host::Ipv4(address)) => address.to_string(),
        Some(url::Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    };
    if name.is_empty() {
        return Err(LocationError::NoHost);
    }
    match url.port() {
        Some(0) => Err(LocationError::Port),
        port => Ok(Host { name, port: port.unwrap_or(3306) }),
    }
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
    /// The hosts whose traffic can be read on the way: they are other machines, as far as their names show, and TLS
    /// is not used.
    pub(super) fn in_clear_text(&self) -> impl Iterator<Item = &Host> {
        let is_open = self.socket.is_none() && self.tls.is_none();
        self.hosts.iter().filter(move |host| is_open && !host.is_this_machine())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mysql://{}", encode(&self.user, "-._~"))?;
        if !self.password.is_empty() {
            f.write_str(":***")?;
        }
        for (at, host) in self.hosts.iter().enumerate() {
            f.write_str(if at == 0 { "@" } else { "," })?;
            match host.name.contains(':') {
                true => write!(f, "[{}]", host.name)?,
                false => f.write_str(&encode(&host.name, "-._~"))?,
            }
            if host.port != 3306 {
                write!(f, ":{}", host.port)?;
            }
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
        assert_eq!((hosts(&tcp), tcp.database.as_str()), (vec!["host:3307".to_owned()], "dict"));
        let socket = server("mysql://user@localhost/dict?socket=/run/mysqld/mysqld.sock");
        assert_eq!(socket.socket.as_deref(), Some("/run/mysqld/mysqld.sock"));
        assert_eq!((socket.password.as_str(), hosts(&socket)), ("", vec!["localhost:3306".to_owned()]));
        let file = Location::parse("sqlite:/var/lib/cidian/cidian.db");
        assert_eq!(file, Ok(Location::Sqlite("/var/lib/cidian/cidian.db".into())));
        assert_eq!(Location::parse("sqlite:foo.db"), Ok(Location::Sqlite("foo.db".into())));
        assert_eq!(hosts(&server("mariadb://u@[::1]:3308/d")), ["[::1]:3308"]);
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
            ("mysql://u@h:99999/d", Port),
            ("mysql://u@h:0/d", Port),
            ("mysql://u@h1:1,h2:x/d", Port),
            ("mysql://u@h1,h2:65536/d", Port),
            ("mysql://u@h1,/d", EmptyHost),
            ("mysql://u@,h1/d", EmptyHost),
            ("mysql://u@h1,,h2/d", EmptyHost),
            ("mysql://u@h1,:3307/d", Malformed),
            ("mysql://u@h1,h2,H1:3306/d", DoubledHost),
            ("mysql://u@[::1],[0::1]/d", DoubledHost),
            ("mysql://u@h1,[::1/d", Malformed),
            ("mysql://u@h1,h2/d?socket=/run/s", SocketHosts),
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

    fn hosts(server: &Server) -> Vec<String> {
        server.hosts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn several_hosts_in_their_order() {
        let cluster = server("mysql://ann:p%2Cw@db1:3307,[2001:db8::1],192.0.2.7:3308,db-4/dict?ssl-mode=required");
        assert_eq!(hosts(&cluster), ["db1:3307", "[2001:db8::1]:3306", "192.0.2.7:3308", "db-4:3306"]);
        assert_eq!((cluster.password.as_str(), cluster.database.as_str()), ("p,w", "dict"));
        let shown = cluster.to_string();
        assert_eq!(shown, "mysql://ann:***@db1:3307,[2001:db8::1],192.0.2.7:3308,db-4/dict?ssl-mode=required");
        // A comma in a password does not begin a host.
        let one = server("mysql://ann:a,b@db/dict");
        assert_eq!((hosts(&one), one.password.as_str()), (vec!["db:3306".to_owned()], "a,b"));
        let many = |count| (0..count).map(|n| format!("h{n}")).collect::<Vec<_>>().join(",");
        assert_eq!(hosts(&server(&format!("mysql://u@{}/d", many(16)))).len(), 16);
        assert_eq!(Location::parse(&format!("mysql://u@{}/d", many(100))), Err(LocationError::TooManyHosts));
    }

    #[test]
    fn what_can_be_read_on_the_way() {
        for (url, expected) in [
            ("mysql://u@db.example/d", true),
            ("mysql://u@192.0.2.1/d", true),
            ("mysql://u@[2001:db8::1]/d", true),
            ("mysql://u@notlocalhost/d", true),
            ("mysql://u@localhost,db.example/d", true),
            ("mysql://u@LOCALHOST./d", false),
            ("mysql://u@127.0.1.1/d", false),
            ("mysql://u@[::1]/d", false),
            ("mysql://u@db.example/d?socket=/run/s", false),
            ("mysql://u@db.example/d?ssl-mode=required", false),
        ] {
            assert_eq!(server(url).in_clear_text().count() > 0, expected, "{url}");
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
            let hosts = vec![Host { name: host, port }];
            prop_assert_eq!(&read, &Server { user, password: kept, hosts, database, socket, tls: None, requires_cluster: false });
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
