//! The client: menus for a person, subcommands for a script, over one conversation in the line protocol.
//!
//! The door is [`parse`], then [`run`]. Between the two the program may fork the private server of `--local`; this
//! room starts a thread (for signals) and knows the server only as something that gives connected sockets. It knows
//! the protocol and no other room.

#![forbid(unsafe_code)]

mod about;
mod account;
mod address;
mod arguments;
mod connection;
mod console;
mod error;
mod exit;
#[cfg(any(fuzzing, test))]
pub mod fuzzed;
mod history;
mod input;
mod interrupt;
mod kept;
mod login;
mod lookup;
mod menus;
mod messages;
mod privacy;
#[cfg(test)]
mod scripted;
mod secrecy;
mod show;
mod stream;
mod table;
mod tls;

pub use address::{Address, AddressError};
pub use arguments::{Arguments, parse};
pub use exit::Exit;

use crate::protocol::{Count, DEFAULT_HISTORY};
use account::Who;
use arguments::{Command, HistoryAction};
use console::Console;
use error::{Error, Result};
use kept::Kept;
use messages::{Language, Message};
use privacy::{ClearText, Privacy};
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use stream::Connector;
use tls::Trust;

/// The private server of `--local`: each call gives a new socket that is connected to it.
pub type LocalServer = Box<dyn Fn() -> io::Result<UnixStream>>;

/// Does what the command line asks for. `local` is what `--local` talks to.
pub fn run(arguments: Arguments, local: Option<LocalServer>) -> Exit {
    secrecy::leave_no_core();
    let language = Language::of_locale(|name| std::env::var_os(name));
    let mut console = Console::standard(language, arguments.json, arguments.command.is_none());
    let done = interrupt::watch().map_err(Error::System).and_then(|()| dispatch(&mut console, arguments, local));
    // Buffered output may still fail, and has to come before the complaint.
    let flushed = console.flush();
    match (done, flushed) {
        (Ok(exit), Ok(())) => exit,
        (Err(failure), _) | (Ok(_), Err(failure)) => {
            let exit = Exit::from(&failure);
            if !matches!(exit, Exit::BrokenPipe | Exit::Interrupted) {
                let _ = console.complain(&Message::Failed(&failure)).and_then(|()| console.flush());
            }
            exit
        }
    }
}

fn dispatch(console: &mut Console, arguments: Arguments, local: Option<LocalServer>) -> Result<Exit> {
    let address = server(&arguments)?;
    let shown_address = address.to_string();
    let kept = Kept::for_server(&address, arguments.tls, |name| std::env::var_os(name));
    let trust = trust(&arguments, &address)?;
    let rule = match (arguments.insecure, &arguments.password_file) {
        (true, _) => ClearText::Allowed,
        (false, None) => ClearText::Warned,
        (false, Some(_)) => ClearText::Refused,
    };
    let language = console.manner().language;
    let privacy = Privacy::new(rule, move |address| {
        // Whatever was asked for before has been flushed; a warning that nobody can read is nobody's trouble.
        let _ = writeln!(io::stderr(), "cidian: {}", language.say(&Message::ClearTextWarning { address }));
    });
    let connector = Connector::new(address, local, trust, privacy);
    let user = arguments.user.or_else(|| variable("CIDIAN_USER"));
    let who = Who { user, password_file: arguments.password_file, kept };
    match arguments.command {
        None => menus::run(console, connector, &shown_address, &who)?,
        Some(Command::Lookup { words }) => return lookup::run(console, &connector, &who, &words),
        Some(Command::History(history)) => match history.action {
            Some(HistoryAction::Clear { word }) => history::clear(console, &connector, &who, word.as_deref())?,
            None => {
                let last = history.number.unwrap_or(DEFAULT_HISTORY);
                let count = if history.all { Count::All } else { Count::Last(last) };
                history::print(console, &connector, &who, count)?;
            }
        },
        Some(Command::Register) => account::register(console, &connector, &who)?,
        Some(Command::Login) => login::login(console, &connector, &who)?,
        Some(Command::Logout) => login::logout(console, &connector, &who, &shown_address)?,
        Some(Command::Passwd { new_password_file }) => {
            account::change_password(console, &connector, &who, new_password_file.as_deref())?;
        }
        Some(Command::DeleteAccount { yes }) => account::delete(console, &connector, &who, yes)?,
        Some(Command::About) => about::print(console, &connector)?,
    }
    Ok(Exit::Done)
}

/// Where the server is: `--local`, `--server`, the environment, the default.
fn server(arguments: &Arguments) -> Result<Address> {
    if arguments.local {
        return Ok(Address::Local);
    }
    match (&arguments.server, variable("CIDIAN_SERVER")) {
        (Some(address), _) => Ok(address.clone()),
        (None, Some(text)) => text.parse().map_err(|error: AddressError| Error::ServerVariable(error.to_string())),
        (None, None) => Ok(Address::default()),
    }
}

/// Whom to trust; nobody is asked for in clear text.
fn trust(arguments: &Arguments, address: &Address) -> Result<Option<Trust>> {
    if !arguments.tls {
        return Ok(None);
    }
    match address {
        Address::Tcp { .. } => Ok(Some(arguments.tls_ca.clone().map_or(Trust::System, Trust::File))),
        Address::Unix(_) | Address::Local => Err(Error::TlsNeedsHost),
    }
}

/// A variable of the environment that is set, and not to nothing.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
}
