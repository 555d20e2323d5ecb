#!/usr/bin/env bash
# dico 2.11 (GNU dico's client): a word that is not there, and even a database that is not there, exit with 0.
#
# Guessed: as with `dict` (20: no match, 39: no such database), a script sees from the exit status whether a word was found.
# Seen:    only a server that can't be reached gives 1. "No match" is printed to standard output, where definitions are.
# Matters: a script that moves from `dict` to `dico` takes every word for found; only the text tells.
set -euo pipefail
work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server"; fi; rm -rf "$work"' EXIT
cd "$work"
apt-get download -q dico=2.11-2+b3 libdico2=2.11-2+b3 dict=1.13.0+dfsg-1 dictd=1.13.0+dfsg-1 dictfmt=1.13.0+dfsg-1 \
    libmaa4=1.4.7-1 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu HOME=$work LC_ALL=C.UTF-8
bin=root/usr/bin
printf ':apple:a fruit\n' | "$bin/dictfmt" -j --utf8 -s fruit -u x fruit > /dev/null 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > dictd.conf <<CONF
global { listen_to 127.0.0.1 port $port }
access { allow * }
database fruit { data "$work/fruit.dict" index "$work/fruit.index" }
CONF
chmod 755 "$work"  # the server gives up root before it reads
root/usr/sbin/dictd -c "$work/dictd.conf" --pid-file "$work/pid" -d nodetach --locale C.UTF-8 > dictd.log 2>&1 &
server=$!
until (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 "$server" || { cat dictd.log; exit 1; }; sleep 0.1; done
echo "server 127.0.0.1" > dict.conf
ask() {
    what=$1 status=0
    shift
    "$@" > out 2> /dev/null || status=$?
    echo "$what: exit $status"
}
dict=("$bin/dict" -c "$work/dict.conf" -h 127.0.0.1 -p "$port")
dico=("$bin/dico" --noauth --host=127.0.0.1 --port="$port")
{
    ask "dict, a word that is there" "${dict[@]}" apple
    ask "dico, a word that is there" "${dico[@]}" apple
    ask "dict, no match" "${dict[@]}" xylophone
    ask "dico, no match" "${dico[@]}" xylophone
    cat out
    ask "dict, no such database" "${dict[@]}" -d nosuch apple
    ask "dico, no such database" "${dico[@]}" --database=nosuch apple
    ask "dico, no server" "$bin/dico" --noauth --host=127.0.0.1 --port=1 apple
} > seen
"$bin/dico" --version | head -n 1
{ "$bin/dict" --version 2>&1 || true; } | head -n 1
cat seen
diff - seen <<'SEEN'
dict, a word that is there: exit 0
dico, a word that is there: exit 0
dict, no match: exit 20
dico, no match: exit 0
No match
dict, no such database: exit 39
dico, no such database: exit 0
dico, no server: exit 1
SEEN
