//! Asking for memory before it is needed.

/// Lets the processor fetch a byte's cache line while other work goes on; nothing where that can't be asked for.
#[inline(always)]
pub fn prefetch(byte: &u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: it reads nothing, whatever the address is, and this one is valid. Every x86-64 processor has it (SSE).
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(byte).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = byte;
}
