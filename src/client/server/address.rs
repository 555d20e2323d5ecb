//! Where the server is: parsing and showing addresses. This module never resolves or connects.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A host and a port.
    Tcp {
        /// A name, an IPv4 address, or an IPv6 address without its brackets.
        host: String,
        /// The port, never 0.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
    /// The private server of `--local`.
    Local,
}

impl Default for Address {
    fn default() -> Self {
        Self::Tcp { host: "127.0.0.1".to_owned(), port: 2629 }
    }
}

/// Why a text is not an address. The English text goes to clap, which speaks English.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressError(&'static str);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err(AddressError("unix: needs a path after it"));
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let (host, port) = text.rsplit_once(':').ok_or(AddressError("expected HOST:PORT, [IPV6]:PORT or unix:PATH"))?;
        let host = match host.strip_prefix('[') {
            Some(inner) => inner.strip_suffix(']').ok_or(AddressError("the closing bracket is missing"))?,
            None if host.contains(':') => {
                return Err(AddressError("an IPv6 address stands in brackets: [::1]:2629"));
            }
            None => host,
        };
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(AddressError("the host is missing or holds blanks"));
        }
        // `parse` alone would take a plus sign.
        let digits = port.bytes().all(|b| b.is_ascii_digit());
        match port.parse() {
            Ok(port) if digits && port != 0 => Ok(Self::Tcp { host: host.to_owned(), port }),
            _ => Err(AddressError("a port is a number from 1 to 65535")),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Local => f.write_str("--local"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_show_as_they_are_written() {
        for text in ["127.0.0.1:2629", "[::1]:1", "dict.example.org:65535", "unix:/run/cidian/socket", "unix:s"] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), text);
        }
        assert_eq!(Address::default().to_string(), "127.0.0.1:2629");
        assert_eq!("[::1]:7".parse(), Ok(Address::Tcp { host: "::1".into(), port: 7 }));
    }

    #[test]
    fn what_is_no_address() {
        for bad in [
            "",
            "localhost",
            ":1",
            "h:",
            "h:0",
            "h:65536",
            "h:+1",
            "h: 1",
            "::1",
            "::1:2629",
            "[::1:1",
            "a b:1",
            "unix:",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad:?}");
        }
    }
}
