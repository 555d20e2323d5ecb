#!/usr/bin/env bash
# rust-stemmers 1.2.0 (crates.io) and snowballstemmer 3.1.1 (PyPI) call the same Snowball languages by the same names, but
# they hold versions of the algorithms that are years apart, and nothing in either says which.
#
# Guessed: "English" and "German" of Snowball are fixed algorithms, so an index that Python has made can be searched from
#          Rust; at most a handful of odd words differ.
# Seen:    the crate stems `adding` and `added` to `ad`, `organize` to `organ`, `past` and `pasting` to one stem; PyPI's gives
#          `add`, `organiz`, `paste`. French `française`, German `Lehrerin` and `nudeln`, Swedish `problemet` differ, and in
#          Dutch nearly half the words of Debian's list (wdutch), since "dutch" is another algorithm now; the old one,
#          called `dutch_porter`, gives the crate's stems to the last word.
# Matters: where one side writes stems and the other looks for them, these words are not found, and nothing fails. Store
#          words, or stem both sides with one library, and make the index anew when it is upgraded.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q wdutch=1:2.20.19-2 > apt.log 2>&1 || { cat apt.log; exit 1; }
dpkg -x wdutch*.deb root
cat > words <<'WORDS'
english add adding added ad
english organize organizer organ
english past paste pasting
english psychologist interval
english running happily
german lehrerin nudeln problem
french française mauvais mosaïque
swedish problemet huset
spanish corriendo
WORDS
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install snowballstemmer==3.1.1
cat > probe.py <<'PY'
import snowballstemmer

def stems(language, words):
    stemmer = snowballstemmer.stemmer(language)
    return [stemmer.stemWord(word) for word in words]

with open("python", "w") as out:
    for line in open("words"):
        language, *words = line.split()
        print(language, *stems(language, words), file=out)
words = [line.strip() for line in open("root/usr/share/dict/dutch")]
words = [word for word in words if word.isascii() and word.isalpha() and word.islower()]
with open("dutch", "w") as out:
    out.write("\n".join(words) + "\n")
for language in ("dutch", "dutch_porter"):
    with open(language + ".python", "w") as out:
        out.write("\n".join(stems(language, words)) + "\n")
PY
./venv/bin/python probe.py
cargo init --quiet --vcs none --name probe .
cargo add --quiet rust-stemmers@=1.2.0
cat > src/main.rs <<'RUST'
use rust_stemmers::{Algorithm, Stemmer};

fn main() {
    let lines = std::fs::read_to_string("words").unwrap();
    for line in lines.lines() {
        let (language, words) = line.split_once(' ').unwrap();
        let stemmer = Stemmer::create(match language {
            "english" => Algorithm::English,
            "german" => Algorithm::German,
            "french" => Algorithm::French,
            "swedish" => Algorithm::Swedish,
            "spanish" => Algorithm::Spanish,
            other => panic!("{other}"),
        });
        let stems: Vec<_> = words.split(' ').map(|word| stemmer.stem(word)).collect();
        println!("{language} {}", stems.join(" "));
    }
    let dutch = Stemmer::create(Algorithm::Dutch);
    let stems: Vec<_> = std::fs::read_to_string("dutch").unwrap().lines().map(|word| dutch.stem(word).into_owned()).collect();
    std::fs::write("dutch.rust", stems.join("\n") + "\n").unwrap();
}
RUST
cargo run --quiet > rust
{
    paste -d '\n' words rust python | awk '{ print (NR % 3 == 1 ? "" : NR % 3 == 2 ? "  rust-stemmers    " : "  snowballstemmer  ") $0 }'
    echo "dutch: $(wc -l < dutch) words"
    for kind in dutch dutch_porter; do
        echo "  stems that differ from snowballstemmer's $kind: $(paste -d ' ' dutch.rust $kind.python | awk '$1 != $2' | wc -l)"
    done
} > seen
echo "rust-stemmers 1.2.0 and snowballstemmer 3.1.1:"
cat seen
diff - seen <<'SEEN'
english add adding added ad
  rust-stemmers    english add ad ad ad
  snowballstemmer  english add add add ad
english organize organizer organ
  rust-stemmers    english organ organ organ
  snowballstemmer  english organiz organiz organ
english past paste pasting
  rust-stemmers    english past past past
  snowballstemmer  english past paste paste
english psychologist interval
  rust-stemmers    english psychologist interv
  snowballstemmer  english psycholog interval
english running happily
  rust-stemmers    english run happili
  snowballstemmer  english run happili
german lehrerin nudeln problem
  rust-stemmers    german lehrerin nudeln probl
  snowballstemmer  german lehr nudel probl
french française mauvais mosaïque
  rust-stemmers    french français mauv mosaïqu
  snowballstemmer  french franc mauvais mosa
swedish problemet huset
  rust-stemmers    swedish problemet huset
  snowballstemmer  swedish problem hus
spanish corriendo
  rust-stemmers    spanish corr
  snowballstemmer  spanish corr
dutch: 344401 words
  stems that differ from snowballstemmer's dutch: 165749
  stems that differ from snowballstemmer's dutch_porter: 0
SEEN
