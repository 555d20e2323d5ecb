//! The operator's tools. `init-db`, `words check` and `words load` run by themselves, beside a daemon or without;
//! `reload` and `status` ask the running one.

use super::manual;
use super::metrics;
use super::replacement::Replacement;
use crate::config::lost;
use crate::config::ownership;
use crate::config::settings::{Settings, environment};
use crate::config::state_directory::control_directories;
use crate::exit::{Exit, Fatal};
use crate::ipc::control::{self, ControlCommand};
use crate::ipc::status::Status;
use crate::store::{self, Kind, Location, Operator};
use crate::sys::Origin;
use crate::words::{self, ReadError, Severity};
use std::io::{self, Write};
use std::path::Path;

/// `cidiand init-db`.
pub fn init_db(settings: &Settings, origin: Origin) -> Result<Exit, Fatal> {
    make_state_directory_for(&settings.session.database, settings)?;
    let database = &settings.session.database;
    store::init(database, origin.into_store_key()).map_err(|error| fatal(database, &error))?;
    say(&format!("{database}: schema version {} is in place", store::SCHEMA_VERSION))
}

/// `cidiand words check FILE`; of a directory, every words file in it.
pub fn check_words(path: &Path) -> Result<Exit, Fatal> {
    let mut outcome = Exit::Success;
    for file in words::files_of(path).map_err(|error| unread(path, &error))? {
        if !check_words_file(&file)? {
            outcome = Exit::Data;
        }
    }
    Ok(outcome)
}

/// Prints every problem of a words file. Returns whether it would be taken.
fn check_words_file(file: &Path) -> Result<bool, Fatal> {
    let bytes = read(file)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut errors, mut warnings) = (0_u64, 0_u64);
    let mut written = Ok(());
    let parsed = words::parse_all(&bytes, &mut |problem| {
        let kind = match problem.severity {
            Severity::Error => {
                errors += 1;
                "error"
            }
            Severity::Warning => {
                warnings += 1;
                "warning"
            }
        };
        if written.is_ok() {
            written = writeln!(out, "{}:{}: {kind}: {}", file.display(), problem.line, problem.message);
        }
    });
    let headwords = parsed.entries.len();
    written
        .and_then(|()| {
            let (headwords, errors) = (counted(headwords as u64, "headword"), counted(errors, "error"));
            writeln!(out, "{}: {headwords}, {errors}, {}", file.display(), counted(warnings, "warning"))
        })
        .and_then(|()| out.flush())
        .or_else(broken_pipe_is_fine)?;
    Ok(errors == 0)
}

/// `cidiand reload`.
pub fn reload() -> Result<Exit, Fatal> {
    say(&control::ask(&control_directories(&environment), ControlCommand::Reload)?)
}

/// `cidiand status`.
pub fn status(json: bool) -> Result<Exit, Fatal> {
    let said = control::ask(&control_directories(&environment), ControlCommand::Status)?;
    if json {
        return say(&said);
    }
    say(read_status(&said)?.text().trim_end())
}

/// `cidiand metrics`.
pub fn metrics(output: Option<&Path>) -> Result<Exit, Fatal> {
    let said = control::ask(&control_directories(&environment), ControlCommand::Status);
    // That no daemon answers is a metric, too: a monitoring system reads nothing else.
    let (text, down) = match said {
        Ok(said) => (metrics::text(&read_status(&said)?), None),
        Err(fatal) if matches!(fatal.exit, Exit::Unavailable | Exit::TryAgain) => (metrics::down(), Some(fatal)),
        Err(fatal) => return Err(fatal),
    };
    match output {
        None => say(text.trim_end()).map(drop)?,
        Some(path) => replace_file(path, text.as_bytes())?,
    }
    down.map_or(Ok(Exit::Success), Err)
}

fn read_status(said: &str) -> Result<Status, Fatal> {
    serde_json::from_str(said).map_err(|error| {
        Fatal::new(Exit::Software, format!("the daemon has a different version: {error}; try status --json"))
    })
}

/// A whole file in one step. Others may read it, as the umask lets them.
fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Fatal> {
    let replaced = Replacement::create(path).and_then(|mut file| {
        file.file().write_all(bytes)?;
        file.finish()
    });
    replaced.map_err(|error| Fatal::new(Exit::System, format!("{}: {error}", path.display())))
}

/// `cidiand manual DIRECTORY`.
pub fn write_manual(directory: &Path) -> Result<Exit, Fatal> {
    manual::write(directory)
        .map(|()| Exit::Success)
        .map_err(|error| Fatal::new(Exit::System, format!("{}: {error}", directory.display())))
}

pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Fatal> {
    words::read_file(file).map_err(|error| unread(file, &error))
}

/// Why a words file could not be read.
pub(crate) fn unread(file: &Path, error: &ReadError) -> Fatal {
    let exit = match error {
        ReadError::Absent(_) | ReadError::Io(_) => Exit::NoInput,
        ReadError::NotAFile | ReadError::Empty | ReadError::TooLarge | ReadError::Changed => Exit::Data,
    };
    Fatal::new(exit, format!("words file {} {error}", file.display()))
}

/// Only the embedded database's default place is ours to make.
pub(crate) fn make_state_directory_for(database: &Location, settings: &Settings) -> Result<(), Fatal> {
    match database {
        Location::Sqlite(path) if path.parent() == Some(settings.state_directory.path()) => {
            settings.state_directory.make()?;
        }
        _ => {}
    }
    lost::check(&settings.state_directory, database)?;
    ownership::leave_to_its_owner(database);
    Ok(())
}

/// The database, in the operator's hands.
pub(crate) fn open(settings: &Settings, origin: Origin) -> Result<Box<dyn Operator>, Fatal> {
    let database = &settings.session.database;
    make_state_directory_for(database, settings)?;
    let key = origin.into_store_key();
    let opened = store::check(database, key).and_then(|()| store::open_for_operator(database, key));
    opened.map_err(|error| fatal(database, &error))
}

pub(crate) fn fatal(database: &Location, error: &store::Error) -> Fatal {
    let exit = match error.kind {
        Kind::World => Exit::Unavailable,
        Kind::Configuration => Exit::Configuration,
        Kind::Bug => Exit::Software,
    };
    Fatal::new(exit, format!("database {database}: {error}"))
}

pub(crate) fn say(line: &str) -> Result<Exit, Fatal> {
    writeln!(io::stdout().lock(), "{line}").or_else(broken_pipe_is_fine)?;
    Ok(Exit::Success)
}

pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

pub(crate) fn broken_pipe_is_fine(error: io::Error) -> Result<(), Fatal> {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Ok(());
    }
    Err(Fatal::new(Exit::System, format!("standard output: {error}")))
}
