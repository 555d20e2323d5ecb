//! DSL: any bytes, in any of its character sets.
#![no_main]

mod imported;

use cidian::words::import::formats;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    imported::check(|intake| formats::dsl(bytes, intake));
});
