//! The owner of the embedded database is the owner of its directory. Root may run the operator's tools before the
//! daemon has ever run, and they must not leave a database that the daemon can't open. The owner of an existing file is
//! never changed. (SQLite itself takes care of the files beside the database.)

use crate::store::Location;
use nix::unistd::geteuid;
use std::fs::{File, metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};

/// Makes an embedded database that is not there yet, empty, if another user's directory is where it belongs. What can't be
/// done is left to the code that opens it next, which has a better message.
pub fn leave_to_its_owner(database: &Location) {
    if let Location::Sqlite(path) = database
        && geteuid().is_root()
        && let Some(directory) = path.parent().and_then(|parent| metadata(parent).ok())
        && directory.uid() != 0
        && let Err(error) = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|file| fchown(&file, Some(directory.uid()), Some(directory.gid())))
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        log::warn!("cannot give {} to the owner of its directory: {error}", path.display());
    }
}
