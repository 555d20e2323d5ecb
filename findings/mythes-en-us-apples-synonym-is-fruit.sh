#!/usr/bin/env bash
# mythes-en-us 7.5.0 (Debian; the English thesaurus of LibreOffice): most of what stands where the format has synonyms
# are none, and a fifth of the headwords have no synonym at all.
#
# Guessed: a headword, then for each meaning a part of speech and its synonyms, as the format is described; a meaning
#          without synonyms is not there.
# Seen:    of 800,812, 435,737 are broader, similar or related words or antonyms, which only an English remark in
#          brackets at the end tells: the first "synonym" of `apple` is "edible fruit (generic term)", and `happy` has
#          "unhappy (antonym)". Headwords are in small letters, so that 43,598 are the headword itself in its own
#          spelling (Paris for `paris`), and `polish` has the furniture's and the Poles' meanings in one. Some nouns
#          stand without a remark among the synonyms of adjectives: "European country" for Polish, "humanities" for
#          philosophical.
# Matters: an importer that takes the fields for synonyms makes headwords of "fruit (generic term)", and one that cuts
#          the remark off gives the opposite for the word: read the remark as a label, and drop the headword itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q mythes-en-us=1:7.5.0-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x mythes-en-us*.deb root
cat > probe.py <<'PY'
import collections, re

meanings = collections.defaultdict(list)
with open("root/usr/share/mythes/th_en_US_v2.dat", encoding="utf-8") as lines:
    next(lines)  # the encoding
    for line in lines:
        headword, count = line.rstrip("\n").split("|")
        meanings[headword] += [next(lines).rstrip("\n").split("|") for _ in range(int(count))]

def remark(word):
    return (re.findall(r" \((.* term|antonym)\)$", word) or ["no remark"])[0]

words = {headword: [word for _, *some in listed for word in some] for headword, listed in meanings.items()}
plain = {headword: [word for word in some if remark(word) == "no remark"] for headword, some in words.items()}
print(len(words), "headwords, in small letters:", sum(headword == headword.lower() for headword in words))
remarks = collections.Counter(remark(word) for some in words.values() for word in some)
print(remarks.total(), "words:", "; ".join(f"{kind} {number}" for kind, number in remarks.most_common()))
print("the headword itself:", sum(word.lower() == headword for headword, some in plain.items() for word in some))
print("headwords without a synonym:", sum(not some for some in plain.values()))
for headword, first in ("apple", 1), ("paris", 1), ("happy", 1), ("polish", 2), ("philosophical", 1):
    for meaning in meanings[headword][:first]:
        print(f"{headword}: {meaning[0]} {'; '.join(meaning[1:4])}; ... {meaning[-1]}")
PY
python3 probe.py > seen
echo "mythes-en-us 7.5.0:"
cat seen
diff - seen <<'SEEN'
145866 headwords, in small letters: 145866
800812 words: no remark 365075; generic term 358978; similar term 53027; antonym 13060; related term 10672
the headword itself: 43598
headwords without a synonym: 28791
apple: (noun) edible fruit (generic term); pome (generic term); false fruit (generic term); ... false fruit (generic term)
paris: (noun) Paris; City of Light; French capital; ... national capital (generic term)
happy: (adj) blessed (similar term); blissful (similar term); bright (similar term); ... unhappy (antonym)
polish: (adj) Polish; European country; European nation (related term); ... European nation (related term)
polish: (noun) gloss; glossiness; burnish; ... smoothness (generic term)
philosophical: (adj) philosophic; humanistic discipline; humanities; ... arts (related term)
SEEN
