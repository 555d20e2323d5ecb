//! What the parent and systemd exchange.

pub mod activation;
pub mod logging;
pub mod notify;
pub mod watchdog;
