//! A client of DICT that sends anything, in any pieces.
#![no_main]

mod dict_conversation;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| dict_conversation::check(bytes));
