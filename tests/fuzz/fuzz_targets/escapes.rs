//! Escapes, and the image under damage: nothing panics, and what is written reads back.
#![no_main]

use cidian::text::{escape, printable, unescape};
use cidian::words::lookup::bases;
use cidian::words::{Dictionary, fold};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(dictionary) = Dictionary::open(bytes) {
        for word in ["a", "Apple", "词", ""] {
            let _ = dictionary.find(word);
            let _ = dictionary.suggest(word, 10);
        }
    }
    let text = String::from_utf8_lossy(bytes);
    let wire = escape(&text);
    assert!(!wire.contains(['\n', '\t']));
    assert_eq!(unescape(&wire), text);
    let plain = unescape(&text);
    assert_eq!(unescape(&escape(&plain)), plain);
    assert!(!printable(&text).chars().any(char::is_control));
    let lower = fold(&text);
    assert!(bases(&lower).len() < 32);
});
