//! Reads the beginning of a connection as a session does, in pieces, and judges by the specification (section 2.2 of
//! HAProxy's proxy-protocol.txt) who the client is.

use cidian::protocol::proxy::{Client, MAX_HEADER, Unfit, needed, read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The first byte determines in what pieces the others come.
pub fn check(input: &[u8]) {
    let Some((&piece, bytes)) = input.split_first() else { return };
    let at_once = come_in(bytes, usize::MAX);
    assert_eq!(come_in(bytes, usize::from(piece) + 1), at_once, "whatever the pieces are");
    assert_eq!(at_once, by_the_book(bytes), "{bytes:02x?}");
    // More bytes than are needed are not read as a header, and do no harm.
    let _ = read(bytes);
}

/// How much was read, and the result.
fn come_in(bytes: &[u8], piece: usize) -> (usize, Result<Client, Unfit>) {
    let mut have = 0;
    loop {
        let total = match needed(&bytes[..have]) {
            Ok(total) => total,
            Err(why) => return (0, Err(why)),
        };
        assert!(have <= total && total <= MAX_HEADER, "no more is asked for than is taken");
        if have == total {
            let client = read(&bytes[..have]);
            assert_ne!(client, Err(Unfit::Cut), "it is whole");
            return (if client.is_ok() { have } else { 0 }, client);
        }
        if have == bytes.len() {
            assert!(have == 0 || read(bytes) == Err(Unfit::Cut));
            return (0, Err(Unfit::Cut));
        }
        have += piece.min(total - have).min(bytes.len() - have);
    }
}

/// The same, computed in another way.
fn by_the_book(bytes: &[u8]) -> (usize, Result<Client, Unfit>) {
    let begins_like = |text: &[u8]| text.iter().zip(bytes).all(|(a, b)| a == b);
    let refused = |why| (0, Err(why));
    if !begins_like(SIGNATURE) {
        let why = if begins_like(b"PROXY ") { Unfit::VersionOne } else { Unfit::NoHeader };
        return refused(if why == Unfit::VersionOne && bytes.len() < 6 { Unfit::Cut } else { why });
    }
    let [_, _, _, _, _, _, _, _, _, _, _, _, version, family, high, low, rest @ ..] = bytes else {
        return refused(Unfit::Cut);
    };
    if version >> 4 != 2 {
        return refused(Unfit::Version(version >> 4));
    }
    let length = usize::from(*high) << 8 | usize::from(*low);
    if 16 + length > MAX_HEADER {
        return refused(Unfit::TooLong(16 + length));
    }
    let Some(rest) = rest.get(..length) else { return refused(Unfit::Cut) };
    let number = |at: usize| u16::from_be_bytes([rest[at], rest[at + 1]]);
    let client = match (version & 0x0F, family >> 4, family & 0x0F) {
        (0, ..) => Ok(Client::Proxy),
        (1, 0..=3, 0..=2) if length < [0, 12, 36, 216][usize::from(family >> 4)] => Err(Unfit::Malformed),
        (1, 0..=3, 2) => Err(Unfit::Datagram),
        (1, 0, 0 | 1) | (1, 1..=3, 0) => Err(Unfit::Unspecified),
        (1, 1, 1) => {
            let address = Ipv4Addr::new(rest[0], rest[1], rest[2], rest[3]);
            Ok(Client::At(SocketAddr::from((address, number(8)))))
        }
        (1, 2, 1) => {
            let address: [u8; 16] = rest[..16].try_into().expect("as long as that");
            Ok(Client::At(SocketAddr::from((Ipv6Addr::from(address), number(32)))))
        }
        (1, 3, 1) => Ok(Client::Proxy),
        _ => Err(Unfit::Malformed),
    };
    (if client.is_ok() { 16 + length } else { 0 }, client)
}
