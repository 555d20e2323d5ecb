//! Which files an open database is: the database itself, and the log and its index that SQLite keeps beside it. A name
//! may come to stand for another file while a process has the first one open.

use std::ffi::OsString;
use std::fs::metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Device and inode; none for a file that is not there.
type FileNumber = Option<(u64, u64)>;

/// The files of one connection: what their names were, and what they stood for.
#[derive(Debug)]
pub(super) struct Files {
    database: (PathBuf, FileNumber),
    /// The log and its index, beside the file that a link leads to.
    beside: [(PathBuf, FileNumber); 2],
}

impl Files {
    /// Those that a connection is about to open.
    pub fn before_opening(path: &Path) -> Self {
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let beside = |end: &str| {
            let mut name = OsString::from(&real);
            name.push(end);
            (PathBuf::from(name), None)
        };
        Self { database: (path.to_owned(), number(path)), beside: ["-wal", "-shm"].map(beside) }
    }

    /// They are open now. (If the database was replaced in between, the next look shows it.)
    pub fn opened(&mut self) {
        for (path, found) in &mut self.beside {
            *found = number(path);
        }
    }

    /// The database's name.
    pub fn path(&self) -> &Path {
        &self.database.0
    }

    /// Whether all names still stand for the files that are open.
    pub fn are_in_place(&self) -> bool {
        self.is_database_in_place() && self.beside.iter().all(|(path, found)| *found == number(path))
    }

    /// Whether the database's name does.
    pub fn is_database_in_place(&self) -> bool {
        let (path, found) = &self.database;
        found.is_some() && *found == number(path)
    }
}

fn number(path: &Path) -> FileNumber {
    metadata(path).ok().map(|found| (found.dev(), found.ino()))
}
