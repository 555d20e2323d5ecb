#!/usr/bin/env bash
# chinese-tokenizer 2.4.0 (npm) over a file of CC-CEDICT: which meanings a word has, and how many times each, depends on
# the words that stand before it.
#
# Guessed: `matches` of a token are the entries of the dictionary for it, each once, as in the README; the same word has
#          the same wherever it stands.
# Seen:    words are looked up in both scripts and both lists are joined, so that an entry whose two forms are equal is
#          there twice, until a word has come that is written so in one script only; from then on the list of that script
#          comes alone. 后 means "empress, after, empress" at first, "empress, after" behind 苹果, and "empress" behind
#          蘋果. In a list of words that gives both forms, the scripts are level again after each pair.
# Matters: the first words of a text show each meaning twice, and counts and cards made from a text change when a sentence
#          is put before it. Remove the doubles; where the script is known, look the tokens up anew by the right form.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit chinese-tokenizer@2.4.0 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > words.u8 <<'CEDICT'
后 后 [hou4] /empress/
後 后 [hou4] /after/
我 我 [wo3] /I/
蘋果 苹果 [ping2 guo3] /apple/
CEDICT
cat > probe.cjs <<'JS'
const tokenize = require("chinese-tokenizer").loadFile("words.u8");
for (const text of ["我。后", "苹果。我。后", "蘋果。我。后", "苹果。蘋果。我。后", "我。苹果。我"]) {
  const words = tokenize(text).filter((token) => token.text !== "。");
  console.log(words.map((token) => `${token.text} (${token.matches.map((entry) => entry.english).join(", ")})`).join("; "));
}
JS
node probe.cjs > seen
echo "chinese-tokenizer 2.4.0:"
cat seen
diff - seen <<'SEEN'
我 (I, I); 后 (empress, after, empress)
苹果 (apple); 我 (I); 后 (empress, after)
蘋果 (apple); 我 (I); 后 (empress)
苹果 (apple); 蘋果 (apple); 我 (I, I); 后 (empress, after, empress)
我 (I, I); 苹果 (apple); 我 (I)
SEEN
