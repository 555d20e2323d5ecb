//! Ctrl-C and `kill`: the client ends at once and restores the terminal, even while a word is being typed. (At the
//! prompt for words Ctrl-C clears the line; while a pager runs, Ctrl-C goes to the pager; while a password is typed,
//! [`crate::hidden`] handles it.) One thread waits for the signals; it never touches the conversation with the server.

use crate::sys::is_ignored;
use nix::sys::signal::Signal;
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// A terminal on which a word is being typed, as it was before.
struct Saved {
    terminal: File,
    settings: Termios,
}

static SAVED: Mutex<Option<Saved>> = Mutex::new(None);

/// What Ctrl-C shows instead of ending the client, while a line is typed that it clears.
static CLEARS: Mutex<Option<String>> = Mutex::new(None);

fn saved() -> MutexGuard<'static, Option<Saved>> {
    SAVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts to wait for signals. It starts a thread, so any fork has to come before.
///
/// SIGHUP is left alone where it is ignored, for `nohup` is to work.
///
/// # Errors
/// The system gives no thread or no pipe.
pub(crate) fn watch() -> io::Result<()> {
    let watched = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];
    let watched = watched.into_iter().filter(|&signal| signal == Signal::SIGINT || !is_ignored(signal));
    let mut signals = Signals::new(watched.map(|signal| signal as i32))?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        for signal in signals.forever() {
            if signal != SIGINT || !is_for_others() {
                end(signal);
            }
        }
    })?;
    Ok(())
}

/// Whether Ctrl-C means something else now; then that is done here.
fn is_for_others() -> bool {
    match &*CLEARS.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(prompt) => {
            // The terminal itself has dropped what was typed.
            let _ = io::stdout().write_all(format!("\n{prompt}").as_bytes()).and_then(|()| io::stdout().flush());
            true
        }
        None => false,
    }
}

/// Runs `ask` while Ctrl-C clears the line that is typed, and `prompt` shows again.
pub(crate) fn clearing<T>(prompt: &str, ask: impl FnOnce() -> T) -> T {
    *CLEARS.lock().unwrap_or_else(PoisonError::into_inner) = Some(prompt.to_owned());
    let answer = ask();
    *CLEARS.lock().unwrap_or_else(PoisonError::into_inner) = None;
    answer
}

/// Runs `ask`, which changes the terminal's settings and restores them itself; a signal meanwhile restores them, too.
pub(crate) fn restoring<T>(ask: impl FnOnce() -> T) -> T {
    if let Ok(terminal) = File::options().read(true).write(true).open("/dev/tty")
        && let Ok(settings) = tcgetattr(&terminal)
    {
        *saved() = Some(Saved { terminal, settings });
    }
    let answer = ask();
    *saved() = None;
    answer
}

fn end(signal: i32) -> ! {
    match saved().take() {
        Some(mut saved) => {
            let _ = tcsetattr(&saved.terminal, SetArg::TCSANOW, &saved.settings);
            let _ = saved.terminal.write_all(b"\n");
        }
        None if io::stderr().is_terminal() => {
            let _ = io::stderr().write_all(b"\n");
        }
        None => {}
    }
    leave(signal)
}

/// Ends the client as a signal would. Its own end by SIGINT and SIGTERM is an exit with the status that a shell would
/// report.
pub(crate) fn leave(signal: i32) -> ! {
    if ![SIGINT, SIGTERM].contains(&signal) {
        let _ = emulate_default_handler(signal);
    }
    std::process::exit(128 + signal)
}
