//! Tests of the client against a server that plays a script: every way a real one, or a hostile one, can fail.

mod lookups;
mod menus;
mod subcommands;

use super::commands::context::Context;
use super::commands::credentials::Credentials;
use super::files::kept::KeptLogins;
use super::messages::Language;
use super::server::address::Address;
use super::server::privacy::{ClearText, Privacy};
use super::server::stream::Connector;
use super::terminal::console::{Console, Manner};
use nix::poll::{PollFd, PollFlags, poll};
use std::io::{self, BufRead, BufReader, Cursor, Write};
use std::net::{Shutdown, TcpListener};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long the client waits for a reply here.
const SILENCE_TIMEOUT: Duration = Duration::from_millis(700);

/// What the server does next in a connection. At the end of its steps it closes.
enum Step {
    /// Reads one line, which has to be this.
    Take(&'static str),
    /// Reads this many lines, and answers each as a lookup of its word: in capitals, or `notfound` for a `?`.
    Answer(usize),
    /// Writes this.
    Give(String),
    /// Ends writing, and gives the client time to see that.
    HangUp,
    /// Writes until the client is gone.
    Flood,
    /// Writes this now and then, until the client is gone.
    Drip(&'static str),
    /// Writes nothing until the client is gone.
    Silence,
}

fn give(text: &str) -> Step {
    Step::Give(text.to_owned())
}

fn login() -> [Step; 2] {
    [Step::Take("L ann secret"), give("OK\n")]
}

/// Logs in, then plays the rest.
fn after_login(rest: impl IntoIterator<Item = Step>) -> Vec<Step> {
    login().into_iter().chain(rest).collect()
}

/// The end of a conversation in good order.
fn farewell() -> [Step; 2] {
    [Step::Take("E"), give("OK\n")]
}

struct Server {
    address: Address,
    thread: JoinHandle<()>,
}

impl Server {
    /// Plays one script for each connection, then stops listening.
    fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            for script in scripts {
                // A client that never comes must not hang the tests.
                let mut wait = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
                assert_eq!(poll(&mut wait, 20_000u16), Ok(1), "the client never connects");
                let (stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let mut stream = stream;
                script.into_iter().for_each(|step| play(step, &mut lines, &mut stream));
            }
        });
        Self { address: Address::Tcp { host: "127.0.0.1".into(), port }, thread }
    }

    fn connector(&self) -> Connector {
        let privacy = Privacy::new(ClearText::Refused, |_| panic!("loopback is private"));
        Connector::new(self.address.clone(), None, None, privacy).with_patience(SILENCE_TIMEOUT)
    }

    /// Waits for the script's end: every step was played, every line was the one expected.
    fn finish(self) {
        self.thread.join().unwrap();
    }
}

fn play(step: Step, lines: &mut impl BufRead, stream: &mut std::net::TcpStream) {
    let mut take = || {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    };
    match step {
        Step::Take(expected) => assert_eq!(take(), expected),
        Step::Answer(count) => {
            for _ in 0..count {
                let line = take();
                let word = line.strip_prefix("Q ann ").expect(&line);
                let reply = match word {
                    "?" => "FAIL notfound no such word\n".to_owned(),
                    word => format!("OK {}\tn. {word}\\nv. two\n", word.to_uppercase()),
                };
                stream.write_all(reply.as_bytes()).unwrap();
            }
        }
        Step::Give(text) => stream.write_all(text.as_bytes()).unwrap(),
        Step::HangUp => stream.shutdown(Shutdown::Write).unwrap(),
        Step::Flood => while stream.write_all(&[b'x'; 64 << 10]).is_ok() {},
        Step::Drip(text) => {
            while stream.write_all(text.as_bytes()).is_ok() {
                thread::sleep(SILENCE_TIMEOUT / 4);
            }
        }
        Step::Silence => {
            let _ = lines.read_line(&mut String::new());
        }
    }
}

/// A stream that can be looked into afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console, and what it printed.
struct Desk {
    console: Console,
    output: Page,
    errors: Page,
}

impl Desk {
    fn new(typed: &str, change: impl FnOnce(&mut Manner)) -> Self {
        let mut manner = Manner {
            examples: false,
            language: Language::English,
            json: false,
            menus: false,
            asks_terminal: false,
            shows_terminal: false,
            errs_terminal: false,
            colour: false,
            moves: false,
        };
        change(&mut manner);
        let (output, errors) = (Page::default(), Page::default());
        let typed = Cursor::new(typed.as_bytes().to_vec());
        let console = Console::new(manner, Box::new(typed), Box::new(output.clone()), Box::new(errors.clone()));
        Self { console, output, errors }
    }

    fn context<'a>(&'a mut self, connector: &'a Connector, credentials: &'a Credentials) -> Context<'a> {
        Context { console: &mut self.console, connector, credentials }
    }
}

/// The logins of a user whose home directory cannot hold any.
fn nothing_kept() -> KeptLogins {
    KeptLogins::for_server(&Address::Local, false, |name| (name == "HOME").then(|| "/proc/nowhere".into()))
}

/// Ann, whose password is in a file.
fn ann() -> (tempfile::NamedTempFile, Credentials) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"secret\r\nsecond line\n").unwrap();
    let credentials = Credentials {
        user: Some("ann".into()),
        password_file: Some(file.path().to_owned()),
        kept: nothing_kept(),
        own: None,
    };
    (file, credentials)
}
