//! The header of an MDX file.

use crate::words::import::failure::Failure;
use crate::words::import::markup::{Dialect, attributes, plain};
use crate::words::import::notice::Notice;
use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16LE};
use std::collections::HashMap;

/// What MdxBuilder writes where its user gave no title.
const NO_TITLE: &str = "Title (No HTML code allowed)";

/// The header's content.
pub(super) struct Header {
    pub(super) second_version: bool,
    /// Whether the index of keys is scrambled.
    pub(super) scrambled: bool,
    pub(super) encoding: &'static Encoding,
    pub(super) is_text: bool,
    /// Whether MDict compares headwords without their blanks and marks.
    pub(super) strips_keys: bool,
    pub(super) styles: HashMap<String, (String, String)>,
    pub(super) notice: Notice,
}

impl Header {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Failure> {
        let damaged = |message: String| Failure::damaged("header", message);
        let wide = bytes.ends_with(b"\0\0") || bytes.get(1) == Some(&0);
        let text = if wide { UTF_16LE } else { UTF_8 }.decode(bytes).0;
        let attributes: HashMap<String, String> = attributes(&text).into_iter().collect();
        let said = |name: &str| attributes.get(name).map_or("", |value| value.trim());
        if text.trim_start().starts_with("<Library_Data") {
            let why = "it is an MDD file, which contains sounds and pictures; name the .mdx beside it";
            return Err(damaged(why.to_owned()));
        }
        let version: f64 = said("generatedbyengineversion").parse().unwrap_or(0.0);
        if !(1.0..3.0).contains(&version) {
            return Err(damaged(format!("version {:?}; only 1 and 2 are supported", said("generatedbyengineversion"))));
        }
        let encrypted: u32 = match said("encrypted") {
            "" | "No" => 0,
            "Yes" => 1,
            number => number.parse().map_err(|_| damaged(format!("Encrypted is {number:?}")))?,
        };
        if encrypted & 1 != 0 {
            return Err(Failure::Locked(std::path::PathBuf::new()));
        }
        let encoding = match said("encoding") {
            "" => UTF_8,
            "GBK" | "GB2312" => GB18030,
            "UTF-16" | "UTF16" => UTF_16LE,
            label => Encoding::for_label(label.as_bytes()).ok_or_else(|| damaged(format!("encoding {label:?}")))?,
        };
        let title = if said("title") == NO_TITLE { "" } else { said("title") };
        Ok(Self {
            second_version: version >= 2.0,
            scrambled: encrypted & 2 != 0,
            encoding,
            is_text: said("format").eq_ignore_ascii_case("text"),
            strips_keys: said("stripkey").eq_ignore_ascii_case("yes"),
            styles: styles(attributes.get("stylesheet").map_or("", String::as_str)),
            notice: Notice::new(&plain(title, Dialect::Html), &plain(said("description"), Dialect::Html)),
        })
    }

    /// Whether a character takes two bytes.
    pub(super) fn wide(&self) -> bool {
        self.encoding == UTF_16LE
    }

    /// A headword or a record without the zeros at its end.
    pub(super) fn text(&self, bytes: &[u8]) -> String {
        let text = self.encoding.decode_without_bom_handling(bytes).0;
        text.trim_end_matches(['\0', '\n', '\r', ' ']).trim_start_matches('\u{feff}').to_owned()
    }
}

/// A style sheet: three lines for each style, its number, what begins it and what ends it.
fn styles(sheet: &str) -> HashMap<String, (String, String)> {
    let lines: Vec<&str> = sheet.lines().collect();
    let styles = lines.chunks(3).filter_map(|style| match style {
        [number, begin, end] => Some((number.trim().to_owned(), ((*begin).to_owned(), (*end).to_owned()))),
        [number, begin] => Some((number.trim().to_owned(), ((*begin).to_owned(), String::new()))),
        _ => None,
    });
    styles.collect()
}
