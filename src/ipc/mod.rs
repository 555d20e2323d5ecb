//! What the processes of the daemon say to each other, and to the tools that ask it.

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
pub mod status;
pub mod ticket;
mod time_of_day;
pub mod writer_reply;
pub mod writer_request;
