//! The image of the built-in words in a file, so that a client's private server need not make it at each start, which
//! took longer than the rest of starting. If anything is wrong with the file, the image is made anew.

use crate::sys::{self, SealedMap};
use crate::words::Stamp;
use crc32fast::hash;
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The file's name, in the state directory.
pub const FILE: &str = "built-in-words.image";
/// Many times the size of that image, in bytes.
const MAX_SIZE: u64 = 256 << 20;
/// The size of the image's checksum, in bytes.
const CHECKSUM: usize = 4;

/// The place of the image that one state of the program makes.
#[derive(Debug)]
pub struct KeptImage {
    path: PathBuf,
    /// Which state of which program file: the words are in it, and how an image is made of them.
    program: String,
}

impl KeptImage {
    /// That of the program that runs, in a directory that is its user's alone; `None` if it was changed a moment ago.
    pub fn of_program(directory: &Path) -> Option<Self> {
        let program = fs::read_link("/proc/self/exe").ok()?;
        let stamp = Stamp::of(&program, &fs::metadata("/proc/self/exe").ok()?)?;
        let program = stamp.to_text();
        (!program.is_empty() && !program.contains('\n')).then(|| Self { path: directory.join(FILE), program })
    }

    /// The image in sealed memory, if it was kept by this state of the program and is whole.
    pub fn read(&self) -> Option<OwnedFd> {
        let mut file = File::options().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(&self.path).ok()?;
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file() && metadata.len() <= MAX_SIZE)?;
        let mut head = vec![0; self.program.len() + 1 + CHECKSUM];
        if metadata.len() <= u64::try_from(head.len()).ok()? {
            return None;
        }
        file.read_exact(&mut head).ok()?;
        let checksum = head.strip_prefix(self.program.as_bytes())?.strip_prefix(b"\n")?;
        let memory = sys::seal_rest(c"cidian-words", &mut file).ok()?;
        let image = SealedMap::new(memory.as_fd()).ok()?;
        image.populate();
        (hash(image.as_ref()).to_ne_bytes() == checksum).then_some(memory)
    }

    /// Keeps an image, in one step.
    ///
    /// # Errors
    /// It can't be written: the next start takes longer, and that is all.
    pub fn write(&self, image: &[u8]) -> io::Result<()> {
        let part = self.path.with_extension(format!("{}.part", std::process::id()));
        let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        let written = [self.program.as_bytes(), b"\n", &hash(image).to_ne_bytes(), image]
            .iter()
            .try_for_each(|bytes| file.write_all(bytes))
            .and_then(|()| fs::rename(&part, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_of_one_program_and_whole() {
        let directory = tempfile::tempdir().unwrap();
        let of = |program: &str| KeptImage { path: directory.path().join(FILE), program: program.into() };
        let read = |kept: &KeptImage| {
            let mut bytes = Vec::new();
            kept.read().map(|memory| {
                let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&memory));
                File::open(path).unwrap().read_to_end(&mut bytes).unwrap();
                bytes
            })
        };
        assert_eq!(read(&of("1")), None);
        of("1").write(b"image").unwrap();
        assert_eq!(read(&of("1")).as_deref(), Some(&b"image"[..]));
        assert_eq!(read(&of("12")), None);
        assert_eq!(read(&of("")), None);
        let whole = fs::read(directory.path().join(FILE)).unwrap();
        for damaged in [&whole[..whole.len() - 1], &whole[..2], &[&whole[..], b"x"].concat(), b""] {
            fs::write(directory.path().join(FILE), damaged).unwrap();
            assert_eq!(read(&of("1")), None);
        }
        fs::remove_file(directory.path().join(FILE)).unwrap();
        fs::create_dir(directory.path().join(FILE)).unwrap();
        assert_eq!(read(&of("1")), None);
        assert!(of("1").write(b"image").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "the part is left");
    }
}
