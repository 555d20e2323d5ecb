#!/usr/bin/env bash
# sdcv 0.5.2 misses headwords that are in the dictionary when the .idx is sorted byte by byte, and says it found nothing
# with exit status 0.
#
# Guessed: an index in byte order (`LC_ALL=C sort`) is found by any reader, or refused; not found is a failure's status.
# Seen:    the order that counts is that of GLib's g_ascii_strcasecmp, then bytes ("Apple" beside "apple"). In an index in
#          byte order the binary search walks past `apple`; nothing is reported; the exit status is 0.
# Matters: whoever writes StarDict must sort so; whoever reads it must not trust the order of a file.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q sdcv=0.5.2-2+b1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x sdcv_*.deb root
python3 - <<'PY'
import struct
words = ["Apple", "Banana", "Cherry", "apple", "banana", "cherry", "date", "zebra"]
def write(name, words):
    index, texts = b"", b""
    for word in words:
        text = ("about " + word).encode()
        index += word.encode() + b"\0" + struct.pack(">II", len(texts), len(text))
        texts += text
    open(f"{name}.idx", "wb").write(index)
    open(f"{name}.dict", "wb").write(texts)
    open(f"{name}.ifo", "w").write(
        "StarDict's dict ifo file\nversion=2.4.2\nbookname=" + name +
        f"\nwordcount={len(words)}\nidxfilesize={len(index)}\nsametypesequence=m\n")
import os
for name, order in (("bytes", lambda w: w.encode()), ("glib", lambda w: (w.lower().encode(), w.encode()))):
    os.mkdir(name)
    write(f"{name}/{name}", sorted(words, key=order))
PY
for order in bytes glib; do
    for word in Apple apple banana zebra; do
        found=$(./root/usr/bin/sdcv --non-interactive --only-data-dir --data-dir "$order" --exact-search "$word" | grep -c "^about $word$" || true)
        ./root/usr/bin/sdcv --non-interactive --only-data-dir --data-dir "$order" --exact-search "$word" > /dev/null
        echo "$order $word: $found found, exit $?"
    done
done > seen
./root/usr/bin/sdcv --version | head -n 1
cat seen
diff - seen <<'SEEN'
bytes Apple: 1 found, exit 0
bytes apple: 0 found, exit 0
bytes banana: 1 found, exit 0
bytes zebra: 1 found, exit 0
glib Apple: 1 found, exit 0
glib apple: 1 found, exit 0
glib banana: 1 found, exit 0
glib zebra: 1 found, exit 0
SEEN
