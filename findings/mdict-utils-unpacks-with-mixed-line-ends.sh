#!/usr/bin/env bash
# mdict-utils 1.3.14 (PyPI): what `mdict -x` unpacks has lines that end in CR LF beside lines that end in LF.
#
# Guessed: the text comes out with the line ends that it went in with, or with those of the system.
# Seen:    the headword's line and `</>` end in CR LF always, the lines of an article as they were packed.
# Matters: a reader that takes lines apart at LF has headwords that end in CR, and finds no `</>`; one that takes the first
#          line for the file's kind of line ends puts a whole article on one line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install mdict-utils==1.3.14
echo title > title
echo description > description
printf 'apple\na fruit\nof a tree\n</>\npear\nanother\n</>\n' > words.txt
./venv/bin/mdict --title title --description description -a words.txt words.mdx > mdict.log 2>&1 || { cat mdict.log; exit 1; }
./venv/bin/mdict -x words.mdx -d unpacked > mdict.log 2>&1 || { cat mdict.log; exit 1; }
cat -A unpacked/words.mdx.txt > seen
./venv/bin/pip list 2> /dev/null | grep '^mdict-utils '
cat seen
diff - seen <<'SEEN'
apple^M$
a fruit$
of a tree$
</>^M$
pear^M$
another$
</>^M$
SEEN
