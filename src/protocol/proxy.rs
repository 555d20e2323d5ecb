//! The header of version 2 with which a proxy begins a connection that it forwards: who its client is (HAProxy's "PROXY
//! protocol", <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>, section 2.2).
//!
//! This module finds out, as bytes come in, which of them belong to the header; the crate `ppp` reads the contents.

use ppp::v2::{Addresses, Command, Header, ParseError, Protocol};
use std::fmt;
use std::net::SocketAddr;

/// What every header begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// What a header of version 1 begins with.
const VERSION_ONE: &[u8] = b"PROXY ";
/// Up to the addresses.
const FIXED: usize = 16;
/// The longest header that is taken. The addresses of Unix sockets have 216 bytes; what proxies add to them (TLVs) is
/// some hundreds.
pub const MAX_HEADER: usize = 4_096;

/// The origin of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// The proxy itself, to see whether we are there; or a program of its machine, over a Unix socket.
    Proxy,
    /// A client at this address.
    At(SocketAddr),
}

/// Why a connection does not begin with a header that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It begins with something else.
    NoHeader,
    /// It is one of version 1.
    VersionOne,
    /// It is of a version that there is not.
    Version(u8),
    /// It is longer than [`MAX_HEADER`]: its length in bytes.
    TooLong(usize),
    /// It does not name the client.
    Unspecified,
    /// The client does not come over a stream.
    Datagram,
    /// Its fields do not fit together, or hold what there is not.
    Malformed,
    /// It was cut off.
    Cut,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeader => f.write_str("the connection does not begin with one"),
            Self::VersionOne => f.write_str("it is of version 1; version 2 is needed (HAProxy: send-proxy-v2)"),
            Self::Version(version) => write!(f, "it is of version {version}; version 2 is needed"),
            Self::TooLong(bytes) => write!(f, "it has {bytes} bytes; at most {MAX_HEADER} are read"),
            Self::Unspecified => f.write_str("it does not name the client's address (family UNSPEC)"),
            Self::Datagram => f.write_str("it is for datagrams"),
            Self::Malformed => f.write_str("it is malformed"),
            Self::Cut => f.write_str("it is cut off"),
        }
    }
}

/// How many bytes the header has in all, as far as its beginning shows: the number grows once, when its length is
/// known.
///
/// # Errors
/// A header that begins so is not accepted.
pub fn needed(begin: &[u8]) -> Result<usize, Unfit> {
    let common = begin.len().min(SIGNATURE.len());
    if begin[..common] != SIGNATURE[..common] {
        return match VERSION_ONE.strip_prefix(begin) {
            // It may become one of version 1.
            Some([_, ..]) => Ok(FIXED),
            _ => Err(if begin.starts_with(VERSION_ONE) { Unfit::VersionOne } else { Unfit::NoHeader }),
        };
    }
    let [.., version, _, high, low] = begin else { return Ok(FIXED) };
    if begin.len() != FIXED {
        return if begin.len() > FIXED { needed(&begin[..FIXED]) } else { Ok(FIXED) };
    }
    if version >> 4 != 2 {
        return Err(Unfit::Version(version >> 4));
    }
    match FIXED + usize::from(u16::from_be_bytes([*high, *low])) {
        bytes if bytes > MAX_HEADER => Err(Unfit::TooLong(bytes)),
        bytes => Ok(bytes),
    }
}

