//! What an error of the embedded database means, and whose fault it is.
//!
//! Nothing is tried again here: SQLite itself waits for locks (`busy_timeout`).

use rusqlite::{Error as Failure, ErrorCode};

use crate::store::{Error, schema};

/// The failure as the rest of the program knows it.
pub(super) fn explain(failure: &Failure) -> Error {
    let words = failure.to_string();
    // SQLite has no code for it, only these words.
    if words.contains("no such table") || words.contains("no such column") {
        return Error::configuration(format!("{}: {words}", schema::missing().message));
    }
    match failure.sqlite_error_code() {
        Some(
            // Another process writes for longer than we wait.
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed
            // The disk: full, failing, read-only, not there.
            | ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted,
        ) => Error::world(words),
        // The file is damaged or another program's. Trying again later will not mend it: an operator has to restore
        // it, or to name another file.
        Some(
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::PermissionDenied
            | ErrorCode::NoLargeFileSupport,
        ) => Error::configuration(words),
        _ => Error::bug(words),
    }
}

/// The same for a database that can't be opened, with its name.
pub(super) fn explain_open(path: &std::path::Path, failure: &Failure) -> Error {
    let error = explain(failure);
    // Some of SQLite's own words have the name already.
    let shown = path.display().to_string();
    if error.message.contains(&shown) { error } else { Error { message: format!("{shown}: {error}"), ..error } }
}

/// The same for a file or directory that can't be made.
pub(super) fn explain_io(path: &std::path::Path, error: &std::io::Error) -> Error {
    Error::world(format!("{}: {error}", path.display()))
}

/// Whether another process is using the file.
pub(super) fn is_busy(failure: &Failure) -> bool {
    matches!(
        failure.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
    )
}
