#!/usr/bin/env bash
# FreeDict's dictionaries for dictd (Debian, 2022.04.21) have index lines without a headword, and no query but the empty one
# finds their articles: neither the sign that the article is about, nor other signs.
#
# Guessed: each line of an index has a headword; a sign is found by typing it, or is left out.
# Seen:    deu-eng has 6 such lines, eng-deu 7: `´`, `:-)`, `$`, `§`, `(`, `{` fold to nothing. `dict ''` says "6 definitions
#          found"; `dict '§'` and `dict ':-)'` find nothing. And lines stand twice, word for word: one article, found twice.
# Matters: an importer that takes an empty headword for damage refuses the biggest FreeDict dictionaries; the sign has
#          to be read from the article's first line.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${daemon:-}" ] || kill "$daemon"' EXIT
cd "$work"
chmod 755 "$work"  # dictd gives up root before it reads
for package in dictd=1.13.0+dfsg-1 dict=1.13.0+dfsg-1 libmaa4=1.4.7-1 dict-freedict-deu-eng=2022.04.21-1 dict-freedict-eng-deu=2022.04.21-1; do
    apt-get download -q "$package" > apt.log 2>&1 || { cat apt.log; exit 1; }
done
for file in *.deb; do dpkg -x "$file" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
{
    printf 'global {\n listen_to 127.0.0.1\n port %s\n}\n' "$port"
    for name in deu-eng eng-deu; do
        printf 'database %s { data "%s.dict.dz" index "%s.index" }\n' $name "$work/root/usr/share/dictd/freedict-$name" "$work/root/usr/share/dictd/freedict-$name"
    done
} > dictd.conf
./root/usr/sbin/dictd -c "$work/dictd.conf" --locale C.UTF-8 --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemon=$!
until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 $daemon || { cat dictd.log; exit 1; }; sleep 0.05; done
look() {
    ./root/usr/bin/dict -h 127.0.0.1 -p "$port" -d "$@" 2>&1 || true
}
for name in deu-eng eng-deu; do
    index=root/usr/share/dictd/freedict-$name.index
    echo "$name: $(grep -c $'^\t' $index) lines without a headword, $(LC_ALL=C sort $index | LC_ALL=C uniq -d | wc -l) lines more than once"
    look $name '' | grep -A 2 '^From' | grep '^  ' || true
    for word in '' '´' ':-)' '$' '§' '('; do
        echo "\"$word\": $(look $name "$word" | grep -c '^From' || true)"
    done | paste -sd ' '
done > seen
echo "dictd 1.13.0:"
cat seen
diff - seen <<'SEEN'
deu-eng: 6 lines without a headword, 8 lines more than once
  Akut-Zeichen /ˈɑkuːt tsˈaɪçən/ (´) <neut, n, sg>
  Dollar-Zeichen /dɔlˈɑːɾ tsˈaɪçən/ ($) <neut, n, sg>
  Smiley /(en)smˈaɪli(de)/ (:-)) <masc, n, sg>
  Smileys /smˈiːlaɪs/ (:-)) <pl>
  Paragraph /pˌaraɡɾˈɑːf/ (§) <masc, n, sg>
  ?
"": 6 "´": 0 ":-)": 0 "$": 0 "§": 0 "(": 0
eng-deu: 7 lines without a headword, 46 lines more than once
  acute /ɐkjˈuːt/ (´)
  dollar sign /dˈɒlə sˈaɪn/ ($)
  smily /smˈaɪli/ (:-))
  left parenthesis /lˈɛft pəɹˈɛnθəsˌɪs/ (()
  right parenthesis /ɹˈaɪt pəɹˈɛnθəsˌɪs/ ())
  left brace /lˈɛft bɹˈeɪs/ ({)
  right brace /ɹˈaɪt bɹˈeɪs/ (})
"": 7 "´": 0 ":-)": 0 "$": 0 "§": 0 "(": 0
SEEN
