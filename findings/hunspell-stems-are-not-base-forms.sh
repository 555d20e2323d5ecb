#!/usr/bin/env bash
# hunspell 1.7.1 with Debian's en_US (2020.12.07): `hunspell -s` ("stem") gives no base form for irregular words, and false
# ones for regular-looking words.
#
# Guessed: stems lead from a form to the headword (mice to mouse, went to go), and `remember` stays `remember`.
# Seen:    mice, went, children, geese are their own stems; but `best` is a form of `be`, too, `holy` of `ho`, `number` of
#          `numb`, `opinion` of `opine`, `remember` of `member`, `rein` of `in`. The affixes save space, they say nothing
#          about meaning. And `leaves` has one stem, `leave`.
# Matters: looking up the stem shows other words' articles, and none for the forms that need it most.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for package in hunspell=1.7.1-1 libhunspell-1.7-0=1.7.1-1 hunspell-en-us=1:2020.12.07-2; do
    apt-get download -q "$package" > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu DICPATH=$work/root/usr/share/hunspell LC_ALL=C.UTF-8
for word in cats leaves unhappiest mice went children geese best holy opinion remember revise relay rein remorse badger number; do
    echo "$word: $(echo "$word" | ./root/usr/bin/hunspell -d en_US -s | sed '/^$/d' | cut -d ' ' -f 2 | paste -sd ' ')"
done > seen
./root/usr/bin/hunspell --version | head -n 1
cat seen
diff - seen <<'SEEN'
cats: cat
leaves: leave
unhappiest: unhappy
mice: mice
went: went
children: children
geese: geese
best: best be
holy: holy ho
opinion: opinion opine
remember: remember member
revise: revise vise
relay: relay lay
rein: rein in
remorse: remorse morse
badger: badger badge
number: number numb
SEEN
