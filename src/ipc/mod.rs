//! What the processes of the daemon exchange with each other and with the operator's tools.

#![forbid(unsafe_code)]

pub mod channel;
pub mod control;
pub mod counters;
pub mod database_hosts;
pub mod exit_reason;
pub mod key_pair;
pub mod message;
pub mod parent;
pub mod rendezvous;
pub mod resumption;
pub mod scoreboard;
mod shared_text;
pub mod status;
pub mod ticket;
mod time_of_day;
pub mod writer_reply;
pub mod writer_request;
