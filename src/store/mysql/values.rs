//! Numbers, times and accounts, as parameters and as columns of rows.

use ::mysql::Value;

use crate::store::moment::Civil;
use crate::store::{AccountId, Error, Microseconds, Place};

/// A moment as a parameter.
pub(super) fn date(civil: Civil) -> Value {
    let Civil { year, month, day, hour, minute, second, microsecond } = civil;
    Value::Date(year, month, day, hour, minute, second, microsecond)
}

/// A place in a history as parameters: its time and its origin.
pub(super) fn place(place: Place) -> Result<(Value, u64), Error> {
    Ok((date(Civil::of(place.time)?), place.origin))
}

/// A moment from a row, if it is one.
pub(super) fn moment(value: &Value) -> Option<Microseconds> {
    let &Value::Date(year, month, day, hour, minute, second, microsecond) = value else { return None };
    Civil { year, month, day, hour, minute, second, microsecond }.moment()
}

/// When an account was made, as a parameter. What is not known equals nothing.
pub(super) fn created(account: AccountId) -> Value {
    account.created.and_then(|created| Civil::of(created).ok()).map_or(Value::NULL, date)
}

/// An account's number as a parameter.
pub(super) fn id(account: AccountId) -> Value {
    Value::UInt(account.number)
}

/// The next power of four, so that few statements are prepared; a repeated parameter costs next to nothing.
pub(super) fn few(count: usize) -> usize {
    let power = count.next_power_of_two();
    if power.trailing_zeros().is_multiple_of(2) { power } else { power * 2 }
}

/// Repeats the last parameters, `width` at a time, until there are as many as a statement takes that is likely to be
/// prepared.
pub(super) fn fill(parameters: &mut Vec<Value>, width: usize, to: usize) {
    while parameters.len() < to * width {
        parameters.extend_from_within(parameters.len() - width..);
    }
}
