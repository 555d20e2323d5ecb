//! The sources under which clients are counted, and the networks that an operator names. Pure.

use crate::text::cut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What counts as one source: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer gets; over a
/// Unix socket, a user of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    V6(u64),
    /// A user's number.
    User(u32),
}

impl Source {
    /// The source of an address. An IPv4 address inside an IPv6 one is the IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }

    /// Whether more than its guesses is counted: an operator knows the users of this machine.
    pub fn is_limited(&self) -> bool {
        !matches!(self, Self::User(_))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::V4(address) => write!(f, "{address}"),
            Self::User(user) => write!(f, "user {user}"),
            Self::V6(network) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*network) << 64)),
        }
    }
}

/// A network, as an operator writes it: `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads a network.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = cut(text, '/');
        let address: IpAddr = address.parse().map_err(|_| "not an IP address or network".to_owned())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|&bits| bits <= most)
                .ok_or_else(|| format!("the prefix length is a number up to {most}"))?,
            None => most,
        };
        Ok(Self { address, bits })
    }

    /// The networks that are exempt by default.
    pub fn loopback() -> Vec<Self> {
        vec![
            Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), bits: 8 },
            Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 },
        ]
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                same_prefix(net.to_bits().into(), address.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => same_prefix(net.to_bits(), address.to_bits(), 128, self.bits),
            _ => false,
        }
    }
}

fn same_prefix(left: u128, right: u128, width: u8, bits: u8) -> bool {
    (left ^ right).checked_shr(u32::from(width - bits)).unwrap_or(0) == 0
}

/// Whom limits and penalties of a source are not for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemptions {
    networks: Vec<Network>,
    /// Whether the guesses of users of this machine, over a Unix socket, are not counted either.
    users: bool,
}

impl Default for Exemptions {
    /// Loopback.
    fn default() -> Self {
        Self { networks: Network::loopback(), users: false }
    }
}

impl Exemptions {
    /// Reads what an operator has named: networks, `unix`, or nothing but `none`.
    ///
    /// # Errors
    /// What is wrong, with the text that is.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let mut exemptions = Self { networks: Vec::new(), users: false };
        if texts == ["none"] {
            return Ok(exemptions);
        }
        for text in texts {
            match text.as_str() {
                "none" => return Err("\"none\" cannot be combined with networks".to_owned()),
                "unix" => exemptions.users = true,
                network => {
                    exemptions.networks.push(Network::parse(network).map_err(|why| format!("{network}: {why}"))?);
                }
            }
        }
        Ok(exemptions)
    }

    /// For a private server: only its own user reaches it.
    pub fn everybody_here() -> Self {
        Self { networks: Network::loopback(), users: true }
    }

    /// The source that a client over a Unix socket counts under, unless users of this machine are exempt.
    pub fn source_of_user(&self, user: u32) -> Option<Source> {
        (!self.users).then_some(Source::User(user))
    }

    /// The source that a client at an address counts under, unless that is exempt.
    pub fn source_of_address(&self, address: IpAddr) -> Option<Source> {
        (!self.networks.iter().any(|network| network.contains(address))).then(|| Source::of(address))
    }
}

/// Proxies: from where connections begin with a header that names the client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    networks: Vec<Network>,
    /// Whether one connects over a Unix socket.
    unix: bool,
}

impl Proxies {
    /// Reads what an operator has named: networks, or `unix`.
    ///
    /// # Errors
    /// What is wrong, with the text that is.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let mut proxies = Self::default();
        for text in texts {
            match text.as_str() {
                "unix" => proxies.unix = true,
                network => {
                    proxies.networks.push(Network::parse(network).map_err(|why| format!("{network}: {why}"))?);
                }
            }
        }
        Ok(proxies)
    }

    /// Whether a connection from this address is a proxy's; without an address it came over a Unix socket.
    pub fn include(&self, address: Option<IpAddr>) -> bool {
        match address {
            Some(address) => self.networks.iter().any(|network| network.contains(address)),
            None => self.unix,
        }
    }

    /// Networks that contain every address: any client could claim any address.
    pub fn too_wide(&self) -> impl Iterator<Item = &'static str> + '_ {
        let wide = self.networks.iter().filter(|network| network.bits == 0);
        wide.map(|network| if network.address.is_ipv4() { "0.0.0.0/0" } else { "::/0" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exemptions() {
        let of = |texts: &[&str]| Exemptions::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["127.0.0.0/8", "::1/128"]).unwrap(), Exemptions::default());
        assert_eq!(of(&["127.0.0.0/8", "unix", "::1/128"]).unwrap(), Exemptions::everybody_here());
        assert!(of(&["none"]).unwrap().source_of_address(IpAddr::V4(Ipv4Addr::LOCALHOST)).is_some());
        for bad in [&["none", "::1"][..], &["::1", "none"], &["none", "none"], &["x"]] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn proxies() {
        let of = |texts: &[&str]| Proxies::parse(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        let ip = |text: &str| Some(text.parse().unwrap());
        let none = of(&[]).unwrap();
        assert!(!none.include(None) && !none.include(ip("127.0.0.1")));
        let some = of(&["10.0.0.0/8", "::1", "unix"]).unwrap();
        assert!(some.include(None) && some.include(ip("10.9.9.9")) && some.include(ip("::ffff:10.0.0.1")));
        assert!(some.include(ip("::1")) && !some.include(ip("127.0.0.1")) && !some.include(ip("::2")));
        assert_eq!(of(&["10.0.0.0/8", "::/0", "0.0.0.0/0"]).unwrap().too_wide().count(), 2);
        for bad in [&["none"][..], &["x"], &["10.0.0.0/33"], &[""]] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn networks() {
        let net = Network::parse("10.1.0.0/16").unwrap();
        assert!(net.contains("10.1.255.1".parse().unwrap()) && net.contains("::ffff:10.1.0.1".parse().unwrap()));
        assert!(!net.contains("10.2.0.1".parse().unwrap()) && !net.contains("::1".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
        assert!(Network::parse("::/0").unwrap().contains("2001:db8::1".parse().unwrap()));
        for bad in ["", "x", "1.2.3.4/33", "::/129", "1.2.3.4/-1", "1.2.3.4/"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }
}
