//! What is measured, a file for each part of the table. Nothing here knows how it is printed.

pub mod lookups;
pub mod sessions;
