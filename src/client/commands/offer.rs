//! When no server is named and nothing answers at the usual address, the person is offered the private server of
//! `--local`: once, on a terminal.

use crate::client::arguments::{Arguments, ClientCommand};
use crate::client::error::Result;
use crate::client::messages::Message;
use crate::client::server::address::Address;
use crate::client::terminal::console::Console;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long the usual address has to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Settles whether the private server is used. To be called before it is forked, and so before [`crate::client::run`].
pub fn settle_server(arguments: &mut Arguments) {
    let for_words = arguments.command.as_ref().is_none_or(ClientCommand::is_of_reader);
    let has_server = arguments.server.is_some()
        || arguments.config.server.is_some()
        || arguments.tls
        || std::env::var_os("CIDIAN_SERVER").is_some_and(|server| !server.is_empty());
    if arguments.local || has_server || !for_words {
        return;
    }
    let local = match arguments.config.local {
        Some(local) => local,
        None => {
            let address = Address::default();
            let colour = arguments.color.or(arguments.config.color).unwrap_or_default();
            let mut console = Console::standard(arguments.language, colour, arguments.json, true);
            let manner = console.manner();
            // A user who names an account means a server's.
            let named = arguments.user.is_some() || arguments.password_file.is_some();
            if named || arguments.json || !manner.asks_terminal || !manner.shows_terminal || answers(&address) {
                return;
            }
            // Without an answer the next call asks again, and this one reports that there is no server.
            let Ok(Some(local)) = asked(&mut console, &address) else { return };
            arguments.config.remember_local(local);
            local
        }
    };
    arguments.local = local;
}

/// Whether a server listens there.
fn answers(address: &Address) -> bool {
    let Address::Tcp { host, port } = address else { return true };
    let addresses = (host.as_str(), *port).to_socket_addrs();
    addresses.is_ok_and(|mut found| found.any(|at| TcpStream::connect_timeout(&at, CONNECT_TIMEOUT).is_ok()))
}

/// The answer; `None` at the end of the input.
fn asked(console: &mut Console, address: &Address) -> Result<Option<bool>> {
    let address = address.to_string();
    loop {
        let Some(typed) = console.ask(&Message::OfferLocal { address: &address })? else { return Ok(None) };
        match typed.trim().to_lowercase().as_str() {
            "" | "y" | "yes" | "是" | "好" => return Ok(Some(true)),
            "n" | "no" | "否" | "不" => return Ok(Some(false)),
            _ => console.say(&Message::YesOrNo)?,
        }
    }
}
