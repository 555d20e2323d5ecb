#!/usr/bin/env bash
# Unihan 15.0 (Debian's unicode-data): the table from traditional to simplified has no line for many common traditional
# characters, Hong Kong's 裏, 綫 and 衆 among them, and where it has several answers the first may be the character itself.
#
# Guessed: kSimplifiedVariant has each character that the reform of 1956 changed; its first value is the simplified form.
# Seen:    爲, 裏, 衆, 綫, 峯, 羣, 牀, 啓, 麪 and 説 have none: they are only kSemanticVariant or kZVariant of another traditional
#          character, which has one or is itself what is used today. The first value for 裡 is 裡, so that 裏 never becomes 里 by first values.
# Matters: folding both scripts into one takes two steps (to the usual traditional form, then to simplified), and of several
#          values the one that is another character.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q unicode-data=15.0.0-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x unicode-data_*.deb root
python3 - > seen <<'PY'
import bz2, collections
variants = collections.defaultdict(dict)
with bz2.open("root/usr/share/unicode/Unihan_Variants.txt.bz2", "rt", encoding="utf-8") as table:
    for line in table:
        if line.startswith("U+"):
            code, field, values = line.rstrip("\n").split("\t")
            variants[chr(int(code[2:], 16))][field] = [chr(int(value.split("<")[0][2:], 16)) for value in values.split()]
def shown(character, field):
    return field + "=" + "/".join(variants[character].get(field, ["none"]))
for character in "爲裏衆綫峯羣牀啓麪説":
    others = variants[character].get("kSemanticVariant") or variants[character]["kZVariant"]
    print(character, shown(character, "kSimplifiedVariant"), "variant of", others[0], shown(others[0], "kSimplifiedVariant"))
for character in "裡乾著線":
    print(character, shown(character, "kSimplifiedVariant"))
first = sum(fields.get("kSimplifiedVariant", [""])[0] == character and len(fields["kSimplifiedVariant"]) > 1 for character, fields in variants.items())
print("characters whose first simplified form of several is themselves:", first)
PY
echo "unicode-data 15.0.0:"
cat seen
diff - seen <<'SEEN'
爲 kSimplifiedVariant=none variant of 為 kSimplifiedVariant=为
裏 kSimplifiedVariant=none variant of 裡 kSimplifiedVariant=裡/里
衆 kSimplifiedVariant=none variant of 眾 kSimplifiedVariant=众
綫 kSimplifiedVariant=none variant of 線 kSimplifiedVariant=线/缐
峯 kSimplifiedVariant=none variant of 峰 kSimplifiedVariant=none
羣 kSimplifiedVariant=none variant of 群 kSimplifiedVariant=none
牀 kSimplifiedVariant=none variant of 床 kSimplifiedVariant=none
啓 kSimplifiedVariant=none variant of 啟 kSimplifiedVariant=启
麪 kSimplifiedVariant=none variant of 麵 kSimplifiedVariant=面
説 kSimplifiedVariant=none variant of 說 kSimplifiedVariant=说
裡 kSimplifiedVariant=裡/里
乾 kSimplifiedVariant=乾/干
著 kSimplifiedVariant=着/著
線 kSimplifiedVariant=线/缐
characters whose first simplified form of several is themselves: 3
SEEN
