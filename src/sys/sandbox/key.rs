//! A secret that the filter requires in an otherwise unused argument of some system calls. Every forked child inherits
//! the filter; by the secret the filter distinguishes the process that may make these calls from its children, which
//! have forgotten it.

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::{io, slice};

/// The argument that carries the key, the last one: no such call has that many arguments.
pub(super) const ARGUMENT: u8 = 5;

/// Room for it: the smallest mapping.
const SIZE: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// The secret: 64 random bits in a mapping of their own. They are read from there into a register for a call and
/// nowhere else, so that no copy stays when the mapping goes.
#[derive(Debug)]
pub struct CallKey {
    /// `None` in a process that has forgotten it.
    memory: Option<NonNull<u32>>,
}

impl CallKey {
    /// Whether calls with a key can be made on this machine.
    pub const IS_SUPPORTED: bool = cfg!(all(target_arch = "x86_64", target_pointer_width = "64"));

    /// Draws one.
    ///
    /// # Errors
    /// No memory, or no random numbers.
    pub fn draw() -> io::Result<Self> {
        let flags = MapFlags::MAP_PRIVATE;
        // SAFETY: a new mapping at an address of the kernel's choice disturbs no other.
        let memory = unsafe { mmap_anonymous(None, SIZE, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, flags) }?;
        // SAFETY: the mapping is that long, and nothing else refers to it yet.
        let bytes = unsafe { slice::from_raw_parts_mut(memory.cast::<u8>().as_ptr(), size_of::<u64>()) };
        getrandom::fill(bytes).map_err(io::Error::other)?;
        Ok(Self { memory: Some(memory.cast()) })
    }

    /// Writes its low or its high half to where a filter compares with it.
    pub(super) fn write_half(&self, high: bool, to: &mut u32) {
        if let Some(memory) = self.memory {
            // SAFETY: two numbers are there for as long as `memory` exists. A copy that goes through no variable.
            unsafe { std::ptr::copy_nonoverlapping(memory.as_ptr().add(usize::from(high)), to, 1) };
        }
    }

    /// Forgets it, for good: the mapping goes.
    ///
    /// # Errors
    /// The kernel refuses; it has no reason to.
    pub fn forget(&mut self) -> Result<(), Errno> {
        match self.memory.take() {
            // SAFETY: the mapping is this value's own, and nothing refers to it any more.
            Some(memory) => unsafe { munmap(memory.cast(), SIZE.get()) },
            None => Ok(()),
        }
    }

    /// Makes a system call with this key. Without one it is made all the same, for the filter to end the process.
    ///
    /// # Safety
    /// As the system call itself.
    #[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
    pub(in crate::sys) unsafe fn call(&self, number: libc::c_long, arguments: [usize; 5]) -> Result<usize, Errno> {
        static NOTHING: u64 = 0;
        let key = self.memory.map_or(&raw const NOTHING, |memory| memory.as_ptr().cast_const().cast());
        let [a, b, c, d, e] = arguments;
        let returned: isize;
        // SAFETY: the kernel's way to make calls on this machine: the number in rax, arguments in these registers; rcx
        // and r11 are lost. The key goes from its memory into its register, which is emptied at once, in a forked
        // child, too.
        unsafe {
            std::arch::asm!(
                "mov r9, [{key}]",
                "syscall",
                "xor r9d, r9d",
                key = in(reg) key,
                inlateout("rax") number as isize => returned,
                in("rdi") a,
                in("rsi") b,
                in("rdx") c,
                in("r10") d,
                in("r8") e,
                out("r9") _,
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack),
            );
        }
        match usize::try_from(returned) {
            Ok(value) => Ok(value),
            Err(_) => Err(Errno::from_raw(i32::try_from(-returned).unwrap_or(0))),
        }
    }

    /// There is no such call on other machines.
    ///
    /// # Safety
    /// It does nothing.
    #[cfg(not(all(target_arch = "x86_64", target_pointer_width = "64")))]
    pub(in crate::sys) unsafe fn call(&self, _: libc::c_long, _: [usize; 5]) -> Result<usize, Errno> {
        Err(Errno::ENOSYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(all(target_arch = "x86_64", target_pointer_width = "64"))]
    fn calls_are_made_and_their_errors_seen() {
        let mut key = CallKey::draw().unwrap();
        // SAFETY: neither touches memory.
        unsafe {
            assert_eq!(key.call(libc::SYS_getpid, [0; 5]), Ok(std::process::id() as usize));
            assert_eq!(key.call(libc::SYS_close, [usize::MAX, 0, 0, 0, 0]), Err(Errno::EBADF));
        }
        let (mut low, mut high) = (0, 0);
        key.write_half(false, &mut low);
        key.write_half(true, &mut high);
        assert!((low, high) != (0, 0));
        key.forget().unwrap();
        key.forget().unwrap();
    }
}
