#!/usr/bin/env bash
# ppp 2.3.0 (crates.io): headers of the PROXY protocol, version 2, with the command LOCAL.
#
# Guessed: of a LOCAL header only the length is read, to skip what follows: the specification has the receiver ignore
#          the family and whatever follows.
# Seen:    the family and its length are judged all the same. LOCAL with "TCP over IPv4" and no addresses is an error
#          (InvalidAddresses), and with a family that is not assigned, too (AddressFamily). With room for the addresses, or
#          as UNSPEC of any length, it is taken.
# Matters: LOCAL is what health checks send. A server that refuses them looks dead to the proxy in front of it; so look at
#          the command before the parser does.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "local"
version = "0.0.0"
edition = "2024"

[dependencies]
ppp = "=2.3.0"
TOML
cat > src/main.rs <<'RUST'
fn main() {
    let cases: [(&str, u8, &[u8]); 5] = [
        ("UNSPEC, length 0", 0x00, &[]),
        ("UNSPEC, length 5", 0x00, &[1; 5]),
        ("TCP over IPv4, length 12", 0x11, &[0; 12]),
        ("TCP over IPv4, length 0", 0x11, &[]),
        ("family 4, which is not assigned, length 0", 0x41, &[]),
    ];
    for (what, family, addresses) in cases {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        let header = [b"\r\n\r\n\0\r\nQUIT\n", &[0x20, family][..], &length, addresses].concat();
        match ppp::v2::Header::try_from(&header[..]) {
            Ok(read) => println!("LOCAL, {what}: {:?}", read.command),
            Err(error) => println!("LOCAL, {what}: {error:?}"),
        }
    }
}
RUST
cargo run --quiet > seen
echo "ppp 2.3.0"
cat seen
diff - seen <<'SEEN'
LOCAL, UNSPEC, length 0: Local
LOCAL, UNSPEC, length 5: Local
LOCAL, TCP over IPv4, length 12: Local
LOCAL, TCP over IPv4, length 0: InvalidAddresses(0, 12)
LOCAL, family 4, which is not assigned, length 0: AddressFamily(64)
SEEN
