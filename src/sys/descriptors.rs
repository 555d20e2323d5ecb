//! Descriptors: closing all but a few, and passing one through a Unix socket.

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Closes every descriptor but 0, 1, 2 and those of `keep`, whoever believes to own it. For a forked child, which
/// owns nothing of what it inherits.
///
/// # Errors
/// `ENOSYS` before Linux 5.9.
pub fn close_all_but(keep: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut keep: Vec<u32> = keep.iter().filter_map(|fd| u32::try_from(fd.as_raw_fd()).ok()).collect();
    keep.sort_unstable();
    let mut from = 3;
    for fd in keep {
        if fd > from {
            close_range(from, fd - 1)?;
        }
        from = from.max(fd + 1);
    }
    close_range(from, u32::MAX)
}

/// How much of what was sent on a stream socket its peer has not taken yet; `None` where the kernel does not tell.
pub fn not_taken(socket: BorrowedFd<'_>) -> Option<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: SIOCOUTQ, which has the number of TIOCOUTQ, writes one int, and `bytes` is one that outlives the call.
    let outcome = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if outcome == 0 { usize::try_from(bytes).ok() } else { None }
}

fn close_range(first: u32, last: u32) -> Result<(), Errno> {
    // SAFETY: the caller is a forked child; the values that own these descriptors are copies of the parent's, which
    // are never dropped here because a child leaves by `_exit`.
    let outcome = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    Errno::result(outcome).map(drop)
}

/// Another descriptor for what an open one leads to; closed by `exec`.
///
/// # Errors
/// `EBADF` if it is not open, `EMFILE` if there is no room.
pub fn duplicate(fd: RawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: `fcntl(F_DUPFD_CLOEXEC)` touches no memory of ours.
    let new = Errno::result(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(new) })
}

/// Takes ownership of a descriptor that a system call has just made, or that this program was started with.
///
/// # Errors
/// `EBADF` if it is not open.
pub fn adopt(fd: RawFd) -> Result<OwnedFd, Errno> {
    // SAFETY: `fcntl(F_GETFD)` touches no memory of ours.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
    // SAFETY: it is open, and by this function's contract nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends one message with one descriptor. The receiver gets a copy of the descriptor.
///
/// # Errors
/// Those of `sendmsg(2)`; `EAGAIN` if `flags` say not to wait and it would.
pub fn send_with_descriptor(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptor: BorrowedFd<'_>,
    flags: MsgFlags,
) -> Result<(), Errno> {
    let descriptors = [descriptor.as_raw_fd()];
    let control = [ControlMessage::ScmRights(&descriptors)];
    sendmsg::<UnixAddr>(socket.as_raw_fd(), &[IoSlice::new(message)], &control, flags | MsgFlags::MSG_NOSIGNAL, None)
        .map(drop)
}

/// Receives one message, and its descriptor if it has one. Zero bytes mean that the other end is closed.
///
/// # Errors
/// Those of `recvmsg(2)`. `EMFILE` if a descriptor came and this process has no room for it.
pub fn receive_with_descriptor(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: MsgFlags,
) -> Result<(usize, Option<OwnedFd>), Errno> {
    let mut control = nix::cmsg_space!(RawFd);
    let mut parts = [IoSliceMut::new(buffer)];
    let received = recvmsg::<UnixAddr>(
        socket.as_fd().as_raw_fd(),
        &mut parts,
        Some(&mut control),
        flags | MsgFlags::MSG_CMSG_CLOEXEC,
    )?;
    let mut descriptor = None;
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(descriptors) = message {
            for fd in descriptors {
                // SAFETY: the kernel has just made this descriptor for us; dropping the value closes a surplus one.
                descriptor = Some(unsafe { OwnedFd::from_raw_fd(fd) });
            }
        }
    }
    if descriptor.is_none() && received.flags.contains(MsgFlags::MSG_CTRUNC) {
        return Err(Errno::EMFILE);
    }
    Ok((received.bytes, descriptor))
}
