#!/usr/bin/env bash
# pyglossary 5.0.9 writes the synonyms of a StarDict dictionary compressed (.syn.dz) unless it is told not to; sdcv 0.5.2
# reads .syn only, takes the dictionary without a word, and no synonym is found.
#
# Guessed: what the most used converter writes by default, the most used reader for the terminal reads whole.
# Seen:    headword `colour|color`: `colour` is found, `color` is not; after `gunzip` of the .syn.dz it is.
# Matters: a reader of StarDict has to look for .syn.dz, too, although the format's description knows none.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install pyglossary==5.0.9
apt-get download -q sdcv=0.5.2-2+b1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x sdcv_*.deb root
mkdir made
printf 'colour|color\tn. what the eye sees\nzebra\tn. an animal\n' > words.txt
HOME=$work ./venv/bin/pyglossary words.txt made/words.ifo --read-format=Tabfile --write-format=Stardict > made.log 2>&1
found() { ./root/usr/bin/sdcv --non-interactive --only-data-dir --data-dir made --exact-search "$1" | grep -c 'what the eye sees' || true; }
{
    (cd made && echo *)
    echo "colour $(found colour), color $(found color)"
    gunzip --suffix .dz made/words.syn.dz
    rm -f made/*.oft
    echo "without compression: colour $(found colour), color $(found color)"
} > seen
echo "pyglossary 5.0.9, sdcv 0.5.2:"
cat seen
diff - seen <<'SEEN'
words.dict.dz words.idx words.ifo words.syn.dz
colour 1, color 0
without compression: colour 1, color 1
SEEN
