//! Whether an embedded database that existed before is gone or emptied. That means damage, or a disk that is not
//! mounted, so the daemon must not silently begin a new one. The file `lock` in the state directory records which
//! database there was.

use super::state_directory::StateDirectory;
use crate::exit::{Exit, Fatal};
use crate::store::{Identity, Location};
use log::warn;
use std::ffi::OsString;
use std::fs::{metadata, rename};
use std::path::{Path, PathBuf};

/// Looks before anything is opened: SQLite takes an empty file for a new database, and removes the log beside it.
///
/// # Errors
/// [`Exit::Configuration`]: the file is empty, and was not.
pub fn check(directory: &StateDirectory, database: &Location) -> Result<(), Fatal> {
    let Some(log) = log_without_database(directory, database, "creating a new one")? else { return Ok(()) };
    let aside = with_end(&log, ".aside");
    match rename(&log, &aside) {
        Ok(()) => warn!(
            "{} belongs to a missing database; it was renamed to {}: move it back together with its database",
            log.display(),
            aside.display()
        ),
        Err(error) => {
            let message = format!("{} belongs to a missing database and cannot be renamed: {error}", log.display());
            return Err(Fatal::new(Exit::System, message));
        }
    }
    Ok(())
}

/// As [`check`], but changes nothing: it only says what a start would do.
///
/// # Errors
/// As [`check`].
pub fn look(directory: &StateDirectory, database: &Location) -> Result<(), Fatal> {
    if let Some(log) = log_without_database(directory, database, "a new one would be created")? {
        let aside = with_end(&log, ".aside");
        warn!("{} belongs to a missing database; it would be renamed to {}", log.display(), aside.display());
    }
    Ok(())
}

/// The log of a database that is not there, if there is one. That the database was there before is a warning, with
/// what comes of it.
fn log_without_database(
    directory: &StateDirectory,
    database: &Location,
    outcome: &str,
) -> Result<Option<PathBuf>, Fatal> {
    let Location::Sqlite(path) = database else { return Ok(None) };
    let size = metadata(path).ok().map(|found| found.len());
    if size.is_some_and(|size| size > 0) {
        return Ok(None);
    }
    let log = log_of(path);
    let has_log = has_something(&log);
    let remembered = directory.remembers(path);
    let shown = path.display();
    if size.is_some() {
        let spool = directory.path().join("spool");
        let sign = match remembered {
            Some(identity) => format!("a database was here (identity {identity})"),
            None if has_log => format!("{} is not empty", log.display()),
            None if has_something(&spool) => format!("lookups for one are in {}", spool.display()),
            None => return Ok(None),
        };
        let message = format!(
            "database {shown} is empty, but {sign}: it is damaged. Restore it from a backup; or, to begin with a new \
             one, move the empty file away"
        );
        return Err(Fatal::new(Exit::Configuration, message));
    }
    if let Some(identity) = remembered {
        warn!("{shown} is missing, although a database was there (identity {identity}); {outcome}");
    }
    Ok(has_log.then_some(log))
}

/// Remembers which database is there. Without it the next start knows less; that is all.
pub fn remember(directory: &StateDirectory, database: &Location, identity: Identity) {
    let Location::Sqlite(path) = database else { return };
    if let Err(error) = directory.remember(path, identity) {
        warn!("cannot record the database's identity in {}: {error}", directory.path().display());
    }
}

fn log_of(path: &Path) -> PathBuf {
    with_end(&path.canonicalize().unwrap_or_else(|_| path.to_owned()), "-wal")
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

fn has_something(path: &Path) -> bool {
    metadata(path).is_ok_and(|found| found.len() > 0)
}
