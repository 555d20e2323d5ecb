//! Memory that a process and its forked children share for writing: numbers, each changed atomically.

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use std::num::NonZeroUsize;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

/// A run of numbers, shared with every child forked later. It is never unmapped: parent and children use it for as
/// long as they live.
#[derive(Debug)]
pub struct SharedNumbers {
    begin: NonNull<AtomicU64>,
    count: usize,
}

impl SharedNumbers {
    /// Maps `count` numbers, all zero. Memory is taken only for the pages that are touched.
    ///
    /// # Errors
    /// No address space, or a size that does not fit into one.
    pub fn zeroed(count: usize) -> Result<Self, Errno> {
        let size = count.checked_mul(size_of::<AtomicU64>()).and_then(NonZeroUsize::new).ok_or(Errno::EINVAL)?;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice disturbs no other.
        let begin = unsafe {
            mmap_anonymous(
                None,
                size,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE,
            )
        }?;
        Ok(Self { begin: begin.cast(), count })
    }
}

impl Deref for SharedNumbers {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is page-aligned, `count` numbers long, never unmapped, zeroed at first (a valid number),
        // and changed atomically only, here and in every other process.
        unsafe { std::slice::from_raw_parts(self.begin.as_ptr(), self.count) }
    }
}
