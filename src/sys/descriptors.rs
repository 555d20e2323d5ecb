//! Descriptors: closing all but a few, and passing one through a Unix socket.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, UnixAddr, recvmsg, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Closes every descriptor but 0, 1, 2 and those of `keep`, whatever owns it. For a forked child, which
/// owns nothing of what it inherits.
///
/// # Errors
/// `ENOSYS` before Linux 5.9.
pub fn close_all_but(keep: &[BorrowedFd<'_>]) -> Result<(), Errno> {
    let mut from = 3;
    // A few, and not sorted on the heap: what a child allocates costs it a page.
    while let Some(fd) = keep.iter().filter_map(|fd| u32::try_from(fd.as_raw_fd()).ok()).filter(|&fd| fd >= from).min()
    {
        if fd > from {
            close_range(from, fd - 1)?;
        }
        from = fd + 1;
    }
    close_range(from, u32::MAX)
}

/// Closes a descriptor, whatever owns it. For a forked child, which owns nothing of what it inherits.
///
/// # Errors
/// `EBADF` if it is closed already.
pub fn close_inherited(descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: the caller is a forked child; the value that owns it is a copy of the parent's, which is never dropped
    // here because a child leaves by `_exit`.
    Errno::result(unsafe { libc::close(descriptor.as_raw_fd()) }).map(drop)
}

/// How much of what was sent on a stream socket its peer has not taken yet; `None` if the kernel does not report it.
pub fn not_taken(socket: BorrowedFd<'_>) -> Option<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: SIOCOUTQ, which has the number of TIOCOUTQ, writes one int, and `bytes` is one that outlives the call.
    let outcome = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if outcome == 0 { usize::try_from(bytes).ok() } else { None }
}

/// Writes to a pipe or a terminal that others may have open in blocking mode, only if it takes something now.
///
/// # Errors
/// `EAGAIN` if it takes nothing now; otherwise those of `write(2)`.
pub fn write_when_ready(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    let mut watched = [PollFd::new(fd, PollFlags::POLLOUT)];
    poll(&mut watched, PollTimeout::ZERO)?;
    if watched[0].any() != Some(true) {
        return Err(Errno::EAGAIN);
    }
    let part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // Another process may fill it in between, so the kernel is asked not to wait, where it knows how: for pipes since
    // Linux 6.4 (`FMODE_NOWAIT` in fs/pipe.c), for terminals not yet.
    // SAFETY: one part is read, which describes a slice that outlives the call; -1 is for what has no position.
    let written = unsafe { libc::pwritev2(fd.as_raw_fd(), &raw const part, 1, -1, libc::RWF_NOWAIT) };
    match Errno::result(written) {
        Ok(size) => Ok(usize::try_from(size).unwrap_or(0)),
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => nix::unistd::write(fd, bytes),
        Err(error) => Err(error),
    }
}

/// Acknowledges what has come on a TCP socket now, instead of a moment later together with an answer. Where it is no
/// TCP socket, nothing happens.
pub fn acknowledge_now(socket: BorrowedFd<'_>) {
    let yes: libc::c_int = 1;
    let size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `setsockopt` reads one int, and `yes` is one that outlives the call.
    let _ = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_QUICKACK, (&raw const yes).cast(), size)
    };
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
    // SAFETY: it is open, and by this function's contract nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends one message with one descriptor. The receiver gets a copy of the descriptor.
///
/// # Errors
/// Those of `sendmsg(2)`; `EAGAIN` if it would wait and `flags` forbid that.
pub fn send_with_descriptor(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptor: BorrowedFd<'_>,
    flags: MsgFlags,
) -> Result<(), Errno> {
    send_with_descriptors(socket, message, &[descriptor], flags)
}

/// The most descriptors that the kernel takes for one message (unix(7), SCM_RIGHTS). There is always room for all of
/// them: those that a receiver has no room for would be lost to it, but open.
const SCM_MAX_FD: usize = 253;

