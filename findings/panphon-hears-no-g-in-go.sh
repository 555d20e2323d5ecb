#!/usr/bin/env bash
# panphon 0.22.2 (PyPI) reads the IPA that eng-to-ipa 0.0.2 (PyPI) writes, but leaves sounds of every fifth word out,
# without a word: `go` is `oʊ`, and `judge` is `ə`.
#
# Guessed: IPA is one alphabet: what one library writes another reads whole, or it says which sign it does not know.
# Seen:    eng-to-ipa writes the g of ASCII, where IPA has ɡ (U+0261), and ʧ and ʤ in one sign each, as many
#          dictionaries do. panphon passes over all three, as over ɚ and ɝ, so that `go` and `oh` are at a distance of
#          0. ipatok 0.4.2 (PyPI) keeps them. `validate_word` tells, but it refuses each word with a stress mark, too.
# Matters: words that sound alike, or rhyme, are found by what is left of them: spell IPA in one way before it is
#          compared (ɡ, tʃ, dʒ), without stress, and refuse what does not come out as it went in.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip install --quiet --disable-pip-version-check eng-to-ipa==0.0.2 panphon==0.22.2 ipatok==0.4.2
cat > probe.py <<'PY'
import json, pathlib
import eng_to_ipa, ipatok, panphon, panphon.distance

table = panphon.FeatureTable()
distance = panphon.distance.Distance().weighted_feature_edit_distance

def mended(ipa):
    return ipa.replace("g", "ɡ").replace("ʧ", "tʃ").replace("ʤ", "dʒ")

for word in "red", "go", "big", "church", "judge":
    ipa = eng_to_ipa.convert(word)
    print(f"{word} is {ipa}: panphon {' '.join(table.ipa_segs(ipa))};", end=" ")
    print(f"mended {' '.join(table.ipa_segs(mended(ipa)))}; ipatok {' '.join(ipatok.tokenise(ipa))}")
print("ɚ and ɝ:", table.ipa_segs("ɚɝ") or "nothing")
print("go and oh:", distance("goʊ", "oʊ"), "mended:", distance(mended("goʊ"), "oʊ"))
print("valid:", *(f"{ipa} {table.validate_word(ipa)};" for ipa in ("goʊ", "ɡoʊ", "ˈɡoʊɪŋ", "ɡoʊɪŋ")))
dictionary = json.loads((pathlib.Path(eng_to_ipa.__file__).parent / "resources/CMU_dict.json").read_text())
words = sorted(filter(str.isalpha, dictionary))[::500]
unstressed = [eng_to_ipa.convert(word).replace("ˈ", "").replace("ˌ", "") for word in words]
lost = [ipa for ipa in unstressed if "".join(table.ipa_segs(ipa)) != ipa]
print(f"{len(words)} words, not read whole: {len(lost)}, mended:", end=" ")
print(sum("".join(table.ipa_segs(mended(ipa))) != mended(ipa) for ipa in unstressed))
PY
./venv/bin/python probe.py > seen
echo "eng-to-ipa 0.0.2, panphon 0.22.2, ipatok 0.4.2:"
cat seen
diff - seen <<'SEEN'
red is rɛd: panphon r ɛ d; mended r ɛ d; ipatok r ɛ d
go is goʊ: panphon o ʊ; mended ɡ o ʊ; ipatok g o ʊ
big is bɪg: panphon b ɪ; mended b ɪ ɡ; ipatok b ɪ g
church is ʧərʧ: panphon ə r; mended t ʃ ə r t ʃ; ipatok ʧ ə r ʧ
judge is ʤəʤ: panphon ə; mended d ʒ ə d ʒ; ipatok ʤ ə ʤ
ɚ and ɝ: nothing
go and oh: 0.0 mended: 7.25
valid: goʊ False; ɡoʊ True; ˈɡoʊɪŋ False; ɡoʊɪŋ True;
234 words, not read whole: 46, mended: 0
SEEN
