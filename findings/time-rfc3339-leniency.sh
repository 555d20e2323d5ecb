#!/usr/bin/env bash
# time 0.3.55 parses as RFC 3339 what RFC 3339 doesn't allow: any byte between date and time; and a leap second becomes
# the last nanosecond before it, while other seconds of 60 are refused.
#
# Guessed: the separator must be `T`, `t` or (by the RFC's note) a blank; ":60" is refused, or moves to the next minute.
# Seen:    `_` will do as well; 23:59:60 on a day when a leap second is possible becomes 23:59:59.999999999.
# Matters: a parsed and printed time need not be the text that came in; equality of texts and of times differ.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cargo add --quiet time@=0.3.55 --features formatting,parsing
cat > src/main.rs <<'RUST'
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

fn main() {
    for text in [
        "2026-11-23T05:32:10Z",
        "2026-11-23 05:32:10Z",
        "2026-11-23_05:32:10Z",
        "2026-11-23T05:32:10.1234567891234Z",
        "2016-12-31T23:59:60Z",
        "2026-11-23T05:32:60Z",
        "2026-11-23T24:00:00Z",
    ] {
        let time = OffsetDateTime::parse(text, &Rfc3339).ok().map(|time| time.format(&Rfc3339).unwrap());
        println!("{text} -> {}", time.as_deref().unwrap_or("refused"));
    }
}
RUST
cargo run --quiet > seen
echo "time 0.3.55:"
cat seen
diff - seen <<'SEEN'
2026-11-23T05:32:10Z -> 2026-11-23T05:32:10Z
2026-11-23 05:32:10Z -> 2026-11-23T05:32:10Z
2026-11-23_05:32:10Z -> 2026-11-23T05:32:10Z
2026-11-23T05:32:10.1234567891234Z -> 2026-11-23T05:32:10.123456789Z
2016-12-31T23:59:60Z -> 2016-12-31T23:59:59.999999999Z
2026-11-23T05:32:60Z -> refused
2026-11-23T24:00:00Z -> refused
SEEN
