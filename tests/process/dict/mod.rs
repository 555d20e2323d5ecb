//! DICT (RFC 2229): what each client sends, what other servers get wrong, and what is recorded.

mod accounts;
mod clients;
mod listeners;
mod matching;
mod real;
mod several;
mod wrong;

use support::{Connection, Daemon};

/// A client of DICT that sends the given bytes, and sees exactly what comes back.
struct Client(Connection);

impl Client {
    /// Connects, and reads the banner.
    fn open(daemon: &Daemon) -> Self {
        let mut client = Self(Connection::open(daemon.dict_port()));
        let banner = client.line();
        assert!(banner.starts_with("220 "), "{banner}");
        client
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.send(bytes);
    }

    /// The next line, without its CRLF.
    fn line(&mut self) -> String {
        let line = self.0.line();
        line.strip_suffix('\r').unwrap_or_else(|| panic!("{line:?} ends with CRLF")).to_owned()
    }

    /// The next status line, with the texts that it announces and the status line after them.
    fn reply(&mut self) -> Vec<String> {
        let mut lines = vec![self.line()];
        let texts = match code(&lines[0]) {
            150 => lines[0].split(' ').nth(1).expect("how many").parse().expect("a number"),
            110..=149 | 152 => 1,
            _ => return lines,
        };
        for _ in 0..texts {
            loop {
                lines.push(self.line());
                if lines.last().is_some_and(|line| line == ".") {
                    break;
                }
            }
        }
        lines.push(self.line());
        lines
    }

    /// Sends one command, and reads its whole reply.
    fn ask(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        self.send([command.as_ref(), b"\r\n"].concat());
        self.reply()
    }

    /// The status of the reply to a command.
    fn status(&mut self, command: impl AsRef<[u8]>) -> u16 {
        code(&self.ask(command)[0])
    }

    /// The headwords of 151 in the reply to a `DEFINE`, as they stand between their quotes.
    fn headwords(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        let reply = self.ask(command);
        let lines = reply.iter().filter_map(|line| line.strip_prefix("151 \""));
        lines.map(|line| line.split("\" words ").next().expect("a headword").to_owned()).collect()
    }

    /// The headwords of the rows in the reply to a `MATCH`, as they stand between their quotes.
    fn rows(&mut self, command: impl AsRef<[u8]>) -> Vec<String> {
        let reply = self.ask(command);
        let rows = reply.iter().filter_map(|line| line.strip_prefix("words \"")?.strip_suffix('"'));
        rows.map(str::to_owned).collect()
    }
}

/// The code of a status line.
fn code(line: &str) -> u16 {
    let (code, text) = line.split_once(' ').unwrap_or_else(|| panic!("{line:?} is a status line"));
    assert!(!text.is_empty());
    code.parse().unwrap_or_else(|_| panic!("{line:?} is a status line"))
}
