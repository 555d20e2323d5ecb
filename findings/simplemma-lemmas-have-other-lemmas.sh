#!/usr/bin/env bash
# simplemma 1.2.0 (PyPI) returns lemmas that are not lemmas of themselves: to lemmatize twice finds another word, and some
# words go round in a circle.
#
# Guessed: the lemma of a lemma is that lemma, so it does no harm to lemmatize what may be one already, and a word and its
#          plural end at the same place.
# Seen:    `lamps` is a form of `lamp`, and `lamp` one of `limp`; `laid` leads to `lay` and `lie`, `fed` to `feed` and
#          `fee`, `gone` to `gan` and `gin`, `strangers` to `stranger` and `strange`. `bacteria` has the lemma `bacterium`, and
#          that has `bacteria`. `openings` leads to `opening`, and that to `open`.
# Matters: a word list, an index or a deck whose keys are lemmas changes when it is lemmatized again, and lamps and lamp are
#          never found together. Lemmatize the text's own words, once, and keep both the word and its lemma.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install simplemma==1.2.0
cat > probe.py <<'PY'
import simplemma

print(simplemma.__version__)
for word in ("apples", "lamps", "laid", "fed", "gone", "strangers", "openings", "bacteria"):
    chain = [word]
    for _ in range(3):
        chain.append(simplemma.lemmatize(chain[-1], lang="en"))
    print(*chain)
PY
./venv/bin/python probe.py | tee seen
cat > expected <<'SEEN'
1.2.0
apples apple apple apple
lamps lamp limp limp
laid lay lie lie
fed feed fee fee
gone gan gin gin
strangers stranger strange strange
openings opening open open
bacteria bacterium bacteria bacterium
SEEN
diff expected seen
echo "seen: a lemma may have another lemma, or lead back to the word that it is the lemma of"
