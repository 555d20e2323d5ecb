//! Any text, over any small dictionary: looking it up and what is offered for it neither panic nor go on for long, and
//! what is found can be explained.
#![no_main]

use cidian::words::lookup::{self, How};
use cidian::words::{Dictionary, Wildcards, image, parse, respellings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (asked, words) = text.split_once('\n').unwrap_or((text, ""));
    let asked = asked.trim();
    if asked.len() > 1_000 {
        return;
    }
    let key = lookup::key(asked);
    assert!(asked.is_empty() || !key.is_empty());
    assert_eq!(lookup::key(&key), key);
    assert!(lookup::plain(asked).len() <= 20 * asked.len() + 20);
    assert!(respellings(asked).len() < 2_000);
    let matches = Wildcards::new(asked).map(|pattern| pattern.matches(&asked.to_lowercase()));
    assert_ne!(matches, Some(false), "a pattern matches itself");
    let words = format!("apple n. x\ndon't\tv. y\ngive up\tphr. z\nÉté (1)\tn. w\n{words}");
    let Ok(parsed) = parse(words.as_bytes()) else { return };
    let dictionary = Dictionary::open(image(&parsed).expect("small")).expect("our own image");
    if let Some(found) = dictionary.find(asked) {
        assert_eq!(found.how == How::Exact, found.article.headword == asked);
        assert!(lookup::how(asked, &found.article.headword).is_some(), "{asked:?}: {found:?}");
    }
    assert!(dictionary.suggest(asked, 10).len() <= 10);
});
