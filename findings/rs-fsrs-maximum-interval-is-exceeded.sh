#!/usr/bin/env bash
# rs-fsrs 1.2.1: an interval can be longer than `maximum_interval`.
#
# Guessed: with `maximum_interval: 100` no grade gives a card that is due in more than 100 days.
# Seen:    the limit holds for each grade by itself; then Good is made a day longer than Hard, and Easy a day longer than
#          Good: 100, 101 and 102 days.
# Matters: an interval that has to fit somewhere (a column, a check that compares with the limit) needs two days more, or
#          a limit of its own after the crate's.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cargo init --quiet --vcs none --name probe .
cat >> Cargo.toml <<'TOML'
rs-fsrs = "=1.2.1"
chrono = "=0.4.42"
TOML
cat > src/main.rs <<'RUST'
use chrono::{Duration, TimeZone, Utc};
use rs_fsrs::{Card, FSRS, Parameters, Rating, State};

fn main() {
    let scheduler = FSRS::new(Parameters { maximum_interval: 100, ..Parameters::default() });
    let now = Utc.with_ymd_and_hms(2026, 1, 1, 12, 0, 0).unwrap();
    let card = Card {
        due: now,
        stability: 5_000.0,
        difficulty: 5.0,
        elapsed_days: 100,
        scheduled_days: 100,
        reps: 9,
        lapses: 0,
        state: State::Review,
        last_review: now - Duration::days(100),
    };
    let outcomes = scheduler.repeat(card, now);
    for (name, rating) in [("hard", Rating::Hard), ("good", Rating::Good), ("easy", Rating::Easy)] {
        println!("{name}: {} days", outcomes[&rating].card.scheduled_days);
    }
}
RUST
cargo run --quiet > seen
echo "rs-fsrs 1.2.1, maximum_interval 100:"
cat seen
diff - seen <<'SEEN'
hard: 100 days
good: 101 days
easy: 102 days
SEEN
