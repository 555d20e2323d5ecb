//! Texts in memory that processes share, as numbers: one process may write while another reads.

use crate::text::printable;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a text's bytes, eight to a number, as many as there is room for; how many that is.
pub(super) fn write_text(numbers: &[AtomicU64], text: &str) -> u64 {
    let end = text.floor_char_boundary(numbers.len() * 8);
    for (number, part) in numbers.iter().zip(text.as_bytes()[..end].chunks(8)) {
        let mut bytes = [0; 8];
        bytes[..part.len()].copy_from_slice(part);
        number.store(u64::from_ne_bytes(bytes), Ordering::Relaxed);
    }
    end as u64
}

/// Reads so many bytes of a text; made fit for a log, because whoever wrote it may be under an attacker's control.
pub(super) fn read_text(numbers: &[AtomicU64], size: u64) -> String {
    let mut bytes = Vec::with_capacity(size_of_val(numbers));
    bytes.extend(numbers.iter().flat_map(|number| number.load(Ordering::Relaxed).to_ne_bytes()));
    bytes.truncate(usize::try_from(size).unwrap_or(0));
    printable(&String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_and_printable() {
        let numbers = [const { AtomicU64::new(0) }; 16];
        for (text, shown) in
            [("refused\x1b", "refused\\u{1b}".to_owned()), (&"é".repeat(100), "é".repeat(64)), ("", String::new())]
        {
            let size = write_text(&numbers, text);
            assert_eq!(read_text(&numbers, size), shown);
        }
    }
}
