//! The character set of a DSL file: UTF-16 in either byte order, UTF-8, or a code page that its header names.

use super::header::header;
use encoding_rs::{
    Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254,
};
use std::borrow::Cow;

/// How much of a file is examined for its encoding.
const BEGINNING: usize = 4096;

/// The file's text, without a byte-order mark.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None => guess(bytes),
    };
    encoding.decode_with_bom_removal(bytes).0
}

/// Guesses the encoding without a mark. Every card has blanks and line ends, whose other byte is zero in UTF-16.
fn guess(bytes: &[u8]) -> &'static Encoding {
    let beginning = &bytes[..bytes.len().min(BEGINNING)];
    let zeros = |parity: usize| beginning.iter().skip(parity).step_by(2).filter(|&&byte| byte == 0).count();
    match (zeros(0), zeros(1)) {
        (even, odd) if even > odd => UTF_16BE,
        (even, odd) if odd > even => UTF_16LE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        _ => code_page(beginning),
    }
}

fn code_page(beginning: &[u8]) -> &'static Encoding {
    let named = String::from_utf8_lossy(beginning);
    let named = named.lines().find_map(|line| header(line, "SOURCE_CODE_PAGE")).unwrap_or("").to_lowercase();
    match named.as_str() {
        "cyrillic" | "1251" => WINDOWS_1251,
        "easterneuropean" | "1250" => WINDOWS_1250,
        "greek" | "1253" => WINDOWS_1253,
        "turkish" | "1254" => WINDOWS_1254,
        _ => WINDOWS_1252,
    }
}
