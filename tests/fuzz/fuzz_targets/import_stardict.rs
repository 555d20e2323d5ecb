//! StarDict: any .ifo, .idx, .syn and .dict.
#![no_main]

mod imported;

use cidian::words::import::formats;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((info, rest)) = imported::cut(bytes) else { return };
    let Some((index, rest)) = imported::cut(rest) else { return };
    let Some((synonyms, dictionary)) = imported::cut(rest) else { return };
    imported::check(|intake| formats::stardict(formats::StarDictParts { info, index, synonyms }, dictionary, intake));
});
