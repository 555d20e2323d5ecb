#!/usr/bin/env bash
# wordnet 3.0 (Debian 1:3.0-37): `wn WORD` exits with the number of senses, so success looks like a failure.
#
# Guessed: 0 when the word is found, 1 when it is not, as grep, look and dict have it.
# Seen:    the status of a search is how many senses were displayed: 0 where there is no such word.
# Matters: `wn run -over && ...` never goes on for a word that is there, and does for one that is not; under `set -e` a
#          script ends at the first word that it finds.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q wordnet=1:3.0-37 wordnet-base=1:3.0-37 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
export WNSEARCHDIR="$work/root/usr/share/wordnet" LD_LIBRARY_PATH="$work/root/usr/lib"
for arguments in "zebra -over" "dog -over" "run -over" "nosuchword -over"; do
    status=0
    # The words are what is to be split.
    # shellcheck disable=SC2086
    ./root/usr/bin/wn $arguments > out || status=$?
    echo "$arguments: exit $status, $(grep -c '^[0-9]*\. ' out || true) senses shown"
done > seen
echo "wordnet 1:3.0-37:"
cat seen
diff - seen <<'SEEN'
zebra -over: exit 1, 1 senses shown
dog -over: exit 8, 8 senses shown
run -over: exit 57, 57 senses shown
nosuchword -over: exit 0, 0 senses shown
SEEN
