#!/usr/bin/env bash
# pyglossary 5.2 (PyPI): in a Lingvo DSL article `~` becomes the headword, but `^~` becomes a caret and the headword.
#
# Guessed: a converter that knows `~` knows `^~`, the headword with the case of its first letter changed, which German and
#          capitalised entries need: "apple juice" in the article of "Apple".
# Seen:    "^Apple juice". The backslash works: `\~` stays a tilde.
# Matters: whoever reads DSL by way of pyglossary has to look for carets before the headword, and knows the headword's
#          spelling only from the first column.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install pyglossary==5.2.1
cat > fruit.dsl <<'DSL'
#NAME "fruit"
#INDEX_LANGUAGE "English"
#CONTENTS_LANGUAGE "English"

Apple
	~ Inc.; ^~ juice; \~10 a piece
pear
	~ tree; ^~ Street
DSL
./venv/bin/pyglossary fruit.dsl fruit.txt --write-format=Tabfile --no-progress-bar > log 2>&1 || { cat log; exit 1; }
./venv/bin/pip list 2> /dev/null | grep '^pyglossary '
grep -v '^##' fruit.txt > seen
cat seen
diff - seen <<'SEEN'
Apple	Apple Inc.; ^Apple juice; ~10 a piece
pear	pear tree; ^pear Street
SEEN
