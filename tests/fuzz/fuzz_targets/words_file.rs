//! Any bytes are a words file or are refused; what is accepted can be made into an image, and every headword is found.
#![no_main]

use cidian::words::{Dictionary, image, parse, parse_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut errors = 0;
    let all =
        parse_all(bytes, &mut |problem| errors += usize::from(problem.severity == cidian::words::Severity::Error));
    let Ok(parsed) = parse(bytes) else {
        assert!(errors > 0);
        return;
    };
    assert_eq!((errors, &all), (0, &parsed));
    assert!(parsed.entries.windows(2).all(|pair| pair[0].headword < pair[1].headword));
    let dictionary = Dictionary::open(image(&parsed).expect("small")).expect("our own image");
    for entry in &parsed.entries {
        let found = dictionary.find(entry.headword).expect("a headword");
        assert_eq!((&*found.article.headword, &*found.article.interpret), (entry.headword, &*entry.interpret));
        assert!(!entry.interpret.contains(['\n', '\t']));
    }
    for entry in parsed.entries.iter().take(4) {
        let _ = dictionary.suggest(entry.headword, 10);
        let _ = dictionary.find(&entry.headword.to_uppercase());
        let _ = dictionary.find(&format!("{}s", entry.headword));
    }
});
