//! The only module with `unsafe`: thin, safe wrappers around what the kernel and libc offer, without policy.
//!
//! Every `unsafe` block has its reason beside it. What this module never does: decide, log, or know a protocol.

#![allow(unsafe_code)]

mod code;
mod descriptors;
mod environment;
mod files;
mod fork;
mod huge_pages;
mod interrupts;
mod limits;
mod local_time;
mod memory;
mod origin;
mod prefetch;
pub mod sandbox;
mod sealed;
mod shared;
mod signals;
mod title;

pub use code::use_huge_pages_for_code;
pub use descriptors::{
    acknowledge_now, adopt, close_all_but, close_inherited, duplicate, not_taken, receive_with_descriptor,
    receive_with_descriptors, send_with_descriptor, send_with_descriptors, write_when_ready,
};
pub use environment::{set_time_zone, set_variable, take_variable};
pub use files::{FileNumber, file_number, name_number, open_file_number};
pub use fork::exit_now;
pub use interrupts::{InterruptsIgnored, SignalsCaught, catch_signals, ignore_interrupts, is_ignored};
pub use limits::leave_no_core;
pub use local_time::local_offset;
pub use memory::{fill_heap_gaps, fix_allocator, give_back_memory};
pub use origin::{Forker, Origin, StoreKey};
pub use prefetch::prefetch;
pub use sealed::{SealedMap, join_pages, seal, seal_rest};
pub use shared::SharedPages;
pub use signals::{
    ChildSignals, PARENT_SIGNALS, PreparedSignals, let_signals_in, let_urgent_signals_in, survive_file_size_limit,
};
pub use title::Title;
