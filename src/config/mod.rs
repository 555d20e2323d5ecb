//! What the operator has decided: command line, environment, configuration file, and where things are on disk. It opens
//! files and nothing else.

#![forbid(unsafe_code)]

pub mod address;
pub mod addresses;
pub mod age;
pub mod credentials;
pub mod dict;
pub mod lost;
pub mod networks;
pub mod options;
pub mod ownership;
pub mod session;
pub mod settings;
pub mod sourced;
pub mod state_directory;
pub mod tls;
pub mod users;
