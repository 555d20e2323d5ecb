#!/usr/bin/env bash
# dictd 1.13.0 and GNU dicod 2.11, given one dictionary, understand `lev` and `soundex` differently: each finds words by them
# that the other does not.
#
# Guessed: `lev` is "Levenshtein distance one" for both, without transpositions; `soundex` is the census's, in which H and W
#          do not part equal sounds (Ashcraft is A261).
# Seen:    dictd's `lev` takes two letters that have changed places for one mistake, dicod's does not: for that it has `dlev`,
#          which dictd refuses. In dictd's `soundex` H parts equal sounds (A226), in dicod's it does not.
# Matters: what a strategy's name means is the server's own choice: tests against one peer prove nothing about the other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; kill ${daemons:-} 2> /dev/null || true' EXIT
cd "$work"
chmod 755 "$work"  # both servers give up root before they read
for package in dictd=1.13.0+dfsg-1 dictfmt=1.13.0+dfsg-1 dict=1.13.0+dfsg-1 libmaa4=1.4.7-1 dicod=2.11-2+b3 libdico2=2.11-2+b3 \
    libgsasl18=2.2.0-1+deb12u2 libldap-2.5-0=2.5.13+dfsg-5 libltdl7=2.4.7-7~deb12u1 libpcre3=2:8.39-15; do
    apt-get download -q "$package" > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
libraries=$work/root/usr/lib/$(uname -m)-linux-gnu
export LD_LIBRARY_PATH=$libraries
printf ':ashcraft:a name\n:robert:another\n' | LC_ALL=C.UTF-8 ./root/usr/bin/dictfmt -j --utf8 -u none -s made made > made.log 2>&1
ports=$(python3 -c 'import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
read -r dictd dicod <<< "$ports"
printf 'global {\n listen_to 127.0.0.1\n port %s\n}\ndatabase made { data "%s/made.dict" index "%s/made.index" }\n' "$dictd" "$work" "$work" > dictd.conf
cat > dicod.conf <<CONF
listen 127.0.0.1:$dicod;
load-module dictorg { command "dictorg dbdir=$work"; };
database { name "made"; handler "dictorg database=made"; };
CONF
./root/usr/sbin/dictd -c "$work/dictd.conf" --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemons=$!
./root/usr/bin/dicod --config="$work/dicod.conf" --load-dir="$libraries/dico" --no-preprocessor --foreground --stderr > dicod.log 2>&1 &
daemons="$daemons $!"
for port in $ports; do
    for _ in $(seq 200); do (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null && continue 2; sleep 0.05; done
    cat dictd.log dicod.log
    exit 1
done
match() {
    found=$(./root/usr/bin/dict -h 127.0.0.1 -p "$1" -f -m -s "$2" -d made "$3" 2> match.log | cut -f 4 | sed '/^$/d' | paste -sd ' ' || true)
    if grep -q 'not a valid search strategy' match.log; then found="no such strategy"; fi
    echo "${found:-nothing}"
}
for search in "lev ashraft" "lev robret" "dlev robret" "soundex ashcroft" "soundex axcraft" "soundex asacraft"; do
    # The words are what is to be split.
    # shellcheck disable=SC2086
    echo "$search: dictd $(match "$dictd" $search), dicod $(match "$dicod" $search)"
done > seen
echo "dictd 1.13.0, dicod 2.11:"
cat seen
diff - seen <<'SEEN'
lev ashraft: dictd ashcraft, dicod ashcraft
lev robret: dictd robert, dicod nothing
dlev robret: dictd no such strategy, dicod robert
soundex ashcroft: dictd ashcraft, dicod ashcraft
soundex axcraft: dictd nothing, dicod ashcraft
soundex asacraft: dictd ashcraft, dicod nothing
SEEN
