#!/usr/bin/env bash
# CC-CEDICT writes ü as `u:` (`nu:3`, `lu:e4`). Of five converters of pinyin with digits into pinyin with marks, four leave
# the colon in the text, in three ways and without an error; and no spelling of ü is understood by all five.
#
# Guessed: a library that turns `ni3 hao3` into `nǐ hǎo` knows the spelling of the most used free Chinese dictionary, and
#          refuses what it does not know; the letter ü itself is safe with every one of them.
# Seen:    pinyin-tone 2.4.0, pinyin-utils 2.32.0 and prettify-pinyin 0.1.5 (npm) and dragonmapper 0.3.0 (PyPI) make `lu:è` or
#          `lù:e` of `lu:e4`, or leave it as it is, and `nǔ:` of `nu:3`, or leave that; prettify_pinyin 2.0.0 (crates.io)
#          gives lüè and nǚ. pinyin-utils does not know `nv3`, and pinyin-tone does not know `nü3`.
# Matters: words with ü (女, 绿, 旅行, 策略) come out wrong in a reader, and only these, so that a test with 你好 sees nothing: put
#          into ü or v, whichever the library takes, what the dictionary has as `u:`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf '%s\n' 'ni3 hao3' nu:3 lu:e4 'Lu:3 shun4' nv3 nü3 lve4 lüe4 > syllables
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit pinyin-tone@2.4.0 pinyin-utils@2.32.0 prettify-pinyin@0.1.5 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import tone from "pinyin-tone";
import utils from "pinyin-utils";
import prettify from "prettify-pinyin";
const converters = {
  "pinyin-tone": tone,
  // One syllable at a time, as its documentation has it.
  "pinyin-utils": (line) => line.split(" ").map((syllable) => utils.numberToMark(syllable)).join(" "),
  "prettify-pinyin": prettify.prettify,
};
for (const [name, convert] of Object.entries(converters)) {
  const lines = readFileSync("syllables", "utf8").trim().split("\n");
  writeFileSync(name, lines.map((line) => String(convert(line)) + "\n").join(""));
}
JS
node probe.mjs
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install dragonmapper==0.3.0
./venv/bin/python - > dragonmapper <<'PY'
from dragonmapper.transcriptions import numbered_to_accented
for line in open("syllables", encoding="utf-8"):
    print(numbered_to_accented(line.strip()))
PY
cargo init --quiet --vcs none --name probe .
cargo add --quiet prettify_pinyin@=2.0.0
cat > src/main.rs <<'RUST'
fn main() {
    for line in std::fs::read_to_string("syllables").unwrap().lines() {
        println!("{}", prettify_pinyin::prettify(line));
    }
}
RUST
cargo run --quiet > prettify_pinyin
for name in pinyin-tone pinyin-utils prettify-pinyin dragonmapper prettify_pinyin; do
    paste -d = syllables $name | sed "s/^/$name: /"
done > seen
cat seen
diff - seen <<'SEEN'
pinyin-tone: ni3 hao3=nǐ hǎo
pinyin-tone: nu:3=nu:3
pinyin-tone: lu:e4=lu:e4
pinyin-tone: Lu:3 shun4=Lu:3 shùn
pinyin-tone: nv3=nǚ
pinyin-tone: nü3=nü3
pinyin-tone: lve4=lüè
pinyin-tone: lüe4=lüe4
pinyin-utils: ni3 hao3=nǐ hǎo
pinyin-utils: nu:3=nu:3
pinyin-utils: lu:e4=lu:è
pinyin-utils: Lu:3 shun4=Lu:3 shùn
pinyin-utils: nv3=nv
pinyin-utils: nü3=nǚ
pinyin-utils: lve4=lvè
pinyin-utils: lüe4=lüè
prettify-pinyin: ni3 hao3=nǐ hǎo
prettify-pinyin: nu:3=nǔ:
prettify-pinyin: lu:e4=lù:e
prettify-pinyin: Lu:3 shun4=Lǔ: shùn
prettify-pinyin: nv3=nǚ
prettify-pinyin: nü3=nǚ
prettify-pinyin: lve4=lüè
prettify-pinyin: lüe4=lüè
dragonmapper: ni3 hao3=nǐ hǎo
dragonmapper: nu:3=nǔ:
dragonmapper: lu:e4=lu:è
dragonmapper: Lu:3 shun4=Lǔ: shùn
dragonmapper: nv3=nǚ
dragonmapper: nü3=nǚ
dragonmapper: lve4=lüè
dragonmapper: lüe4=lüè
prettify_pinyin: ni3 hao3=nǐ hǎo
prettify_pinyin: nu:3=nǚ
prettify_pinyin: lu:e4=lüè
prettify_pinyin: Lu:3 shun4=Lǚ shùn
prettify_pinyin: nv3=nǚ
prettify_pinyin: nü3=nǚ
prettify_pinyin: lve4=lüè
prettify_pinyin: lüe4=lüè
SEEN
