//! The operator's settings that apply to every session.

use crate::store::Location;
use std::time::Duration;

/// What the operator has decided about sessions.
#[derive(Debug, Clone)]
pub struct SessionSettings {
    /// The database.
    pub database: Location,
    /// Whether `R` is answered.
    pub registration_open: bool,
    /// The longest time without a whole request; no limit without one.
    pub idle_timeout: Option<Duration>,
    /// The longest time from connecting to the first successful login; no limit without one.
    pub login_grace: Option<Duration>,
    /// Whether names and secrets are taken in clear text only from this machine.
    pub require_tls: bool,
    /// The most lookups a second of one account; 0 for no limit.
    pub lookup_rate: u32,
    /// What concerns sessions that speak DICT.
    pub dict: DictSettings,
}

/// What the operator has decided about DICT.
#[derive(Debug, Clone, Default)]
pub struct DictSettings {
    /// The name that the server gives itself in its banner.
    pub host: String,
    /// The account that all lookups are for, where there is one.
    pub account: Option<String>,
}
