//! The client against arbitrary bytes from a server: the code that the fuzz target `replies` and the test of its corpus
//! run. It is compiled for these two only, and no part of the programs calls it.
//!
//! Whatever comes, the client ends, prints no character that a terminal would act on, prints in proportion to what
//! it was sent, and keeps a script's lines in step.

use super::arguments::{self, Arguments};
use super::error::Error;
use super::messages::{Language, Message};
use super::terminal::console::{Console, Manner};
use super::{Exit, LocalServer, dispatch};
use nix::sys::socket::{AddressFamily, MsgFlags, Shutdown, SockFlag, SockType, send, shutdown, socketpair};
use std::cell::RefCell;
use std::io::{self, Cursor, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

/// Where the server's bytes are cut into what one read gives. This byte does not occur in UTF-8.
const CUT: u8 = 0xfe;
/// Where the server closes; what follows is sent on the next connection. Not a byte of UTF-8 either.
const CLOSE: u8 = 0xfd;
/// Words for a filter: found or not, blank, impossible, too long; then more than are under way at once.
const WORDS: &str = "apple\n\nice cream\n?\na\u{7}b\n##\n\u{202e}\n";

/// What the client is asked to do: its arguments, and what is typed.
const SCENES: [(&[&str], &str); 24] = [
    (&["lookup", "apple", "ice cream", "?"], ""),
    (&["lookup"], WORDS),
    (&["history"], ""),
    (&["history", "--all"], ""),
    (&["about"], ""),
    (&["register"], ""),
    (&["passwd", "--new-password-file", PASSWORD], ""),
    (&["delete-account", "--yes"], ""),
    (&["history", "clear", "apple"], ""),
    (&[], "2\nann\nsecret\n1\napple\n?\npear\n##\n2\n\n2\na\n1\nzoo\n##\n3\n3\n"),
    (&[], "1\nann\nsecret\nsecret\n2\n5\n1\napple\n"),
    (&["lookup", "--json", "apple", "?"], ""),
    (&["history", "--json"], ""),
    (&["about", "--json"], ""),
    (&["dict-key"], ""),
    (&["star", "apple", "ice cream", "--note", "a note"], ""),
    (&["stars"], ""),
    (&["stars", "--json"], ""),
    (&["review", "-n", "3"], "\n3\n1\n\n2\ns\nq\n"),
    (&["stats", "--since", "4w"], ""),
    (&["random", "--json"], ""),
    (&["import", PASSWORD], ""),
    (&["export", "--csv", "-", "--starred"], ""),
    (&["lookup", "--dictionary", "wn", "apple", "?"], ""),
];

/// A file whose first line can be a password.
const PASSWORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE");

/// A page in memory that the client prints on.
#[derive(Clone, Default)]
struct Page(Rc<RefCell<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Plays a server that sends `bytes`: the first byte chooses what the client does, the second what its streams are
/// like, the rest is what it is sent, whatever it asks for.
///
/// # Panics
/// The client did what it must not.
pub fn play(bytes: &[u8]) {
    let [scene, manner, said @ ..] = bytes else { return };
    let scene = usize::from(*scene) % SCENES.len();
    let typed = SCENES[scene].1;
    let arguments = arguments_of(scene);
    let json = arguments.json;
    let menus = arguments.command.is_none();
    let terminal = manner & 1 != 0;
    let language = if manner & 2 != 0 { Language::Chinese } else { Language::English };
    let manner = Manner {
        examples: true,
        language,
        json,
        menus,
        asks_terminal: false,
        shows_terminal: terminal,
        errs_terminal: terminal,
        colour: false,
        moves: false,
    };
    let (output, errors) = (Page::default(), Page::default());
    let input = Box::new(Cursor::new(typed.as_bytes()));
    let mut console = Console::new(manner, input, Box::new(output.clone()), Box::new(errors.clone()));
    let stays = bytes[1] & 4 != 0;
    let exit = match dispatch(&mut console, arguments, Some(server(said, stays))) {
        Ok(exit) => exit,
        Err(failure) => {
            console.flush().expect("memory takes everything");
            console.complain(&Message::Failed(&failure)).expect("memory takes everything");
            assert!(!matches!(failure, Error::Output(_) | Error::Input(_) | Error::System(_)), "{failure:?}");
            Exit::from(&failure)
        }
    };
    console.flush().expect("memory takes everything");
    let (output, errors) = (output.0.take(), errors.0.take());
    for page in [&output, &errors] {
        harmless(page);
        assert!(page.len() <= 64 * said.len() + 8_192, "{} bytes of {}", page.len(), said.len());
    }
    let output = std::str::from_utf8(&output).expect("text");
    if json {
        for line in output.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("a line is a value");
            assert!(value.is_object(), "{value}");
        }
    }
    if SCENES[scene].0 == ["lookup"] {
        let (printed, asked) = (output.lines().count(), typed.lines().count());
        assert!(printed <= asked && (printed == asked || !matches!(exit, Exit::Done | Exit::NotFound)), "{output:?}");
    }
}

/// Sees that a terminal would act on nothing of this but line ends and TABs.
fn harmless(page: &[u8]) {
    let text = std::str::from_utf8(page).expect("what is printed is text");
    // Checked independently of the code that makes it so.
    let acts = |c: char| match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => true,
        c => c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c),
    };
    assert!(!text.chars().any(acts), "{text:?}");
}

