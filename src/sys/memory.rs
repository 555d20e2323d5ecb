//! Giving back memory that a process no longer needs: free memory that the C library's allocator holds, and the part of
//! the stack that calls have used and left.

use super::huge_pages::page_size;
#[cfg(target_env = "gnu")]
use std::hint::black_box;

/// Fixes the size from which an allocation gets a mapping of its own, at 128 KiB. glibc otherwise raises it when
/// such a mapping is freed, and the 19 MiB of a password hash then stay in the process as dirty memory
/// (`mallopt(3)`, M_MMAP_THRESHOLD: "dynamic adjustment … is disabled if" it is set).
///
/// And small pieces that are freed are joined with their neighbours at once (M_MXFAST). glibc otherwise keeps some of
/// them aside until a piece of a kilobyte is requested, and then joins all: in each child those of its parent, which
/// copies a page for each place in the heap.
pub fn fix_allocator() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `mallopt` is called before any other thread exists and takes two numbers.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 128 * 1024);
        libc::mallopt(libc::M_MXFAST, 0);
    }
}

/// The largest piece that may be free in the middle of the heap.
#[cfg(target_env = "gnu")]
const LARGEST_GAP: usize = 64 * 1024;

/// The most bytes that are put into gaps. A heap that is young has far less; and whatever addresses an allocator gives
/// out, it ends.
#[cfg(target_env = "gnu")]
const MOST_FILLING: usize = 8 << 20;

/// Fills the gaps of the heap, once, for a process that is about to have children: each would otherwise put its small
/// things into the gaps that its parent's beginning has left all over the heap, and so copy a page for each. What they
/// need then comes from the heap's end, page by page. What fills the gaps is shared, and never given back.
pub fn fill_heap_gaps() {
    #[cfg(target_env = "gnu")]
    {
        // It fits into no gap, so it shows where the heap ends.
        let probe = black_box(Vec::<u8>::with_capacity(LARGEST_GAP + 16 * 1024));
        let end = probe.as_ptr().addr();
        drop(probe);
        let (mut size, mut filled) = (LARGEST_GAP, 0);
        while size >= 16 {
            while filled < MOST_FILLING {
                // Or the compiler sees that it is not used.
                let filling = black_box(Vec::<u8>::with_capacity(size));
                if filling.as_ptr().addr() >= end {
                    break;
                }
                std::mem::forget(filling);
                filled += size;
            }
            size = if size > 1_024 { size / 2 } else { size - 16 };
        }
    }
}

/// How much of the stack is given back: more than the deepest calls take. Other mappings are further away, as far as
/// the stack's limit and the kernel's gap.
const STACK: usize = 1 << 20;

/// Gives freed memory back to the system; for a process with one thread that is about to wait for long.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` only releases what is free, and locks the allocator itself.
    unsafe {
        libc::malloc_trim(0);
    }
    give_back_stack();
}

/// Gives back the pages below this call's frame: what calls that have ended have left there.
#[inline(never)]
fn give_back_stack() {
    let (page, here) = (page_size(), 0_u8);
    // The rest of this call's own frame and that of the wrapper are within a kilobyte. (What a signal's handler would put
    // below is written after the pages are gone, or done with before.)
    let end = (&raw const here).addr().saturating_sub(1_024) / page * page;
    let begin = end.saturating_sub(STACK);
    // SAFETY: the main thread's stack grows downwards, and nothing below the frames that live now is read again before
    // it is written. What of the range is not mapped yet is an error after all the rest was done (madvise(2), ENOMEM),
    // and no other mapping is so near below a main thread's stack.
    let _ = unsafe { libc::madvise(std::ptr::without_provenance_mut(begin), end - begin, libc::MADV_DONTNEED) };
}
