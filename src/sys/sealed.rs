//! Memory that no process can change any more: a sealed memfd and its read-only mapping.

use super::huge_pages::{HUGE, join, map_aligned};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use nix::sys::stat::fstat;
use std::ffi::{CStr, c_void};
use std::fs::File;
use std::io::Write;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;

const SEALS: SealFlag =
    SealFlag::F_SEAL_WRITE.union(SealFlag::F_SEAL_SHRINK).union(SealFlag::F_SEAL_GROW).union(SealFlag::F_SEAL_SEAL);

/// Puts bytes into a new memfd and seals it: its size and content are fixed for as long as it lives.
///
/// # Errors
/// No memory, or no descriptor.
pub fn seal(name: &CStr, bytes: &[u8]) -> std::io::Result<OwnedFd> {
    sealed(name, |memory| memory.write_all(bytes))
}

/// The rest of a file in sealed memory. The kernel copies it, without a buffer of this process.
///
/// # Errors
/// No memory, no descriptor, or the file can't be read.
pub fn seal_rest(name: &CStr, file: &mut File) -> std::io::Result<OwnedFd> {
    sealed(name, |memory| std::io::copy(file, memory).map(drop))
}

/// A new memfd, sealed when it is filled.
pub(super) fn sealed(name: &CStr, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> std::io::Result<OwnedFd> {
    let mut memory = File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
    fill(&mut memory)?;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(SEALS))?;
    Ok(memory.into())
}

/// Has the kernel join the pages of a memfd to huge ones, as far as they fill whole ones: a search in a large dictionary
/// comes to a new page with nearly every step. It takes some milliseconds for 30 MB, and may wait until other memory has
/// been moved out of the way.
///
/// # Errors
/// The kernel can't do it (Linux 6.1 and later can), or has no memory for it. The content is the same in any case.
pub fn join_pages(memory: BorrowedFd<'_>) -> Result<(), Errno> {
    let size = usize::try_from(fstat(memory)?.st_size).map_err(|_| Errno::EFBIG)?;
    join(memory, 0, size / HUGE * HUGE)
}

/// A sealed memfd mapped for reading. Forked children share its pages.
#[derive(Debug)]
pub struct SealedMap {
    begin: NonNull<c_void>,
    size: usize,
}

impl SealedMap {
    /// Maps a memfd, if it is sealed.
    ///
    /// # Errors
    /// `EPERM` if it lacks a seal: a mapping of what can shrink would end its reader with SIGBUS.
    pub fn new(memory: BorrowedFd<'_>) -> Result<Self, Errno> {
        let seals = fcntl(memory, FcntlArg::F_GET_SEALS)?;
        if !SealFlag::from_bits_truncate(seals).contains(SEALS) {
            return Err(Errno::EPERM);
        }
        let size = usize::try_from(fstat(memory.as_fd())?.st_size).map_err(|_| Errno::EFBIG)?;
        let length = NonZeroUsize::new(size).ok_or(Errno::EINVAL)?;
        // The seals guarantee that the bytes under the mapping neither change nor go away.
        let begin = if size < HUGE {
            // SAFETY: a new mapping at an address of the kernel's choice disturbs no other.
            unsafe { mmap(None, length, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, memory, 0) }?
        } else {
            map_aligned(memory, 0, length, MapFlags::MAP_SHARED)?
        };
        Ok(Self { begin, size })
    }

    /// Maps every page now. For the parent, which never looks into the words: a page that only one child has touched
    /// would be called its own, in what the system reports of its memory, though all share it. Best effort: what can't
    /// be mapped now is when it is touched.
    pub fn populate(&self) {
        // SAFETY: the range is this mapping; to read ahead changes no byte. Linux has it since 5.14 (madvise(2)); an
        // older one refuses.
        let _ = unsafe { libc::madvise(self.begin.as_ptr(), self.size, libc::MADV_POPULATE_READ) };
    }
}

impl AsRef<[u8]> for SealedMap {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the mapping is readable, `size` bytes long, never changes (it is sealed), and lives as long as
        // `self`.
        unsafe { std::slice::from_raw_parts(self.begin.as_ptr().cast(), self.size) }
    }
}

impl Drop for SealedMap {
    fn drop(&mut self) {
        // SAFETY: `begin` and `size` are those of a mapping that only this value knows. Unmapping it can't fail.
        let _ = unsafe { munmap(self.begin, self.size) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_stays_as_it_is() {
        let memory = seal(c"test", b"words").unwrap();
        let map = SealedMap::new(memory.as_fd()).unwrap();
        assert_eq!(map.as_ref(), b"words");
        let mut file = File::from(memory);
        assert!(file.write_all(b"x").is_err());
        assert!(file.set_len(1).is_err());
        drop(file);
        assert_eq!(map.as_ref(), b"words");
    }

    /// Whether the kernel joins the pages or not.
    #[test]
    fn what_is_in_huge_pages_has_the_same_bytes() {
        let bytes: Vec<u8> = (0..2 * HUGE + 5_000).map(|place| (place / 4_099) as u8).collect();
        let memory = seal(c"test", &bytes).unwrap();
        let before = SealedMap::new(memory.as_fd()).unwrap();
        let _ = join_pages(memory.as_fd());
        let after = SealedMap::new(memory.as_fd()).unwrap();
        after.populate();
        for map in [&before, &after] {
            assert_eq!(map.begin.addr().get() % HUGE, 0);
            assert!(map.as_ref() == bytes);
        }
    }

    #[test]
    fn what_is_not_sealed_is_not_mapped() {
        let memory = memfd_create(c"test", MFdFlags::MFD_ALLOW_SEALING).unwrap();
        let mut file = File::from(memory);
        file.write_all(b"words").unwrap();
        assert_eq!(SealedMap::new(file.as_fd()).unwrap_err(), Errno::EPERM);
    }
}
