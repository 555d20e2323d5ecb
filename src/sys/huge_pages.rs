//! Memory in huge pages: an entry of a page table, a page fault and an entry of the processor's cache of addresses for
//! every 2 MiB, not for every 4 KiB.
//!
//! Linux joins the pages of a memfd to huge ones when it is asked to, and maps them as such where a place in the memfd
//! and its address are equally far from a multiple of 2 MiB.

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::NonNull;

/// Bytes of a huge page. Where it is another size the kernel refuses, and nothing changes.
pub(super) const HUGE: usize = 2 << 20;
/// Joins pages to huge ones now; of madvise(2), where the C library's crate has no name for it.
const MADV_COLLAPSE: libc::c_int = 25;

/// Has the kernel join the pages of a part of a memfd to huge ones. That copies them, and may wait until other memory
/// has been moved out of the way.
pub(super) fn join(memory: BorrowedFd<'_>, begin: usize, size: usize) -> Result<(), Errno> {
    let Some(length) = NonZeroUsize::new(size) else { return Ok(()) };
    let place = map_aligned(memory, begin, length, MapFlags::MAP_PRIVATE)?;
    // SAFETY: the range is that mapping; no byte of it changes.
    let joined = Errno::result(unsafe { libc::madvise(place.as_ptr(), size, MADV_COLLAPSE) });
    // SAFETY: the range is that mapping, which nothing else refers to.
    unsafe { munmap(place, size) }?;
    joined.map(drop)
}

/// Maps a part of a memfd for reading, at an address that is a multiple of a huge page's size.
pub(super) fn map_aligned(
    memory: BorrowedFd<'_>,
    begin: usize,
    length: NonZeroUsize,
    flags: MapFlags,
) -> Result<NonNull<c_void>, Errno> {
    let offset = i64::try_from(begin).map_err(|_| Errno::EFBIG)?;
    let room = length.checked_add(HUGE).ok_or(Errno::EFBIG)?;
    // SAFETY: a new mapping at an address of the kernel's choice disturbs no other.
    let reserved = unsafe { mmap_anonymous(None, room, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE) }?;
    let before = reserved.as_ptr().addr().next_multiple_of(HUGE) - reserved.as_ptr().addr();
    let wanted = NonZeroUsize::new(reserved.as_ptr().addr() + before);
    // SAFETY: it takes the place of a part of the mapping that was just made, and that nothing else refers to.
    let mapped =
        unsafe { mmap(wanted, length, ProtFlags::PROT_READ, flags | MapFlags::MAP_FIXED, memory.as_fd(), offset) };
    let kept = if mapped.is_ok() { before..before + length.get().next_multiple_of(page_size()) } else { 0..0 };
    for rest in [0..kept.start, kept.end..room.get()].into_iter().filter(|rest| !rest.is_empty()) {
        // SAFETY: this part of the first mapping is within it, and nothing else refers to it.
        let _ = unsafe { munmap(reserved.byte_add(rest.start), rest.len()) };
    }
    mapped
}

pub(super) fn page_size() -> usize {
    let size = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(4_096)
}
