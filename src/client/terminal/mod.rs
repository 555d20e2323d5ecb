//! The terminal and the standard streams: printing, asking, hidden entry, interrupts.

pub mod colour;
pub mod console;
pub mod input;
pub mod interrupt;
pub mod keys;
pub mod prompt;
pub mod secrecy;
pub mod table;
