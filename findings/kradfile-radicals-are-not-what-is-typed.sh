#!/usr/bin/env bash
# jamdict 0.1a11.post2 (PyPI; it has KRADFILE, the table of the parts of 13,108 kanji) does not name the parts by the
# characters that people type, and no normalization of Unicode joins the two.
#
# Guessed: 休 is 亻 and 木, 花 is 艹 and 化, so `radk["亻"]` has 休; at worst the parts are signs of Unicode's block of
#          radicals, and NFKC makes characters of them.
# Seen:    most parts are ordinary characters (氵, 忄, 刂), but 14 are not: there are radicals (⺅, ⺾, ⻖), katakana (ノ for
#          丿, ハ for 八), a full-width bar (｜ for 丨). By 亻, 艹, 阝 and 八 nothing is found. NFKC leaves the radicals as
#          they are and spoils two other parts: ｜ becomes ASCII's, and 辶 (U+FA66) the 辶 (U+8FB6) that finds nothing.
#          Unicode's own table of equivalents makes 邑 of ⻏ and 小 of ⺌, which are other parts. And parts are those
#          of the drawing: 花 has ⺅ and 匕 instead of 化, and the meat in 胸 is the moon.
# Matters: a search by parts has to have a table of its own for these 14, and the text of this file must not be
#          normalized on its way, not even by NFC, as a program does that normalizes all that it reads.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip install --quiet --disable-pip-version-check jamdict==0.1a11.post2 chirptext==0.1.2 puchikarui==0.1
apt-get download -q unicode-data=15.0.0-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x unicode-data*.deb root
cat > probe.py <<'PY'
import unicodedata
from jamdict.krad import KRad

def shown(sign):
    return f"{sign} (U+{ord(sign):04X})"

equivalents = {}
with open("root/usr/share/unicode/EquivalentUnifiedIdeograph.txt") as lines:
    for fields in (line.split("#")[0].split(";") for line in lines):
        if len(fields) == 2:
            first, last = fields[0].strip().split("..")[0], fields[0].strip().split("..")[-1]
            for code in range(int(first, 16), int(last, 16) + 1):
                equivalents[chr(code)] = chr(int(fields[1], 16))
parts = KRad()
print(len(parts.krad), "kanji,", len(parts.radk), "parts")
for kanji in "休花胸海":
    print(kanji, *parts.krad[kanji])
print("by what is typed:", *(f"{sign} {len(parts.radk.get(sign, ()))}" for sign in "亻艹阝辶丿八丨氵忄刂"))
for part in sorted(parts.radk):
    if not "一" <= part <= "\u9fff":
        nfkc, other = unicodedata.normalize("NFKC", part), equivalents.get(part)
        print(f"{shown(part)}: {len(parts.radk[part])} kanji", end="; ")
        print("NFKC:", "itself" if nfkc == part else shown(nfkc), end="; ")
        print("equivalent:", f"{shown(other)}, {len(parts.radk.get(other, ()))} kanji" if other else "none")
PY
./venv/bin/python probe.py > seen
echo "jamdict 0.1a11.post2, unicode-data 15.0.0:"
cat seen
diff - seen <<'SEEN'
13108 kanji, 253 parts
休 ⺅ 木
花 ⺅ 匕 ⺾
胸 月 凵 勹 ノ 丶
海 氵 母 毋
by what is typed: 亻 0 艹 0 阝 0 辶 0 丿 0 八 0 丨 0 氵 722 忄 270 刂 197
⺅ (U+2E85): 609 kanji; NFKC: itself; equivalent: 亻 (U+4EBB), 0 kanji
⺌ (U+2E8C): 180 kanji; NFKC: itself; equivalent: 小 (U+5C0F), 745 kanji
⺹ (U+2EB9): 100 kanji; NFKC: itself; equivalent: 耂 (U+8002), 0 kanji
⺾ (U+2EBE): 887 kanji; NFKC: itself; equivalent: 艹 (U+8279), 0 kanji
⻏ (U+2ECF): 157 kanji; NFKC: itself; equivalent: 邑 (U+9091), 1 kanji
⻖ (U+2ED6): 146 kanji; NFKC: itself; equivalent: 阝 (U+961D), 0 kanji
ノ (U+30CE): 1983 kanji; NFKC: itself; equivalent: none
ハ (U+30CF): 1203 kanji; NFKC: itself; equivalent: none
マ (U+30DE): 102 kanji; NFKC: itself; equivalent: none
ユ (U+30E6): 33 kanji; NFKC: itself; equivalent: none
ヨ (U+30E8): 317 kanji; NFKC: itself; equivalent: none
辶 (U+FA66): 253 kanji; NFKC: 辶 (U+8FB6); equivalent: none
｜ (U+FF5C): 1784 kanji; NFKC: | (U+007C); equivalent: none
𠆢 (U+201A2): 575 kanji; NFKC: itself; equivalent: none
SEEN
