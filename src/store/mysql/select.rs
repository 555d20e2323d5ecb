//! Prepared selects, and the conversion of their rows to values.

use ::mysql::prelude::{FromRow, Queryable};
use ::mysql::{Params, from_row_opt};

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
