//! A connection that a proxy forwards, which begins with anything, in any pieces.
#![no_main]

mod proxied_header;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| proxied_header::check(bytes));
