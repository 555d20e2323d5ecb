#!/usr/bin/env bash
# OpenCC's "traditional" is a standard of its own: what its s2t gives is often not how a dictionary spells the word, and
# its t2s leaves characters that readers of simplified Chinese write differently.
#
# Guessed: s2t turns 面条 into 麵條, as CC-CEDICT has it; t2s(s2t(x)) is x, and t2s turns 看著 into 看着.
# Seen:    面条 becomes 麪條 (U+9EAA, not U+9EB5), 里面 becomes 裏面, not 裡面; 看著 stays 看著. Only s2tw gives Taiwan's forms.
# Matters: to find both scripts, fold both sides of the comparison to simplified; never convert a query to traditional.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install opencc-python-reimplemented==0.1.7
./venv/bin/python - > seen <<'PY'
from opencc import OpenCC
for configuration, words in (("s2t", "面条 里面 头发 皇后"), ("s2tw", "面条 里面 头发 皇后"), ("t2s", "麵條 麪條 裡面 裏面 看著 乾隆 乾燥")):
    converter = OpenCC(configuration)
    print(configuration, " ".join(f"{word}->{converter.convert(word)}" for word in words.split()))
PY
echo "opencc-python-reimplemented 0.1.7:"
cat seen
diff - seen <<'SEEN'
s2t 面条->麪條 里面->裏面 头发->頭髮 皇后->皇后
s2tw 面条->麵條 里面->裡面 头发->頭髮 皇后->皇后
t2s 麵條->面条 麪條->面条 裡面->里面 裏面->里面 看著->看著 乾隆->乾隆 乾燥->干燥
SEEN
