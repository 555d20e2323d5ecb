#!/usr/bin/env bash
# genanki 0.13.1 with anki 26.9 (PyPI): a deck that is made again with one meaning corrected adds a second note.
#
# Guessed: a note is known by its first field, or by its place in the deck: importing the corrected deck updates it.
# Seen:    without a guid of one's own a note's guid is a hash of all its fields. The corrected note is another one, and
#          the old one stays beside it, with its wrong meaning and its schedule.
# Matters: whoever makes decks from a dictionary that is still edited has to pass `guid=guid_for(headword)`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install genanki==0.13.1 anki==26.9.3
./venv/bin/python - > seen <<'PY'
import genanki
from anki.collection import Collection, ImportAnkiPackageRequest
model = genanki.Model(1607392319, "word", fields=[{"name": "Word"}, {"name": "Meaning"}],
                      templates=[{"name": "card", "qfmt": "{{Word}}", "afmt": "{{Meaning}}"}])
for kind, named in (("all by default", {}), ("guid_for(word)", {"guid": genanki.guid_for("apple")})):
    collection = Collection(f"{len(named)}.anki2")
    for meaning in ("a froot", "a fruit"):
        deck = genanki.Deck(2059400110, "words")
        deck.add_note(genanki.Note(model=model, fields=["apple", meaning], **named))
        genanki.Package(deck).write_to_file("deck.apkg")
        collection.import_anki_package(ImportAnkiPackageRequest(package_path="deck.apkg"))
    notes = [collection.get_note(number).fields for number in collection.find_notes("")]
    print(kind + ":", ", ".join(" = ".join(fields) for fields in notes))
    collection.close()
PY
./venv/bin/pip list 2> /dev/null | grep -E '^(genanki|anki) '
cat seen
diff - seen <<'SEEN'
all by default: apple = a froot, apple = a fruit
guid_for(word): apple = a fruit
SEEN
