#!/usr/bin/env bash
# js-mdict 7.0.0 (npm), asked for the headwords with a prefix, gives those of one block of the index and says nothing
# of the others; of a headword that is there three times it gives the second article.
#
# Guessed: `prefix("word")` is every headword that begins so; `lookup` of a headword that is there more than once is
#          the first, as the README has it; `KeyCaseSensitive: No` in the header means that `House` finds `house`.
# Seen:    of 10,000 headwords `word00000` to `word09999`, `prefix("word")` gives 1817, to where a block of the index
#          ends, and `prefix("word0500")` all 10. `lookup("bank")` gives the article that the binary search happens to
#          meet, and `lookupAll` all three. `House` is not found by either. Each text ends in a NUL.
# Matters: a dictionary of a thousand words, as tests have it, is one block, and all is well; in a real one completion
#          lacks most words. Filter `keywordList` (which is in order) instead, use `lookupAll`, and fold case
#          yourself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install mdict-utils==1.3.14
python3 - > words.txt <<'PY'
for number in range(10000):
    print(f"word{number:05}\narticle {number}\n</>")
for word, text in (("bank", "of a river"), ("bank", "for money"), ("bank", "to rely"), ("house", "a building")):
    print(f"{word}\n{text}\n</>")
PY
echo title > title
echo description > description
./venv/bin/mdict --title title --description description -a words.txt words.mdx \
    > mdict.log 2>&1 || { cat mdict.log; exit 1; }
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit js-mdict@7.0.0 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { MDX } from "js-mdict";
const dictionary = new MDX("words.mdx");
console.log("KeyCaseSensitive:", dictionary.header.KeyCaseSensitive);
for (const prefix of ["word", "word0", "word0500"]) {
  const all = dictionary.keywordList.filter((key) => key.keyText.startsWith(prefix));
  console.log(`${prefix}: ${dictionary.prefix(prefix).length} of ${all.length}`);
}
console.log("lookup of bank:", JSON.stringify(dictionary.lookup("bank").definition));
console.log("lookupAll of bank:", JSON.stringify(dictionary.lookupAll("bank").map((found) => found.definition)));
console.log("lookup of house:", JSON.stringify(dictionary.lookup("house").definition));
console.log("lookup of House:", dictionary.lookup("House").definition, dictionary.lookupAll("House").length);
JS
node probe.mjs > seen
echo "js-mdict 7.0.0, file by mdict-utils 1.3.14:"
cat seen
diff - seen <<'SEEN'
KeyCaseSensitive: No
word: 1817 of 10000
word0: 1817 of 10000
word0500: 10 of 10
lookup of bank: "for money\n\u0000"
lookupAll of bank: ["of a river\n\u0000","for money\n\u0000","to rely\n\u0000"]
lookup of house: "a building\n\u0000"
lookup of House: null 0
SEEN
