#!/usr/bin/env bash
# Four libraries read Hunspell's dictionaries without Hunspell. With Debian's en_US (2020.12.07), spylls 0.1.7 (PyPI) and
# spellbook 0.4.2 (crates.io) judge as hunspell 1.7.1 does; nspell 2.1.5 (npm) and zspell 0.5.5 (crates.io) do not.
#
# Guessed: with one dictionary all of them take the same words; at most suggestions differ.
# Seen:    for nspell and zspell `re-read`, `ice-cream` and `MCDONALD` are wrong (Hunspell judges the parts of a word with
#          hyphens, and a word in capitals by that with capitals in the middle), and so is the number 100. For zspell
#          `don’t` with the typographic apostrophe is wrong as well, and so are `11th` and `22nd`, while `1st` is right.
# Matters: a text in good English is full of red lines; hyphens and ’ have to be dealt with before the library is called,
#          or another one taken.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for package in hunspell=1.7.1-1 libhunspell-1.7-0=1.7.1-1 hunspell-en-us=1:2020.12.07-2; do
    apt-get download -q "$package" > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu DICPATH=$work/root/usr/share/hunspell LC_ALL=C.UTF-8
cp -L root/usr/share/hunspell/en_US.* .
printf '%s\n' apple aple don\'t don’t DON’T o’clock re-read ice-cream mother-in-law re-raed McDonald MCDONALD 1st 11th 12th 13th 22nd 22th 100 1.5 \
    > words
# One call for each word: -l prints what is wrong.
while read -r word; do
    [ -z "$(echo "$word" | ./root/usr/bin/hunspell -d en_US -l)" ] || echo "$word"
done < words > hunspell
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install spylls==0.1.7
./venv/bin/python - > spylls <<'PY'
from spylls.hunspell import Dictionary
dictionary = Dictionary.from_files("en_US")
for word in open("words", encoding="utf-8").read().split():
    if not dictionary.lookup(word):
        print(word)
PY
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit nspell@2.1.5 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import nspell from "nspell";
const speller = nspell(readFileSync("en_US.aff"), readFileSync("en_US.dic"));
for (const word of readFileSync("words", "utf8").trim().split("\n")) if (!speller.correct(word)) console.log(word);
JS
node probe.mjs > nspell
cargo init --quiet --vcs none --name probe .
cargo add --quiet spellbook@=0.4.2 zspell@=0.5.5
cat > src/main.rs <<'RUST'
use std::fs;

fn main() {
    let affixes = fs::read_to_string("en_US.aff").unwrap();
    let words = fs::read_to_string("en_US.dic").unwrap();
    let spellbook = spellbook::Dictionary::new(&affixes, &words).unwrap();
    let zspell = zspell::builder().config_str(&affixes).dict_str(&words).build().unwrap();
    let wrong = |right: &dyn Fn(&str) -> bool| -> String {
        fs::read_to_string("words").unwrap().lines().filter(|word| !right(word)).map(|word| format!("{word}\n")).collect()
    };
    fs::write("spellbook", wrong(&|word| spellbook.check(word))).unwrap();
    fs::write("zspell", wrong(&|word| zspell.check_word(word))).unwrap();
}
RUST
cargo run --quiet 2> build.log || { cat build.log; exit 1; }
echo "$(paste -sd ' ' words), of which wrong:"
for name in hunspell spylls spellbook nspell zspell; do echo "$name: $(paste -sd ' ' $name)"; done | tee seen
diff - seen <<'SEEN'
hunspell: aple re-raed 22th
spylls: aple re-raed 22th
spellbook: aple re-raed 22th
nspell: aple re-read ice-cream mother-in-law re-raed MCDONALD 22th 100 1.5
zspell: aple don’t DON’T o’clock re-read ice-cream mother-in-law re-raed MCDONALD 11th 12th 13th 22nd 22th 100 1.5
SEEN
