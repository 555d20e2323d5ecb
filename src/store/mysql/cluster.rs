//! A Galera cluster of MariaDB, as seen through one of its members.

use std::collections::HashMap;

use ::mysql::prelude::Queryable;
use ::mysql::{Conn, Error as Failure, MySqlError, Result};

use super::select::{select, select_first};
use super::{errors, statements};

/// Whether the server takes part in the replication of a cluster.
pub(super) fn is_member(connection: &mut Conn) -> Result<bool> {
    let row: Option<(String, String)> = select_first(connection, statements::CLUSTER, ())?;
    Ok(row.is_some_and(|(_, value)| value.eq_ignore_ascii_case("ON")))
}

/// Waits until the member has applied all that was committed anywhere in the cluster before.
pub(super) fn catch_up(connection: &mut Conn) -> Result<()> {
    connection.query_drop(statements::CATCH_UP)
}

/// Fails if the server is not in a primary component, as a statement on a table would there.
pub(super) fn insist(connection: &mut Conn) -> Result<()> {
    let state = state(connection)?;
    if state.get("wsrep_cluster_status").map(String::as_str) == Some("Primary") {
        return Ok(());
    }
    let message = match state.get("wsrep_cluster_status") {
        Some(status) => format!("the server is not in a primary component (wsrep_cluster_status is {status})"),
        None => "the server is not a member of a cluster".to_owned(),
    };
    Err(Failure::MySqlError(MySqlError { state: "08S01".to_owned(), message, code: errors::NOT_IN_A_CLUSTER }))
}

/// What Galera needs and the server has otherwise, in words.
pub(super) fn weaknesses(connection: &mut Conn) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let state = state(connection)?;
    for (name, wanted) in [("wsrep_cluster_status", "Primary"), ("wsrep_local_state_comment", "Synced")] {
        let value = state.get(name).map_or("", String::as_str);
        if value != wanted {
            found.push(format!(
                "the server's {name} is {value}, not {wanted}: it is not a full member of its cluster now"
            ));
        }
    }
    let mode: Option<(i64,)> = select_first(connection, statements::AUTO_INCREMENT, ())?;
    if let Some((mode,)) = mode.filter(|(mode,)| *mode != 2) {
        found.push(format!(
            "the server's innodb_autoinc_lock_mode is {mode}: a cluster needs 2, or its members block each other"
        ));
    }
    let tables: Vec<(String,)> = select(connection, statements::WITHOUT_PRIMARY_KEY, ())?;
    found.extend(tables.into_iter().map(|(table,)| {
        format!(
            "table {table} has no primary key: its rows may come to differ between the cluster's members, and deleting from it fails"
        )
    }));
    Ok(found)
}

fn state(connection: &mut Conn) -> Result<HashMap<String, String>> {
    Ok(select::<(String, String)>(connection, statements::CLUSTER_STATE, ())?.into_iter().collect())
}
