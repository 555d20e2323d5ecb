//! The parent, and the operator's tools: everything of `cidiand` but the sessions themselves.

#![forbid(unsafe_code)]

mod activation;
mod addresses;
mod admission;
mod certificate;
mod children;
mod control;
mod credentials;
mod debts;
mod exit;
mod export;
mod helper;
mod hub;
mod import;
mod leases;
mod listeners;
mod loader;
mod logging;
mod lost;
mod manual;
mod metrics;
mod notify;
mod options;
mod ownership;
mod parent;
mod penalties;
mod poller;
mod private;
mod probe;
mod progress;
mod prune;
mod refusals;
mod reload;
mod replacement;
mod sandboxes;
mod scarcity;
mod settings;
mod signals;
mod start;
mod state_directory;
mod status;
mod throttle;
mod tls_settings;
mod tools;
mod unlogged;
mod upgrade;
mod users;
mod watchdog;
mod writer;

pub use exit::{Exit, Fatal};
pub use options::CommandLine;
pub use private::PrivateServer;
pub use start::run;
