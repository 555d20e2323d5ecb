#!/usr/bin/env bash
# rusqlite 0.42.0 with the SQLite it bundles (3.54.1): what a prepared statement with a bound LIMIT costs.
#
# Guessed: a prepared statement is compiled once; new values are bound to it and it runs.
# Seen:    with a parameter as its LIMIT, it is compiled anew whenever another number is bound to that
#          (SQLITE_STMTSTATUS_REPREPARE counts it); and whenever it comes out of rusqlite's cache, even with the same
#          number, for the cache clears what was bound. With the number in the text, never; nor with
#          SQLITE_DBCONFIG_ENABLE_QPSG, by which a plan may not depend on values. There are no statistics to plan by.
# Matters: to compile a statement takes several times as long as to read a row by it, which is what a cache of prepared
#          statements was meant to save.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "limits"
version = "0.0.0"
edition = "2024"

[dependencies]
rusqlite = { version = "=0.42.0", features = ["bundled"] }
libsqlite3-sys = "=0.40.0"
TOML
cat > src/main.rs <<'RUST'
use rusqlite::{Connection, Result, StatementStatus::RePrepare, config::DbConfig, version};

fn main() -> Result<()> {
    println!("SQLite {}", version());
    let connection = Connection::open_in_memory()?;
    connection.execute_batch("CREATE TABLE words (word TEXT PRIMARY KEY, meaning TEXT)")?;
    for stable in [false, true] {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, stable)?;
        for (limit, numbers) in [("LIMIT ?2", [10, 10]), ("LIMIT ?2", [10, 11]), ("LIMIT 10", [10, 10])] {
            let text = format!("SELECT meaning FROM words WHERE word = ?1 AND ?2 > 0 {limit}");
            let mut kept = connection.prepare(&text)?;
            for turn in 0..100 {
                assert!(kept.query((format!("word {turn}"), numbers[turn % 2]))?.next()?.is_none());
            }
            for turn in 0..100 {
                let mut cached = connection.prepare_cached(&text)?;
                assert!(cached.query((format!("word {turn}"), numbers[turn % 2]))?.next()?.is_none());
            }
            let counts = [kept.get_status(RePrepare), connection.prepare_cached(&text)?.get_status(RePrepare)];
            println!("QPSG {stable}, {limit}, {numbers:?}: compiled anew {counts:?} times (kept, cached)");
            connection.flush_prepared_statement_cache();
        }
    }
    Ok(())
}
RUST
cargo run --quiet > seen
cat seen
diff - seen <<'SEEN'
SQLite 3.54.1
QPSG false, LIMIT ?2, [10, 10]: compiled anew [1, 100] times (kept, cached)
QPSG false, LIMIT ?2, [10, 11]: compiled anew [100, 100] times (kept, cached)
QPSG false, LIMIT 10, [10, 10]: compiled anew [0, 0] times (kept, cached)
QPSG true, LIMIT ?2, [10, 10]: compiled anew [0, 0] times (kept, cached)
QPSG true, LIMIT ?2, [10, 11]: compiled anew [0, 0] times (kept, cached)
QPSG true, LIMIT 10, [10, 10]: compiled anew [0, 0] times (kept, cached)
SEEN
