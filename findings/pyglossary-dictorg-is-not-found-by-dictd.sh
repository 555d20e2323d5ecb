#!/usr/bin/env bash
# pyglossary 5.0.9 writes dictionaries for dictd ("DictOrg") in which dictd 1.13.0 finds only some of the headwords, without
# a word from either.
#
# Guessed: what one converter writes for one server is found by it, or is refused when the server starts.
# Seen:    the index is in no order that dictd knows, its headwords are not folded (dictfmt's are), and there is no
#          `00-database-utf8`: of seven headwords one is found (`zebra`); of dictfmt's all are.
# Matters: an index can't be trusted to be sorted or folded: a reader has to take all its lines and order them itself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${daemon:-}" ] || kill "$daemon"' EXIT
cd "$work"
chmod 755 "$work"  # dictd gives up root before it reads
python3 -m venv venv
./venv/bin/pip --quiet --disable-pip-version-check install pyglossary==5.0.9
for package in dictd dictfmt dict; do
    apt-get download -q $package=1.13.0+dfsg-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
done
apt-get download -q libmaa4=1.4.7-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
words=(Apple apple New-York "new york" éclair zebra 苹果)
for word in "${words[@]}"; do printf '%s\tabout it\n' "$word"; done > words.txt
HOME=$work ./venv/bin/pyglossary words.txt glossary.index --read-format=Tabfile --write-format=DictOrg \
    --write-options='dictzip=false;install=false' > glossary.log 2>&1
sed 's/^\(.*\)\t.*/:\1:about it/' words.txt | LC_ALL=C.UTF-8 ./root/usr/bin/dictfmt -j --utf8 -u none -s dictfmt dictfmt > dictfmt.log 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
    printf 'global {\n listen_to 127.0.0.1\n port %s\n}\n' "$port"
    for name in glossary dictfmt; do
        printf 'database %s { data "%s/%s.dict" index "%s/%s.index" }\n' $name "$work" $name "$work" $name
    done
} > dictd.conf
./root/usr/sbin/dictd -c "$work/dictd.conf" --locale C.UTF-8 --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemon=$!
until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 $daemon || { cat dictd.log; exit 1; }; sleep 0.05; done
{
    for name in glossary dictfmt; do
        echo "$name.index: $(grep -v '^00' $name.index | cut -f 1 | paste -sd '|')"
        for word in "${words[@]}"; do
            count=$(./root/usr/bin/dict -h 127.0.0.1 -p "$port" -d $name "$word" 2>&1 | grep -c '^From' || true)
            echo "$word: $count"
        done | paste -sd ';' | sed 's/;/; /g'
    done
} > seen
echo "pyglossary 5.0.9, dictfmt and dictd 1.13.0:"
cat seen
diff - seen <<'SEEN'
glossary.index: 苹果|Apple|apple|éclair|new york|New-York|zebra
Apple: 0; apple: 0; New-York: 0; new york: 0; éclair: 0; zebra: 1; 苹果: 0
dictfmt.index: apple|apple|new york|newyork|zebra|éclair|苹果
Apple: 2; apple: 2; New-York: 1; new york: 1; éclair: 1; zebra: 1; 苹果: 1
SEEN
