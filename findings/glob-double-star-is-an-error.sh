#!/usr/bin/env bash
# glob 0.3.4: a pattern with `**` inside a word is not a pattern, even where no paths are meant.
#
# Guessed: `a**b` means what `a*b` means, as it does in the shell and in fnmatch(3).
# Seen:    it is an error ("recursive wildcards must form a single path component"); and `*` matches `/` and a leading
#          dot unless options say otherwise, so that what looks strict about paths is lenient about them.
# Matters: a search for words by glob has to collapse runs of stars before the crate sees them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cargo add --quiet glob@=0.3.4
cat > src/main.rs <<'RUST'
fn main() {
    for (pattern, text) in [("a*b", "aXXb"), ("a**b", "aXXb"), ("a***b", "aXXb"), ("**b", "b"), ("a*b", "a/b"), ("*", ".b")] {
        match glob::Pattern::new(pattern) {
            Ok(read) => println!("{pattern} {text} {}", read.matches(text)),
            Err(reason) => println!("{pattern} {text} error: {}", reason.msg),
        }
    }
}
RUST
cargo run --quiet > seen
echo "glob 0.3.4:"
cat seen
diff - seen <<'SEEN'
a*b aXXb true
a**b aXXb error: recursive wildcards must form a single path component
a***b aXXb error: wildcards are either regular `*` or recursive `**`
**b b error: recursive wildcards must form a single path component
a*b a/b true
* .b true
SEEN
