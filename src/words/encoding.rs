//! Files that are no UTF-8 text from their first bytes on: for these, one message is better than one for each line.

/// How much of a file without a mark is looked at.
const SAMPLE: usize = 4096;
/// Fewer bytes show nothing.
const SMALLEST_SAMPLE: usize = 16;

/// What the file is instead of a words file, and what to do about it, if that shows at its beginning.
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x1f\x8b") {
        return Some("it is compressed with gzip; unpack it with: gzip -d");
    }
    marked_as_utf16(bytes).or_else(|| utf16_without_mark(bytes))
}

/// Whether a file begins with the mark of UTF-16, in either order of bytes.
pub fn has_utf16_mark(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// What to do about a file that begins with the mark of UTF-16.
pub(super) fn marked_as_utf16(bytes: &[u8]) -> Option<&'static str> {
    has_utf16_mark(bytes).then_some("it is UTF-16; convert it with: iconv -f UTF-16 -t UTF-8")
}

/// In UTF-16 ASCII has a zero as every other byte: blanks, TABs and newlines, at least.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static str> {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if sample.len() < SMALLEST_SAMPLE || (even + odd) * 8 < sample.len() {
        return None;
    }
    if odd > even * 8 {
        Some("it is UTF-16; convert it with: iconv -f UTF-16LE -t UTF-8")
    } else if even > odd * 8 {
        Some("it is UTF-16; convert it with: iconv -f UTF-16BE -t UTF-8")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_and_gzip_show_at_the_beginning() {
        let text = "apple\t苹果\nice cream\t冰淇淋\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, advice) in [
            ([b"\xff\xfe".as_slice(), &little].concat(), Some("iconv -f UTF-16 ")),
            ([b"\xfe\xff".as_slice(), &big].concat(), Some("iconv -f UTF-16 ")),
            (little, Some("iconv -f UTF-16LE ")),
            (big, Some("iconv -f UTF-16BE ")),
            (b"\x1f\x8b\x08".to_vec(), Some("gzip -d")),
            (text.as_bytes().to_vec(), None),
            (b"\xd6\xd0 x\n".to_vec(), None),
            (b"a\0 b\n".to_vec(), None),
            (vec![0; 64], None),
            (Vec::new(), None),
        ] {
            let found = foreign(&bytes);
            let is_right = advice.map_or(found.is_none(), |advice| found.is_some_and(|found| found.contains(advice)));
            assert!(is_right, "{bytes:?}: {found:?}");
        }
    }
}
