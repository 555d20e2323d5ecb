//! The measurements, a file for each part of the table. Nothing here knows how they are printed.

pub mod client;
pub mod cluster;
pub mod crowd;
pub mod dict;
pub mod fairness;
pub mod histories;
pub mod lookups;
pub mod memory;
pub mod notebook;
pub mod sessions;
pub mod sqlite;
pub mod tls;
pub mod visits;
pub mod words;