/// Sends one message with any number of descriptors.
///
/// # Errors
/// As [`send_with_descriptor`].
pub fn send_with_descriptors(
    socket: BorrowedFd<'_>,
    message: &[u8],
    descriptors: &[BorrowedFd<'_>],
    flags: MsgFlags,
) -> Result<(), Errno> {
    let descriptors: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let control = [ControlMessage::ScmRights(&descriptors)];
    let control = if descriptors.is_empty() { &control[..0] } else { &control[..] };
    sendmsg::<UnixAddr>(socket.as_raw_fd(), &[IoSlice::new(message)], control, flags | MsgFlags::MSG_NOSIGNAL, None)
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
    receive_with_descriptors(socket, buffer, flags).map(|(size, mut descriptors)| (size, descriptors.pop()))
}

/// Receives one message, and the descriptors that came with it, in the order in which they were sent.
///
/// # Errors
/// As [`receive_with_descriptor`]; what came is closed then.
pub fn receive_with_descriptors(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: MsgFlags,
) -> Result<(usize, Vec<OwnedFd>), Errno> {
    let mut control = nix::cmsg_space!([RawFd; SCM_MAX_FD]);
    let mut parts = [IoSliceMut::new(buffer)];
    let received = recvmsg::<UnixAddr>(
        socket.as_fd().as_raw_fd(),
        &mut parts,
        Some(&mut control),
        flags | MsgFlags::MSG_CMSG_CLOEXEC,
    )?;
    let mut descriptors = Vec::new();
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(received) = message {
            for fd in received {
                // SAFETY: the kernel has just made this descriptor for us; nothing else owns it.
                descriptors.push(unsafe { OwnedFd::from_raw_fd(fd) });
            }
        }
    }
    if received.flags.contains(MsgFlags::MSG_CTRUNC) {
        return Err(Errno::EMFILE);
    }
    Ok((received.bytes, descriptors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Seek, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn descriptors_arrive_in_their_order() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let files: Vec<std::fs::File> = (0..3)
            .map(|number| {
                let mut file = tempfile::tempfile().unwrap();
                write!(file, "{number}").unwrap();
                file.rewind().unwrap();
                file
            })
            .collect();
        let descriptors: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        send_with_descriptors(ours.as_fd(), b"three", &descriptors, MsgFlags::empty()).unwrap();
        send_with_descriptors(ours.as_fd(), b"none", &[], MsgFlags::empty()).unwrap();
        let mut buffer = [0; 5];
        let (size, received) = receive_with_descriptors(theirs.as_fd(), &mut buffer, MsgFlags::empty()).unwrap();
        assert_eq!((size, &buffer), (5, b"three"));
        let said = received.into_iter().map(|descriptor| {
            let mut text = String::new();
            std::fs::File::from(descriptor).read_to_string(&mut text).unwrap();
            text
        });
        assert_eq!(said.collect::<String>(), "012");
        let (size, received) = receive_with_descriptors(theirs.as_fd(), &mut buffer, MsgFlags::empty()).unwrap();
        assert_eq!((&buffer[..size], received.len()), (&b"none"[..], 0));
    }

    /// More descriptors than expected are not lost: they are closed, or refused by the sender's kernel.
    #[test]
    fn as_many_as_there_can_be() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let many = vec![ours.as_fd(); SCM_MAX_FD];
        send_with_descriptors(ours.as_fd(), b"x", &many, MsgFlags::empty()).unwrap();
        let (size, received) = receive_with_descriptors(theirs.as_fd(), &mut [0], MsgFlags::empty()).unwrap();
        assert_eq!((size, received.len()), (1, SCM_MAX_FD));
        let more = vec![ours.as_fd(); SCM_MAX_FD + 1];
        assert_eq!(send_with_descriptors(ours.as_fd(), b"x", &more, MsgFlags::empty()), Err(Errno::EINVAL));
    }
}
