//! Reads back a words file that was just written, before it is put in its place: it must be accepted without an error
//! or a warning. It is read piece by piece, so that a large file needs little memory.

use crate::words::parse;
use std::io::{self, Read};

/// How much is read at once.
const PIECE: usize = 4 << 20;

/// Checks a written words file.
///
/// # Errors
/// It can't be read, or (`InvalidData`) would not be taken as it is.
pub fn verify(mut file: impl Read) -> io::Result<u64> {
    let wrong = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    let mut buffer: Vec<u8> = Vec::new();
    let (mut headwords, mut last) = (0_u64, String::new());
    loop {
        let before = buffer.len();
        Read::by_ref(&mut file).take(PIECE as u64).read_to_end(&mut buffer)?;
        let ended = buffer.len() == before;
        let whole =
            if ended { buffer.len() } else { buffer.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) };
        let piece = &buffer[..whole];
        let lines = piece.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#').count();
        // A piece of comments alone is not a words file by itself.
        if lines > 0 {
            let parsed = parse(piece).map_err(|refused| wrong(format!("after {last:?}: {refused}")))?;
            let first = parsed.entries.first().map_or("", |entry| entry.headword);
            if parsed.out_of_order.is_some()
                || parsed.entries.len() != lines
                || (first <= last.as_str() && headwords > 0)
            {
                return Err(wrong(format!("out of order, or a headword twice, after {last:?}")));
            }
            headwords += lines as u64;
            last = parsed.entries.last().map_or("", |entry| entry.headword).to_owned();
        }
        buffer.drain(..whole);
        if ended {
            break;
        }
    }
    if headwords == 0 {
        return Err(wrong("no entry".to_owned()));
    }
    Ok(headwords)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_parse_takes_without_a_warning() {
        assert_eq!(verify(b"# c\na\t1\nb\t2\n".as_slice()).unwrap(), 2);
        for bad in ["", "# c\n", "b\t1\na\t2\n", "a\t1\na\t2\n", "a\t1\nb\n"] {
            assert!(verify(bad.as_bytes()).is_err(), "{bad:?}");
        }
        // Longer than one piece.
        let mut text: String = (0..700_000).map(|n| format!("{n:07}\ttext of {n}\n")).collect();
        assert!(text.len() > 3 * PIECE);
        assert_eq!(verify(text.as_bytes()).unwrap(), 700_000);
        text.push_str("0000000\tagain\n");
        assert!(verify(text.as_bytes()).is_err());
    }
}
