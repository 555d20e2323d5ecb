#!/usr/bin/env bash
# pyglossary 5.0.9 loses each XDXF article whose headword begins with an optional part: `<k><opt>the </opt>book</k>`.
#
# Guessed: XDXF's `<opt>` gives two headwords wherever it stands: "the book" and "book", as "color" and "colour".
# Seen:    an optional part in the middle gives both, one at the end gives both; one at the beginning is an "empty title
#          element" (a warning among other lines), and the article is left out, with exit status 0. What is displayed for
#          the others is "colo (u)r", with a blank that nobody wrote.
# Matters: counts have to be compared after a conversion; a reader has to take `<opt>` apart by itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install pyglossary==5.0.9 lxml==6.0.2
cat > words.xdxf <<'XDXF'
<?xml version="1.0" encoding="UTF-8" ?>
<!DOCTYPE xdxf SYSTEM "http://xdxf.sourceforge.net/xdxf_lousy.dtd">
<xdxf lang_from="ENG" lang_to="ENG" format="visual">
<full_name>Words</full_name>
<description>Four</description>
<ar><k>colo<opt>u</opt>r</k>what the eye sees</ar>
<ar><k>grey<opt>ness</opt></k>dull</ar>
<ar><k><opt>the </opt>book</k>to be read</ar>
<ar><k>pen</k>to write with</ar>
</xdxf>
XDXF
HOME=$work ./venv/bin/pyglossary words.xdxf words.txt --read-format=Xdxf --write-format=Tabfile > words.log 2>&1
{
    echo "exit $?; $(grep -c 'WARNING.*empty title element' words.log || true) warning; $(grep -c '^<ar>' words.xdxf) articles"
    grep -v '^##' words.txt
} > seen
echo "pyglossary 5.0.9:"
cat seen
diff - seen <<'SEEN'
exit 0; 1 warning; 4 articles
color|colour	<div class="article"><div class="k"><b>colo (u)r</b></div>what the eye sees</div>
grey|greyness	<div class="article"><div class="k"><b>grey (ness)</b></div>dull</div>
pen	<div class="article"><div class="k"><b>pen</b></div>to write with</div>
SEEN
