#!/usr/bin/env bash
# wanakana 5.3.1 (npm) and its port wanakana-python 1.2.2 (PyPI) make a vowel of the long mark of katakana where they
# make hiragana; jaconv 0.5.0 and pykakasi 2.3.0 (PyPI) keep it.
#
# Guessed: katakana to hiragana goes sign by sign: コーヒー becomes こーひー, as people type it, and goes back to コーヒー; so to
#          put both the query and the headwords into hiragana is a way to find one by the other.
# Seen:    コーヒー becomes こうひい, but こーひー stays as it is, and the romaji of コーヒー, `koohii`, becomes こおひい: three spellings
#          of coffee that do not meet. Words that have nothing to do with each other do: ソール (a sole) and ソウル (Seoul),
#          ボール (a ball) and ボウル (a bowl), バレー (volleyball) and バレエ (ballet). Back in katakana it is コウヒイ. Into
#          katakana nothing is lost: both コーヒー and こーひー give コーヒー (`koohii` is コオヒイ still).
# Matters: a search that folds kana with it does not find こーひー under コーヒー, and gives wrong words for others. Fold into
#          katakana, or pass `convertLongVowelMark: false`, which the README does not mention.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf '%s\n' コーヒー こーひー koohii ソール ソウル ボール ボウル バレー バレエ > words
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit wanakana@5.3.1 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { readFileSync } from "node:fs";
import { toHiragana, toKatakana, toRomaji } from "wanakana";
for (const word of readFileSync("words", "utf8").trim().split("\n")) {
  const hiragana = toHiragana(word);
  const kept = toHiragana(word, { convertLongVowelMark: false });
  const back = toKatakana(hiragana);
  console.log(`wanakana: ${word} ${hiragana} and back ${back}, kept ${kept}, katakana ${toKatakana(word)}`);
}
console.log("wanakana: romaji of コーヒー", toRomaji("コーヒー"));
JS
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install wanakana-python==1.2.2 jaconv==0.5.0 \
    pykakasi==2.3.0 setuptools==80.9.0
cat > probe.py <<'PY'
import jaconv
import pykakasi
import wanakana

kakasi = pykakasi.kakasi()
for word in ("コーヒー", "ソール", "ソウル"):
    print("wanakana-python:", word, wanakana.to_hiragana(word))
    print("jaconv:", word, jaconv.kata2hira(word))
    print("pykakasi:", word, "".join(part["hira"] for part in kakasi.convert(word)))
PY
{ node probe.mjs; ./venv/bin/python probe.py; } > seen
cat seen
diff - seen <<'SEEN'
wanakana: コーヒー こうひい and back コウヒイ, kept こーひー, katakana コーヒー
wanakana: こーひー こーひー and back コーヒー, kept こーひー, katakana コーヒー
wanakana: koohii こおひい and back コオヒイ, kept こおひい, katakana コオヒイ
wanakana: ソール そうる and back ソウル, kept そーる, katakana ソール
wanakana: ソウル そうる and back ソウル, kept そうる, katakana ソウル
wanakana: ボール ぼうる and back ボウル, kept ぼーる, katakana ボール
wanakana: ボウル ぼうる and back ボウル, kept ぼうる, katakana ボウル
wanakana: バレー ばれえ and back バレエ, kept ばれー, katakana バレー
wanakana: バレエ ばれえ and back バレエ, kept ばれえ, katakana バレエ
wanakana: romaji of コーヒー koohii
wanakana-python: コーヒー こうひい
jaconv: コーヒー こーひー
pykakasi: コーヒー こーひー
wanakana-python: ソール そうる
jaconv: ソール そーる
pykakasi: ソール そーる
wanakana-python: ソウル そうる
jaconv: ソウル そうる
pykakasi: ソウル そうる
SEEN
