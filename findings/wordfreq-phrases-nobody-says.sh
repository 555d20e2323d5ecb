#!/usr/bin/env bash
# wordfreq 3.1.1 gives a frequency to every row of known words, whether anybody ever said it; and its list of the
# commonest words holds things that are no words.
#
# Guessed: a phrase that is not in the data has frequency 0; top_n_list gives words.
# Seen:    `apple of because` is said to be more frequent than `in spite of` (both are computed from their parts), only an unknown part makes
#          it 0; the first 30,000 have digits, an emoji, box-drawing characters and a blank Braille cell among them.
# Matters: it can't tell phrases from nonsense, and a list of "the commonest words" has to be filtered by letters.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install wordfreq==3.1.1
./venv/bin/python - > seen <<'PY'
from wordfreq import top_n_list, zipf_frequency
for text in ("in spite of", "apple of because", "look forward to", "forward apple to", "qqxzv apple"):
    print(text, zipf_frequency(text, "en"))
top = top_n_list("en", 30000)
print(sum(not any(c.isalpha() for c in w) for w in top), "of 30000 without a letter, among them",
      " ".join(f"U+{ord(w):04X}" for w in top if len(w) == 1 and not w.isalnum())[:42])
PY
echo "wordfreq 3.1.1:"
cat seen
diff - seen <<'SEEN'
in spite of 4.04
apple of because 4.74
look forward to 5.04
forward apple to 4.6
qqxzv apple 0.0
57 of 30000 without a letter, among them U+00B0 U+00A9 U+1F602 U+005F U+00AE U+2122
SEEN
