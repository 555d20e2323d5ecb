//! One conversation with the server: requests out, reply lines in. It never trusts the other end: lines are bounded,
//! counts reserve no memory, and silence, or a reply that comes too slowly, ends in an error. A line that is not a
//! valid reply is reported as such.

use super::entry::Dictionaries;
pub(crate) use super::entry::Entry;
use super::privacy::Privacy;
use super::stream::{Connector, Stream};
use crate::client::error::{Error, Result};
use crate::client::files::kept::Token;
use crate::client::terminal::secrecy;
use crate::protocol::{
    Code, Count, Failure, HistoryRow, Lines, MAX_LINE, MAX_SUGGESTIONS, Request, Status, StatusError, TooLong,
    parse_entry, parse_history_row, parse_status, unescape,
};
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;
use zeroize::Zeroizing;

/// Longest reply line that is taken: far above any interpretation, far below what would hurt.
const MAX_REPLY_LINE: usize = 64 << 20;
/// The longest reply to `I`, in bytes and in pairs.
const MAX_ABOUT: usize = 1 << 20;
/// The beginning of a TLS alert, with which a TLS server answers clear text.
const TLS_ALERT: [u8; 2] = [0x15, 0x03];
const MAX_ABOUT_PAIRS: u64 = 1_000;
/// How long the farewell waits for its answer.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection, and what has been read from it but not taken.
pub(crate) struct Connection {
    stream: Stream,
    lines: Lines,
    buffer: Vec<u8>,
    /// Whether the last send reached the system, if only in part.
    sent: bool,
    /// Whether nothing has come yet.
    silent: bool,
    /// The way of a secret to a server that others may read on it: what decides, and the address.
    exposed: Option<(Privacy, String)>,
    /// The names of the dictionaries to be asked; all without any.
    pub(super) wanted: Vec<String>,
    /// The server's dictionaries, once they are known.
    pub(super) dictionaries: Option<Dictionaries>,
    /// Texts that stood where a dictionary's name would, and are not names.
    pub(super) no_dictionaries: Vec<String>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::Unreachable`] or [`Error::Tls`].
    pub(crate) fn open(connector: &Connector) -> Result<Self> {
        let stream = connector.connect()?;
        let exposed = connector.exposed(&stream);
        let lines = Lines::new(MAX_REPLY_LINE);
        secrecy::begin();
        let wanted = connector.dictionaries().to_vec();
        let buffer = vec![0; 64 << 10];
        Ok(Self {
            stream,
            lines,
            buffer,
            sent: true,
            silent: true,
            exposed,
            wanted,
            dictionaries: None,
            no_dictionaries: Vec::new(),
        })
    }

    /// Sends requests, in one write where the system takes them so. A failure shows when the reply is read: the
    /// server may have sent the reason (`FAIL timeout`), which is worth more than "broken pipe".
    pub(crate) fn send(&mut self, requests: &[u8]) {
        self.sent = false;
        let mut rest = requests;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return,
                Ok(count) => {
                    self.sent = true;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    /// Sends one request without a secret; as [`Connection::send`].
    pub(crate) fn send_one(&mut self, request: &Request<'_>) {
        let mut line = Vec::new();
        request.push_line(&mut line);
        self.send(&line);
    }

    /// Whether any of what was sent last has left.
    #[cfg(test)]
    pub(crate) fn has_sent(&self) -> bool {
        self.sent
    }

    /// The next line from the server.
    fn line(&mut self) -> Result<String> {
        loop {
            match self.lines.next_owned() {
                Some(Ok(bytes)) => return String::from_utf8(bytes).map_err(|error| strange(error.as_bytes())),
                Some(Err(TooLong)) => return Err(strange("…".as_bytes())),
                None => {}
            }
            match self.stream.read(&mut self.buffer) {
                Ok(0) => return Err(Error::Lost { sent: self.sent }),
                Ok(count) => {
                    if std::mem::take(&mut self.silent) && self.buffer[..count].starts_with(&TLS_ALERT) {
                        return Err(Error::SpeaksTls);
                    }
                    self.lines.push(&self.buffer[..count]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Reset, or silent for longer than our patience.
                Err(_) => return Err(Error::Lost { sent: self.sent }),
            }
        }
    }

    /// Reads the first line of a reply: what follows `OK`.
    ///
    /// # Errors
    /// The server refuses, is gone, or is not a server of Cidian.
    pub(crate) fn status(&mut self) -> Result<String> {
        self.stream.socket().begin();
        let mut line = self.line()?;
        match parse_status(&line) {
            Ok(Status::Ok(rest)) => {
                let status = line.len() - rest.len();
                line.drain(..status);
                Ok(line)
            }
            Ok(Status::Fail(failure)) => Err(Error::Refused(failure)),
            Err(StatusError::UnknownCode(code, message)) => Err(Error::UnknownRefusal { code, message }),
            Err(StatusError::NotAReply) => Err(strange(line.as_bytes())),
        }
    }

    /// One request, and the first line of its reply.
    ///
    /// # Errors
    /// As [`Connection::status`]; [`Error::ClearText`] before a secret is sent.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> Result<String> {
        self.ask_ahead(request, &[])
    }

    /// The same, with requests behind it in the same packet, whose replies are read later.
    fn ask_ahead(&mut self, request: &Request<'_>, ahead: &[u8]) -> Result<String> {
        if let Some((privacy, address)) = self.exposed.as_ref().filter(|_| request.carries_secret()) {
            privacy.check(address)?;
        }
        // It may hold a password; with room for all of it, nothing is copied and left behind.
        let mut line = Zeroizing::new(Vec::with_capacity(2 * MAX_LINE + ahead.len()));
        request.push_line(&mut line);
        line.extend_from_slice(ahead);
        self.send(&line);
        drop(line);
        self.status()
    }

    /// Logs in, and asks for the dictionaries that are wanted.
    ///
    /// # Errors
    /// [`Error::LoginRefused`], or as [`Connection::status`] and [`Connection::choose_dictionaries`].
    pub(crate) fn log_in(&mut self, name: &str, passwd: &str) -> Result<()> {
        self.ask(&Request::Login { name, passwd }).map(drop).map_err(login_refused)?;
        self.choose_dictionaries(name)
    }

    /// Logs in with a token. Requests that go ahead are in the same packet, their replies the next to be read; if
    /// the token is refused, so are they, and nothing has come of them.
    ///
    /// # Errors
    /// As [`Connection::log_in`].
    pub(crate) fn log_in_by_token(&mut self, name: &str, token: &str, ahead: &[u8]) -> Result<()> {
        let request = Request::TokenLogin { name, token };
        if self.wanted.is_empty() {
            return self.ask_ahead(&request, ahead).map(drop).map_err(login_refused);
        }
        // Nothing must be looked up in the others.
        self.ask(&request).map(drop).map_err(login_refused)?;
        self.choose_dictionaries(name)?;
        self.send(ahead);
        Ok(())
    }

    /// Asks for a new token.
    ///
    /// # Errors
    /// As [`Connection::status`]; also for what can't be a token.
    pub(crate) fn new_token(&mut self, name: &str) -> Result<Token> {
        self.secret(&Request::NewToken { name })
    }

    /// Asks for a new DICT key.
    ///
    /// # Errors
    /// As [`Connection::status`]; also for what can't be a key.
    pub(crate) fn new_dict_key(&mut self, name: &str) -> Result<Token> {
        self.secret(&Request::NewDictKey { name })
    }

    fn secret(&mut self, request: &Request<'_>) -> Result<Token> {
        // Whatever it is, it is not shown: it may be a token all the same.
        Token::new(self.ask(request)?).ok_or_else(|| strange("OK …".as_bytes()))
    }

    /// Reads the reply to one `Q`; `None` for a word that is not found.
    ///
    /// # Errors
    /// As [`Connection::status`].
    pub(crate) fn entry(&mut self) -> Result<Option<Entry>> {
        match self.status() {
            Ok(mut rest) => match parse_entry(&rest) {
                Some((headword, escaped)) => {
                    let (headword, before) = (headword.to_owned(), rest.len() - escaped.len());
                    rest.drain(..before);
                    Ok(Some(Entry::new(headword, rest)))
                }
                None => Err(strange(rest.as_bytes())),
            },
            Err(Error::Refused(Failure { code: Code::NotFound, .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks for the history and hands each row on as it comes: nothing of it is kept here.
    ///
    /// # Errors
    /// As [`Connection::status`], or what `each` fails with.
    pub(crate) fn history(
        &mut self,
        name: &str,
        count: Count,
        mut each: impl FnMut(HistoryRow<'_>) -> Result<()>,
    ) -> Result<()> {
        let rest = self.ask(&Request::History { name, count })?;
        let rows = counted(&rest)?;
        if matches!(count, Count::Last(most) if rows > u64::from(most)) {
            return Err(strange(rest.as_bytes()));
        }
        for _ in 0..rows {
            let line = self.reply_line()?;
            // No name and headword are that long.
            let row = parse_history_row(&line).filter(|_| line.len() <= MAX_LINE);
            each(row.ok_or_else(|| strange(line.as_bytes()))?)?;
        }
        Ok(())
    }

    /// Asks what the server is: keys and values, in its order.
    ///
    /// # Errors
    /// As [`Connection::status`].
    pub(crate) fn about(&mut self) -> Result<Vec<(String, String)>> {
        let rest = self.ask(&Request::About)?;
        let mut bytes = 0;
        self.rows(&rest, MAX_ABOUT_PAIRS, |line| {
            bytes += line.len() + 1;
            let (key, value) = parse_entry(line).filter(|_| bytes <= MAX_ABOUT)?;
            Some((key.to_owned(), unescape(value)))
        })
    }

    /// Asks for headwords that may have been meant, as they came: not safe for a terminal. The text itself is left out.
    ///
    /// # Errors
    /// As [`Connection::status`]; also more of them, or longer ones, than there can be.
    pub(crate) fn suggest(&mut self, name: &str, text: &str) -> Result<Vec<String>> {
        let mut headwords = self.headwords(&Request::Suggest { name, text }, MAX_SUGGESTIONS)?;
        headwords.retain(|headword| !headword.is_empty() && headword != text);
        Ok(headwords)
    }

    /// Makes a request whose reply is a list of at most `most` headwords, one a line.
    ///
    /// # Errors
    /// As [`Connection::status`]; also more of them, or longer ones, than there can be.
    pub(crate) fn headwords(&mut self, request: &Request<'_>, most: usize) -> Result<Vec<String>> {
        let rest = self.ask(request)?;
        self.rows(&rest, most as u64, |headword| (headword.len() <= MAX_LINE).then(|| headword.to_owned()))
    }

    /// Reads the lines of a reply whose first line, `rest`, has their number: at most `most`. What `read` does not take
    /// is not a valid reply.
    ///
    /// # Errors
    /// As [`Connection::status`].
    pub(crate) fn rows<T>(&mut self, rest: &str, most: u64, mut read: impl FnMut(&str) -> Option<T>) -> Result<Vec<T>> {
        let count = counted(rest)?;
        if count > most {
            return Err(strange(rest.as_bytes()));
        }
        let mut rows = Vec::new();
        for _ in 0..count {
            let line = self.reply_line()?;
            rows.push(read(&line).ok_or_else(|| strange(line.as_bytes()))?);
        }
        Ok(rows)
    }

    /// Asks something within a time limit. A connection that exceeded it is of no further use.
    ///
    /// # Errors
    /// As `ask`, or [`Error::Lost`].
    pub(crate) fn within<T>(&mut self, patience: Duration, ask: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let lost = |_| Error::Lost { sent: false };
        let before = self.stream.socket().patience;
        self.stream.socket().set_patience(patience).map_err(lost)?;
        let found = ask(self)?;
        if let Some(before) = before {
            self.stream.socket().set_patience(before).map_err(lost)?;
        }
        Ok(found)
    }

    /// A line within a reply. If the server ends the connection there, the reply was cut off, and what has been taken
    /// of it may have been shown: the request must not look as if it had never begun.
    pub(crate) fn reply_line(&mut self) -> Result<String> {
        let line = self.line()?;
        match parse_status(&line) {
            Ok(Status::Fail(failure)) if failure.code.closes() => Err(Error::Lost { sent: true }),
            _ => Ok(line),
        }
    }

    /// Whether the server has ended the conversation while nothing was asked: then nothing sent now would arrive,
    /// and a new connection does no harm.
    pub(crate) fn is_over(&mut self) -> bool {
        if self.stream.socket().set_waiting(false).is_err() {
            return true;
        }
        let read = self.stream.read(&mut self.buffer);
        let waits = self.stream.socket().set_waiting(true);
        // Whatever comes unasked ends the connection (`timeout`, `bye`), and so does the end of the stream.
        let nothing = matches!(&read, Err(error) if error.kind() == ErrorKind::WouldBlock);
        !nothing || waits.is_err()
    }

    /// Sends goodbye. Whether it arrives does not matter: everything has been answered before.
    pub(crate) fn leave(mut self) {
        self.send_one(&Request::Goodbye);
        self.part();
    }

    /// The same where the goodbye is on its way already.
    pub(crate) fn part(mut self) {
        if self.stream.socket().set_patience(FAREWELL_TIMEOUT).is_ok() {
            let _ = self.status();
            self.stream.end();
        }
    }
}

/// A refused login is reported in other words than a refused request.
pub(crate) fn login_refused(error: Error) -> Error {
    match error {
        // Of no word: a script must not take it for a word that was not found.
        Error::Refused(failure) if failure.code == Code::NotFound => strange(failure.to_string().as_bytes()),
        Error::Refused(failure) => Error::LoginRefused(failure),
        other => other,
    }
}

/// How long the line of a request is, without its end.
pub(crate) fn line_length(request: &Request<'_>) -> usize {
    let mut line = Vec::new();
    request.push_line(&mut line);
    line.len().saturating_sub(1)
}

/// The `n` of `OK n`. It only determines when to stop reading; no memory is reserved for it.
pub(crate) fn counted(rest: &str) -> Result<u64> {
    rest.parse().map_err(|_| strange(rest.as_bytes()))
}

/// What came is not a reply. Its beginning helps to see what answers there instead (a web server, say).
pub(crate) fn strange(said: &[u8]) -> Error {
    let beginning = &said[..said.len().min(200)];
    Error::NotOurProtocol { said: String::from_utf8_lossy(beginning).chars().take(60).collect() }
}
