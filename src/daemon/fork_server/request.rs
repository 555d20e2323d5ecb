//! The parent's requests to the fork server, and their results, as bytes. Pure. Parent and fork server run the same
//! program, and neither reads anything that a client has sent.

use crate::ipc::scoreboard::SlotNumber;
use crate::session::{Arrival, Language, Peer};
use nix::errno::Errno;
use nix::unistd::Pid;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// The size of a request for a child; the client's socket comes with it.
pub const REQUEST_SIZE: usize = 4 + 8 + 3 + PEER_SIZE;
const PEER_SIZE: usize = 16 + 2 + 4 + 4;

const LANGUAGES: [Language; 3] = [Language::Lines, Language::LinesOverTls, Language::Dict];
const INTERNET_4: u8 = 4;
const INTERNET_6: u8 = 6;
const TLS: u8 = 16;

/// A request, as it is sent.
pub fn to_bytes(arrival: &Arrival) -> [u8; REQUEST_SIZE] {
    let mut bytes = [0; REQUEST_SIZE];
    let (slot, rest) = bytes.split_at_mut(4);
    let (source, rest) = rest.split_at_mut(8);
    let (kinds, peer) = rest.split_at_mut(3);
    slot.copy_from_slice(&arrival.slot.0.to_ne_bytes());
    source.copy_from_slice(&arrival.source.to_ne_bytes());
    let language = (0..).zip(LANGUAGES).find(|(_, language)| *language == arrival.language);
    kinds.copy_from_slice(&[language.map_or(0, |(number, _)| number), arrival.is_proxied.into(), 0]);
    match &arrival.peer {
        Peer::Internet(address) => kinds[2] = push_address(peer, address),
        Peer::Tls(address) => kinds[2] = push_address(peer, address) | TLS,
        Peer::Local { user } => peer[..4].copy_from_slice(&user.to_ne_bytes()),
    }
    bytes
}

/// What [`to_bytes`] has written; `None` if it is something else.
pub fn from_bytes(bytes: &[u8]) -> Option<Arrival> {
    let (slot, rest) = bytes.split_first_chunk()?;
    let (source, rest) = rest.split_first_chunk()?;
    let ([language, is_proxied, kind], rest) = rest.split_first_chunk()?;
    let rest: &[u8; PEER_SIZE] = rest.try_into().ok()?;
    let peer = match kind & !TLS {
        0 => Peer::Local { user: u32::from_ne_bytes(*rest.first_chunk()?) },
        family => {
            let address = take_address(family, rest)?;
            if kind & TLS == 0 { Peer::Internet(address) } else { Peer::Tls(address) }
        }
    };
    Some(Arrival {
        slot: SlotNumber(u32::from_ne_bytes(*slot)),
        peer,
        language: *LANGUAGES.get(usize::from(*language))?,
        is_proxied: *is_proxied != 0,
        source: u64::from_ne_bytes(*source),
    })
}

fn push_address(out: &mut [u8], address: &SocketAddr) -> u8 {
    let (ip, numbers) = out.split_at_mut(16);
    numbers[..2].copy_from_slice(&address.port().to_ne_bytes());
    match address {
        SocketAddr::V4(address) => {
            ip[..4].copy_from_slice(&address.ip().octets());
            INTERNET_4
        }
        SocketAddr::V6(address) => {
            ip.copy_from_slice(&address.ip().octets());
            numbers[2..6].copy_from_slice(&address.flowinfo().to_ne_bytes());
            numbers[6..].copy_from_slice(&address.scope_id().to_ne_bytes());
            INTERNET_6
        }
    }
}

fn take_address(family: u8, bytes: &[u8; PEER_SIZE]) -> Option<SocketAddr> {
    let (ip, numbers) = bytes.split_first_chunk::<16>()?;
    let (port, numbers) = numbers.split_first_chunk()?;
    let (flow, numbers) = numbers.split_first_chunk()?;
    let port = u16::from_ne_bytes(*port);
    match family {
        INTERNET_4 => Some((IpAddr::V4(Ipv4Addr::from(*ip.first_chunk::<4>()?)), port).into()),
        INTERNET_6 => {
            let scope = u32::from_ne_bytes(numbers.try_into().ok()?);
            let address = SocketAddrV6::new(Ipv6Addr::from(*ip), port, u32::from_ne_bytes(*flow), scope);
            Some(address.into())
        }
        _ => None,
    }
}

/// The outcome of a request: the child reports itself, before it does anything else, or the fork server reports that
/// there is no child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Whose place it is.
    pub slot: SlotNumber,
    /// The child, or why there is none.
    pub child: Result<Pid, Errno>,
}

/// The size of a report.
pub const REPORT_SIZE: usize = 8;

impl Report {
    /// As it is sent.
    pub fn to_bytes(self) -> [u8; REPORT_SIZE] {
        let number = self.child.map_or_else(|error| -(error as i32), Pid::as_raw);
        let mut bytes = [0; REPORT_SIZE];
        bytes[..4].copy_from_slice(&self.slot.0.to_ne_bytes());
        bytes[4..].copy_from_slice(&number.to_ne_bytes());
        bytes
    }

    /// What [`Report::to_bytes`] has written.
    pub fn from_bytes(bytes: [u8; REPORT_SIZE]) -> Self {
        let [a, b, c, d, number @ ..] = bytes;
        let number = i32::from_ne_bytes(number);
        let child = if number > 0 { Ok(Pid::from_raw(number)) } else { Err(Errno::from_raw(-number)) };
        Self { slot: SlotNumber(u32::from_ne_bytes([a, b, c, d])), child }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_reports_read_as_they_are_written() {
        let addresses = ["192.0.2.1:7878", "[2001:db8::1]:65535", "[fe80::1%7]:1"].map(|text| text.parse().unwrap());
        let peers = addresses.iter().flat_map(|address| [Peer::Internet(*address), Peer::Tls(*address)]);
        for peer in peers.chain([Peer::Local { user: 0 }, Peer::Local { user: u32::MAX }]) {
            for language in LANGUAGES {
                for (is_proxied, slot, source) in [(false, 0, 0), (true, u32::MAX, u64::MAX)] {
                    let slot = SlotNumber(slot);
                    let arrival = Arrival { slot, peer: peer.clone(), language, is_proxied, source };
                    assert_eq!(from_bytes(&to_bytes(&arrival)), Some(arrival));
                }
            }
        }
        assert_eq!(from_bytes(&[0; REQUEST_SIZE - 1]), None);
        assert_eq!(from_bytes(&[9; REQUEST_SIZE]), None);
        for child in [Ok(Pid::from_raw(1)), Ok(Pid::from_raw(i32::MAX)), Err(Errno::EAGAIN), Err(Errno::ENOMEM)] {
            let report = Report { slot: SlotNumber(7), child };
            assert_eq!(Report::from_bytes(report.to_bytes()), report);
        }
    }
}
