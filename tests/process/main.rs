//! The daemon as a process: real programs, real forks, real databases, real signals.
//!
//! Each module tests one side of the promise in the interface; a test's comment names the lesson it comes from.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/terminal.rs"]
#[allow(dead_code)] // The tests of the client use the rest.
mod terminal;

mod accounts;
mod backpressure;
mod children;
mod clock;
mod control;
mod crash_safety;
mod define;
mod dict;
mod durability;
mod exactly_once;
mod fairness;
mod faults;
mod fork_server;
mod framing;
mod galera;
mod histories;
mod hostile;
mod housekeeping;
mod leases;
mod lifecycle;
mod limits;
mod living;
mod logging;
mod logins;
mod lookups;
mod meaning;
mod metrics;
mod named_files;
mod outages;
mod penalties;
mod proxied;
mod reload;
mod renumbered;
mod replaced;
mod requests;
mod reverse;
mod sandbox;
mod scarcity;
mod secrets;
mod servers;
mod service_manager;
mod several;
mod several_hosts;
mod soak;
mod spool;
mod stars;
mod starting;
mod status;
mod table_statements;
mod tls;
mod tls_database;
mod tls_reload;
mod tokens;
mod tools;
mod typed;
mod unread_log;
mod upgrade;
mod user_tools;
mod visits;
mod words_files;
mod words_load;
mod writer;
