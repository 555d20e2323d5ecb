#!/usr/bin/env bash
# signal-hook 0.4.4: after the last action of a signal is unregistered, the signal does nothing. It does not get back
# what it did before.
#
# Guessed: unregistering the only action puts the disposition of before back, as a pair of sigaction(2) calls would.
# Seen:    a process that has registered and unregistered an action for SIGTERM no longer dies of SIGTERM.
# Matters: a program that catches SIGTSTP for the length of a password prompt can't be stopped by Ctrl-Z ever after.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cargo add --quiet signal-hook@=0.4.4
cat > src/main.rs <<'RUST'
use signal_hook::{consts::SIGTERM, flag, low_level};
use std::sync::{Arc, atomic::AtomicBool};

fn main() {
    if std::env::args().count() > 1 {
        let action = flag::register(SIGTERM, Arc::new(AtomicBool::new(false))).unwrap();
        println!("unregistered: {}", low_level::unregister(action));
    }
    low_level::raise(SIGTERM).unwrap();
    println!("still alive after SIGTERM");
}
RUST
cargo build --quiet
{
    echo "never registered:"
    ./target/debug/probe || echo "ended with $?"
    echo "registered and unregistered:"
    ./target/debug/probe register || echo "ended with $?"
} > seen 2> errors
echo "signal-hook 0.4.4:"
cat seen
diff - seen <<'SEEN'
never registered:
ended with 143
registered and unregistered:
unregistered: true
still alive after SIGTERM
SEEN
