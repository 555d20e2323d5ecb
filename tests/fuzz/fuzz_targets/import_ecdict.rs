//! ECDICT: any CSV.
#![no_main]

mod imported;

use cidian::words::import::formats;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    imported::check(|intake| formats::ecdict(bytes, None, intake));
});
