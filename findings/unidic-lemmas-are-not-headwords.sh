#!/usr/bin/env bash
# fugashi 1.5.2 with unidic-lite 1.0.8 (PyPI): the field `lemma` of UniDic is no headword of a dictionary.
#
# Guessed: the lemma of a word is its dictionary form, as a dictionary prints it: 読ん has 読む, and コーヒー has コーヒー.
# Seen:    loanwords have the word that they come from behind a hyphen (`コーヒー-coffee`, `パン-pao`), some words a part of
#          speech (`私-代名詞`), and what is written in kana is in kanji that hardly anybody writes: する is 為る, いる 居る, これ
#          此れ, ある 有る. An unknown word (スマホ) has None. The dictionary form in the text's own spelling is in `orthBase`.
# Matters: a lookup by lemma misses the loanwords and "I", and a deck made so teaches 為る, whereas an example with 読んだ
#          works. Look up `orthBase`, or the text where there is none, and take the lemma to bring spellings together.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install fugashi==1.5.2 unidic-lite==1.0.8
cat > probe.py <<'PY'
from importlib.metadata import version
import fugashi

print("fugashi", version("fugashi"), "unidic-lite", version("unidic-lite"))
tagger = fugashi.Tagger()
for sentence in ("本を読んだ", "コーヒーとパンを買って勉強した", "私はスマホがある", "これがいる"):
    for word in tagger(sentence):
        print(f"{word.surface}: lemma {word.feature.lemma}, orthBase {word.feature.orthBase}")
PY
./venv/bin/python probe.py > seen
cat seen
diff - seen <<'SEEN'
fugashi 1.5.2 unidic-lite 1.0.8
本: lemma 本, orthBase 本
を: lemma を, orthBase を
読ん: lemma 読む, orthBase 読む
だ: lemma た, orthBase だ
コーヒー: lemma コーヒー-coffee, orthBase コーヒー
と: lemma と, orthBase と
パン: lemma パン-pao, orthBase パン
を: lemma を, orthBase を
買っ: lemma 買う, orthBase 買う
て: lemma て, orthBase て
勉強: lemma 勉強, orthBase 勉強
し: lemma 為る, orthBase する
た: lemma た, orthBase た
私: lemma 私-代名詞, orthBase 私
は: lemma は, orthBase は
スマホ: lemma None, orthBase None
が: lemma が, orthBase が
ある: lemma 有る, orthBase ある
これ: lemma 此れ, orthBase これ
が: lemma が, orthBase が
いる: lemma 居る, orthBase いる
SEEN
