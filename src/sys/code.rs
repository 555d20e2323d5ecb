//! The program's code in huge pages. A fork does not copy the page tables of mapped files, so each child takes a page
//! fault for every 64 KiB of code that it comes to, and unmaps all of these pages at its end. With huge pages it takes
//! one for every 2 MiB.
//!
//! No common file system's pages can be joined to huge ones, but those of a memfd can: the code is copied into one,
//! which is sealed, and mapped over the code itself, byte for byte the same.

use super::Forker;
use super::huge_pages::{HUGE, join};
use super::sealed::sealed;
use nix::sys::mman::{MapFlags, ProtFlags, mmap};
use std::io;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::ptr;

/// A part that is larger stays where it is.
const MOST: usize = 64 << 20;

/// Puts the code and the constants of this program into huge pages, as far as they fill whole ones; how many bytes that
/// is. For the process that forks all others: nothing else may have the addresses in use meanwhile, and no other thread
/// be there.
///
/// # Errors
/// The kernel can't do it (Linux 6.1 and later can), or has no memory; nothing has changed then.
pub fn use_huge_pages_for_code(_: &Forker) -> io::Result<usize> {
    let program = std::fs::read_link("/proc/self/exe")?;
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let mut moved = 0;
    for (range, protection) in program.to_str().map(|program| parts(&maps, program)).unwrap_or_default() {
        moved += move_into_huge_pages(range, protection)?;
    }
    Ok(moved)
}

/// The mappings of a program's file that are never written to: its code, and what stands before it. (Constants with
/// addresses in them were written to when the program began.) The huge page in which the constants end and the code
/// begins becomes the code's; what is in it can be run, then, but as little written to as before.
fn parts(maps: &str, program: &str) -> Vec<(Range<usize>, ProtFlags)> {
    let part = |line: &str| {
        let mut fields = line.splitn(6, ' ');
        let (range, mode, offset) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.nth(2)?.trim_start() != program {
            return None;
        }
        let protection = match mode {
            "r-xp" => ProtFlags::PROT_READ | ProtFlags::PROT_EXEC,
            "r--p" if offset.bytes().all(|digit| digit == b'0') => ProtFlags::PROT_READ,
            _ => return None,
        };
        let (begin, end) = range.split_once('-')?;
        Some((usize::from_str_radix(begin, 16).ok()?..usize::from_str_radix(end, 16).ok()?, protection))
    };
    let mut parts: Vec<_> = maps.lines().filter_map(part).collect();
    // The page in which the constants end and the code begins is the code's: code that most children run is at its
    // beginning.
    if let [(constants, _), (code, _)] = &mut parts[..]
        && constants.end == code.start
    {
        let middle = (code.start / HUGE * HUGE).max(constants.start);
        (constants.end, code.start) = (middle, middle);
    }
    parts
}

/// The whole huge pages in a range; none if there is no such page.
fn whole_pages(range: &Range<usize>) -> Option<Range<usize>> {
    let inner = range.start.checked_next_multiple_of(HUGE)?..range.end / HUGE * HUGE;
    (!inner.is_empty()).then_some(inner)
}

fn move_into_huge_pages(range: Range<usize>, protection: ProtFlags) -> io::Result<usize> {
    let Some(whole) = whole_pages(&range).filter(|_| range.len() <= MOST) else { return Ok(0) };
    let (Some(begin), Some(length)) = (NonZeroUsize::new(range.start), NonZeroUsize::new(range.len())) else {
        return Ok(0);
    };
    // A place in the memory is as far from a huge page's beginning as the same place in the mapping.
    let skipped = range.start % HUGE;
    let memory = copy(&range, skipped)?;
    // First at a free place: only what succeeds there takes the code's place.
    join(memory.as_fd(), whole.start - range.start + skipped, whole.len())?;
    let offset = i64::try_from(skipped).map_err(io::Error::other)?;
    let flags = MapFlags::MAP_PRIVATE | MapFlags::MAP_FIXED;
    // SAFETY: what is mapped has the same bytes at the same places, for reading or running as before, and can't change:
    // the seals guarantee that. No other thread runs, and this one finds the same instructions when it comes back from
    // the call.
    let mapped = unsafe { mmap(Some(begin), length, protection, flags, &memory, offset) }?;
    // As for the words: what only one child has mapped would count as its own.
    // SAFETY: the range is that mapping; to read ahead changes no byte.
    let _ = unsafe { libc::madvise(mapped.as_ptr(), length.get(), libc::MADV_POPULATE_READ) };
    Ok(whole.len())
}

/// A sealed memfd with what is mapped in a range, behind some empty bytes.
fn copy(range: &Range<usize>, skipped: usize) -> io::Result<OwnedFd> {
    // SAFETY: `range` is a mapping of the program's own file that is readable and never changes.
    let code = unsafe { std::slice::from_raw_parts(ptr::with_exposed_provenance(range.start), range.len()) };
    sealed(c"cidian-code", |memory| memory.write_all_at(code, skipped as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_s_own_parts() {
        let maps = "55d53d685000-55d53db42000 r--p 00000000 fe:00 7340125                    /usr/bin/cidiand\n\
             55d53db42000-55d53e3a7000 r-xp 004bc000 fe:00 7340125                    /usr/bin/cidiand\n\
             55d53e3a7000-55d53e403000 r--p 00d20000 fe:00 7340125                    /usr/bin/cidiand\n\
             55d53e403000-55d53e408000 rw-p 00d7b000 fe:00 7340125                    /usr/bin/cidiand\n\
             55d54bfb8000-55d54bffa000 rw-p 00000000 00:00 0                          [heap]\n\
             7f9a7287a000-7f9a72ae3000 r--s 00000000 00:01 4                          /memfd:cidian-words (deleted)\n\
             7f9a72b0b000-7f9a72c61000 r-xp 00026000 fe:00 326279                     /usr/lib/libc.so.6\n\
             7f9a72dda000-7f9a72ddc000 r-xp 00000000 00:00 0 \n";
        let (read, run) = (ProtFlags::PROT_READ, ProtFlags::PROT_READ | ProtFlags::PROT_EXEC);
        let expected = [(0x55d5_3d68_5000..0x55d5_3da0_0000, read), (0x55d5_3da0_0000..0x55d5_3e3a_7000, run)];
        assert_eq!(parts(maps, "/usr/bin/cidiand"), expected);
        assert_eq!(parts(maps, "/usr/bin/other"), []);
        assert_eq!(whole_pages(&expected[0].0), Some(0x55d5_3d80_0000..0x55d5_3da0_0000));
        assert_eq!(whole_pages(&expected[1].0), Some(0x55d5_3da0_0000..0x55d5_3e20_0000));
        assert_eq!(whole_pages(&(0x1f_f000..0x3f_f000)), None);
    }

    #[test]
    fn joined_pages_have_the_same_bytes() {
        let bytes: Vec<u8> = (0..3 * HUGE).map(|place| (place / 4_096) as u8).collect();
        let range = bytes.as_ptr().addr()..bytes.as_ptr().addr() + bytes.len();
        let _ = bytes.as_ptr().expose_provenance();
        let memory = copy(&range, 4_096).unwrap();
        // A kernel that can't do it says so, and harms nothing.
        let _ = join(memory.as_fd(), HUGE, HUGE);
        let mut copied = vec![0; bytes.len()];
        let file = std::fs::File::from(memory);
        file.read_exact_at(&mut copied, 4_096).unwrap();
        assert!(copied == bytes);
        assert!(file.write_all_at(b"x", 0).is_err(), "it is sealed");
    }
}
