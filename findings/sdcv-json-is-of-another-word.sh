#!/usr/bin/env bash
# sdcv 0.5.2: `--json-output` answers a misspelled word with another one, without a field that says so, and exits with 0.
#
# Guessed: for scripts (`-n -j`) a word that is not there gives an empty list or a failure's status; several words give
#          one JSON document.
# Seen:    without `-e` the nearest word is looked up in its stead, as if it had been asked for; a word that nothing is
#          near to gives [] and 0. Each word gives a list of its own, so that what is printed for two is no JSON document.
# Matters: a script has to pass `-e`, compare `word` with what it asked for, and read the output list by list.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q sdcv=0.5.2-2+b1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x sdcv_*.deb root
mkdir fruit
python3 - <<'PY'
import struct
index, texts = b"", b""
for word, text in (("apple", b"a fruit"), ("banana", b"yellow")):
    index += word.encode() + b"\0" + struct.pack(">II", len(texts), len(text))
    texts += text
open("fruit/fruit.idx", "wb").write(index)
open("fruit/fruit.dict", "wb").write(texts)
open("fruit/fruit.ifo", "w").write(
    "StarDict's dict ifo file\nversion=2.4.2\nbookname=fruit\nwordcount=2\n"
    f"idxfilesize={len(index)}\nsametypesequence=m\n")
PY
ask() {
    status=0
    ./root/usr/bin/sdcv -n -j --only-data-dir --data-dir fruit "$@" > out || status=$?
    echo "$*: exit $status"
    cat out
}
{
    ask aple
    ask -e aple
    ask xylophone
    ask apple banana
} > seen
./root/usr/bin/sdcv --version | head -n 1
cat seen
diff - seen <<'SEEN'
aple: exit 0
[{"dict": "fruit","word":"apple","definition":"\na fruit"}]
-e aple: exit 0
[]
xylophone: exit 0
[]
apple banana: exit 0
[{"dict": "fruit","word":"apple","definition":"\na fruit"}]
[{"dict": "fruit","word":"banana","definition":"\nyellow"}]
SEEN
