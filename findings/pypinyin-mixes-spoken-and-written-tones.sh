#!/usr/bin/env bash
# pypinyin 0.55.0 has an option for tone sandhi, off by default; yet some words come with sandhi when it is off, and some
# without when it is on.
#
# Guessed: by default the tones that a dictionary prints (不对 bù duì, 一定 yī dìng); with `tone_sandhi=True` the spoken ones
#          (bú duì, yí dìng) throughout.
# Seen:    off, 不对 and 不到 have bu2 but 不够 and 不错 bu4, 一定 has yi2 but 一样 yi1. On, 一样 is yi1 as before, and 你好
#          becomes ni2 hao3 while 水果 stays shui3 guo3. And 电子 ("electron") is dian4 zi5, 佛书 fu2 shu1.
# Matters: readings made with it can't be compared with a dictionary's tone by tone: 不 and 一 have to be mended, and words
#          that are in the dictionary must take its own reading.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install pypinyin==0.55.0
./venv/bin/python - > seen <<'PY'
from pypinyin import Style, lazy_pinyin
def reading(word, sandhi):
    return " ".join(lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, tone_sandhi=sandhi))
for word in "不对 不到 不够 不错 一定 一百 一样 一次 你好 水果 电子 佛书".split():
    print(f"{word}: off {reading(word, False)}, on {reading(word, True)}")
PY
echo "pypinyin 0.55.0:"
cat seen
diff - seen <<'SEEN'
不对: off bu2 dui4, on bu2 dui4
不到: off bu2 dao4, on bu2 dao4
不够: off bu4 gou4, on bu2 gou4
不错: off bu4 cuo4, on bu2 cuo4
一定: off yi2 ding4, on yi2 ding4
一百: off yi4 bai3, on yi4 bai3
一样: off yi1 yang4, on yi1 yang4
一次: off yi1 ci4, on yi1 ci4
你好: off ni3 hao3, on ni2 hao3
水果: off shui3 guo3, on shui3 guo3
电子: off dian4 zi5, on dian4 zi5
佛书: off fu2 shu1, on fu2 shu1
SEEN
