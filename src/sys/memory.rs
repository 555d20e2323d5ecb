//! The C library's allocator, kept from hoarding.

/// Fixes the size from which an allocation gets a mapping of its own, at 128 KiB. glibc otherwise raises it when
/// such a mapping is freed, and the 19 MiB of a password hash then stay in the process as dirty memory
/// (`mallopt(3)`, M_MMAP_THRESHOLD: "dynamic adjustment … is disabled if" it is set).
pub fn fix_allocator() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `mallopt` is called before any other thread exists and takes two numbers.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 * 1024);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 128 * 1024);
    }
}

/// Gives freed memory back to the system; for a process that is about to wait for long.
pub fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: `malloc_trim` only releases what is free, and locks the allocator itself.
    unsafe {
        libc::malloc_trim(0);
    }
}
