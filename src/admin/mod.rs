//! The programs that an operator runs besides the daemon. This is the only module that opens a database outside a
//! child.

#![forbid(unsafe_code)]

pub mod export;
pub mod import;
pub mod load;
pub mod manual;
pub mod metrics;
pub mod progress;
pub mod prune;
pub mod replacement;
pub mod tools;
pub mod upgrade;
pub mod users;
