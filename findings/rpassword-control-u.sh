#!/usr/bin/env bash
# rpassword 7.5.4 treats U+0015 (Ctrl-U) in what it reads as "erase the line so far", even when it reads from a plain
# reader and no terminal is in sight.
#
# Guessed: the line comes back as it is, without its line end.
# Seen:    "a^Ub" is the password "b"; of "ab\r\r\n" one \r stays; a last line without a newline is an error, not a line.
# Matters: a password file read through it can log in with another password than the file holds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cargo add --quiet rpassword@=7.5.4
cat > src/main.rs <<'RUST'
#[allow(deprecated)]
fn main() {
    for line in ["a\u{15}b\n", "a\u{8}b\n", "ab\r\n", "ab\r\r\n", " ab \n", "ab"] {
        let read = rpassword::read_password_from_bufread(&mut line.as_bytes());
        println!("{line:?} -> {:?}", read.map_err(|reason| reason.kind()));
    }
}
RUST
cargo run --quiet > seen
echo "rpassword 7.5.4:"
cat seen
diff - seen <<'SEEN'
"a\u{15}b\n" -> Ok("b")
"a\u{8}b\n" -> Ok("a\u{8}b")
"ab\r\n" -> Ok("ab")
"ab\r\r\n" -> Ok("ab\r")
" ab \n" -> Ok(" ab ")
"ab" -> Err(UnexpectedEof)
SEEN
