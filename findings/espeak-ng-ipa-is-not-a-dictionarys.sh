#!/usr/bin/env bash
# espeak-ng 1.51: what `--ipa` prints is not what a dictionary prints: the stress mark stands before the vowel, and names
# of languages stand among the sounds.
#
# Guessed: IPA as in dictionaries, the mark before the stressed syllable (ˈɹiːd, fəˈtɒɡɹəfi), and nothing but sounds.
# Seen:    ɹˈiːd, fətˈɒɡɹəfi: the mark is before the vowel, behind the consonants that begin the syllable. A French or
#          Chinese voice writes `(en)` and `(fr)` into the text where it changes to English and back.
# Matters: pronunciations that are made with it, or compared with a dictionary's, differ in nearly every word that has a
#          consonant before its stressed vowel; marks have to be moved and parentheses taken out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q espeak-ng=1.51+dfsg-10+deb12u2 espeak-ng-data=1.51+dfsg-10+deb12u2 \
    libespeak-ng1=1.51+dfsg-10+deb12u2 libpcaudio0=1.2-2 libsonic0=0.2.0-12 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
libraries=$(dirname "$(find root -name 'libespeak-ng.so.1' | head -n 1)")
export LD_LIBRARY_PATH="$work/$libraries" ESPEAK_DATA_PATH="$work/$libraries/espeak-ng-data"
say() {
    echo "$1 $2: $(./root/usr/bin/espeak-ng -q --ipa -v "$1" "$2")"
}
{
    say en-gb read
    say en-gb photography
    say fr computer
    say fr weekend
    say fr photographe
} > seen
./root/usr/bin/espeak-ng --version | cut -d' ' -f1-4
cat seen
diff - seen <<'SEEN'
en-gb read: ɹˈiːd
en-gb photography: fətˈɒɡɹəfi
fr computer: (en)kəmpjˈuːtə(fr)
fr weekend: (en)wiːkˈɛnd(fr)
fr photographe: fotoɡʁˈaf
SEEN
