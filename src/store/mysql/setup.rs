//! Making the schema on a server, and checking that it is there.
//!
//! Setting up never changes a table that exists, and never touches a database that holds something else.

use ::mysql::Conn;
use ::mysql::prelude::Queryable;

use super::connect::{self, PATIENT, USUAL, connect_anew};
use super::select::{select, select_first};
use super::upgrade::{self, Old};
use super::{cluster, errors, load, locks, statements};
use crate::store::location::Server;
use crate::store::schema::{self, Found};
use crate::store::upgrade::{Terms, Upgraded};
use crate::store::{Error, Hosts, Kind};

/// How long another that makes the schema is waited for, in seconds.
const LONG: u32 = 300;

/// Checks that the server can be reached and that the database has our schema.
pub(crate) fn check(server: &Server) -> Result<(), Error> {
    let mut connection = connect_anew(server, USUAL)?;
    find(&mut connection)?.check()
}

/// Whether the server is in a cluster.
pub(crate) fn is_cluster(server: &Server) -> Result<bool, Error> {
    let mut connection = connect_anew(server, USUAL)?;
    cluster::is_member(&mut connection).map_err(|failure| errors::explain(&failure))
}

/// Where the server is less durable, or the way to it less private, than it should be, in words.
pub(crate) fn weaknesses(server: &Server) -> Result<Vec<String>, Error> {
    let mut connection = connect_anew(server, USUAL)?;
    let settings: Option<(i64, i64, i64)> =
        select_first(&mut connection, statements::DURABILITY, ()).map_err(|failure| errors::explain(&failure))?;
    let (flush, binary_log, sync) = settings.unwrap_or((1, 0, 1));
    let mut found = Vec::new();
    found.extend(server.in_clear_text().map(|host| {
        format!(
            "{host} is on another machine, and the URL has no ssl-mode: an attacker on the network can read all \
             traffic, and can pose as the server to learn the password; add ssl-mode=verify-identity and ssl-ca"
        )
    }));
    let explain = |failure| errors::explain(&failure);
    if cluster::is_member(&mut connection).map_err(explain)? {
        found.extend(cluster::weaknesses(&mut connection).map_err(explain)?);
    }
    if server.requires_cluster
        && let Err(failure) = cluster::insist(&mut connection)
    {
        found.push(format!("{}: nobody can log in until it is (require_cluster)", explain(failure)));
    }
    if flush != 1 {
        let crash = if flush == 0 { "the server or its machine" } else { "its machine" };
        found.push(format!(
            "the server's innodb_flush_log_at_trx_commit is {flush}: lookups that were acknowledged in the last second \
             are lost when {crash} crashes; set it to 1"
        ));
    }
    if binary_log != 0 && sync != 1 {
        found.push(format!(
            "the server's sync_binlog is {sync}: lookups that were acknowledged can be lost when its machine crashes, \
             because what is not in its binary log is rolled back; set it to 1"
        ));
    }
    Ok(found)
}

/// Brings a database of the classroom schema to ours; any other is treated as by [`init`], and the
/// answer is `None`.
pub(crate) fn upgrade(server: &Server, terms: &mut Terms<'_>) -> Result<Option<Upgraded>, Error> {
    // Making the schema reports or mends what is wrong here.
    let Ok(mut connection) = connect_anew(server, PATIENT) else { return init(server).map(|()| None) };
    if find(&mut connection)? != Found::Classroom {
        return init(server).map(|()| None);
    }
    let old = Old::find(&mut connection).map_err(|failure| errors::explain(&failure))?;
    let Some(old) = old else { return init(server).map(|()| None) };
    drop(connection);
    let upgraded = upgrade::run(server, &old, terms)?;
    check(server)?;
    Ok(Some(upgraded))
}

/// Makes the database, if there is none, and the schema, if it is not there.
pub(crate) fn init(server: &Server) -> Result<(), Error> {
    let mut connection = match connect::connect(server, &Hosts::default(), PATIENT) {
        Err(refusal) if refusal.code == Some(errors::UNKNOWN_DATABASE) => {
            create_database(server)?;
            connect_anew(server, PATIENT)?
        }
        other => other?.0,
    };
    // What an older version made is changed by one at a time.
    if !locks::lock(&mut connection, "init", LONG).map_err(|failure| errors::explain(&failure))? {
        return Err(Error::world("another cidiand is creating the schema of this database"));
    }
    find(&mut connection)?.may_init()?;
    for statement in schema::statements(schema::MYSQL) {
        // Statements of our own file, without any value in them; not all of them can be prepared everywhere.
        connection.query_drop(statement).map_err(|failure| errors::explain(&failure))?;
    }
    connect::ask(&mut connection, load::fill_keys)?;
    find(&mut connection)?.check()
}

fn create_database(server: &Server) -> Result<(), Error> {
    let mut connection = connect::connect_to(server, &Hosts::default(), None, PATIENT)?.0;
    // A name can't be a parameter. It comes from the operator, and is quoted so that any name is one.
    let name = server.database.replace('`', "``");
    let statement = format!("CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    connection.query_drop(statement).map_err(|failure| {
        let error = errors::explain(&failure);
        match error.kind {
            Kind::Configuration => {
                Error::configuration(format!("cannot create the missing database: {}", error.message))
            }
            _ => error,
        }
    })
}

/// What is there where our schema should be.
fn find(connection: &mut Conn) -> Result<Found, Error> {
    let tables: Vec<(String,)> =
        select(connection, statements::TABLES, ()).map_err(|failure| errors::explain(&failure))?;
    let tables: Vec<String> = tables.into_iter().map(|(name,)| name.to_ascii_lowercase()).collect();
    let version = if tables.iter().any(|name| name == "meta") {
        match select_first(connection, statements::ABOUT_ITSELF, (schema::VERSION,)) {
            // A table `meta` of another kind.
            Err(failure) if errors::code(&failure) == Some(errors::UNKNOWN_COLUMN) => return Ok(Found::Foreign),
            other => other.map_err(|failure| errors::explain(&failure))?.map(|(version,): (String,)| version),
        }
    } else {
        None
    };
    let found = Found::judge(&tables, version.as_deref())?;
    if found == Found::Foreign && Old::find(connection).map_err(|failure| errors::explain(&failure))?.is_some() {
        return Ok(Found::Classroom);
    }
    Ok(found)
}
