//! What the parent and systemd say to each other.

pub mod activation;
pub mod logging;
pub mod notify;
pub mod watchdog;
