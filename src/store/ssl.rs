//! TLS to a database server, as a database URL asks for it.

use super::location_error::LocationError;
use std::path::PathBuf;

/// TLS with a database server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseTls {
    /// What is verified.
    pub mode: SslMode,
    /// The certificates of those who may vouch for the server; there is one exactly if something is verified.
    pub ca: Option<PathBuf>,
}

/// What is verified of a database server's certificate; the names are those of MySQL's own clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Nothing: the traffic cannot be read, but any machine can pass itself off as the server.
    Required,
    /// That one of `ssl-ca` vouches for it.
    VerifyCa,
    /// That, and that it is for the host of the URL.
    VerifyIdentity,
}

impl DatabaseTls {
    /// The meaning of the URL's `ssl-mode` and `ssl-ca` together; `None` without both.
    pub(super) fn of(mode: Option<&str>, ca: Option<String>) -> Result<Option<Self>, LocationError> {
        let mode = mode.map(|mode| SslMode::parse(mode).ok_or(LocationError::SslMode)).transpose()?;
        let verifies = matches!(mode, Some(SslMode::VerifyCa | SslMode::VerifyIdentity));
        if ca.is_some() != verifies || ca.as_ref().is_some_and(|path| !path.starts_with('/') || path.contains('\0')) {
            return Err(LocationError::SslCa);
        }
        Ok(mode.map(|mode| Self { mode, ca: ca.map(PathBuf::from) }))
    }
}

impl SslMode {
    const ALL: [Self; 3] = [Self::Required, Self::VerifyCa, Self::VerifyIdentity];

    /// As it is written in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::VerifyCa => "verify-ca",
            Self::VerifyIdentity => "verify-identity",
        }
    }

    /// Reads a mode. MySQL's clients write it in capitals, and with a low line.
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase().replace('_', "-");
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Location, Server};
    use super::*;

    fn server(text: &str) -> Server {
        match Location::parse(text).unwrap() {
            Location::MySql(server) => server,
            Location::Sqlite(path) => panic!("{path:?}"),
        }
    }

    #[test]
    fn tls_has_the_names_that_mysql_gives_it() {
        let tls = |text: &str| server(text).tls;
        assert_eq!(tls("mysql://u@h/d"), None);
        assert_eq!(tls("mysql://u@h/d?ssl-mode=REQUIRED"), Some(DatabaseTls { mode: SslMode::Required, ca: None }));
        for (text, mode) in [("VERIFY_CA", SslMode::VerifyCa), ("verify-identity", SslMode::VerifyIdentity)] {
            let url = format!("mysql://u@h/d?ssl-ca=/etc/my%20ca.pem&ssl-mode={text}");
            assert_eq!(tls(&url), Some(DatabaseTls { mode, ca: Some("/etc/my ca.pem".into()) }));
            let shown = server(&url).to_string();
            assert_eq!(server(&shown), server(&url), "{shown}");
        }
    }
}
