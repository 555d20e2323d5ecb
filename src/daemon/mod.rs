//! The parent: the whole daemon except for the sessions and the writer. It opens no database.

#![forbid(unsafe_code)]

mod admission;
mod children;
mod control;
mod fork_server;
mod helpers;
mod kept_image;
mod listeners;
mod parent;
mod poller;
mod private;
mod reload;
mod signals;
mod start;
mod systemd;
mod throttle;
mod unlogged;

pub use private::{PrivateServer, serve_dict};
pub use start::{check, serve};
pub use systemd::logging;
