//! Spools that wait for their database, in the same directory, under a name with that database's identity; and spools
//! of version 1, which are converted to the present version.

use super::frame::{self, MAGIC_OF_OLD};
use super::reader::{Reader, tell_cut_off};
use crate::store::Identity;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What their names begin with; the identity of their database follows, and a number where there are several.
pub(super) const ASIDE: &str = "spool.of-";

/// Gives a spool that is at `path` the name under which it waits for its database, and returns that name.
pub(super) fn put(path: &Path, identity: Identity) -> io::Result<PathBuf> {
    let name = |number: u32| match number {
        1 => path.with_file_name(format!("{ASIDE}{identity}")),
        more => path.with_file_name(format!("{ASIDE}{identity}.{more}")),
    };
    let free = (1..).map(name).find(|name| std::fs::symlink_metadata(name).is_err());
    let free = free.ok_or_else(|| io::Error::other("no file name is left for it"))?;
    std::fs::rename(path, &free)?;
    Ok(free)
}

/// The first that waits for this database beside `path`.
pub(super) fn find(path: &Path, identity: Identity) -> io::Result<Option<PathBuf>> {
    let begin = format!("{ASIDE}{identity}");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&begin)) && entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found.into_iter().min())
}

/// Writes a spool of version 1 anew, for this database, in one step: whatever happens, the one or the other is there.
pub(super) fn convert(old: &File, path: &Path, identity: Identity) -> io::Result<()> {
    let new = path.with_file_name("spool.new");
    let mut options = File::options();
    let mut out = BufWriter::new(options.write(true).create(true).truncate(true).mode(0o600).open(&new)?);
    out.write_all(&frame::header(identity))?;
    let size = old.metadata()?.len();
    let mut reader = Reader::new(old, MAGIC_OF_OLD.len() as u64, size, frame::read_of_old);
    let mut bytes = Vec::new();
    while let Some(batch) = reader.next()? {
        bytes.clear();
        frame::push(&mut bytes, &batch);
        out.write_all(&bytes)?;
    }
    reader.tell_damage();
    if reader.at() < size {
        tell_cut_off(size - reader.at());
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(new, path)
}
