#!/usr/bin/env bash
# sdcv 0.5.2 shows one article per dictionary for a word, and not the headword's own where another headword has the word
# as a synonym.
#
# Guessed: a word that is the headword of several articles, as StarDict allows, gives all of them, in the order of the
#          file; synonyms add to what is found.
# Seen:    of five articles on `set`, it shows the one that its binary search meets: the first here, the second where two
#          words more stand behind them. `saw`, a headword (the tool) and, as a form, a synonym of `see`, gives the article
#          on `see` only, and nothing finds the one on the tool. Of the two headwords that have `axes` as a synonym, it
#          shows one. The status is 0, with and without `--exact-search`, and JSON has a list of one.
# Matters: a dictionary with an article per part of speech or per origin loses most of them in the terminal, and one that
#          lists inflected forms as synonyms loses headwords. Whoever writes StarDict for it has to join the articles on
#          one headword, and to leave out a synonym that is a headword, or add its text to that headword's article.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q sdcv=0.5.2-2+b1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x sdcv_*.deb root
python3 - <<'PY'
import os
import struct


def write(name, entries, synonyms):
    os.mkdir(name)
    index, texts = b"", b""
    for word, text in entries:
        index += word.encode() + b"\0" + struct.pack(">II", len(texts), len(text))
        texts += text.encode()
    links = b"".join(word.encode() + b"\0" + struct.pack(">I", number) for word, number in synonyms)
    with open(f"{name}/{name}.idx", "wb") as file:
        file.write(index)
    with open(f"{name}/{name}.dict", "wb") as file:
        file.write(texts)
    with open(f"{name}/{name}.syn", "wb") as file:
        file.write(links)
    with open(f"{name}/{name}.ifo", "w") as file:
        file.write(f"StarDict's dict ifo file\nversion=2.4.2\nbookname={name}\nwordcount={len(entries)}\n"
                   f"synwordcount={len(synonyms)}\nidxfilesize={len(index)}\nsametypesequence=m\n")


words = [("axe", "to chop with"), ("axis", "a line"), ("saw", "a tool"), ("see", "to look at")]
words += [("set", f"article {number}") for number in range(1, 6)]
synonyms = [("axes", 0), ("axes", 1), ("saw", 3)]
write("short", words, synonyms)
write("long", words + [("tree", "a plant"), ("zebra", "an animal")], synonyms)
PY
for name in short long; do
    for word in set saw see axes; do
        status=0
        ./root/usr/bin/sdcv -n -j -e --only-data-dir --data-dir $name $word > out || status=$?
        ./root/usr/bin/sdcv -n -j --only-data-dir --data-dir $name $word | cmp out -
        echo "$name, $word: exit $status $(cat out)"
    done
done > seen
./root/usr/bin/sdcv --version | head -n 1
cat seen
diff - seen <<'SEEN'
short, set: exit 0 [{"dict": "short","word":"set","definition":"\narticle 1"}]
short, saw: exit 0 [{"dict": "short","word":"see","definition":"\nto look at"}]
short, see: exit 0 [{"dict": "short","word":"see","definition":"\nto look at"}]
short, axes: exit 0 [{"dict": "short","word":"axis","definition":"\na line"}]
long, set: exit 0 [{"dict": "long","word":"set","definition":"\narticle 2"}]
long, saw: exit 0 [{"dict": "long","word":"see","definition":"\nto look at"}]
long, see: exit 0 [{"dict": "long","word":"see","definition":"\nto look at"}]
long, axes: exit 0 [{"dict": "long","word":"axis","definition":"\na line"}]
SEEN
