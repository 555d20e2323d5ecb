//! dictd: any index over any dictionary.
#![no_main]

mod imported;

use cidian::words::import::formats;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((index, dictionary)) = imported::cut(bytes) {
        imported::check(|intake| formats::dictd(index, dictionary, intake));
    }
});
