//! The time of day, in the form in which processes exchange it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Since the beginning of 1970; nothing by a clock that is set before.
pub(super) fn since_1970() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
