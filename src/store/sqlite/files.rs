//! Which files an open database consists of: the database itself, and the log and its index, which SQLite keeps beside
//! it. A name may come to stand for another file while a process has the first one open.

use crate::sys::{FileNumber, file_number};
use std::fs::{File, metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The files of one connection: what their names were, and what they stood for.
#[derive(Debug)]
pub(super) struct Files {
    database: (PathBuf, Option<FileNumber>),
    /// The log and its index, beside the file that a link leads to.
    beside: [(PathBuf, Option<FileNumber>); 2],
}

impl Files {
    /// Those that a connection is about to open.
    pub fn before_opening(path: &Path) -> Self {
        let [_, log, index] = names(path);
        Self { database: (path.to_owned(), file_number(path)), beside: [(log, None), (index, None)] }
    }

    /// They are open now. (If the database was replaced in between, the next look shows it.)
    pub fn opened(&mut self) {
        for (path, found) in &mut self.beside {
            *found = file_number(path);
        }
    }

    /// The database's name.
    pub fn path(&self) -> &Path {
        &self.database.0
    }

    /// Whether all names still stand for the files that are open.
    pub fn are_in_place(&self) -> bool {
        self.is_database_in_place() && self.beside.iter().all(|(path, found)| *found == file_number(path))
    }

    /// Whether the database's name does.
    pub fn is_database_in_place(&self) -> bool {
        let (path, found) = &self.database;
        found.is_some() && *found == file_number(path)
    }
}

/// The names of an embedded database's files: itself, its log and the index of that. The file that a link leads to counts.
pub(in crate::store) fn names(database: &Path) -> [PathBuf; 3] {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    ["", "-wal", "-shm"].map(|end| {
        let mut name = real.clone().into_os_string();
        name.push(end);
        PathBuf::from(name)
    })
}

/// Whether the database is there, but this process may not use it as it is: it is confined to files whose place others
/// have taken, and may not make those that are missing. For a process that has it closed: closing a file gives up the
/// locks on it.
pub(in crate::store) fn is_shut_out(database: &Path) -> bool {
    let is_open_to_us = |path: &PathBuf| match File::options().read(true).write(true).open(path) {
        Err(error) => !matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound),
        Ok(_) => true,
    };
    metadata(database).is_ok() && !names(database).iter().all(is_open_to_us)
}
