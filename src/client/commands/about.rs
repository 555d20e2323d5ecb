//! `cidian about`: what the server says about itself. It needs no account.

use crate::client::error::Result;
use crate::client::render::show::{Pairs, shown};
use crate::client::server::connection::Connection;
use crate::client::server::stream::Connector;
use crate::client::terminal::console::Console;
use crate::client::terminal::table::Table;
use crate::protocol::printable;

/// `cidian about`.
///
/// # Errors
/// Whatever can go wrong with that.
pub(crate) fn print(console: &mut Console, connector: &Connector) -> Result<()> {
    let mut connection = Connection::open(connector)?;
    let pairs = connection.about()?;
    connection.leave();
    if console.manner().json {
        return console.write_json(&Pairs(&pairs));
    }
    let mut table = Table::new();
    for (key, value) in &pairs {
        // A licence may have several lines: the first beside its key, the others below.
        let value = shown(value);
        for (number, line) in value.split('\n').enumerate() {
            let key = if number == 0 { printable(key) } else { String::new() };
            table.add([key, line.to_owned()]);
        }
    }
    console.write(&table.lay_out(None, [1]))
}
