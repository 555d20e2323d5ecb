//! The store on a MariaDB or MySQL server: one connection, prepared statements, no pool.
//!
//! A call that loses its connection connects again and runs again, once; every call is written so that this is
//! harmless. No lookup is ever written twice, and no session takes another session's row for its own.

mod accounts;
mod cluster;
mod connect;
mod connection;
mod contained;
mod errors;
mod history;
mod load;
mod locks;
mod operator;
mod record;
mod select;
mod setup;
mod star;
pub(super) mod statements;
mod tls;
mod tokens;
mod upgrade;
mod values;
mod words;

use ::mysql::consts::{CapabilityFlags, StatusFlags};
use ::mysql_common::packets::HandshakePacket;

use self::connect::{HURRIED, USUAL};
use self::connection::Link;
use self::select::select_first;
use super::location::Server;
use super::words::KnownGeneration;
use super::{Error, Hosts, Identity, Store, schema};
use crate::sys::StoreKey;

pub(super) use setup::{check, init, is_cluster, upgrade, weaknesses};

/// Has the driver compile the regular expressions with which it reads a server's version: more than 100 KiB, which it
/// otherwise keeps in each process that has ever connected.
pub(super) fn warm_up() {
    for version in ["10.11.19-MariaDB", "8.4.0"] {
        let greeting = HandshakePacket::new(
            10,
            version.as_bytes(),
            0,
            [0; 8],
            None::<&[u8]>,
            CapabilityFlags::empty(),
            0,
            StatusFlags::empty(),
            None::<&[u8]>,
        );
        let read = greeting.maria_db_server_version_parsed().or_else(|| greeting.server_version_parsed());
        debug_assert!(read.is_some(), "{version}");
    }
}

/// An open store on a server.
#[derive(Debug)]
pub(super) struct MySql {
    link: Link,
    /// Of table `words`.
    generation: KnownGeneration,
}

impl MySql {
    /// Connects.
    pub(super) fn open(server: &Server, hosts: &Hosts, _: StoreKey) -> Result<Self, Error> {
        Ok(Self { link: Link::open(server, USUAL, hosts)?, generation: KnownGeneration::default() })
    }

    /// Connects, for a caller that does not wait for long.
    pub(super) fn open_for_writer(server: &Server, hosts: &Hosts, _: StoreKey) -> Result<Self, Error> {
        let mut link = Link::open(server, HURRIED, hosts)?;
        link.find_cluster()?;
        Ok(Self { link, generation: KnownGeneration::default() })
    }
}

impl Store for MySql {
    fn identity(&mut self) -> Result<Identity, Error> {
        let row: Option<(String,)> =
            self.link.run(|connection, _| select_first(connection, statements::ABOUT_ITSELF, (schema::IDENTITY,)))?;
        Identity::from_meta(row.as_ref().map(|(value,)| value.as_str()))
    }
}
