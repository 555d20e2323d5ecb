#!/usr/bin/env bash
# GCIDE for dictd (Debian's dict-gcide 0.48.5+nmu2) has 203,637 headwords for 126,236 articles: plurals, past tenses and
# names that an article mentions are headwords of their own and point at the whole article's text.
#
# Guessed: a headword has an article, so a dictionary of 40 MB stays one of 40 MB when it is written out headword by headword.
# Seen:    `Skies` is a headword whose text is that of `Sky`, `Mice` has `Mouse`'s; one article has 144 headwords. Written
#          out it is 161 MB, four times the text. 861 lines stand in the index more than once.
# Matters: an importer has to keep the sharing, or pay for it four times; `Skies` is an exact hit, so that a rule "inflected
#          forms where nothing is exact" never comes to any other dictionary's `sky`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q dict-gcide=0.48.5+nmu2 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x dict-gcide*.deb root
python3 - > seen <<'PY'
import collections, gzip, string
digits = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
def number(text):
    value = 0
    for digit in text:
        value = value * 64 + digits.index(digit)
    return value
folder = "root/usr/share/dictd/"
text = gzip.open(folder + "gcide.dict.dz").read()
rows = [line.rstrip("\n").split("\t") for line in open(folder + "gcide.index", encoding="utf-8")]
rows = [(word, number(start), number(length)) for word, start, length in rows if not word.startswith("00-")]
articles = collections.defaultdict(list)
for word, start, length in rows:
    articles[start, length].append(word)
print(f"{len(rows)} headwords, {len(articles)} articles, {len(text)} bytes of text")
print(f"written out: {sum(length for _, _, length in rows)} bytes")
print(f"{sum(count > 1 for count in collections.Counter(rows).values())} lines more than once")
print(f"{sum(word[0].islower() for word, _, _ in rows)} headwords begin with a small letter")
most = max(articles.items(), key=lambda item: (len(set(item[1])), item))
print(f"most headwords of one article: {len(set(most[1]))}, {sorted(most[1])[:4]} ...")
for word in ("Sky", "Skies", "Ran", "Mice"):
    for headword, start, length in rows:
        if headword == word:
            print(word, "->", text[start:start + length].decode().splitlines()[0])
PY
echo "dict-gcide 0.48.5+nmu2:"
cat seen
diff - seen <<'SEEN'
203637 headwords, 126236 articles, 39952321 bytes of text
written out: 160622606 bytes
861 lines more than once
23155 headwords begin with a small letter
most headwords of one article: 144, ['Abies concolor', 'Abies grandis', 'Amphihelia oculata', 'As2O3'] ...
Sky -> Sky \Sky\ (sk[imac]), n.; pl. {Skies} (sk[imac]z). [OE. skie a
Sky -> Sky \Sky\, v. t. [imp. & p. p. {Skied}or {Skyed}; p. pr. & vb.
Skies -> Sky \Sky\ (sk[imac]), n.; pl. {Skies} (sk[imac]z). [OE. skie a
Ran -> Run \Run\ (r[u^]n), v. i. [imp. {Ran} (r[a^]n) or {Run}; p. p.
Ran -> Ran \Ran\ (r[a^]n),
Ran -> Ran \Ran\, n. [AS. r[=a]n.]
Ran -> Ran \Ran\, n. (Naut.)
Mice -> Mouse \Mouse\ (mous), n.; pl. {Mice} (m[imac]s). [OE. mous, mus,
SEEN
