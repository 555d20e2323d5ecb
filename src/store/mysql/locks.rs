//! The locks that setting up, upgrading and loading words take.

use super::select::select_first;
use super::statements;
use ::mysql::Conn;

/// Takes the database's lock for a purpose, unless somebody else keeps it for so many seconds; whether it was taken. It
/// goes with the connection.
pub(super) fn lock(connection: &mut Conn, purpose: &str, seconds: u32) -> ::mysql::Result<bool> {
    let database: Option<(String,)> = select_first(connection, statements::DATABASE, ())?;
    let database = database.map(|(name,)| name).unwrap_or_default();
    let name = statements::lock_name(purpose, &database);
    let taken: Option<(Option<i64>,)> = select_first(connection, statements::LOCK, (name, seconds))?;
    Ok(taken == Some((Some(1),)))
}
