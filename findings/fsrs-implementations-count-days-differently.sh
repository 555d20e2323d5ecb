#!/usr/bin/env bash
# ts-fsrs 5.4.2, fsrs 6.3.2 (Python) and rs-fsrs 1.2.1, three schedulers of one project, do not agree on how many days have
# passed between two reviews.
#
# Guessed: a day is 24 hours for all of them, or a date for all of them; with equal weights equal reviews give equal cards.
# Seen:    ts-fsrs counts midnights in UTC: from 23:50 to 00:10 is a day, and the card's stability grows from 10 to 13 for
#          twenty minutes; from noon to 11:00 two days later is two. The others count whole 24 hours: none, and one.
#          (rs-fsrs has 19 weights, the others 21: its stabilities are others anyway.) For a card of stability 10 "Good"
#          is 10 days in Python, and 11 in the others, which keep it above "Hard".
# Matters: a history that is replayed by another implementation (to Anki, to a web page) gives other due dates, by where the
#          learner lives, too: midnight in UTC is in the morning in Shanghai and in the afternoon in Los Angeles.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > times <<'TIMES'
2026-01-10T23:50:00Z 2026-01-11T00:10:00Z
2026-01-10T00:10:00Z 2026-01-10T23:50:00Z
2026-01-10T12:00:00Z 2026-01-12T11:00:00Z
2026-01-10T12:00:00Z 2026-01-12T13:00:00Z
TIMES
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit ts-fsrs@5.4.2 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Rating, State, createEmptyCard, fsrs } from "ts-fsrs";
const scheduler = fsrs({ enable_fuzz: false });
for (const line of readFileSync("times", "utf8").trim().split("\n")) {
  const [first, second] = line.split(" ").map((time) => new Date(time));
  const before = { ...createEmptyCard(first), state: State.Review, stability: 10, difficulty: 5, reps: 3, scheduled_days: 10, last_review: first };
  const { card } = scheduler.next(before, second, Rating.Good);
  console.log(`ts-fsrs: stability ${card.stability.toFixed(2)}, due in ${Math.round((card.due - second) / 864e5)} days`);
}
JS
node probe.mjs > ts-fsrs
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install fsrs==6.3.2
./venv/bin/python - > py-fsrs <<'PY'
from datetime import datetime, timezone
from fsrs import Card, Rating, Scheduler, State
scheduler = Scheduler(enable_fuzzing=False)
for line in open("times"):
    first, second = (datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc) for time in line.split())
    card = Card(state=State.Review, step=None, stability=10.0, difficulty=5.0, due=second, last_review=first)
    card, _ = scheduler.review_card(card, Rating.Good, second)
    print(f"fsrs (Python): stability {card.stability:.2f}, due in {(card.due - second).days} days")
PY
mkdir rust
cd rust
cargo init --quiet --vcs none --name probe .
cargo add --quiet rs-fsrs@=1.2.1 chrono@=0.4.42
cat > src/main.rs <<'RUST'
use chrono::{DateTime, Utc};
use rs_fsrs::{Card, FSRS, Parameters, Rating, State};

fn main() {
    let scheduler = FSRS::new(Parameters { enable_fuzz: false, ..Parameters::default() });
    for line in include_str!("../../times").lines() {
        let times: Vec<DateTime<Utc>> = line.split(' ').map(|time| time.parse().unwrap()).collect();
        let card = Card {
            due: times[1],
            stability: 10.0,
            difficulty: 5.0,
            elapsed_days: 0,
            scheduled_days: 10,
            reps: 3,
            lapses: 0,
            state: State::Review,
            last_review: times[0],
        };
        let card = scheduler.next(card, times[1], Rating::Good).card;
        println!("rs-fsrs: stability {:.2}, due in {} days", card.stability, (card.due - times[1]).num_days());
    }
}
RUST
cargo run --quiet > ../rs-fsrs
cd ..
paste -d '\n' times ts-fsrs py-fsrs rs-fsrs > seen
echo "ts-fsrs 5.4.2, fsrs 6.3.2, rs-fsrs 1.2.1:"
cat seen
diff - seen <<'SEEN'
2026-01-10T23:50:00Z 2026-01-11T00:10:00Z
ts-fsrs: stability 13.05, due in 13 days
fsrs (Python): stability 10.00, due in 10 days
rs-fsrs: stability 10.00, due in 11 days
2026-01-10T00:10:00Z 2026-01-10T23:50:00Z
ts-fsrs: stability 10.00, due in 11 days
fsrs (Python): stability 10.00, due in 10 days
rs-fsrs: stability 10.00, due in 11 days
2026-01-10T12:00:00Z 2026-01-12T11:00:00Z
ts-fsrs: stability 15.83, due in 16 days
fsrs (Python): stability 13.05, due in 13 days
rs-fsrs: stability 12.66, due in 13 days
2026-01-10T12:00:00Z 2026-01-12T13:00:00Z
ts-fsrs: stability 15.83, due in 16 days
fsrs (Python): stability 15.83, due in 16 days
rs-fsrs: stability 15.26, due in 15 days
SEEN
