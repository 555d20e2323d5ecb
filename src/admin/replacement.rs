//! A file that takes another's place when it is complete, and leaves nothing behind when it is not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file on its way to its place. Dropped before [`Replacement::finish`], it goes.
#[derive(Debug)]
pub(crate) struct Replacement {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
    finished: bool,
}

impl Replacement {
    /// Makes a file beside `target`. Killed by SIGKILL, we leave it there, recognisable by its name.
    pub(crate) fn create(target: &Path) -> io::Result<Self> {
        // A link stays a link: what it points at is replaced.
        let target = match fs::metadata(target) {
            Ok(metadata) if metadata.is_file() => fs::canonicalize(target)?,
            Ok(_) => return Err(io::Error::other("it exists and is not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => target.to_owned(),
            Err(error) => return Err(error),
        };
        let mut number = 0_u32;
        loop {
            let temporary = directory(&target).join(format!(".cidian-import-{}-{number}", std::process::id()));
            // Its mode is what the umask leaves; it is read again before it takes its place.
            match File::options().read(true).write(true).create_new(true).open(&temporary) {
                Ok(file) => return Ok(Self { file, temporary, target, finished: false }),
                // Left behind by a process with our number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The file.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Puts the file into its place, durably.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.finished = true;
        File::open(directory(&self.target))?.sync_all()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

fn directory(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
