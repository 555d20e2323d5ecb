//! The user's own files: configuration and tokens, and where they are.

pub mod config;
pub mod kept;
