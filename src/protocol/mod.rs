//! The line protocol: bytes to types and back, shared by daemon and client.
//!
//! One request a line, one reply to each. This module is pure: it never does I/O, reads no clock, knows no other
//! module, and bounds whatever it keeps. The protocol is described in `docs/protocol.md`.

#![forbid(unsafe_code)]

mod failure;
mod limits;
mod lines;
mod notebook;
pub mod proxy;
mod reply;
mod request;

pub use crate::text::{escape, escape_into, pieces, printable, safe_json, trim_blanks, unescape, unescape_in_place};
pub use failure::{Code, Failure};
pub use limits::{
    DECOMPOSED_NAME, DEFAULT_HISTORY, INVISIBLE_NAME, MAX_HISTORY, MAX_LINE, MAX_MATCHES, MAX_NAME_CHARS,
    MAX_NOTE_CHARS, MAX_PASSWD_BYTES, MAX_PASSWD_CHARS, MAX_REVERSE, MAX_STARS_PAGE, MAX_SUGGESTIONS, MAX_TAG_CHARS,
    MAX_TAGS_BYTES, MAX_WORD_CHARS, check_name, check_new_name, check_passwd,
};
pub use lines::{Line, Lines, TooLong};
pub use notebook::{
    Grade, Imported, Notebook, StarEntry, StarRow, StarState, check_note, check_tags, parse_star_row, parse_time,
    push_star_row, time_text,
};
pub use reply::{
    HistoryRow, Status, StatusError, parse_entry, parse_history_row, parse_status, push_entry, push_failure,
    push_history_row, push_ok, push_ok_text, push_pair,
};
pub use request::{Count, How, Request};
