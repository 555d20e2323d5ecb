#!/usr/bin/env bash
# curl 7.88.1, asked for dict://HOST/d:WORD, puts a backslash before every byte over 0x7F, so that a character of UTF-8
# arrives in pieces; and it sends all its commands before the server has said anything.
#
# Guessed: the word is sent in UTF-8 as it stands, in quotes if it holds blanks, after the server's greeting.
# Seen:    `café au lait` is sent as `caf\C3\A9\ au\ lait` (C3 and A9 being single bytes), bare, to database `!`.
# Matters: a server has to take backslashes away byte by byte before it looks whether a line is UTF-8.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for package in curl libcurl4; do
    apt-get download -q $package=7.88.1-10+deb12u15 > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
cat > listen.py <<'PY'
import socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
print(listener.getsockname()[1], flush=True)
client, _ = listener.accept()
client.settimeout(20)
sent = b""
while not sent.endswith(b"QUIT\r\n"):
    sent += client.recv(4096)
print(sent, flush=True)
client.sendall(b"220 example <mime> <1@example>\r\n250 ok\r\n552 no match\r\n221 bye\r\n")
PY
coproc python3 listen.py
read -r port <&"${COPROC[0]}"
./root/usr/bin/curl --silent "dict://127.0.0.1:$port/d:caf%C3%A9%20au%20lait" > answer
read -r sent <&"${COPROC[0]}"
{
    sed 's/libcurl [0-9.]*/libcurl VERSION/' <<< "$sent"
    cat answer
} | tr -d '\r' > seen
./root/usr/bin/curl --version | sed -n '1s/^curl \([^ ]*\).*/curl \1:/p'
cat seen
diff - seen <<'SEEN'
b'CLIENT libcurl VERSION\r\nDEFINE ! caf\\\xc3\\\xa9\\ au\\ lait\r\nQUIT\r\n'
220 example <mime> <1@example>
250 ok
552 no match
221 bye
SEEN