/// Reads a whole header.
///
/// # Errors
/// It is not taken.
pub fn read(header: &[u8]) -> Result<Client, Unfit> {
    let whole = needed(header)?;
    if header.len() < FIXED || header.len() != whole {
        return Err(Unfit::Cut);
    }
    // Everything else in it is to be ignored then.
    if header[12] & 0x0F == 0 {
        return Ok(Client::Proxy);
    }
    let header = Header::try_from(header).map_err(|error| match error {
        ParseError::Incomplete(_) | ParseError::Partial(..) => Unfit::Cut,
        ParseError::Prefix => Unfit::NoHeader,
        _ => Unfit::Malformed,
    })?;
    match (header.command, header.protocol, header.addresses) {
        (Command::Local, ..) => Ok(Client::Proxy),
        (_, Protocol::Datagram, _) => Err(Unfit::Datagram),
        (_, _, Addresses::Unspecified) | (_, Protocol::Unspecified, _) => Err(Unfit::Unspecified),
        (_, Protocol::Stream, Addresses::IPv4(addresses)) => {
            Ok(Client::At((addresses.source_address, addresses.source_port).into()))
        }
        (_, Protocol::Stream, Addresses::IPv6(addresses)) => {
            Ok(Client::At((addresses.source_address, addresses.source_port).into()))
        }
        (_, Protocol::Stream, Addresses::Unix(_)) => Ok(Client::Proxy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn header(version: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[version, family], &length, rest].concat()
    }

    #[test]
    fn headers() {
        let v4 = [192, 0, 2, 7, 203, 0, 113, 9, 0x30, 0x39, 0x0A, 0x45];
        let v6: Vec<u8> = [[0x20, 1, 0xD, 0xB8], [0; 4], [0; 4], [0, 0, 0, 7]].concat();
        let v6 = [&v6[..], &[9; 16], &[0x30, 0x39, 0x0A, 0x45]].concat();
        let with = |rest: &[u8], more: &[u8]| [rest, more].concat();
        let at = |text: &str| Ok(Client::At(text.parse().unwrap()));
        // A TLV, another one that is longer than what is there, and bytes that are not a TLV.
        let tlv = [0x04, 0, 3, b'x', b'y', b'z'];
        for (bytes, read_as) in [
            (header(0x21, 0x11, &v4), at("192.0.2.7:12345")),
            (header(0x21, 0x11, &with(&v4, &tlv)), at("192.0.2.7:12345")),
            (header(0x21, 0x11, &with(&v4, &tlv[..4])), at("192.0.2.7:12345")),
            (header(0x21, 0x11, &with(&v4, &[7])), at("192.0.2.7:12345")),
            (header(0x21, 0x21, &v6), at("[2001:db8::7]:12345")),
            (header(0x21, 0x21, &with(&v6, &tlv)), at("[2001:db8::7]:12345")),
            (header(0x21, 0x31, &[b'/'; 216]), Ok(Client::Proxy)),
            (header(0x20, 0x00, &[]), Ok(Client::Proxy)),
            (header(0x20, 0x11, &v4), Ok(Client::Proxy)),
            (header(0x20, 0xFF, &[1, 2, 3]), Ok(Client::Proxy)),
            (header(0x21, 0x00, &[]), Err(Unfit::Unspecified)),
            (header(0x21, 0x01, &v4), Err(Unfit::Unspecified)),
            (header(0x21, 0x10, &v4), Err(Unfit::Unspecified)),
            (header(0x21, 0x12, &v4), Err(Unfit::Datagram)),
            (header(0x21, 0x22, &v6), Err(Unfit::Datagram)),
            (header(0x21, 0x11, &v4[..11]), Err(Unfit::Malformed)),
            (header(0x21, 0x11, &[]), Err(Unfit::Malformed)),
            (header(0x21, 0x21, &v4), Err(Unfit::Malformed)),
            (header(0x21, 0x31, &[b'/'; 215]), Err(Unfit::Malformed)),
            (header(0x21, 0x41, &v4), Err(Unfit::Malformed)),
            (header(0x21, 0x13, &v4), Err(Unfit::Malformed)),
            (header(0x22, 0x11, &v4), Err(Unfit::Malformed)),
            (header(0x11, 0x11, &v4), Err(Unfit::Version(1))),
            (header(0x31, 0x11, &v4), Err(Unfit::Version(3))),
            (header(0x21, 0x11, &[0; MAX_HEADER - FIXED]), at("0.0.0.0:0")),
            (header(0x21, 0x11, &[0; MAX_HEADER - FIXED + 1]), Err(Unfit::TooLong(MAX_HEADER + 1))),
            (header(0x20, 0x00, &[0; 65_535]), Err(Unfit::TooLong(65_551))),
            (b"PROXY TCP4 192.0.2.7 203.0.113.9 1 2\r\n".to_vec(), Err(Unfit::VersionOne)),
            (b"PROXY UNKNOWN\r\n".to_vec(), Err(Unfit::VersionOne)),
            (b"L ann secret\n".to_vec(), Err(Unfit::NoHeader)),
            (b"\x16\x03\x01".to_vec(), Err(Unfit::NoHeader)),
            (b"\r\n\r\n\0\r\nquit".to_vec(), Err(Unfit::NoHeader)),
            (SIGNATURE.to_vec(), Err(Unfit::Cut)),
            (header(0x21, 0x11, &v4)[..27].to_vec(), Err(Unfit::Cut)),
            (Vec::new(), Err(Unfit::Cut)),
        ] {
            assert_eq!(read(&bytes), read_as, "{bytes:02x?}");
        }
    }

    #[test]
    fn what_is_needed_is_known_as_soon_as_it_can_be() {
        // It may become a header of version 1, or a request.
        assert_eq!((needed(b"P"), needed(b"PROXY")), (Ok(FIXED), Ok(FIXED)));
        let whole = header(0x21, 0x11, &[1; 20]);
        for end in 0..=whole.len() {
            assert_eq!(needed(&whole[..end]), Ok(if end < FIXED { FIXED } else { whole.len() }), "{end}");
        }
        for (begin, why) in [
            (&b"PROXY "[..], Unfit::VersionOne),
            (b"PROXYb", Unfit::NoHeader),
            (b"L", Unfit::NoHeader),
            (b"\r\n\n", Unfit::NoHeader),
        ] {
            assert_eq!(needed(begin), Err(why));
        }
    }

    proptest! {
        /// Whatever comes in: no more is asked for than is taken, and only what is whole is read.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_header in any::<bool>()) {
            let bytes = if is_header { [&SIGNATURE[..], &[0x21], &bytes].concat() } else { bytes };
            let mut have = 0;
            while let Ok(total) = needed(&bytes[..have]) {
                prop_assert!((FIXED..=MAX_HEADER).contains(&total));
                if have == total || have == bytes.len() {
                    prop_assert_eq!(have == total, read(&bytes[..have]) != Err(Unfit::Cut));
                    break;
                }
                have = total.min(bytes.len());
            }
            let _ = read(&bytes);
        }
    }
}
