//! The client: menus for a person, subcommands for a script, over one conversation in the line protocol.
//!
//! The entrance is [`parse`], then [`run`]. Between the two the program may fork the private server of `--local`; this
//! module starts a thread (for signals) and knows the server only as a source of connected sockets. The only module
//! that it shares with the server is the protocol.

#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod error;
mod exit;
mod files;
#[cfg(any(fuzzing, test))]
pub mod fuzzed;
mod help;
mod menus;
mod messages;
mod misuse;
mod render;
#[cfg(test)]
mod scripted;
mod server;
mod terminal;
mod word;

pub use arguments::{Arguments, parse};
pub use commands::offer::settle_server;
pub use commands::serve::account_to_serve;
pub use exit::Exit;
pub use server::address::{Address, AddressError};
pub use server::stream::LocalServer;

use arguments::{ClientCommand, HistoryAction};
use commands::context::Context;
use commands::credentials::Credentials;
use commands::export::Export;
use commands::notebook::pick::{self, Which};
use commands::notebook::speech::Speaker;
use commands::{about, account, complete, export, history, login, lookup, manual, notebook, search};
use error::{Error, Result};
use files::kept::KeptLogins;
use menus::Site;
use messages::Message;
use server::own::OwnAccount;
use server::privacy::{ClearText, Privacy};
use server::stream::Connector;
use server::tls::Trust;
use std::io::{self, Write};
use terminal::console::Console;
use terminal::interrupt;

/// Does what the command line asks for. `local` is what `--local` talks to.
pub fn run(arguments: Arguments, local: Option<LocalServer>) -> Exit {
    // Without that limit a core is no worse than any program's.
    let _ = crate::sys::leave_no_core();
    let colour = arguments.color.or(arguments.config.color).unwrap_or_default();
    let mut console = Console::standard(arguments.language, colour, arguments.json, arguments.command.is_none());
    console.show_examples(arguments.verbose || arguments.config.verbose);
    let near = arguments.near_subcommand.clone();
    let done = interrupt::watch().map_err(Error::System).and_then(|()| dispatch(&mut console, arguments, local));
    // Buffered output may still fail, and has to come before the complaint.
    let flushed = console.flush();
    let exit = match (done, flushed) {
        (Ok(exit), Ok(())) => exit,
        (Err(failure), _) | (Ok(_), Err(failure)) => {
            let exit = Exit::from(&failure);
            if !matches!(exit, Exit::BrokenPipe | Exit::Interrupted) {
                let _ = console.complain(&Message::Failed(&failure)).and_then(|()| console.flush());
            }
            exit
        }
    };
    if let Some(name) = near.filter(|_| !matches!(exit, Exit::Done | Exit::BrokenPipe | Exit::Interrupted)) {
        console.hint(&Message::NearSubcommand { name: &name });
        let _ = console.flush();
    }
    exit
}

