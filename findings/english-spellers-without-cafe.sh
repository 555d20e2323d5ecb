#!/usr/bin/env bash
# Debian 12's hunspell-en-us (2020.12.07) and aspell-en (2020.12.07) do not know `café`, `naïve` or `façade`; both take
# the typographic apostrophe, which plain word lists don't.
#
# Guessed: accented forms that English dictionaries print are known; ’ is a foreign character.
# Seen:    `café`, `naïve`, `façade` are misspelled for both, `cafe`, `naive`, `facade` are right; don’t is right for both.
# Matters: a word list made from a speller's dictionary has no accents at all: accents have to be folded on both sides.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for package in hunspell=1.7.1-1 libhunspell-1.7-0=1.7.1-1 hunspell-en-us=1:2020.12.07-2 aspell=0.60.8-4+b1 libaspell15=0.60.8-4+b1 aspell-en=2020.12.07-0-1; do
    apt-get download -q "$package" > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
export LC_ALL=C.UTF-8
# What the package's own set-up would do: the word lists come compressed.
mkdir lists
for list in root/usr/share/aspell/en*.cwl.gz; do
    name=$(basename "$list" .cwl.gz)
    zcat "$list" | ./root/usr/bin/precat | ./root/usr/bin/aspell --data-dir="$work/root/usr/lib/aspell" --lang=en create master "$work/lists/$name.rws" 2> /dev/null
done
cp root/usr/lib/aspell/*.multi root/usr/lib/aspell/*.alias lists/ 2> /dev/null || true
for word in cafe café naive naïve facade façade "don't" "don’t"; do
    hunspell=$(./root/usr/bin/hunspell -i utf-8 -d "$work/root/usr/share/hunspell/en_US" -l <<< "$word")
    aspell=$(./root/usr/bin/aspell --data-dir="$work/root/usr/lib/aspell" --dict-dir="$work/lists" --lang=en --master=en_US --encoding=utf-8 list <<< "$word")
    echo "$word hunspell:${hunspell:+un}known aspell:${aspell:+un}known"
done > seen
cat seen
diff - seen <<'SEEN'
cafe hunspell:known aspell:known
café hunspell:unknown aspell:unknown
naive hunspell:known aspell:known
naïve hunspell:unknown aspell:unknown
facade hunspell:known aspell:known
façade hunspell:unknown aspell:unknown
don't hunspell:known aspell:known
don’t hunspell:known aspell:known
SEEN
