#!/usr/bin/env bash
# cargo 1.95.0: `cargo remove CRATE` also deletes the [profile.dev.package.NAME] tables of crates that are no direct
# dependencies, although they are in the tree and the tables have nothing to do with CRATE.
#
# Guessed: it removes one line of [dependencies].
# Seen:    after `cargo remove itoa` the table for `block-buffer`, which `sha2` brings, is gone, without a word; the one for
#          `sha2` itself, a direct dependency, stays.
# Matters: password hashing or a bundled C library that was optimised in debug builds is slow from then on, and nobody
#          knows why; edit the manifest by hand, or read the difference.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cat > Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.1.0"
edition = "2021"

[dependencies]
itoa = "=1.0.15"
sha2 = "=0.10.9"

[profile.dev.package.sha2]
opt-level = 3

[profile.dev.package.block-buffer]
opt-level = 3
TOML
cargo generate-lockfile --quiet
cargo tree --quiet --package block-buffer --depth 0 | sed 's/ .*//' > seen
cargo remove --quiet itoa
grep '^\[profile' Cargo.toml >> seen
cargo --version
cat seen
diff - seen <<'SEEN'
block-buffer
[profile.dev.package.sha2]
SEEN
