//! The only room with `unsafe`: thin, safe wrappers around what the kernel and libc offer, and nothing of policy.
//!
//! Every `unsafe` block has its reason beside it. What this room never does: decide, log, or know a protocol.

#![allow(unsafe_code)]

mod origin;

pub use origin::{Forker, Origin, StoreKey};
