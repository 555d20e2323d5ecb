//! How much work a request takes.

use crate::protocol::Request;

/// What kind of work a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It takes no more than a moment.
    Quick,
    /// It may use the processor for long.
    Long,
    /// It may wait, for a connection or for another turn, and must keep no processor from others meanwhile.
    Waits,
}

impl Work {
    /// What a request of the line protocol is.
    pub fn of(request: &Request<'_>) -> Self {
        match request {
            Request::Suggest { .. } | Request::Match { .. } | Request::Reverse { .. } => Self::Long,
            Request::Lookup { .. }
            | Request::LookupApart { .. }
            | Request::Choose { .. }
            | Request::Define { .. }
            | Request::Goodbye
            | Request::Logout
            | Request::About => Self::Quick,
            _ => Self::Waits,
        }
    }
}
