#!/usr/bin/env bash
# env_logger 0.11.12 takes a directive's target for a prefix of the text, not for a module path: `RUST_LOG=cidian=debug`
# also turns on `cidiand` and `cidian_tools`.
#
# Guessed: `name=debug` is for the module `name` and what is below it (`name::…`).
# Seen:    every target whose text begins with `name` is on, whatever comes next.
# Matters: two programs `x` and `xd` in one process tree: a filter meant for the client makes the daemon talk, too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cargo add --quiet env_logger@=0.11.12 log@=0.4.29
cat > src/main.rs <<'RUST'
fn main() {
    env_logger::Builder::new().parse_filters("dict=debug").format_timestamp(None).init();
    for target in ["dict", "dict::words", "dictd", "dict_tools::list", "dic"] {
        log::debug!(target: target, "shown");
    }
}
RUST
RUST_LOG_STYLE=never cargo run --quiet 2> seen
echo "env_logger 0.11.12:"
cat seen
diff - seen <<'SEEN'
[DEBUG dict] shown
[DEBUG dict::words] shown
[DEBUG dictd] shown
[DEBUG dict_tools::list] shown
SEEN
