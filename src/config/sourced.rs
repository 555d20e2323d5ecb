//! Values with their source, so that an error names where the value was set.

use crate::exit::{Exit, Fatal};
use std::path::Path;

/// A value, and whose mistake it is if it is wrong.
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    pub exit: Exit,
    pub by: String,
}

impl<T> Sourced<T> {
    /// The error that the value is.
    pub fn wrong(&self, why: impl std::fmt::Display) -> Fatal {
        Fatal::new(self.exit, format!("{}: {why}", self.by))
    }
}

/// The command line's value, else the configuration file's.
pub fn choose<T>(option: &str, command_line: Option<T>, file: Option<T>, path: &Path) -> Option<Sourced<T>> {
    let key = option.replace('-', "_");
    command_line.map(|value| Sourced { value, exit: Exit::Usage, by: format!("--{option}") }).or_else(|| {
        file.map(|value| Sourced { value, exit: Exit::Configuration, by: format!("{}: {key}", path.display()) })
    })
}
