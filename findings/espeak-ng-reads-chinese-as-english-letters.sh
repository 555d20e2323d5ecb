#!/usr/bin/env bash
# espeak-ng 1.51: the Mandarin voice `cmn` reads 苹果 as English letters and digits: "ping two, g u o three".
#
# Guessed: the voice that the list calls "Chinese (Mandarin, latin as English)" says Chinese characters in Chinese, and
#          Latin letters as English.
# Seen:    it turns the characters into pinyin with digits, and reads that as it reads Latin letters: in English, the tone
#          as a number. `cmn-latn-pinyin`, the other one, says the characters in Chinese.
# Matters: a dictionary's "say it" key needs `-v cmn-latn-pinyin`, although the name of the voice is about Latin letters.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q espeak-ng=1.51+dfsg-10+deb12u2 espeak-ng-data=1.51+dfsg-10+deb12u2 \
    libespeak-ng1=1.51+dfsg-10+deb12u2 libpcaudio0=1.2-2 libsonic0=0.2.0-12 > apt.log 2>&1 || { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg -x "$package" root; done
libraries=$(dirname "$(find root -name 'libespeak-ng.so.1' | head -n 1)")
export LD_LIBRARY_PATH="$work/$libraries" ESPEAK_DATA_PATH="$work/$libraries/espeak-ng-data"
./root/usr/bin/espeak-ng --version | cut -d' ' -f1-4
./root/usr/bin/espeak-ng --voices=cmn
for voice in cmn cmn-latn-pinyin; do
    echo "$voice 苹果: $(./root/usr/bin/espeak-ng -q --ipa -v "$voice" 苹果)"
done > seen
cat seen
diff - seen <<'SEEN'
cmn 苹果: (en)pɪ5ŋtˈuː5 ɡjˌuː5ə5θɹˈiː5(cmn)
cmn-latn-pinyin 苹果: phˈiɜŋ kˈuo2
SEEN
