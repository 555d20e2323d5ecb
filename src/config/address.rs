//! Addresses to listen on, as an operator writes them. Pure.

use super::sourced::Sourced;
use crate::dict;
use crate::exit::Fatal;
use std::path::PathBuf;

/// Where to listen, as an operator writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `host:port` or `[v6]:port`.
    Internet(String),
    /// `unix:PATH`.
    Unix(PathBuf),
}

impl Default for Address {
    fn default() -> Self {
        Self::Internet("127.0.0.1:2629".to_owned())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Internet(text) => f.write_str(text),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// Reads an address. A host's name is looked up later, when it is listened on.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, None)
    }

    /// The same for DICT: the default port is 2628.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_for_dict(text: &str) -> Result<Self, String> {
        Self::parse_with(text, Some(dict::PORT))
    }

    fn parse_with(text: &str, default: Option<u16>) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err("no path".to_owned()) } else { Ok(Self::Unix(path.into())) };
        }
        let expected = "expected host:port, [v6]:port or unix:PATH";
        let has_port = text.rsplit_once(':').is_some() && !text.ends_with(']');
        let completed = default.filter(|_| !has_port && !text.is_empty()).map(|port| format!("{text}:{port}"));
        let text = completed.as_deref().unwrap_or(text);
        let (host, port) = text.rsplit_once(':').ok_or(expected)?;
        if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().is_err() {
            return Err("the port is a number from 0 to 65535".to_owned());
        }
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bracketed {
            Some(v6) if v6.parse::<std::net::Ipv6Addr>().is_err() => Err(format!("[{v6}] is not an IPv6 address")),
            None if host.is_empty() || host.contains([':', '[', ']']) => Err(expected.to_owned()),
            _ => Ok(Self::Internet(text.to_owned())),
        }
    }
}

/// The addresses of an option.
///
/// # Errors
/// Which can't be read, and why.
pub fn addresses(said: &Sourced<Vec<String>>) -> Result<Vec<Address>, Fatal> {
    let parse = |text: &String| Address::parse(text).map_err(|why| said.wrong(format!("{text}: {why}")));
    said.value.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["127.0.0.1:0", "localhost:2629", "[::1]:2629", "unix:/run/x", "unix:x y"] {
            Address::parse(good).expect(good);
        }
        for bad in ["", "nowhere", ":2629", "::1:2629", "[x]:1", "host:", "host:65536", "host:+1", "host:http", "unix:"]
        {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_of_dict_need_no_port() {
        let of = |text: &str| Address::parse_for_dict(text).map(|address| address.to_string());
        for (text, address) in [
            ("localhost", "localhost:2628"),
            ("127.0.0.1", "127.0.0.1:2628"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::1]", "[::1]:2628"),
            ("[::1]:2629", "[::1]:2629"),
            ("unix:/run/x", "unix:/run/x"),
        ] {
            assert_eq!(of(text).as_deref(), Ok(address));
        }
        for bad in ["", ":2628", "::1", "host:", "[x]", "unix:"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
