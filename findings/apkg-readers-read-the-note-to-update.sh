#!/usr/bin/env bash
# anki-export 0.1.4 (PyPI) and anki-reader 0.3.0 (npm) read a package that anki 26.9 has exported without an error, and
# find one note in it, whatever the deck holds: the advice to update Anki.
#
# Guessed: a reader that is older than the format fails, as with any other file, or finds the notes. A package that was
#          exported for old versions (`legacy`) is read by every reader.
# Seen:    each .apkg holds two collections: the real one (`collection.anki21b`, or `collection.anki21` in one for old
#          versions) and a valid `collection.anki2` with a single note, which is meant for the eyes of whoever imports
#          it into an Anki of years ago. anki-export takes `.anki2` where there is no `.anki21`, anki-reader always:
#          it finds no word in a package for old versions either.
# Matters: an importer takes the advice for a headword, counts one new card and exits with 0. Look for the newest
#          collection in the package, and refuse one that you can't read; don't fall back upon `collection.anki2`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install anki==26.9.3 anki-export==0.1.4
npm init --yes > npm.log 2>&1
npm install --silent --no-fund --no-audit anki-reader@0.3.0 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > make.py <<'PY'
import zipfile

from anki.collection import Collection, ExportAnkiPackageOptions

collection = Collection("cards.anki2")
deck = collection.decks.id("Words")
for word, meaning in (("apple", "a fruit"), ("bank", "of a river"), ("cat", "an animal")):
    note = collection.new_note(collection.models.by_name("Basic"))
    note["Front"], note["Back"] = word, meaning
    collection.add_note(note, deck)
for name, legacy in (("now.apkg", False), ("legacy.apkg", True)):
    collection.export_anki_package(out_path=name, limit=None, options=ExportAnkiPackageOptions(legacy=legacy))
    print(name, "holds", *sorted(part for part in zipfile.ZipFile(name).namelist() if part.startswith("collection")))
collection.close()
PY
cat > read.py <<'PY'
from anki_export import ApkgReader

for name in ("now.apkg", "legacy.apkg"):
    with ApkgReader(name) as package:
        for rows in package.export().values():
            print(f"anki-export, {name}:", *(row[0] for row in rows[1:]), sep="\n    ")
PY
cat > read.mjs <<'JS'
import { readFileSync } from "node:fs";
import { readAnkiPackage } from "anki-reader";
for (const name of ["now.apkg", "legacy.apkg"]) {
  const { collection } = await readAnkiPackage(new Blob([readFileSync(name)]));
  const cards = Object.values(collection.getDecks()).flatMap((deck) => Object.values(deck.getCards()));
  console.log([`anki-reader, ${name}:`, ...cards.map((card) => card.getFields().Front)].join("\n    "));
}
JS
{
    HOME=$work ./venv/bin/python make.py
    ./venv/bin/python read.py
    node read.mjs 2> reader.log || { cat reader.log >&2; exit 1; }
} > seen
./venv/bin/pip --disable-pip-version-check list 2> /dev/null | grep '^anki'
cat seen
diff - seen <<'SEEN'
now.apkg holds collection.anki2 collection.anki21b
legacy.apkg holds collection.anki2 collection.anki21
anki-export, now.apkg:
    Please update to the latest Anki version, then import the .colpkg/.apkg file again.
anki-export, legacy.apkg:
    apple
    bank
    cat
anki-reader, now.apkg:
    Please update to the latest Anki version, then import the .colpkg/.apkg file again.
anki-reader, legacy.apkg:
    Please update to the latest Anki version, then import the .colpkg/.apkg file again.
SEEN
