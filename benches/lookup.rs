//! How long one lookup takes among a million headwords: the binary search of the snapshot, side by side with a
//! `HashMap` over the same text and with `look`(1) on the same file. Run it with
//!
//!     cargo bench --bench lookup
//!
//! It prints nanoseconds for each lookup, the median of several rounds with their least and greatest. `warm` asks for
//! words in random order, again and again; `cold` is the first thousand lookups in a mapping that this process has not
//! touched yet (for the `HashMap`, after another 256 MiB have been read, so that the processor's caches hold nothing of
//! it).

use cidian::sys::{SealedMap, seal};
use cidian::words::{Dictionary, image, parse};
use std::collections::HashMap;
use std::hint::black_box;
use std::io::Write;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const HEADWORDS: usize = 1_000_000;
const ROUNDS: usize = 7;

fn main() {
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let text = words_file(&mut random);
    let begin = Instant::now();
    let parsed = parse(text.as_bytes()).expect("our own file");
    let image = image(&parsed).expect("it fits");
    println!(
        "{} headwords, {} MiB of text; parsed, sorted and made into an image of {} MiB in {} ms",
        parsed.entries.len(),
        text.len() >> 20,
        image.len() >> 20,
        begin.elapsed().as_millis()
    );
    let memory = seal(c"bench", &image).expect("memory");
    let map = || Dictionary::open(SealedMap::new(memory.as_fd()).expect("a mapping")).expect("our own image");
    let dictionary = map();
    let table: HashMap<&str, &str> =
        parsed.entries.iter().map(|entry| (entry.headword, entry.interpret.as_ref())).collect();

    let mut hits: Vec<String> = Vec::new();
    for _ in 0..200_000 {
        hits.push(parsed.entries[random.below(parsed.entries.len())].headword.to_owned());
    }
    // A letter that no headword has, in the middle: the search goes as deep as for a hit.
    let misses: Vec<String> =
        hits.iter().map(|word| format!("{}ö{}", &word[..word.len() / 2], &word[word.len() / 2..])).collect();

    println!("\n| nanoseconds for a lookup | median | least | greatest |\n| --- | ---: | ---: | ---: |");
    for (name, words) in [("hits", &hits), ("misses", &misses)] {
        report(&format!("binary search, warm, {name}"), || time(words, |word| dictionary.find(word).is_some()));
        report(&format!("HashMap, warm, {name}"), || {
            // As the interface has it: exact, and for a miss once more in lower case.
            time(words, |word| table.contains_key(word) || table.contains_key(word.to_lowercase().as_str()))
        });
    }
    let exact = |word: &str| table.contains_key(word);
    let few: Vec<Vec<String>> = hits.chunks(1_000).take(ROUNDS).map(<[String]>::to_vec).collect();
    let mut round = 0;
    let mut next = || {
        round += 1;
        &few[round % few.len()]
    };
    report("binary search, cold, hits", || {
        let fresh = map();
        empty_caches();
        time(next(), |word| fresh.find(word).is_some())
    });
    let mut round = 0;
    report("HashMap, cold, hits", || {
        round += 1;
        empty_caches();
        time(&few[round % few.len()], exact)
    });
    look(&text, &few[0][..200]);
}

/// A million made-up words of English-like syllables, sorted, with an interpretation each.
fn words_file(random: &mut Random) -> String {
    let onsets = ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "th", "ch"];
    let rimes = ["a", "e", "i", "o", "u", "an", "er", "in", "on", "al"];
    let mut words = std::collections::BTreeSet::new();
    while words.len() < HEADWORDS {
        let syllables = 2 + random.below(4);
        words.insert(
            (0..syllables)
                .map(|_| [onsets[random.below(onsets.len())], rimes[random.below(rimes.len())]].concat())
                .collect::<String>(),
        );
    }
    words.iter().map(|word| format!("{word}\tn. 词义; 另一个意思 | v. 做某事 ({word})\n")).collect()
}

fn time(words: &[String], look_up: impl Fn(&str) -> bool) -> Duration {
    let begin = Instant::now();
    let mut found = 0_u32;
    for word in words {
        found += u32::from(black_box(look_up(black_box(word))));
    }
    black_box(found);
    begin.elapsed() / u32::try_from(words.len()).unwrap_or(u32::MAX)
}

fn report(name: &str, mut measure: impl FnMut() -> Duration) {
    let mut rounds: Vec<u128> = (0..ROUNDS).map(|_| measure().as_nanos()).collect();
    rounds.sort_unstable();
    println!("| {name} | {} | {} | {} |", rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]);
}

fn empty_caches() {
    let mut other = vec![1_u8; 256 << 20];
    for at in (0..other.len()).step_by(64) {
        other[at] = other[at].wrapping_add(1);
    }
    black_box(other);
}

/// `look` searches the file by halves too, but is a process for each word: the cost of `true` is taken off.
fn look(text: &str, words: &[String]) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(text.as_bytes()).expect("room for it");
    let run = |program: &str, arguments: &dyn Fn(&str) -> Vec<String>| {
        let begin = Instant::now();
        for word in words {
            let status = Command::new(program).args(arguments(word)).stdout(Stdio::null()).status();
            if !status.is_ok_and(|status| status.success()) {
                return None;
            }
        }
        Some(begin.elapsed().as_nanos() / words.len() as u128)
    };
    let path = file.path().display().to_string();
    let whole = run("look", &|word| vec![format!("{word}\t"), path.clone()]);
    let nothing = run("true", &|_| Vec::new());
    match (whole, nothing) {
        (Some(whole), Some(nothing)) => {
            println!("| look, a process each | {whole} | | |");
            println!("| look, less the cost of `true` | {} | | |", whole.saturating_sub(nothing));
        }
        _ => println!("\nlook(1) is not installed (Debian: bsdextrautils), or found nothing: not compared"),
    }
}

/// xorshift64*: the same words in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap_or(0) % limit
    }
}
