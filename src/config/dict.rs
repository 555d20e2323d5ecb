//! Where DICT is spoken, and which account its lookups belong to: the operator's settings, checked together.

use super::sourced::Sourced;
use crate::config::address::Address;
use crate::config::session::DictSettings;
use crate::exit::Fatal;
use crate::protocol::check_name;
use std::net::SocketAddr;

/// The host's name if the system has no name that can stand in a banner.
const NAMELESS: &str = "localhost";

/// Everything about DICT.
#[derive(Debug, Default)]
pub struct DictService {
    /// Where it is spoken.
    pub listen: Vec<Address>,
    /// What sessions need to know.
    pub session: DictSettings,
}

impl DictService {
    /// Settles it.
    ///
    /// # Errors
    /// An address or a name that can't be, or an account on an address that others reach.
    pub fn settle(listen: Option<Sourced<Vec<String>>>, account: Option<Sourced<String>>) -> Result<Self, Fatal> {
        let addresses = match &listen {
            Some(said) => said
                .value
                .iter()
                .map(|text| Address::parse_for_dict(text).map_err(|why| said.wrong(format!("{text}: {why}"))))
                .collect::<Result<Vec<Address>, _>>()?,
            None => Vec::new(),
        };
        if let Some(said) = &account {
            check_name(&said.value).map_err(|failure| said.wrong(failure.message))?;
            if let Some(address) = addresses.iter().find(|address| is_for_others(address)) {
                return Err(said.wrong(not_for_others(address)));
            }
        }
        let session = DictSettings { host: host(), account: account.map(|said| said.value) };
        Ok(Self { listen: addresses, session })
    }
}

/// Why a listener of DICT can't be bound to an account.
pub fn not_for_others(address: &dyn std::fmt::Display) -> String {
    format!(
        "{address} can be reached from other machines, and every client there would look up as this account; only \
         loopback (127.0.0.1, [::1]) and Unix sockets can be bound to an account"
    )
}

/// Whether other machines reach an address, as far as that shows without asking for a host's name.
fn is_for_others(address: &Address) -> bool {
    match address {
        Address::Internet(text) => {
            text.parse::<SocketAddr>().is_ok_and(|address| !address.ip().to_canonical().is_loopback())
        }
        Address::Unix(_) => false,
    }
}

/// This machine's name, as it may stand in a message-id.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let name: String = name.trim().chars().filter(|&c| fits(c)).take(253).collect();
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}
