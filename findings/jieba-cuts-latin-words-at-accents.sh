#!/usr/bin/env bash
# jieba 0.42.1 (PyPI) and jieba-rs 0.8.1 (crates.io): words of other scripts within Chinese text.
#
# Guessed: what is not Chinese is left whole: "café" is one word, and so is "Москва", as "apple" is.
# Seen:    only ASCII letters and digits make words. Each other letter stands by itself: "café" is "caf" and "é",
#          "Москва" six letters, full-width ＡＢＣ three; with the model for unknown words and without it, in both.
# Matters: an index of words made by it finds "caf", and not "café"; a reader's text has to be cut at the change of
#          script first, and only the Chinese pieces given to jieba.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install jieba==0.42.1 setuptools==80.9.0
cat > texts <<'TEXTS'
café很好
naïve的人
Москва很大
ＡＢＣ公司
苹果apple
TEXTS
./venv/bin/python - 2> warnings > python <<'PY'
import jieba
for text in open("texts", encoding="utf-8").read().split():
    for unknown in (False, True):
        print(text, "=", "|".join(jieba.cut(text, HMM=unknown)))
PY
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "cut"
version = "0.0.0"
edition = "2024"

[dependencies]
jieba-rs = "=0.8.1"
TOML
cat > src/main.rs <<'RUST'
fn main() {
    let jieba = jieba_rs::Jieba::new();
    for text in include_str!("../texts").lines() {
        for unknown in [false, true] {
            println!("{text} = {}", jieba.cut(text, unknown).join("|"));
        }
    }
}
RUST
cargo run --quiet > rust
echo "jieba 0.42.1 and jieba-rs 0.8.1"
cat rust
diff python rust
diff - rust <<'SEEN'
café很好 = caf|é|很|好
café很好 = caf|é|很|好
naïve的人 = na|ï|ve|的|人
naïve的人 = na|ï|ve|的|人
Москва很大 = М|о|с|к|в|а|很大
Москва很大 = М|о|с|к|в|а|很大
ＡＢＣ公司 = Ａ|Ｂ|Ｃ|公司
ＡＢＣ公司 = Ａ|Ｂ|Ｃ|公司
苹果apple = 苹果|apple
苹果apple = 苹果|apple
SEEN
