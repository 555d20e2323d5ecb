//! Lines from standard input, of limited length, and whether one can be read without waiting. This module never writes.

use crate::protocol::{Line, Lines, MAX_LINE};
use std::io::{self, ErrorKind, Read};
use zeroize::Zeroize;

/// One line that was typed or piped in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InputLine {
    /// A line of text, without its line end.
    Text(String),
    /// Longer than any request may be.
    TooLong,
    /// Not UTF-8; what can be read of it.
    NotUtf8(String),
}

/// A source of lines.
pub(crate) struct Input {
    source: Box<dyn Read>,
    lines: Lines,
    chunk: Vec<u8>,
    /// Whether what was read last did not end its line.
    unfinished: bool,
    /// A line that was looked for, and not taken yet.
    ready: Option<InputLine>,
}

impl Input {
    /// Lines of `source`.
    pub(crate) fn new(source: Box<dyn Read>) -> Self {
        Self { source, lines: Lines::new(MAX_LINE), chunk: vec![0; 64 << 10], unfinished: false, ready: None }
    }

    /// A line that has been read already.
    pub(crate) fn buffered(&mut self) -> Option<InputLine> {
        self.ready.take().or_else(|| self.take())
    }

    /// Whether a line has been read already, and not taken.
    pub(crate) fn holds_line(&mut self) -> bool {
        if self.ready.is_none() {
            self.ready = self.take();
        }
        self.ready.is_some()
    }

    fn take(&mut self) -> Option<InputLine> {
        self.lines.next_line().map(|line| match line {
            Line::TooLong => InputLine::TooLong,
            Line::Whole(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => InputLine::Text(text.to_owned()),
                Err(_) => InputLine::NotUtf8(String::from_utf8_lossy(bytes).into_owned()),
            },
        })
    }

    /// Wipes what is left in memory of lines that have been taken: one of them was a password.
    pub(crate) fn wipe(&mut self) {
        self.lines.wipe();
        self.chunk.zeroize();
    }

    /// Waits for more; false at the end. (A terminal may go on after its end; nothing is remembered of it.)
    ///
    /// # Errors
    /// Standard input can't be read.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        loop {
            match self.source.read(&mut self.chunk) {
                Ok(0) => {
                    // Unlike a request, the last word of a file counts without its newline.
                    let more = std::mem::take(&mut self.unfinished);
                    if more {
                        self.lines.push(b"\n");
                    }
                    return Ok(more);
                }
                Ok(count) => {
                    self.unfinished = self.chunk[count - 1] != b'\n';
                    self.lines.push(&self.chunk[..count]);
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The next line, waited for; `None` at the end.
    ///
    /// # Errors
    /// Standard input can't be read.
    pub(crate) fn next(&mut self) -> io::Result<Option<InputLine>> {
        loop {
            if let Some(line) = self.buffered() {
                return Ok(Some(line));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_every_kind() {
        let mut bytes = b"apple\r\n\n\xff\n".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 1_025));
        bytes.extend_from_slice(b"\nlast");
        let mut input = Input::new(Box::new(io::Cursor::new(bytes)));
        let mut found = Vec::new();
        while let Some(line) = input.next().unwrap() {
            found.push(line);
        }
        let text = |text: &str| InputLine::Text(text.into());
        assert!(!input.holds_line());
        assert_eq!(
            found,
            [text("apple"), text(""), InputLine::NotUtf8("\u{fffd}".into()), InputLine::TooLong, text("last")]
        );
    }

    #[test]
    fn a_line_that_waits_is_not_lost() {
        let mut input = Input::new(Box::new(io::Cursor::new(b"a\nb\n")));
        assert!(!input.holds_line());
        let text = |text: &str| Some(InputLine::Text(text.into()));
        assert_eq!(input.next().unwrap(), text("a"));
        assert!(input.holds_line() && input.holds_line());
        assert_eq!(input.next().unwrap(), text("b"));
        assert!(!input.holds_line());
    }

    #[test]
    fn an_endless_last_line_is_told_once() {
        let mut input = Input::new(Box::new(io::repeat(b'x').take(1 << 20)));
        assert_eq!(input.next().unwrap(), Some(InputLine::TooLong));
        assert_eq!(input.next().unwrap(), None);
    }
}
