//! The client's part of `cidian serve`: it decides on whose account DICT clients look words up. The serving itself is
//! done by the daemon's code.

use crate::client::arguments::{Arguments, ClientCommand};
use crate::client::error::{Error, Result};
use crate::client::exit::Exit;
use crate::client::messages::Message;
use crate::client::server::address::Address;
use crate::client::server::own::OwnAccount;
use crate::client::server::privacy::{ClearText, Privacy};
use crate::client::server::stream::Connector;
use crate::client::server::stream::LocalServer;
use crate::protocol::check_name;
use std::io::{self, Write};

impl Arguments {
    /// Where `cidian serve` is asked to speak DICT; `None` for everything else that can be asked for.
    pub fn serve(&self) -> Option<&[String]> {
        match &self.command {
            Some(ClientCommand::Serve { listen }) => Some(listen),
            _ => None,
        }
    }
}

/// The name of the account that all lookups are for: the one that is named, else the one of one's own, which is made if
/// it is not there. `local` is a private server to make it on. For a process with one thread: it starts no other.
///
/// # Errors
/// The exit status, after what is wrong has been printed.
pub fn account_to_serve(arguments: &Arguments, local: LocalServer) -> std::result::Result<String, Exit> {
    // Without that limit a core is no worse than any program's.
    let _ = crate::sys::leave_no_core();
    name_of(arguments, local).map_err(|failure| {
        let text = arguments.language.say(&Message::Failed(&failure));
        let _ = writeln!(io::stderr(), "cidian: {text}");
        Exit::from(&failure)
    })
}

fn name_of(arguments: &Arguments, local: LocalServer) -> Result<String> {
    if let Some(name) = arguments.user.clone().or_else(|| crate::client::variable("CIDIAN_USER")) {
        check_name(&name).map_err(Error::Refused)?;
        return Ok(name);
    }
    let own = OwnAccount::of_user(|name| std::env::var_os(name)).ok_or(Error::NoUser)?;
    // The traffic of a socket pair cannot be read by others.
    let privacy = Privacy::new(ClearText::Allowed, |_| {});
    let connector = Connector::new(Address::Local, Some(local), None, privacy);
    own.ready(&connector).map(|(name, _)| name)
}
