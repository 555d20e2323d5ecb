#!/usr/bin/env bash
# url 2.5.8 reads the host of a `mysql:` URL by other rules than that of an `http:` URL (the WHATWG's "opaque host").
#
# Guessed: hosts are lower-cased, `127.1` is 127.0.0.1, `%6D` is `m`, IDNA is applied, and a list `h1,h2` is an error.
# Seen:    none of it: the host is kept as it was written, non-ASCII letters are percent-encoded (and no resolver knows
#          that name), and `h1,h2` is one host; only with ports (`h1:1,h2:2`) is the list an error.
# Matters: a list of hosts has to be taken apart before the crate reads the URL, or it quietly becomes one odd name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cargo add --quiet url@=2.5.8
cat > src/main.rs <<'RUST'
fn main() {
    for rest in ["DB.Example/d", "127.1/d", "d%62.example/d", "bücher.example/d", "h1,h2/d", "h1:1,h2:2/d"] {
        for scheme in ["http", "mysql"] {
            let url = url::Url::parse(&format!("{scheme}://{rest}"));
            println!("{scheme}://{rest} {}", url.map_or_else(|reason| format!("error: {reason}"), |url| format!("{:?}", url.host().unwrap())));
        }
    }
}
RUST
cargo run --quiet > seen
echo "url 2.5.8:"
cat seen
diff - seen <<'SEEN'
http://DB.Example/d Domain("db.example")
mysql://DB.Example/d Domain("DB.Example")
http://127.1/d Ipv4(127.0.0.1)
mysql://127.1/d Domain("127.1")
http://d%62.example/d Domain("db.example")
mysql://d%62.example/d Domain("d%62.example")
http://bücher.example/d Domain("xn--bcher-kva.example")
mysql://bücher.example/d Domain("b%C3%BCcher.example")
http://h1,h2/d Domain("h1,h2")
mysql://h1,h2/d Domain("h1,h2")
http://h1:1,h2:2/d error: invalid port number
mysql://h1:1,h2:2/d error: invalid port number
SEEN
