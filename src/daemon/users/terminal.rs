//! Asking the operator on the terminal: passwords, which nobody sees, and whether something is meant.
//!
//! However it ends, Ctrl-C and SIGTERM included, the terminal echoes again afterwards.

use crate::daemon::exit::{Exit, Fatal};
use crate::text::printable;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::SpecialCharacterIndices::{VMIN, VQUIT, VSUSP, VTIME};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::{emulate_default_handler, pipe, unregister};
use std::fs::File;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use zeroize::Zeroizing;

/// Asks for a password twice, hidden.
pub(super) fn ask_passwd(name: &str) -> Result<Zeroizing<String>, Fatal> {
    let first = ask_hidden(&format!("Password of {}: ", printable(name)))?;
    let second = ask_hidden("Password again: ")?;
    if first != second {
        return Err(Fatal::new(Exit::Data, "the two passwords are not the same"));
    }
    Ok(first)
}

/// Asks, and reads a line; none at the end of the input, and none where nobody can be asked.
pub(super) fn ask(prompt: &str) -> Option<String> {
    let mut line = String::new();
    let mut errors = io::stderr();
    if !io::stdin().is_terminal() || errors.write_all(prompt.as_bytes()).and_then(|()| errors.flush()).is_err() {
        return None;
    }
    match io::stdin().lock().read_line(&mut line) {
        Ok(size) if size > 0 => Some(line.trim().to_owned()),
        _ => None,
    }
}

fn ask_hidden(prompt: &str) -> Result<Zeroizing<String>, Fatal> {
    let no_terminal =
        |_| Fatal::new(Exit::Usage, "there is no terminal to ask for the password on; use --password-file FILE");
    let failed = |error: io::Error| Fatal::new(Exit::System, format!("the terminal: {error}"));
    let terminal = File::options().read(true).write(true).open("/dev/tty").map_err(no_terminal)?;
    let keys = Keys::of(&terminal).map_err(failed)?;
    // The echo is off before the prompt shows: nobody types faster than that.
    let silence = Silence::begin(&terminal).map_err(failed)?;
    (&terminal).write_all(prompt.as_bytes()).map_err(failed)?;
    let config = rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build();
    let answer = rpassword::read_password_with_config(config).map(Zeroizing::new);
    drop(silence);
    // Nobody saw the Enter.
    (&terminal).write_all(b"\n").map_err(failed)?;
    match answer {
        Ok(passwd) => Ok(passwd),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Fatal::new(Exit::Data, "no password was typed")),
        Err(error) => match error.downcast::<Stopped>() {
            Ok(Stopped(signal)) => {
                // Who sent the signal shall see that it ended us.
                let _ = emulate_default_handler(signal);
                Err(Fatal::new(Exit::System, "stopped"))
            }
            Err(error) => Err(failed(error)),
        },
    }
}

/// A signal came while a password was being typed.
#[derive(Debug)]
struct Stopped(i32);

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stopped by signal {}", self.0)
    }
}

impl std::error::Error for Stopped {}

/// What is typed, up to a signal.
struct Keys {
    terminal: File,
    /// Each becomes readable when its signal comes.
    signals: Vec<(i32, UnixStream, signal_hook::SigId)>,
}

impl Keys {
    fn of(terminal: &File) -> io::Result<Self> {
        let mut keys = Self { terminal: terminal.try_clone()?, signals: Vec::new() };
        for signal in [SIGINT, SIGTERM] {
            let (ours, theirs) = UnixStream::pair()?;
            let id = pipe::register(signal, theirs)?;
            keys.signals.push((signal, ours, id));
        }
        Ok(keys)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        for (_, _, id) in &self.signals {
            unregister(*id);
        }
    }
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut watched = vec![PollFd::new(self.terminal.as_fd(), PollFlags::POLLIN)];
            watched.extend(self.signals.iter().map(|(_, pipe, _)| PollFd::new(pipe.as_fd(), PollFlags::POLLIN)));
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let stopped = self.signals.iter().zip(&watched[1..]).find(|(_, fd)| fd.any() == Some(true));
            if let Some(((signal, _, _), _)) = stopped {
                return Err(io::Error::other(Stopped(*signal)));
            }
            if watched[0].any() == Some(true) {
                return self.terminal.read(buffer);
            }
        }
    }
}

/// A terminal that shows nothing, and hands on every key as it is typed, until this is dropped.
struct Silence<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Silence<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON);
        silent.local_flags.insert(LocalFlags::ISIG);
        silent.control_chars[VMIN as usize] = 1;
        silent.control_chars[VTIME as usize] = 0;
        // Neither stopped (Ctrl-Z) nor killed by Ctrl-\, which would leave the terminal mute.
        silent.control_chars[VSUSP as usize] = nix::libc::_POSIX_VDISABLE;
        silent.control_chars[VQUIT as usize] = nix::libc::_POSIX_VDISABLE;
        let silence = Self { terminal, before };
        tcsetattr(terminal, SetArg::TCSANOW, &silent)?;
        Ok(silence)
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSANOW, &self.before);
    }
}
