//! DICT, the dictionary server protocol (RFC 2229): bytes to commands, and replies to bytes.
//!
//! Pure, as [`crate::protocol`] is: no I/O, no clock, no knowledge of sessions. RFC 2229 is the contract; where it is
//! silent or clients read it in different ways, each rule here names the client that needs it. `docs/dict.md` describes
//! it for users.

#![forbid(unsafe_code)]

mod argument;
mod article;
mod authentication;
mod command;
mod reply;

pub use argument::Readings;
pub use article::push_article;
pub use authentication::{digest, digests_equal};
pub use command::{DictCommand, HELP, Mistake};
pub use reply::{
    Text, database_name, database_title, push_definition, push_match_row, push_named_row, push_status, push_text_header,
};

/// The port that IANA has assigned.
pub const PORT: u16 = 2628;
/// Longest command line, in bytes, without its line end: 1,024 characters of any script, and as many again for the
/// backslashes that curl puts before each byte.
pub const MAX_LINE: usize = 6_144;
/// Longest command line, in characters (RFC 2229, 2.3), backslashes not counted.
pub const MAX_LINE_CHARS: usize = 1_024;
/// Longest line of a text in a reply, in characters, without its line end.
pub const MAX_TEXT_LINE: usize = 1_022;
