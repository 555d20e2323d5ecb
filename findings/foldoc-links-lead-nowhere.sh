#!/usr/bin/env bash
# FOLDOC for dictd (Debian's dict-foldoc 20230119) has 60,000 references in braces; dictd 1.13.0 does not find a quarter
# of them.
#
# Guessed: what stands in braces is a headword of the same dictionary: viewers make links of it, and in the Jargon File,
#          which is written in the same way, all but 35 of 5,415 are (many of those are lines of C).
# Seen:    16,639 are not found by `exact`: 4,379 are plurals of headwords ("operating systems"), 2,588 are addresses,
#          some of them behind a text ("Planet Sinclair (http://...)"), and many others are shorter than the headword or
#          another word: Apple Computer for "Apple Computer, Inc.", NeXT for "NeXT, Inc.", concurrent for "concurrency".
# Matters: where each reference is shown as a link, one in four leads to "no match". Try the singular, then the prefix,
#          before a link is given up, and look for an address before a word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${daemon:-}" ] || kill "$daemon"' EXIT
cd "$work"
chmod 755 "$work"  # dictd gives up root before it reads
apt-get download -q dictd=1.13.0+dfsg-1 libmaa4=1.4.7-1 dict-foldoc=20230119-1 \
    dict-jargon=4.4.7-3.1 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
    echo "global { listen_to 127.0.0.1 port $port limit_queries 1000000 }"
    for name in foldoc jargon; do
        echo "database $name { data $work/root/usr/share/dictd/$name.dict.dz"
        echo "    index $work/root/usr/share/dictd/$name.index }"
    done
} > dictd.conf
./root/usr/sbin/dictd -c "$work/dictd.conf" --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemon=$!
until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 $daemon || { cat dictd.log; exit 1; }; sleep 0.05; done
cat > probe.py <<'PY'
import collections, gzip, re, socket, sys

class Server:
    def __init__(self, port):
        self.lines = socket.create_connection(("127.0.0.1", port)).makefile("rwb")
        self.lines.readline()

    def finds(self, database, words):
        """Which of the words are headwords, by the strategy `exact`."""
        words, found = sorted(words), set()
        for start in range(0, len(words), 50):
            some = words[start:start + 50]
            for word in some:
                quoted = word.replace("\\", r"\\").replace('"', r'\"')
                self.lines.write(f'MATCH {database} exact "{quoted}"\r\n'.encode())
            self.lines.flush()
            for word in some:
                status = self.lines.readline()
                if status.startswith(b"152"):
                    found.add(word)
                    while not self.lines.readline().startswith(b"250"):
                        pass
                elif not status.startswith((b"552", b"501")):
                    sys.exit(f"{word}: {status}")
        return found

server = Server(int(sys.argv[1]))
for database in "foldoc", "jargon":
    with gzip.open(f"root/usr/share/dictd/{database}.dict.dz", "rt", encoding="utf-8", errors="replace") as file:
        links = collections.Counter(" ".join(link.split()) for link in re.findall(r"\{([^{}]+)\}", file.read()))
    links.pop("", None)
    lost = links.keys() - server.finds(database, links)
    print(f"{database}: {links.total()} links, not found: {sum(links[link] for link in lost)}")
    if database == "foldoc":
        singular = {link: re.sub("s$", "", link) for link in lost if link.endswith("s")}
        singular_found = server.finds(database, set(singular.values()))
        kinds = collections.defaultdict(collections.Counter)
        for link in lost:
            kind = "addresses" if re.search(r"\(\S*[:/]\S*\)$", link) else \
                "plurals" if singular.get(link) in singular_found else "others"
            kinds[kind][link] = links[link]
        for kind, words in sorted(kinds.items()):
            print(f"  {kind}: {words.total()}", end="")
            commonest = sorted(words, key=lambda word: (-words[word], word))[:5]
            print("" if kind == "addresses" else f", as {', '.join(commonest)}")
PY
python3 probe.py "$port" > seen
echo "dictd 1.13.0, dict-foldoc 20230119, dict-jargon 4.4.7:"
cat seen
diff - seen <<'SEEN'
foldoc: 60436 links, not found: 16639
  addresses: 2588
  others: 9672, as concurrent, Apple Computer, Sun-4, NeXT, Sun Microsystems
  plurals: 4379, as operating systems, protocols, personal computers, workstations, algorithms
jargon: 5415 links, not found: 35
SEEN
