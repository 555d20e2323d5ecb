#!/usr/bin/env bash
# What is a header in a dictd index can't be told from the `00-database-` of the manual: four of eight indexes in Debian
# spell it otherwise, and real headwords begin with 00, too.
#
# Guessed: lines that begin with `00-database-` are headers, and nothing else begins with `00`.
# Seen:    dictfmt drops the hyphens where it drops them from headwords (`00databaseinfo`); GCIDE has `00-gcide-long` and
#          `00-web1913-info`, further names of the same pieces of text; `00 gauge` and `002 mm ...` are words that
#          people look up. dictd 1.13.0 itself lists headers as headwords.
# Matters: a rule by prefix loses words or shows headers as words: compare with both spellings, and where an alias starts.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${daemon:-}" ] || kill "$daemon"' EXIT
cd "$work"
chmod 755 "$work"  # dictd gives up root before it reads
for package in dictd=1.13.0+dfsg-1 dict=1.13.0+dfsg-1 libmaa4=1.4.7-1 dict-gcide=0.48.5+nmu2 dict-foldoc=20230119-1 \
    dict-de-en=1.9-6 dict-freedict-eng-deu=2022.04.21-1 dict-freedict-fra-eng=2022.04.21-1 dict-jargon=4.4.7-3.1 dict-wn=1:3.0-37; do
    apt-get download -q "$package" > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
cd root/usr/share/dictd
for index in *.index; do
    others=$({ grep '^00' "$index" | grep -v '^00-database-' || true; } | cut -f 1 | paste -sd '|' | cut -c 1-90)
    echo "$index: $(grep -c '^00-database-' "$index" || true) by the manual, others: ${others:-none}"
done > "$work/seen"
cd "$work"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
    printf 'global {\n listen_to 127.0.0.1\n port %s\n}\n' "$port"
    for name in gcide english-german; do
        printf 'database %s { data "%s.dict.dz" index "%s.index" }\n' $name "$work/root/usr/share/dictd/$name" "$work/root/usr/share/dictd/$name"
    done
} > dictd.conf
./root/usr/sbin/dictd -c "$work/dictd.conf" --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemon=$!
until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 $daemon || { cat dictd.log; exit 1; }; sleep 0.05; done
for name in gcide english-german; do
    ./root/usr/bin/dict -h 127.0.0.1 -p "$port" -f -m -s prefix -d $name 00 | cut -f 4 | paste -sd '|' | cut -c 1-90
done >> seen
echo "dictd 1.13.0:"
cat seen
diff - seen <<'SEEN'
english-german.index: 0 by the manual, others: 00 gauge|002 mm noughtpointnoughttwo millimetres|00databasealphabet|00databasedictfmt1130|
foldoc.index: 7 by the manual, others: none
freedict-eng-deu.index: 0 by the manual, others: 00 gauge|00databasealphabet|00databasedictfmt1130|00databaseinfo|00databaseshort|00databas
freedict-fra-eng.index: 0 by the manual, others: 00databasealphabet|00databasedictfmt1130|00databaseinfo|00databaseshort|00databaseurl|00da
gcide.index: 4 by the manual, others: 00-gcide-long|00-gcide-short|00-gcide-url|00-web1913-info
german-english.index: 0 by the manual, others: 002 mm null komma null zwei millimeter|00databasealphabet|00databasedictfmt1130|00database
jargon.index: 7 by the manual, others: none
wn.index: 5 by the manual, others: none
00-database-info|00-database-long|00-database-short|00-database-url|00-gcide-long|00-gcide
00 gauge|002 mm noughtpointnoughttwo millimetres|00databasealphabet|00databasedictfmt1130|
SEEN
