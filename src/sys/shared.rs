//! Memory that a process and its forked children share: pages of numbers, each changed atomically. A child can give up
//! all pages except one of its own and the first: the others then leave its address space, and the first one stays
//! readable only.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use nix::unistd::{SysconfVar, ftruncate, sysconf};
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

const WRITABLE: ProtFlags = ProtFlags::PROT_READ.union(ProtFlags::PROT_WRITE);

/// Which pages this process still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    All,
    /// The first one.
    First,
    /// The first one for reading, and one of the others.
    FirstToReadAnd(usize),
}

/// Pages of numbers, shared with every child forked later.
#[derive(Debug)]
pub struct SharedPages {
    begin: NonNull<AtomicU64>,
    /// The first page again, where it cannot be written.
    first_to_read: NonNull<AtomicU64>,
    pages: usize,
    /// Bytes of a page.
    size: usize,
    has: Has,
}

impl SharedPages {
    /// Maps `pages` pages, all zero. Memory is taken only for those that are touched.
    ///
    /// # Errors
    /// No address space or no descriptor, or a size that does not fit.
    pub fn zeroed(pages: usize) -> Result<Self, Errno> {
        let size = sysconf(SysconfVar::PAGE_SIZE)?.and_then(|size| usize::try_from(size).ok()).ok_or(Errno::EINVAL)?;
        let page = NonZeroUsize::new(size).ok_or(Errno::EINVAL)?;
        let length = size.checked_mul(pages).and_then(NonZeroUsize::new).ok_or(Errno::EINVAL)?;
        let first = memfd_create(c"cidian-scoreboard", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
        ftruncate(&first, i64::try_from(size).map_err(|_| Errno::EINVAL)?)?;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other.
        let begin = unsafe { mmap_anonymous(None, length, WRITABLE, flags) }?;
        let at = NonZeroUsize::new(begin.as_ptr().addr());
        // SAFETY: it takes the place of the first page of the mapping that was just made, and that nothing refers to
        // yet.
        unsafe { mmap(at, page, WRITABLE, MapFlags::MAP_SHARED | MapFlags::MAP_FIXED, &first, 0) }?;
        // From here on a mapping of it can't be made writable, not by `mprotect` either (memfd_create(2)).
        fcntl(&first, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_FUTURE_WRITE | SealFlag::F_SEAL_SHRINK))?;
        // SAFETY: as the first one; what is under it does not go away, as the seal guarantees.
        let first_to_read = unsafe { mmap(None, page, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, &first, 0) }?;
        Ok(Self { begin: begin.cast(), first_to_read: first_to_read.cast(), pages, size, has: Has::All })
    }

    /// How many numbers a page has.
    pub fn numbers(&self) -> usize {
        self.size / size_of::<AtomicU64>()
    }

    /// The first page. A process that has it for reading only ends when it writes to it.
    pub fn first(&self) -> &[AtomicU64] {
        let begin = match self.has {
            Has::All | Has::First => self.begin,
            Has::FirstToReadAnd(_) => self.first_to_read,
        };
        // SAFETY: page-aligned, `numbers` long, mapped for as long as `has` contains it (which only changes while
        // nothing borrows), zeroed at first (a valid number), and changed atomically only, in every process.
        unsafe { std::slice::from_raw_parts(begin.as_ptr(), self.numbers()) }
    }

    /// A page; nothing if there is none of this number, or this process has given it up.
    pub fn page(&self, number: usize) -> &[AtomicU64] {
        let is_there = match self.has {
            _ if number == 0 || number >= self.pages => false,
            Has::All => true,
            Has::First => false,
            Has::FirstToReadAnd(only) => only == number,
        };
        if !is_there {
            return &[];
        }
        // SAFETY: as above; it is one of `pages` pages.
        unsafe { std::slice::from_raw_parts(self.begin.as_ptr().add(number * self.numbers()), self.numbers()) }
    }

    /// Gives up all other pages but the first, for good, and leaves that for reading. For a forked child.
    ///
    /// # Errors
    /// There is no such page, or this process has given it up already.
    pub fn keep_only(&mut self, number: usize) -> Result<(), Errno> {
        if self.has != Has::All || number == 0 || number >= self.pages {
            return Err(Errno::EINVAL);
        }
        self.has = Has::FirstToReadAnd(number);
        self.unmap(0, number)?;
        self.unmap(number + 1, self.pages)
    }

    /// Gives up all pages but the first, for good. For a forked child.
    ///
    /// # Errors
    /// This process has given something up already.
    pub fn keep_first(&mut self) -> Result<(), Errno> {
        if self.has != Has::All {
            return Err(Errno::EINVAL);
        }
        self.has = Has::First;
        self.unmap(1, self.pages)
    }

    fn unmap(&mut self, from: usize, to: usize) -> Result<(), Errno> {
        if from >= to {
            return Ok(());
        }
        // SAFETY: nothing borrows any page (`&mut`), and `has`, which was changed before, gives out these pages no
        // more.
        unsafe { munmap(self.begin.byte_add(from * self.size).cast(), (to - from) * self.size) }
    }
}