fn dispatch(console: &mut Console, arguments: Arguments, local: Option<LocalServer>) -> Result<Exit> {
    // These need no server.
    match &arguments.command {
        Some(ClientCommand::Completions { shell }) => {
            console.write(&manual::completions(*shell))?;
            return Ok(Exit::Done);
        }
        Some(ClientCommand::Manual { directory }) => {
            manual::write(directory).map_err(|reason| Error::File { path: directory.clone(), reason })?;
            return Ok(Exit::Done);
        }
        _ => {}
    }
    let address = server(&arguments)?;
    let shown_address = address.to_string();
    let language = console.manner().language;
    let kept =
        KeptLogins::for_server(&address, arguments.tls, |name| std::env::var_os(name)).with_notice(move |path| {
            let _ = writeln!(io::stderr(), "cidian: {}", language.say(&Message::WaitingForLock { path }));
        });
    let trust = trust(&arguments, &address)?;
    let rule = match (arguments.insecure, &arguments.password_file) {
        // The person has not asked for anything to be sent.
        _ if matches!(arguments.command, Some(ClientCommand::CompleteWords { .. })) => ClearText::Refused,
        (true, _) => ClearText::Allowed,
        (false, None) => ClearText::Warned,
        (false, Some(_)) => ClearText::Refused,
    };
    let privacy = Privacy::new(rule, move |address| {
        // Whatever was asked for before has been flushed; a warning that cannot be written is dropped.
        let _ = writeln!(io::stderr(), "cidian: {}", language.say(&Message::ClearTextWarning { address }));
    });
    let connector = Connector::new(address.clone(), local, trust.clone(), privacy);
    // What changes the account has nothing to do with them.
    let reads = arguments.command.as_ref().is_none_or(ClientCommand::is_of_reader);
    let connector = if reads { connector.asking(arguments.dictionaries()) } else { connector };
    let said = arguments.say.clone().filter(|command| !command.is_empty());
    let command = said.or_else(|| variable("CIDIAN_SAY")).or_else(|| arguments.config.say.clone());
    let mut speaker = Speaker::new(command.as_deref(), arguments.say.is_some());
    let site = Site { address: &address, trust: trust.as_ref() };
    let user = arguments.user.or_else(|| variable("CIDIAN_USER"));
    let own = arguments.local && user.is_none() && arguments.password_file.is_none();
    let own = own.then(|| OwnAccount::of_user(|name| std::env::var_os(name))).flatten();
    let mut credentials = Credentials { user, password_file: arguments.password_file, kept, own };
    // The user who is logged in here comes before the user of the last login; commands that make or end an account, or
    // log in, name it.
    if arguments.command.as_ref().is_some_and(ClientCommand::is_of_reader)
        && credentials.user.is_none()
        && credentials.own.is_none()
        && matches!(credentials.kept.user(), Ok(None))
    {
        credentials.user.clone_from(&arguments.config.user);
    }
    let Some(command) = arguments.command else {
        menus::run(console, connector, site, &credentials, arguments.config, speaker)?;
        return Ok(Exit::Done);
    };
    let context = &mut Context { console, connector: &connector, credentials: &credentials };
    match command {
        ClientCommand::Lookup { words, asks, parts } => {
            return lookup::run(context, &words, &asks, parts, &mut speaker);
        }
        ClientCommand::Search(search) => return search::run(context, &search),
        ClientCommand::History(history) => match history.action {
            Some(HistoryAction::Clear { word }) => history::clear(context, word.as_deref())?,
            None if history.top => history::top(context, &history.wanted())?,
            None => history::print(context, &history.wanted())?,
        },
        ClientCommand::Export { anki, csv, choice } => {
            export::run(context, &Export { anki, csv, choice })?;
        }
        ClientCommand::Star(words) => return notebook::star::star(context, &words),
        ClientCommand::Unstar(words) => return notebook::star::unstar(context, &words),
        ClientCommand::Stars(wanted) => notebook::list::run(context, &wanted)?,
        ClientCommand::Review(wanted) => notebook::review::run(context, &wanted, &mut speaker)?,
        ClientCommand::Stats(wanted) => notebook::stats::run(context, &wanted)?,
        ClientCommand::Random(wanted) => {
            return pick::run(context, Which::Random, &wanted, &mut speaker);
        }
        ClientCommand::Today(wanted) => {
            return pick::run(context, Which::OfToday, &wanted, &mut speaker);
        }
        ClientCommand::Import(file) => return notebook::import::run(context, &file),
        ClientCommand::Register => account::register(context)?,
        ClientCommand::Login => {
            let mut config = arguments.config;
            login::login(context, config.user.as_deref())?;
            // A script's login is not the person's choice.
            if context.console.manner().asks_terminal
                && let Ok(Some(name)) = credentials.kept.user()
            {
                config.remember(site.address, site.trust, &name);
            }
        }
        ClientCommand::Logout => login::logout(context, &shown_address)?,
        ClientCommand::Passwd { new_password_file } => {
            account::change_password(context, new_password_file.as_deref())?;
        }
        ClientCommand::DeleteAccount { yes } => account::delete(context, yes)?,
        ClientCommand::DictKey => account::new_dict_key(context)?,
        ClientCommand::About => about::print(context.console, context.connector)?,
        ClientCommand::CompleteWords { prefix } => complete::run(context, &prefix)?,
        // The first two are done; the program serves without coming here.
        ClientCommand::Completions { .. } | ClientCommand::Manual { .. } | ClientCommand::Serve { .. } => {}
    }
    Ok(Exit::Done)
}

/// Where the server is: `--local`, `--server`, the environment, the configuration file, the default.
fn server(arguments: &Arguments) -> Result<Address> {
    if arguments.local {
        return Ok(Address::Local);
    }
    match (&arguments.server, variable("CIDIAN_SERVER")) {
        (Some(address), _) => Ok(address.clone()),
        (None, Some(text)) => text.parse().map_err(|error: AddressError| Error::ServerVariable(error.to_string())),
        (None, None) => Ok(arguments.config.server.clone().unwrap_or_default()),
    }
}

/// The authorities to trust; `None` in clear text.
fn trust(arguments: &Arguments, address: &Address) -> Result<Option<Trust>> {
    // What is remembered of a server goes with that server.
    let config = &arguments.config;
    let remembered = !arguments.local && arguments.server.is_none() && variable("CIDIAN_SERVER").is_none();
    let wanted = arguments.tls || (remembered && config.tls);
    if !wanted {
        return Ok(None);
    }
    let ca = arguments.tls_ca.clone().or_else(|| config.tls_ca.clone().filter(|_| remembered));
    match address {
        Address::Tcp { .. } => Ok(Some(ca.map_or(Trust::System, Trust::File))),
        Address::Unix(_) | Address::Local => Err(Error::TlsNeedsHost),
    }
}

/// A variable of the environment that is set, and not to nothing.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| value.to_string_lossy().into_owned())
}
