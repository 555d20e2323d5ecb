#!/usr/bin/env bash
# dragonmapper 0.3.0 and pyzhuyin 0.0.3 (PyPI), zhuyin 1.14.0 and pinyin-zhuyin 1.0.4 (npm) turn pinyin into zhuyin:
# they do not write one zhuyin, and two of the three that read it do not read what they have written themselves.
#
# Guessed: zhuyin has one spelling per syllable, so that any of them reads what any other has written, and pinyin that
#          goes through zhuyin comes back; at most oddities (m, hng, biang) are refused.
# Seen:    zhuyin marks the fourth tone with a backtick, which neither of the other two reads, and takes the real mark
#          for the first tone (ㄅㄚˋ is `bā`); nǚ and lǜ are "undefined" and a tone; on the way back it drops syllables
#          of one sign, 一, 二 and 是. dragonmapper makes `r4` of ㄦˋ, its own form of `er4`. pyzhuyin puts the neutral
#          tone's dot in front, as it is printed in Taiwan; dragonmapper leaves such a dot where it is and adds the
#          first tone (`˙mā`). pinyin-zhuyin leaves the y of `yō`. Only pyzhuyin reports what it does not know.
# Matters: a search by zhuyin finds 你好, and not 女, 绿, 一, 二 and 是. Convert all syllables of the dictionary there and
#          back, and compare, before one of these is trusted; and put the tone marks into one form where two of them
#          meet.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit zhuyin@1.14.0 pinyin-zhuyin@1.0.4 pinyin-utils@2.32.0 pinyin-split@1.170.0 \
    > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.mjs <<'JS'
import { fromPinyin, toPinyin } from "zhuyin";
import { pinyinToZhuyin } from "pinyin-zhuyin";
for (const syllable of ["nǐ", "mā", "ma", "bà", "shì", "èr", "nǚ", "lǜ", "yō"]) {
  console.log(`zhuyin: ${syllable} -> ${fromPinyin(syllable).join(" ")}`);
  console.log(`pinyin-zhuyin: ${syllable} -> ${pinyinToZhuyin(syllable)}`);
}
for (const syllable of ["ㄋㄧˇ", "ㄅㄚˋ", "ㄅㄚ`", "ㄧ", "ㄕˋ", "ㄕ`", "ㄦˋ", "ㄇㄚ˙", "˙ㄇㄚ"]) {
  console.log(`zhuyin: ${syllable} -> ${toPinyin(syllable).join(" ") || "nothing"}`);
}
JS
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install dragonmapper==0.3.0 pyzhuyin==0.0.3
cat > probe.py <<'PY'
import pyzhuyin
from dragonmapper import transcriptions

for syllable in ("ni3", "ma1", "ma5", "ba4", "shi4", "er4", "nü3", "lü4", "yo1"):
    print("dragonmapper:", syllable, "->", transcriptions.pinyin_to_zhuyin(syllable))
    print("pyzhuyin:", syllable, "->", pyzhuyin.pinyin_to_zhuyin(syllable.replace("ü", "v")))
for syllable in ("ㄋㄧˇ", "ㄅㄚˋ", "ㄅㄚ`", "ㄧ", "ㄕˋ", "ㄦˋ", "ㄇㄚ˙", "˙ㄇㄚ"):
    print("dragonmapper:", syllable, "->", transcriptions.zhuyin_to_pinyin(syllable))
    try:
        print("pyzhuyin:", syllable, "->", pyzhuyin.zhuyin_to_pinyin(syllable))
    except ValueError as error:
        print("pyzhuyin:", syllable, "-> error:", error)
PY
{ ./venv/bin/python probe.py; node probe.mjs; } | sort --stable --key=1,1 > seen
echo "dragonmapper 0.3.0, pinyin-zhuyin 1.0.4, pyzhuyin 0.0.3, zhuyin 1.14.0:"
cat seen
diff - seen <<'SEEN'
dragonmapper: ni3 -> ㄋㄧˇ
dragonmapper: ma1 -> ㄇㄚ
dragonmapper: ma5 -> ㄇㄚ˙
dragonmapper: ba4 -> ㄅㄚˋ
dragonmapper: shi4 -> ㄕˋ
dragonmapper: er4 -> ㄦˋ
dragonmapper: nü3 -> ㄋㄩˇ
dragonmapper: lü4 -> ㄌㄩˋ
dragonmapper: yo1 -> ㄧㄛ
dragonmapper: ㄋㄧˇ -> nǐ
dragonmapper: ㄅㄚˋ -> bà
dragonmapper: ㄅㄚ` -> bā`
dragonmapper: ㄧ -> yī
dragonmapper: ㄕˋ -> shì
dragonmapper: ㄦˋ -> r4
dragonmapper: ㄇㄚ˙ -> ma
dragonmapper: ˙ㄇㄚ -> ˙mā
pinyin-zhuyin: nǐ -> ㄋㄧˇ
pinyin-zhuyin: mā -> ㄇㄚ
pinyin-zhuyin: ma -> ㄇㄚ˙
pinyin-zhuyin: bà -> ㄅㄚˋ
pinyin-zhuyin: shì -> ㄕˋ
pinyin-zhuyin: èr -> ㄦˋ
pinyin-zhuyin: nǚ -> ㄋㄩˇ
pinyin-zhuyin: lǜ -> ㄌㄩˋ
pinyin-zhuyin: yō -> yㄛ
pyzhuyin: ni3 -> ㄋㄧˇ
pyzhuyin: ma1 -> ㄇㄚ
pyzhuyin: ma5 -> ˙ㄇㄚ
pyzhuyin: ba4 -> ㄅㄚˋ
pyzhuyin: shi4 -> ㄕˋ
pyzhuyin: er4 -> ㄦˋ
pyzhuyin: nü3 -> ㄋㄩˇ
pyzhuyin: lü4 -> ㄌㄩˋ
pyzhuyin: yo1 -> ㄧㄛ
pyzhuyin: ㄋㄧˇ -> ni3
pyzhuyin: ㄅㄚˋ -> ba4
pyzhuyin: ㄅㄚ` -> error: No mapping for given zhuyin input: ㄅㄚ`
pyzhuyin: ㄧ -> yi1
pyzhuyin: ㄕˋ -> shi4
pyzhuyin: ㄦˋ -> er4
pyzhuyin: ㄇㄚ˙ -> ma5
pyzhuyin: ˙ㄇㄚ -> ma5
zhuyin: nǐ -> ㄋㄧˇ
zhuyin: mā -> ㄇㄚ
zhuyin: ma -> ㄇㄚ˙
zhuyin: bà -> ㄅㄚ`
zhuyin: shì -> ㄕ`
zhuyin: èr -> ㄦ`
zhuyin: nǚ -> undefinedˇ
zhuyin: lǜ -> undefined`
zhuyin: yō -> ㄛ
zhuyin: ㄋㄧˇ -> nǐ
zhuyin: ㄅㄚˋ -> bā
zhuyin: ㄅㄚ` -> bà
zhuyin: ㄧ -> nothing
zhuyin: ㄕˋ -> nothing
zhuyin: ㄕ` -> nothing
zhuyin: ㄦˋ -> nothing
zhuyin: ㄇㄚ˙ -> ma
zhuyin: ˙ㄇㄚ -> mā
SEEN
