#!/usr/bin/env bash
# Net::Dict 2.22 (Perl; the library of `pdict` and `tkdict`): once `dbInfo` has been asked about a database, every answer
# on that connection is the one to the question before.
#
# Guessed: `dbInfo` gives the description and leaves the connection as it was; a protocol that is out of step is noticed.
# Seen:    it leaves the closing `250 ok` unread, which the next command takes for its own reply: the word looked up next is
#          not there, and from then on each word has the article of the one before it, without an error or a warning. A
#          match makes headwords of an article. `serverInfo` reads its last line, and all is well after it.
# Matters: a program that shows a dictionary's description and then looks words up, as `tkdict` does, teaches that a pear
#          is full of seeds and a xylophone a sweet fruit. Compare the headword in the answer with what was asked for, or
#          open a new connection after `dbInfo`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${daemon:-}" ] || kill "$daemon"' EXIT
cd "$work"
chmod 755 "$work"  # dictd gives up root before it reads
apt-get download -q libnet-dict-perl=2.22-2 dictd=1.13.0+dfsg-1 dictfmt=1.13.0+dfsg-1 libmaa4=1.4.7-1 > apt.log 2>&1 ||
    { cat apt.log; exit 1; }
for package in *.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$work/root/usr/lib/$(uname -m)-linux-gnu PERL5LIB=$work/root/usr/share/perl5
printf ':apple:apple, a round fruit\n:melon:melon, full of seeds\n:pear:pear, a sweet fruit\n' |
    LC_ALL=C.UTF-8 ./root/usr/bin/dictfmt -j --utf8 --without-headword -u none -s Fruit fruit > made.log 2>&1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > dictd.conf <<CONF
global { listen_to 127.0.0.1 port $port }
database fruit { data "$work/fruit.dict" index "$work/fruit.index" }
CONF
./root/usr/sbin/dictd -c "$work/dictd.conf" --pid-file "$work/pid" -d nodetach > dictd.log 2>&1 &
daemon=$!
until (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 $daemon || { cat dictd.log; exit 1; }; sleep 0.05; done
cat > probe.pl <<'PERL'
use strict;
use warnings;
use Net::Dict;

sub define {
    my ($dict, $word) = @_;
    my @texts = map { join " ", split " ", $_->[1] } @{$dict->define($word)};
    print "  $word: ", @texts ? @texts : "not there", "\n";
}

for my $question ("serverInfo", "dbInfo") {
    my $dict = Net::Dict->new("127.0.0.1", Port => $ARGV[0]) or die "no connection\n";
    my $text = $question eq "dbInfo" ? $dict->dbInfo("fruit") : $dict->serverInfo;
    print "after $question (", length $text ? "a text" : "nothing", "):\n";
    define($dict, $_) for "apple", "melon", "pear", "xylophone", "apple";
    print "  match ap: ", join(", ", map { "$_->[1] in $_->[0]" } @{$dict->match("ap", "prefix")}), "\n";
}
PERL
perl probe.pl "$port" > seen
perl -MNet::Dict -e 'print "Net::Dict $Net::Dict::VERSION, dictd 1.13.0:\n"'
cat seen
diff - seen <<'SEEN'
after serverInfo (a text):
  apple: apple, a round fruit
  melon: melon, full of seeds
  pear: pear, a sweet fruit
  xylophone: not there
  apple: apple, a round fruit
  match ap: apple in fruit
after dbInfo (a text):
  apple: not there
  melon: apple, a round fruit
  pear: melon, full of seeds
  xylophone: pear, a sweet fruit
  apple: not there
  match ap: apple" fruit "Fruit in 151, a round fruit in apple,
SEEN
