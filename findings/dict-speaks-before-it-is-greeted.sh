#!/usr/bin/env bash
# dict 1.13.0 (the client of dictd) sends its first lookup before the server has said anything, in the segment that also
# names the client; and it escapes nothing: quotes inside the word are sent as they are, within quotes.
#
# Guessed: a client waits for the server's banner; `"` inside a word becomes `\"`, as RFC 2229 has it for quoted strings.
# Seen:    CLIENT and DEFINE arrive in one piece before the banner; `caf "au" lait` is sent as "caf "au" lait"; after 552
#          the strategy `.` is asked for, and QUIT comes in the same segment.
# Matters: a server must not drop what arrives before it has greeted, and has to make sense of a quote inside quotes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q dict=1.13.0+dfsg-1 libmaa4 > apt.log 2>&1 || { cat apt.log; exit 1; }
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
sent = client.recv(4096)
print("before the banner:", sent, flush=True)
client.sendall(b"220 example <mime> <1@example>\r\n250 ok\r\n552 no match\r\n")
sent = b""
while not sent.endswith(b"quit\r\n"):
    sent += client.recv(4096)
print("after 552:", sent, flush=True)
client.sendall(b"152 1 matches found\r\nwords \"recieve\"\r\n.\r\n250 ok\r\n221 bye\r\n")
PY
python3 listen.py > said &
server=$!
until port=$(head -n 1 said) && [ -n "$port" ]; do kill -0 $server; sleep 0.05; done
./root/usr/bin/dict -h 127.0.0.1 -p "$port" 'caf "au" lait' > answer 2>&1 || true
wait $server
tail -n +2 said | sed 's/client "[^"]*"/client "NAME"/' > seen
echo "dict 1.13.0:"
cat seen
diff - seen <<'SEEN'
before the banner: b'client "NAME"\r\ndefine * "caf "au" lait"\r\n'
after 552: b'match * . "caf "au" lait"\r\nquit\r\n'
SEEN
