//! Ctrl-C and `kill`: the client ends at once, and the terminal echoes again even if a password was being typed. (Where
//! a word is typed Ctrl-C clears the line; while a pager runs it is the pager's.)
//! One thread waits for the signals; it never touches the conversation with the server.

use nix::sys::termios::SpecialCharacterIndices::{VMIN, VQUIT, VSUSP, VTIME};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// A terminal on which a password or a word is being typed, as it was before.
struct Saved {
    terminal: File,
    settings: Termios,
}

static SAVED: Mutex<Option<Saved>> = Mutex::new(None);

/// How many there are to whom Ctrl-C belongs instead.
static IGNORED: AtomicUsize = AtomicUsize::new(0);

/// What Ctrl-C shows instead of ending the client, while a line is typed that it clears.
static CLEARS: Mutex<Option<String>> = Mutex::new(None);

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
    if IGNORED.load(Ordering::SeqCst) > 0 {
        return true;
    }
    match &*CLEARS.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(prompt) => {
            // The terminal itself has dropped what was typed.
            let _ = io::stdout().write_all(format!("\n{prompt}").as_bytes()).and_then(|()| io::stdout().flush());
            true
        }
        None => false,
    }
}

/// Ctrl-C is somebody else's as long as this lives: a pager's, say.
pub(crate) struct Ignored(());

/// Leaves Ctrl-C to others.
pub(crate) fn ignore() -> Ignored {
    IGNORED.fetch_add(1, Ordering::SeqCst);
    Ignored(())
}

impl Drop for Ignored {
    fn drop(&mut self) {
        IGNORED.fetch_sub(1, Ordering::SeqCst);
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
    std::process::exit(128 + signal)
}

/// Runs `ask` on the terminal while it shows nothing and hands on every key as it is typed, but for Ctrl-C, which
/// is the other thread's. The echo is off before `ask` begins, so that nobody types faster than that.
///
/// # Errors
/// There is no terminal, or what `ask` fails with.
pub(crate) fn without_echo<T>(ask: impl FnOnce(&mut File) -> io::Result<T>) -> io::Result<T> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let settings = tcgetattr(&terminal)?;
    let mut silent = settings.clone();
    silent.local_flags.remove(LocalFlags::ECHO | LocalFlags::ECHONL | LocalFlags::ICANON);
    silent.local_flags.insert(LocalFlags::ISIG);
    silent.control_chars[VMIN as usize] = 1;
    silent.control_chars[VTIME as usize] = 0;
    // Neither stopped (Ctrl-Z) nor killed by Ctrl-\, which would leave the terminal mute.
    silent.control_chars[VSUSP as usize] = nix::libc::_POSIX_VDISABLE;
    silent.control_chars[VQUIT as usize] = nix::libc::_POSIX_VDISABLE;
    // Saved before it is changed: a signal may come in between.
    *saved() = Some(Saved { terminal: terminal.try_clone()?, settings: settings.clone() });
    let answer =
        tcsetattr(&terminal, SetArg::TCSANOW, &silent).map_err(io::Error::from).and_then(|()| ask(&mut terminal));
    let mut guard = saved();
    *guard = None;
    tcsetattr(&terminal, SetArg::TCSANOW, &settings)?;
    drop(guard);
    answer
}
