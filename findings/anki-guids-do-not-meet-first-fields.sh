#!/usr/bin/env bash
# anki 26.9 (PyPI): a file with `#guid column` makes a second note where one with the same first field is there already.
#
# Guessed: an import looks for the id, then for the first field, as it does without ids: "apple" stays one note.
# Seen:    with a guid column only guids are compared. The first import of a file with ids duplicates every note that an
#          older file without ids has made; from then on it updates its own.
# Matters: a program that begins to write ids doubles its users' decks once; say so, or keep the old form on request.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install anki==26.9.3
printf '#separator:tab\n#notetype:Basic\napple\tone\n' > without.txt
printf '#separator:tab\n#notetype:Basic\n#guid column:3\napple\ttwo\tg-1\n' > with.txt
printf '#separator:tab\n#notetype:Basic\n#guid column:3\napple\tthree\tg-1\n' > again.txt
./venv/bin/python - > seen <<'PY'
from anki.collection import Collection, ImportCsvRequest
collection = Collection("cards.anki2")
for name in ("without.txt", "with.txt", "again.txt"):
    metadata = collection.get_csv_metadata(path=name, delimiter=None)
    collection.import_csv(ImportCsvRequest(path=name, metadata=metadata))
    notes = [collection.get_note(number).fields for number in collection.find_notes("")]
    print(name + ":", ", ".join(" = ".join(fields[:2]) for fields in notes))
PY
./venv/bin/python -c 'import anki.buildinfo; print("anki", anki.buildinfo.version)'
cat seen
diff - seen <<'SEEN'
without.txt: apple = one
with.txt: apple = one, apple = two
again.txt: apple = one, apple = three
SEEN
