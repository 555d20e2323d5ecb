//! Prepared selects, and the conversion of their rows to values.

use ::mysql::prelude::{FromRow, Queryable};
use ::mysql::{Conn, Params, Row, from_row_opt};

/// Runs a prepared select and converts its rows. A row of another shape than expected is an error, not a panic.
pub(super) fn select<T: FromRow>(
    connection: &mut impl Queryable,
    statement: &str,
    parameters: impl Into<Params>,
) -> ::mysql::Result<Vec<T>> {
    let mut rows = Vec::new();
    for row in connection.exec_iter(statement, parameters.into())? {
        rows.push(from_row_opt(row?)?);
    }
    Ok(rows)
}

/// The first row of a prepared select.
pub(super) fn select_first<T: FromRow>(
    connection: &mut impl Queryable,
    statement: &str,
    parameters: impl Into<Params>,
) -> ::mysql::Result<Option<T>> {
    Ok(select(connection, statement, parameters)?.into_iter().next())
}

/// The number that a prepared select returns; 0 without a row.
pub(super) fn count(
    connection: &mut impl Queryable,
    statement: &str,
    parameters: impl Into<Params>,
) -> ::mysql::Result<u64> {
    let row: Option<(u64,)> = select_first(connection, statement, parameters)?;
    Ok(row.map_or(0, |(count,)| count))
}

/// Whether a prepared select returns any row.
pub(super) fn exists(
    connection: &mut impl Queryable,
    statement: &str,
    parameters: impl Into<Params>,
) -> ::mysql::Result<bool> {
    Ok(select_first::<Row>(connection, statement, parameters)?.is_some())
}

/// Runs a prepared statement, and returns how many rows it has changed.
pub(super) fn execute(connection: &mut Conn, statement: &str, parameters: impl Into<Params>) -> ::mysql::Result<u64> {
    connection.exec_drop(statement, parameters.into())?;
    Ok(connection.affected_rows())
}
