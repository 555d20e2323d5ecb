#!/usr/bin/env bash
# pystardict 0.9: a word that is not in a StarDict dictionary is in it once somebody has looked it up; and where the types of
# articles are not said in the .ifo file, the type's letter and a NUL byte are part of each text.
#
# Guessed: `dictionary[word]` raises KeyError, as a mapping does, and changes nothing; the text is the article's text.
# Seen:    a missing word gives an empty string and stands among `keys()` from then on, so that `in` says True for it;
#          headwords of the .syn file are not found; with articles of two types (no `sametypesequence`), `apple` is "mfirst\0".
# Matters: whoever checks an importer against this library must ask `in` before the word, and cut what is no text.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install pystardict==0.9 pyglossary==5.0.9
printf 'apple\tfirst\ncolour|color\t<b>second</b>\n' > words.txt
mkdir made
HOME=$work ./venv/bin/pyglossary words.txt made/words.ifo --read-format=Tabfile --write-format=Stardict \
    --write-options=dictzip=false > made.log 2>&1
(cd made && echo *)
./venv/bin/python - > seen <<'PY'
from pystardict import Dictionary
dictionary = Dictionary("made/words", in_memory=True)
print("sametypesequence", repr(dictionary.ifo.sametypesequence))
for word in ("apple", "color", "aple"):
    before = word in dictionary
    print(word, before, repr(dictionary[word]), word in dictionary)
print(sorted(dictionary.keys()))
PY
echo "pystardict 0.9:"
cat seen
diff - seen <<'SEEN'
sametypesequence ''
apple True 'mfirst\x00' True
color False '' True
aple False '' True
['aple', 'apple', 'color', 'colour']
SEEN
