//! Lists of system calls that several processes need.

use crate::sys::sandbox::{Condition, Policy};
use std::path::{Path, PathBuf};

/// Commands of `fcntl`.
pub fn file_control(commands: &[libc::c_int]) -> Policy {
    let commands: Vec<u32> = commands.iter().copied().map(number).collect();
    Policy::default().call_when(libc::SYS_fcntl, &[Condition::one_of(1, &commands)])
}

/// The directory that a file is in, or the one above it that there is.
pub fn nearest_directory(file: &Path) -> PathBuf {
    let above = file.ancestors().skip(1).map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let mut found = above.filter_map(|path| path.canonicalize().ok());
    found.next().unwrap_or_else(|| PathBuf::from("/"))
}

/// Memory that can be executed.
pub const EXECUTE: u32 = number(libc::PROT_EXEC);

/// A constant of the C library, as the kernel sees it in a register.
pub const fn number(constant: libc::c_int) -> u32 {
    constant.cast_unsigned()
}

/// The same for those of `ioctl`, whose type differs from library to library; the kernel takes 32 bits.
#[allow(clippy::cast_possible_truncation, clippy::unnecessary_cast)]
pub const fn request(constant: libc::Ioctl) -> u32 {
    constant as u32
}

/// A type of socket without the flags that may be given with it.
const TYPE: u32 = 0xF;

/// Opening files to read them only, also without Landlock.
pub fn opening_to_read() -> Policy {
    let writing = number(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC);
    Policy::default().call_when(libc::SYS_openat, &[Condition::lacks(2, writing)])
}

/// Setting options of sockets, by their names: beside harmless ones each level has some that hand the kernel a program
/// (`SO_ATTACH_FILTER`), or open a part of it that nothing here needs (`TCP_ULP`).
pub fn socket_options(level: libc::c_int, names: &[libc::c_int]) -> Policy {
    let names: Vec<u32> = names.iter().copied().map(number).collect();
    let conditions = [Condition::is(1, number(level)), Condition::one_of(2, &names)];
    Policy::default().call_when(libc::SYS_setsockopt, &conditions)
}

/// How long to wait for the other end.
pub fn waits() -> Policy {
    socket_options(libc::SOL_SOCKET, &[libc::SO_RCVTIMEO, libc::SO_SNDTIMEO])
}

/// Sockets for streams of a family.
pub fn stream(family: libc::c_int) -> Policy {
    socket(family, libc::SOCK_STREAM)
}

/// Sockets of a family and a type.
pub fn socket(family: libc::c_int, kind: libc::c_int) -> Policy {
    let conditions = [Condition::is(0, number(family)), Condition::has(1, TYPE, number(kind))];
    Policy::default().call_when(libc::SYS_socket, &conditions)
}

/// Calls that only older machines have.
#[cfg(target_arch = "x86_64")]
pub const LINKS_OF_OLD: [libc::c_long; 2] = [libc::SYS_access, libc::SYS_readlink];
#[cfg(not(target_arch = "x86_64"))]
pub const LINKS_OF_OLD: [libc::c_long; 0] = [];
