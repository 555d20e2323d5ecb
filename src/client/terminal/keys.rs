//! One key at a time, where the terminal can: for questions with a letter or a digit for an answer. Elsewhere a line
//! answers, by its first character; see [`Console::ask_key`](super::console::Console::ask_key).

use super::interrupt;
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
    /// Something that is no character: an arrow, say.
    Other,
}

impl Key {
    /// What a line says.
    pub(crate) fn of_line(line: &str) -> Self {
        line.trim().chars().next().map_or(Self::Enter, Self::Char)
    }

    /// What the bytes of one key press say.
    fn of_bytes(bytes: &[u8]) -> Self {
        match bytes {
            [] | [4] => Self::End,
            [b'\r' | b'\n', ..] => Self::Enter,
            bytes => match std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next()) {
                Some(c) if !c.is_control() => Self::Char(c),
                _ => Self::Other,
            },
        }
    }
}

/// Waits for a key on standard input, a terminal. A signal restores the terminal before it ends the client.
///
/// # Errors
/// The terminal failed.
pub(crate) fn press() -> io::Result<Key> {
    interrupt::restoring(|| {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal)?;
        let mut single = before.clone();
        single.local_flags -= LocalFlags::ICANON | LocalFlags::ECHO;
        single.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        single.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(&terminal, SetArg::TCSANOW, &single)?;
        let pressed = one_key(&terminal);
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
    let rest = match bytes.first() {
        Some(0x1b) => 16,
        Some(0xc0..=0xdf) => 1,
        Some(0xe0..=0xef) => 2,
        Some(0xf0..=0xf7) => 3,
        _ => 0,
    };
    let mut watched = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
    if rest > 0 && poll(&mut watched, PollTimeout::ZERO) == Ok(1) {
        let mut more = vec![0; rest];
        let count = read_again(terminal, &mut more)?;
        bytes.extend_from_slice(&more[..count]);
    }
    Ok(Key::of_bytes(&bytes))
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
    fn what_bytes_and_lines_say() {
        for (bytes, key) in [
            (&b""[..], Key::End),
            (b"\x04", Key::End),
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
