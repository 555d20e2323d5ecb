//! Any text, over any small dictionary: looking up backwards finds what is there, in either order of asking, and neither
//! panics nor goes on for long.
#![no_main]

use cidian::words::reverse::{Asked, Scope, steps};
use cidian::words::{Dictionary, image, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (asked, words) = text.split_once('\n').unwrap_or((text, ""));
    let asked = asked.trim();
    if asked.is_empty() || asked.len() > 1_000 {
        return;
    }
    let words = format!(
        "apple\t/a/ n. 苹果; 树 (苹果)\\n» An apple. 苹果。\\n{{k2}}\n苹果\t苹果 [苹果/蘋果] píng guǒ apple\n{words}"
    );
    let Ok(parsed) = parse(words.as_bytes()) else { return };
    let dictionary = Dictionary::open(image(&parsed).expect("small")).expect("our own image");
    for scope in [Scope::Meaning, Scope::Text] {
        let hits = dictionary.reverse(asked, scope, 5, &[], || true);
        assert!(hits.found.len() <= 5 && !hits.unfinished);
        // The walk over the bytes finds what a look at each article finds.
        let mut expected = Vec::new();
        for step in steps(asked, scope) {
            let mut finder = step.finder(scope, 5, Asked::default());
            for entry in (0..dictionary.headwords()).filter_map(|at| dictionary.entry(at)) {
                finder.look_at(entry.headword, entry.interpret);
            }
            expected = finder.into_hits();
            if !expected.is_empty() {
                break;
            }
        }
        assert_eq!(hits.found, expected, "{asked:?}");
    }
});
