//! Ctrl-C and `kill`: the client ends at once, and the terminal echoes again even if a password was being typed.
//! One thread waits for the signals; it never touches the conversation with the server.

use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// A terminal on which a password is being typed, as it was before.
struct Saved {
    terminal: File,
    settings: Termios,
}

static SAVED: Mutex<Option<Saved>> = Mutex::new(None);

fn saved() -> MutexGuard<'static, Option<Saved>> {
    SAVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts to wait for signals. It starts a thread: whoever wants to fork has done so before.
///
/// SIGHUP is left alone, for `nohup` is to work, and a terminal that is gone needs no echo.
///
/// # Errors
/// The system gives no thread or no pipe.
pub(crate) fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            end(signal);
        }
    })?;
    Ok(())
}

fn end(signal: i32) -> ! {
    match saved().take() {
        Some(mut saved) => {
            let _ = tcsetattr(&saved.terminal, SetArg::TCSANOW, &saved.settings);
            // rpassword ends the line itself when it sees Ctrl-C.
            if signal != SIGINT {
                let _ = saved.terminal.write_all(b"\n");
            }
        }
        None if io::stderr().is_terminal() => {
            let _ = io::stderr().write_all(b"\n");
        }
        None => {}
    }
    std::process::exit(128 + signal)
}

/// Runs `ask`, which turns the terminal's echo off and on again; a signal meanwhile turns it on, too.
pub(crate) fn guard_echo<T>(ask: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let settings = tcgetattr(&terminal)?;
    *saved() = Some(Saved { terminal, settings });
    let answer = ask();
    // After Ctrl-C the program is ending: the other thread still has to know that a password was being typed.
    if !matches!(&answer, Err(error) if error.kind() == io::ErrorKind::Interrupted) {
        *saved() = None;
    }
    answer
}
