//! Asking the operator on the terminal: for passwords, which are not shown, and for confirmation.

use crate::exit::{Exit, Fatal};
use crate::hidden::{self, NoPassword};
use crate::text::printable;
use signal_hook::low_level::emulate_default_handler;
use std::io::{self, BufRead, IsTerminal, Write};
use zeroize::Zeroizing;

/// Asks for a password twice, hidden.
pub(crate) fn ask_passwd(name: &str) -> Result<Zeroizing<String>, Fatal> {
    let first = ask_hidden(&format!("Password of {}: ", printable(name)))?;
    let second = ask_hidden("Password again: ")?;
    if first != second {
        return Err(Fatal::new(Exit::Data, "the two passwords differ"));
    }
    Ok(first)
}

/// Asks, and reads a line; `None` at the end of the input, and if no person can be asked.
pub(crate) fn ask(prompt: &str) -> Option<String> {
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
    hidden::ask(prompt).map_err(|why| match why {
        NoPassword::NoTerminal => {
            Fatal::new(Exit::Usage, "there is no terminal to ask for the password on; use --password-file FILE")
        }
        NoPassword::End => Fatal::new(Exit::Data, "no password was entered"),
        NoPassword::NotUtf8 => Fatal::new(Exit::Data, "the input is not UTF-8"),
        NoPassword::Signal(signal) => {
            // The sender of the signal should see that it ended us.
            let _ = emulate_default_handler(signal as i32);
            Fatal::new(Exit::System, "stopped")
        }
        NoPassword::Failed(error) => Fatal::new(Exit::System, format!("cannot use the terminal: {error}")),
    })
}
