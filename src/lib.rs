//! Cidian (词典): a networked dictionary in the multi-process Unix manner.
//!
//! The daemon's parent accepts connections and forks one child for each client; the child speaks the line
//! protocol, looks words up in a sealed snapshot of the words file (or in the database), and keeps each lookup
//! in the account's history. `docs/architecture.md` lists which process runs which of these modules.

#![deny(unsafe_code)]

mod admin;
pub mod cidiand;
pub mod client;
mod config;
pub mod daemon;
pub mod dict;
pub mod directories;
mod exit;
pub mod files;
pub mod hidden;
pub mod ipc;
pub mod protocol;
pub mod sandbox;
pub mod session;
pub mod standard_error;
pub mod store;
pub mod sys;
pub mod text;
pub mod words;
pub mod writer;
