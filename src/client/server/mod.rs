//! The way to the server: its address, the connection, TLS, and what may be sent in clear text.

pub mod address;
pub mod connection;
pub mod dictionaries;
pub mod entry;
pub mod notebook;
pub mod own;
pub mod pace;
pub mod privacy;
pub mod stream;
pub mod tls;
