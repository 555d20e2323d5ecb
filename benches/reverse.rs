//! How long looking up backwards and by patterns takes: in the built-in dictionary, and in one of a million headwords
//! (62 MB of words file) whose senses use two thousand different characters, as those of a real dictionary do. Run it with
//!
//!     cargo bench --bench reverse
//!
//! It prints milliseconds for each question, the median of several rounds with their least and greatest.

use cidian::sys::{SealedMap, seal};
use cidian::words::matching::{Pattern, Strategy};
use cidian::words::reverse::Scope;
use cidian::words::{BUILT_IN, Dictionary, image, parse};
use std::hint::black_box;
use std::os::fd::AsFd;
use std::time::Instant;

const HEADWORDS: usize = 1_000_000;
const ROUNDS: usize = 9;
/// As many headwords as the server sends for a pattern.
const MOST: usize = 200;
/// Patterns for which every headword has to be looked at. In the million few match.
const PATTERNS: [(Strategy, &str); 6] = [
    (Strategy::Suffix, "77777"),
    (Strategy::Substring, "xyzzy"),
    (Strategy::Word, "cream"),
    (Strategy::Glob, "un*ness"),
    (Strategy::ExtendedExpression, "x.*z"),
    (Strategy::Sound, "robert"),
];

fn main() {
    println!("| question | found | milliseconds, median | least | greatest |\n| --- | ---: | ---: | ---: | ---: |");
    let built_in = open(BUILT_IN);
    for text in ["苹果", "猫", "的", "電腦", "没有的", "pingguo", "我喜欢吃苹果", "computer"] {
        report("words.txt", &built_in, text, Scope::Meaning);
    }
    for text in ["苹果", "一", "apple", "An apple a day", "zzz"] {
        report("words.txt, all text", &built_in, text, Scope::Text);
    }
    report_patterns("words.txt", &built_in);
    let text = words_file();
    let begin = Instant::now();
    let million = open(&text);
    eprintln!("{} MB of words file, opened in {} ms", text.len() / 1_000_000, begin.elapsed().as_millis());
    // A sense that occurs once, one that does not occur, the beginnings of common ones.
    let line = text.lines().nth(777_777).expect("a million lines");
    let rare = line.split(['\t', ';']).nth(1).expect("a sense").trim_start_matches("n. ").to_owned();
    let common: String = rare.chars().take(1).collect();
    let two: String = rare.chars().take(2).collect();
    for text in [rare.as_str(), "没有没有", "沒有沒有", &two, &common, "zzz", "pingguo"] {
        report("a million", &million, text, Scope::Meaning);
    }
    report("a million", &million, &format!("{rare}不是{two}"), Scope::Meaning);
    for text in [rare.as_str(), "meaning 77", "Meaning 777777"] {
        report("a million, all text", &million, text, Scope::Text);
    }
    report_patterns("a million", &million);
}

fn open(text: &str) -> Dictionary<SealedMap> {
    let image = image(&parse(text.as_bytes()).expect("our own file")).expect("it fits");
    let memory = seal(c"bench", &image).expect("memory");
    Dictionary::open(SealedMap::new(memory.as_fd()).expect("a mapping")).expect("our own image")
}

fn report(name: &str, dictionary: &Dictionary<SealedMap>, text: &str, scope: Scope) {
    time(&format!("{name}: {text}"), || {
        black_box(dictionary.reverse(black_box(text), scope, 20, &[], || true)).found.len()
    });
}

fn report_patterns(name: &str, dictionary: &Dictionary<SealedMap>) {
    for (strategy, text) in PATTERNS {
        let pattern = Pattern::new(strategy, text).expect("a pattern");
        time(&format!("{name}, {strategy:?}: {text}"), || {
            black_box(dictionary.headwords_matching(black_box(&pattern), MOST, &[], || true)).headwords.len()
        });
    }
}

/// Prints how long some work takes that returns how much it has found.
fn time(name: &str, work: impl Fn() -> usize) {
    let mut found = 0;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            found = work();
            begin.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    rounds.sort_unstable_by(f64::total_cmp);
    println!("| {name} | {found} | {:.2} | {:.2} | {:.2} |", rounds[ROUNDS / 2], rounds[0], rounds[ROUNDS - 1]);
}

/// Headwords that are numbers, each with senses of two to four characters.
fn words_file() -> String {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = |limit: u32| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(state >> 33).unwrap_or(0) % limit
    };
    let mut text = String::with_capacity(70 << 20);
    for number in 0..HEADWORDS {
        text.push_str(&format!("w{number:06}\t"));
        for part in ["n. ", "; ", " | v. "] {
            text.push_str(part);
            for _ in 0..2 + below(3) {
                text.push(char::from_u32(0x4e00 + below(2_000)).unwrap_or('一'));
            }
        }
        text.push_str(&format!(" (meaning {number})\n"));
    }
    text
}
