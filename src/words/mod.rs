//! The words file and its snapshot: read, check, sort, and binary search.
//!
//! A words file is parsed ([`parse`]) and made into a flat image ([`image`]), which is then searched ([`Dictionary`]),
//! wherever its bytes are. This module knows no sockets, no processes and no database; it reads files only in
//! [`read_file`].

#![forbid(unsafe_code)]

mod dictionary;
mod encoding;
pub mod fields;
mod fold;
mod image;
pub mod import;
pub mod lookup;
pub mod matching;
mod note;
mod parse;
pub mod reverse;
mod selected;
mod several;
mod sound;
mod source;
mod spelling;
mod suggest;
mod wildcards;

pub use dictionary::{Damaged, Dictionary, Entry};
pub use encoding::has_utf16_mark;
pub use fold::fold;
pub use image::{TooLarge, image};
pub use note::{DictionaryNote, Stamp, is_name};
pub use parse::{MAX_HEADWORD_CHARS, Parsed, ParsedEntry, Problem, Refused, Severity, parse, parse_all};
pub use selected::{Only, has_any, in_any_capitals, tidied};
pub use several::{
    SameName, append, articles, is_wanted, merge, name_of, notes_from_text, notes_to_text, only, possible_names,
};
pub use sound::respellings;
pub use source::{ReadError, files_of, open_file, read_file, read_opened};
pub use suggest::{Suggestions, moves, neighbours};
pub use wildcards::Wildcards;

/// The name for the words that are built into the program, in place of a file's name.
pub const BUILT_IN_NAME: &str = "built-in";
/// The words file that is built into the program.
pub const BUILT_IN: &str = include_str!("../../words.txt");
