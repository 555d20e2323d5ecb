#!/usr/bin/env bash
# dictfmt 1.13.0 keeps of each headword in the index only lower-case letters, digits and blanks, and dictd compares what
# is asked for in the same way, in its strategy `exact`, too.
#
# Guessed: `exact` is exact but for case.
# Seen:    C, C++ and C# are one headword: asking for any of them (C#, which no dictionary has, included) gives C and C++;
#          `e-mail` and `email` are one; `new york` and `New-York` are two, because a hyphen goes without leaving a blank.
# Matters: an index alone does not tell how a headword is spelled: it has to be read from the article.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${daemon:-}" ] || kill "$daemon"' EXIT
cd "$work"
chmod 755 "$work"  # dictd gives up root before it reads
for package in dictd dictfmt dict; do
    apt-get download -q $package=1.13.0+dfsg-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
done
apt-get download -q libmaa4 > apt.log 2>&1 || { cat apt.log; exit 1; }
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
printf ':C:the letter\n:C++:a language\n:e-mail:a letter by wire\n:email:the same\n:new york:a city\n:New-York:the same\n' |
    LC_ALL=C.UTF-8 ./root/usr/bin/dictfmt -j --utf8 -u none -s made made > made.log 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf 'global {\n listen_to 127.0.0.1\n port %s\n}\ndatabase made { data "%s/made.dict" index "%s/made.index" }\n' "$port" "$work" "$work" > dictd.conf
./root/usr/sbin/dictd -c "$work/dictd.conf" --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemon=$!
until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 $daemon || { cat dictd.log; exit 1; }; sleep 0.05; done
{
    echo "index: $(grep -v '^00' made.index | cut -f 1 | paste -sd '|')"
    for word in C C++ 'C#' e-mail newyork 'NEW YORK'; do
        heads=$(./root/usr/bin/dict -h 127.0.0.1 -p "$port" -m -s exact -d made "$word" 2>&1 | sed 's/^made: *//' | paste -sd ' ') || true
        count=$(./root/usr/bin/dict -h 127.0.0.1 -p "$port" -d made "$word" 2>&1 | grep -c '^From' || true)
        echo "$word: $count articles; match: $heads"
    done
} > seen
echo "dictfmt and dictd 1.13.0:"
cat seen
diff - seen <<'SEEN'
index: c|c|email|email|new york|newyork
C: 2 articles; match: c
C++: 2 articles; match: c
C#: 2 articles; match: c
e-mail: 2 articles; match: email
newyork: 1 articles; match: newyork
NEW YORK: 1 articles; match: "new york"
SEEN
