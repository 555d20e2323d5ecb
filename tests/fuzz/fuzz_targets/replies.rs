//! A server that sends anything, in any pieces, to every subcommand and the menus.
#![no_main]

use cidian::client::fuzzed::play;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| play(bytes));
