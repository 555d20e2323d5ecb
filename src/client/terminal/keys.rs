//! Questions that are answered with one key, a letter or a digit, if the terminal can do that. Elsewhere the first
//! character of a line is the answer; see [`Console::ask_key`](super::console::Console::ask_key).

use super::interrupt;
use crate::client::error::{Error, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, tcgetattr, tcsetattr};
use nix::unistd::read;
use std::io;
use std::os::fd::AsFd;

/// What was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// Enter, or a line without anything on it.
    Enter,
    /// A character.
    Char(char),
    /// Ctrl-D, or the end of the input.
    End,
    /// A key that is not a character: an arrow, for example.
    Other,
}

impl Key {
    /// The key that a line stands for.
    pub(crate) fn of_line(line: &str) -> Self {
        line.trim().chars().next().map_or(Self::Enter, Self::Char)
    }

    /// The key that the bytes of one key press stand for.
    fn of_bytes(bytes: &[u8]) -> Self {
        match bytes {
            // A Ctrl-D that was typed while the terminal still gave out lines arrives as a NUL (n_tty.c).
            [] | [4 | 0] => Self::End,
            [b'\r' | b'\n', ..] => Self::Enter,
            bytes => match std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next()) {
                Some(c) if !c.is_control() => Self::Char(c),
                _ => Self::Other,
            },
        }
    }
}

/// Asks, and waits for a key on standard input, a terminal, which shows none of the keys. A signal restores the
/// terminal before it ends the client.
///
/// # Errors
/// The terminal failed, or what `ask` fails with.
pub(crate) fn press(ask: impl FnOnce() -> Result<()>) -> Result<Key> {
    let failed = |errno: nix::errno::Errno| Error::Input(errno.into());
    interrupt::restoring(|| {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal).map_err(failed)?;
        let mut single = before.clone();
        single.local_flags -= LocalFlags::ICANON | LocalFlags::ECHO;
        single.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        single.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(&terminal, SetArg::TCSANOW, &single).map_err(failed)?;
        let pressed = ask().and_then(|()| one_key(&terminal).map_err(Error::Input));
        // A terminal that is gone needs nothing any more.
        let _ = tcsetattr(&terminal, SetArg::TCSANOW, &before);
        pressed
    })
}

fn one_key(terminal: &impl AsFd) -> io::Result<Key> {
    let mut bytes = vec![0; 1];
    let count = read_again(terminal, &mut bytes)?;
    bytes.truncate(count);
    // The rest of a character, or of what an arrow sends, is there at once; another key is not taken along.
    while is_begun(&bytes) {
        let mut watched = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
        let mut byte = [0; 1];
        if poll(&mut watched, PollTimeout::ZERO) != Ok(1) || read_again(terminal, &mut byte)? == 0 {
            break;
        }
        bytes.extend(byte);
    }
    Ok(Key::of_bytes(&bytes))
}

/// Whether more bytes belong to the same key press.
fn is_begun(bytes: &[u8]) -> bool {
    match bytes {
        [0x1b] | [0x1b, b'O'] => true,
        // A control sequence ends with a letter, or something like it.
        [0x1b, b'[', rest @ ..] => rest.len() < 16 && !rest.iter().any(|byte| (0x40..=0x7e).contains(byte)),
        [0xc0..=0xdf, rest @ ..] => rest.is_empty(),
        [0xe0..=0xef, rest @ ..] => rest.len() < 2,
        [0xf0..=0xf7, rest @ ..] => rest.len() < 3,
        _ => false,
    }
}

fn read_again(terminal: &impl AsFd, bytes: &mut [u8]) -> io::Result<usize> {
    loop {
        match read(terminal, bytes) {
            Err(nix::errno::Errno::EINTR) => {}
            read => return Ok(read?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_where_it_ends() {
        for whole in [
            &b"a"[..],
            "é".as_bytes(),
            "词".as_bytes(),
            "𝕏".as_bytes(),
            b"\x1b[A",
            b"\x1b[1;5C",
            b"\x1bOP",
            b"\x1bx",
            b"\xff",
        ] {
            assert!(!is_begun(whole), "{whole:?}");
            assert!((1..whole.len()).all(|end| is_begun(&whole[..end])), "{whole:?}");
        }
    }

    #[test]
    fn what_bytes_and_lines_say() {
        for (bytes, key) in [
            (&b""[..], Key::End),
            (b"\x04", Key::End),
            (b"\0", Key::End),
            (b"\n", Key::Enter),
            (b"\r", Key::Enter),
            (b"3", Key::Char('3')),
            ("词".as_bytes(), Key::Char('词')),
            (b"\x1b[A", Key::Other),
            (b"\x1b", Key::Other),
            (b"\xff", Key::Other),
        ] {
            assert_eq!(Key::of_bytes(bytes), key, "{bytes:?}");
        }
        assert_eq!((Key::of_line("  "), Key::of_line(" q now")), (Key::Enter, Key::Char('q')));
    }
}
