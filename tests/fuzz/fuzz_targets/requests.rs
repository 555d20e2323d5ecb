//! A client that sends anything, in any pieces.
#![no_main]

mod conversation;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| conversation::check(bytes));
