//! The locks that setting up, upgrading and loading words take.

use super::select::select_first;
use super::statements;
use ::mysql::Conn;

/// Takes the database's lock for a purpose, waiting at most the given number of seconds; whether it was taken. It
/// goes with the connection.
pub(super) fn lock(connection: &mut Conn, purpose: &str, seconds: u32) -> ::mysql::Result<bool> {
    let name = name(connection, purpose)?;
    let taken: Option<(Option<i64>,)> = select_first(connection, statements::LOCK, (name, seconds))?;
    Ok(taken == Some((Some(1),)))
}

/// The number of the connection that keeps the database's lock for a purpose.
pub(super) fn holder(connection: &mut Conn, purpose: &str) -> ::mysql::Result<Option<u64>> {
    let name = name(connection, purpose)?;
    let holder: Option<(Option<u64>,)> = select_first(connection, statements::LOCKED_BY, (name,))?;
    Ok(holder.and_then(|(holder,)| holder))
}

fn name(connection: &mut Conn, purpose: &str) -> ::mysql::Result<String> {
    let database: Option<(String,)> = select_first(connection, statements::DATABASE, ())?;
    Ok(statements::lock_name(purpose, &database.map(|(name,)| name).unwrap_or_default()))
}
