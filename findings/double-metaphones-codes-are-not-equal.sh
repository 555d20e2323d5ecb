#!/usr/bin/env bash
# Double Metaphone of three packages: rphonetic 4.0.0 (crates.io), Metaphone 0.6 (PyPI) and double-metaphone 2.0.1 (npm) give
# codes that cannot be compared with each other, for ordinary words.
#
# Guessed: they are ports of one published algorithm, so a code stored by one is found by another.
# Seen:    rphonetic cuts each code at four characters unless it is asked for more, the others do not cut. Metaphone leaves
#          the second code empty where there is none of its own, the others repeat the first. And after that `number` and
#          `thumb` still have a P in Metaphone, `highway` two H, `much` is MX where the others have MK; in
#          double-metaphone `social` lacks the second code SXL, and `ecology` has its two codes the other way round.
# Matters: "sounds like" across two programs, or after a move from one language to another, misses words: make the codes
#          anew with the library that asks for them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf '%s\n' apple dictionary number thumb highway much coach social ecology > words
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install Metaphone==0.6
./venv/bin/python - > Metaphone <<'PY'
from metaphone import doublemetaphone
for word in open("words").read().split():
    print(word, *(code or "-" for code in doublemetaphone(word)))
PY
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit double-metaphone@2.0.1 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { doubleMetaphone } from "double-metaphone";
for (const word of readFileSync("words", "utf8").trim().split("\n")) console.log(word, ...doubleMetaphone(word));
JS
node probe.mjs > double-metaphone
cargo init --quiet --vcs none --name probe .
cargo add --quiet rphonetic@=4.0.0
cat > src/main.rs <<'RUST'
use rphonetic::DoubleMetaphone;

fn main() {
    for length in [None, Some(20)] {
        let encoder = length.map_or_else(DoubleMetaphone::default, |length| DoubleMetaphone::new(Some(length)));
        let mut lines = String::new();
        for word in std::fs::read_to_string("words").unwrap().lines() {
            let codes = encoder.double_metaphone(word);
            lines += &format!("{word} {} {}\n", codes.primary(), codes.alternate());
        }
        std::fs::write(if length.is_none() { "rphonetic" } else { "rphonetic-of-20" }, lines).unwrap();
    }
}
RUST
cargo run --quiet
for name in rphonetic rphonetic-of-20 Metaphone double-metaphone; do echo "$name: $(paste -sd , $name | sed 's/,/, /g')"; done | tee seen
diff - seen <<'SEEN'
rphonetic: apple APL APL, dictionary TKXN TKXN, number NMR NMR, thumb 0M TM, highway H H, much MK MK, coach KK KK, social SSL SXL, ecology AKLJ AKLK
rphonetic-of-20: apple APL APL, dictionary TKXNR TKXNR, number NMR NMR, thumb 0M TM, highway H H, much MK MK, coach KK KK, social SSL SXL, ecology AKLJ AKLK
Metaphone: apple APL -, dictionary TKXNR -, number NMPR -, thumb 0MP TMP, highway HH -, much MX MK, coach KX KK, social SSL SXL, ecology AKLJ AKLK
double-metaphone: apple APL APL, dictionary TKXNR TKXNR, number NMR NMR, thumb 0M TM, highway H H, much MK MK, coach KK KK, social SSL SSL, ecology AKLK AKLJ
SEEN
