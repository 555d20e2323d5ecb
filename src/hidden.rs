//! Asking for a password on the terminal without showing it, in both programs.
//!
//! However the question ends, by a signal too, the terminal echoes again afterwards. It also echoes while the program
//! is stopped; when the program continues, the question is shown again and the input is hidden again.

#![forbid(unsafe_code)]

use crate::sys::{SignalsCaught, catch_signals};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use nix::sys::termios::SpecialCharacterIndices::{VMIN, VQUIT, VSUSP, VTIME};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use zeroize::Zeroizing;

/// What may come while a password is typed: the first four end the program, the others stop it and let it go on.
const SIGNALS: [Signal; 6] =
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGCONT];

/// Why there is no password.
#[derive(Debug)]
pub enum NoPassword {
    /// There is no terminal to ask on.
    NoTerminal,
    /// The end of the input, before anything was typed.
    End,
    /// What was typed is not UTF-8.
    NotUtf8,
    /// A signal came that ends the program. The terminal is as it was before, and the signal means what it meant.
    Signal(Signal),
    /// The terminal failed.
    Failed(io::Error),
}

/// Asks, and reads what is typed up to Enter.
///
/// # Errors
/// See [`NoPassword`].
pub fn ask(prompt: &str) -> Result<Zeroizing<String>, NoPassword> {
    let open = File::options().read(true).write(true).open("/dev/tty");
    let mut terminal = open.map_err(|_| NoPassword::NoTerminal)?;
    let keys = Keys::begin(&terminal, prompt).map_err(NoPassword::Failed)?;
    let config = rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build();
    let answer = rpassword::read_password_with_config(config).map(Zeroizing::new);
    // The Enter was not shown.
    let ended = terminal.write_all(b"\n");
    match answer {
        Ok(passwd) => ended.map(|()| passwd).map_err(NoPassword::Failed),
        Err(error) => Err(match error.kind() {
            ErrorKind::UnexpectedEof => NoPassword::End,
            ErrorKind::InvalidData => NoPassword::NotUtf8,
            _ => match error.downcast::<Stopped>() {
                Ok(Stopped(signal)) => NoPassword::Signal(signal),
                Err(error) => NoPassword::Failed(error),
            },
        }),
    }
}

/// A signal that ends the program came while a password was typed.
#[derive(Debug)]
struct Stopped(Signal);

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ended by {}", self.0)
    }
}

impl std::error::Error for Stopped {}

/// What is typed, up to a signal; the terminal shows nothing, and hands on every key as it is typed, until this is
/// dropped.
struct Keys {
    terminal: File,
    prompt: String,
    before: Termios,
    silent: Termios,
    /// Behind the rest: what was caught means something again when the echo is back.
    signals: SignalsCaught,
}

impl Keys {
    /// The echo is off before the prompt shows: no person types faster than that. Signals are caught before the echo is
    /// off.
    fn begin(terminal: &File, prompt: &str) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON);
        silent.local_flags.insert(LocalFlags::ISIG);
        silent.control_chars[VMIN as usize] = 1;
        silent.control_chars[VTIME as usize] = 0;
        // A slip of the finger neither stops (Ctrl-Z) nor kills (Ctrl-\) what asks.
        silent.control_chars[VSUSP as usize] = libc::_POSIX_VDISABLE;
        silent.control_chars[VQUIT as usize] = libc::_POSIX_VDISABLE;
        let signals = catch_signals(&SIGNALS)?;
        let keys = Self { terminal: terminal.try_clone()?, prompt: prompt.to_owned(), before, silent, signals };
        keys.hide()?;
        Ok(keys)
    }

    fn hide(&self) -> io::Result<()> {
        tcsetattr(&self.terminal, SetArg::TCSANOW, &self.silent)?;
        (&self.terminal).write_all(self.prompt.as_bytes())
    }

    fn show(&self) {
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, &self.before);
    }

    fn heed(&mut self) -> io::Result<()> {
        while let Some(signal) = self.signals.take() {
            match signal {
                Signal::SIGTSTP => {
                    self.show();
                    let _ = (&self.terminal).write_all(b"\n");
                    // SIGTSTP itself is caught, and to an orphaned process it would mean nothing.
                    raise(Signal::SIGSTOP)?;
                }
                // Another program had the terminal meanwhile, and left it as it wants it.
                Signal::SIGCONT => self.hide()?,
                signal => return Err(io::Error::other(Stopped(signal))),
            }
        }
        Ok(())
    }
}

impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.heed()?;
            let mut watched =
                [&self.terminal.as_fd(), &self.signals.as_fd()].map(|fd| PollFd::new(*fd, PollFlags::POLLIN));
            match poll(&mut watched, PollTimeout::NONE) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let [typed, signal] = watched.map(|fd| fd.any() == Some(true));
            if typed && !signal {
                return self.terminal.read(buffer);
            }
        }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.show();
    }
}