/// A server that sends these bytes, cut and closed at their marks. It reads requests only if it `stays`.
fn server(said: &[u8], stays: bool) -> LocalServer {
    let mut connections: Vec<Vec<u8>> = said.split(|&byte| byte == CLOSE).map(<[u8]>::to_vec).collect();
    connections.reverse();
    let connections = RefCell::new(connections);
    let held = RefCell::new(Vec::<OwnedFd>::new());
    Box::new(move || {
        let said = connections.borrow_mut().pop().ok_or(io::ErrorKind::ConnectionRefused)?;
        // Such a socket keeps messages apart: each read gives one of them.
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
            .map_err(io::Error::from)?;
        for chunk in said.split(|&byte| byte == CUT).filter(|chunk| !chunk.is_empty()) {
            // What the socket cannot hold is not sent: the server closes before it.
            if send(theirs.as_raw_fd(), chunk, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL).is_err() {
                break;
            }
        }
        shutdown(theirs.as_raw_fd(), Shutdown::Write).map_err(io::Error::from)?;
        if stays {
            held.borrow_mut().push(theirs);
        }
        Ok(UnixStream::from(ours))
    })
}

thread_local! {
    /// Each scene's arguments; read once, for that takes longer than all the rest.
    static ARGUMENTS: Vec<Arguments> = {
        let read = |(own, _): &(&[&str], &str)| {
            let options: &[&str] = if own.is_empty() { &[] } else { &["--user", "ann", "--password-file", PASSWORD] };
            let all = ["cidian", "--local"].iter().chain(options).chain(*own);
            arguments::parse(all.map(Into::into)).expect("arguments")
        };
        SCENES.iter().map(read).collect()
    };
}

fn arguments_of(scene: usize) -> Arguments {
    ARGUMENTS.with(|all| all[scene].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the fuzzer once found interesting stays harmless.
    #[test]
    fn the_corpus_is_harmless() {
        let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fuzz/corpus/replies");
        let files: Vec<_> = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() > 10, "{files:?}");
        for file in files {
            play(&std::fs::read(file).unwrap());
        }
    }

    /// The harness itself sees what it should: what a terminal would act on, and only that.
    #[test]
    fn harmless_is_no_formality() {
        harmless("词 a\tb\n".as_bytes());
        for bad in ["\u{1b}[2J", "a\rb", "\u{9b}1m", "\u{202e}", "\u{2028}", "\u{7}", "\u{61c}"] {
            assert!(std::panic::catch_unwind(|| harmless(bad.as_bytes())).is_err(), "{bad:?}");
        }
    }
}
