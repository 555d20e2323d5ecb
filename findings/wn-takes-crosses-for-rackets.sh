#!/usr/bin/env bash
# wordnet 3.0 (Debian 1:3.0-37): of the base forms that its rules find for a word, `wn` looks up the first one only:
# `crosses` is not the plural of `cross`. WordNet::QueryData 1.49 (Perl), over the same files, finds all of them, and
# some that are none.
#
# Guessed: as the manual says (first one base form, then the others, as for `axes`), all that are in WordNet are found,
#          and what two programs find in the same files by the same rules is the same.
# Seen:    the others come from the list of exceptions alone. By rule, `-s` goes before `-es`, and `-ing` becomes `-e`
#          before it goes: `crosses` is a racket (crosse), `bunches` a diplomat (Bunche), `lenses` a rare spelling
#          (lense) and no lens, `swinging` as a verb means to singe (swinge) and not to swing, `routed` has nothing to do
#          with a rout. `singing` is right, as an exception. QueryData finds cross, bunch, lens, swing and rout; but it
#          lacks wn's rules for short words, for `-ss` and for `-ful`, so that `boss` is a plural of `bos` (the genus of
#          cattle), `us` one of `u` (uranium), and `boxesful` is nothing.
# Matters: who checks a lemmatizer of his own against `wn` has wrong answers for right ones; who offers the meanings of
#          an inflected word has to collect the base forms of all rules, and to know which of them are common.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q wordnet=1:3.0-37 wordnet-base=1:3.0-37 libwordnet-querydata-perl=1.49-2 > apt.log 2>&1 ||
    { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
export WNSEARCHDIR="$work/root/usr/share/wordnet" LD_LIBRARY_PATH="$work/root/usr/lib"
export PERL5LIB="$work/root/usr/share/perl5"
words=(crosses bunches lenses swinging routed singing axes boss us boxesful)
for word in "${words[@]}"; do
    # With a word alone, wn lists what it could be asked; its status means nothing.
    { ./root/usr/bin/wn "$word" || true; } |
        sed -n 's/^Information available for \([a-z]*\) \(.*\)$/\2#\1/p' | sed 's/#noun/#n/; s/#verb/#v/; s/#adj/#a/' |
        LC_ALL=C sort -u | paste -sd ' ' | sed "s/^/wn: $word: /"
done > seen
cat > probe.pl <<'PERL'
use strict;
use warnings;
use WordNet::QueryData;
my $data = WordNet::QueryData->new(dir => "$ENV{WNSEARCHDIR}/", noload => 1);
for my $word (@ARGV) {
    my %forms = map { $_ => 1 } $data->validForms($word);
    print join(" ", "QueryData: $word:", sort keys %forms), "\n";
}
PERL
LC_ALL=C perl probe.pl "${words[@]}" >> seen
echo "wordnet 1:3.0-37, WordNet::QueryData 1.49:"
cat seen
diff - seen <<'SEEN'
wn: crosses: cross#v crosse#n
wn: bunches: bunch#v bunche#n
wn: lenses: lense#n
wn: swinging: swinge#v swinging#a swinging#n
wn: routed: route#v
wn: singing: sing#v singe#v singing#a singing#n
wn: axes: ax#n axe#v axis#n
wn: boss: boss#a boss#n boss#v
wn: us: us#n
wn: boxesful: boxful#n
QueryData: crosses: cross#n cross#v crosse#n
QueryData: bunches: bunch#n bunch#v bunche#n
QueryData: lenses: lens#n lense#n
QueryData: swinging: swing#v swinge#v swinging#a swinging#n
QueryData: routed: rout#v route#v
QueryData: singing: sing#v singe#v singing#a singing#n
QueryData: axes: ax#n ax#v axe#v axis#n
QueryData: boss: bos#n boss#a boss#n boss#v
QueryData: us: u#n us#n
QueryData: boxesful:
SEEN
