//! The parent, and the operator's tools: everything of `cidiand` but the sessions themselves.

#![forbid(unsafe_code)]

mod admission;
mod certificate;
mod children;
mod control;
mod debts;
mod exit;
mod helper;
mod hub;
mod import;
mod leases;
mod listeners;
mod loader;
mod logging;
mod metrics;
mod notify;
mod options;
mod parent;
mod penalties;
mod poller;
mod private;
mod probe;
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
mod tools;
mod users;
mod writer;

pub use exit::{Exit, Fatal};
pub use options::CommandLine;
pub use private::PrivateServer;
pub use start::run;
