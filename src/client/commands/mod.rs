//! The subcommands: one file for each, and the code that several of them share.

pub mod about;
pub mod account;
pub(crate) mod answer;
pub mod complete;
pub mod context;
pub mod credentials;
pub mod export;
pub mod history;
pub mod login;
pub mod lookup;
pub mod manual;
pub mod notebook;
pub mod offer;
pub mod reverse;
pub mod search;
pub mod sentence;
pub mod serve;
