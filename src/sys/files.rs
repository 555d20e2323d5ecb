//! Which file a path leads to, asked for in the way that costs the file's next writer nothing.

use rustix::fs::{AtFlags, CWD, Statx, StatxFlags, statx};
use std::os::fd::AsFd;
use std::path::Path;

/// Device (major and minor) and inode of a file.
pub type FileNumber = (u32, u32, u64);

/// The file that a path leads to; `None` if there is none, or it is not known.
///
/// Nothing but the inode's number is asked for. Since Linux 6.13, a question for a file's times makes its next change get
/// a time of its own (`Documentation/filesystems/multigrain-ts.rst`), which the next fsync(2) then has to write, too:
/// before each commit, that made the commit half as slow again.
pub fn file_number(path: &Path) -> Option<FileNumber> {
    statx(CWD, path, AtFlags::empty(), StatxFlags::INO).ok().map(number)
}

/// The same for what has the name itself, which may be a symbolic link.
pub fn name_number(path: &Path) -> Option<FileNumber> {
    statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::INO).ok().map(number)
}

/// The same for an open file.
pub fn open_file_number(file: impl AsFd) -> Option<FileNumber> {
    statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::INO).ok().map(number)
}

fn number(found: Statx) -> FileNumber {
    (found.stx_dev_major, found.stx_dev_minor, found.stx_ino)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, remove_file, write};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_has_one_number_and_its_successor_another() {
        let directory = tempfile::tempdir().unwrap();
        let [path, link] = ["file", "link"].map(|name| directory.path().join(name));
        assert_eq!((file_number(&path), name_number(&path)), (None, None));
        write(&path, "one").unwrap();
        symlink(&path, &link).unwrap();
        let file = File::open(&path).unwrap();
        let number = file_number(&path);
        assert!(number.is_some());
        assert_eq!((open_file_number(&file), name_number(&path), file_number(&link)), (number, number, number));
        assert_ne!(name_number(&link), number);
        remove_file(&path).unwrap();
        assert_eq!((file_number(&link), open_file_number(&file)), (None, number));
        write(&path, "two").unwrap();
        assert_ne!(file_number(&path), number);
    }
}
