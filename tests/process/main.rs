//! The daemon as a process: real programs, real forks, real databases, real signals.
//!
//! Each module tests one side of the promise in the interface; a test's comment names the lesson it comes from.

#[path = "../common/mod.rs"]
mod common;

mod accounts;
mod backpressure;
mod children;
mod control;
mod durability;
mod framing;
mod histories;
mod leases;
mod lifecycle;
mod limits;
mod living;
mod lookups;
mod meaning;
mod outages;
mod reload;
mod requests;
mod scarcity;
mod starting;
mod status;
mod tools;
mod words_files;
mod words_load;
mod writer;
