//! The filter: a call that is not on the list ends the process, without any help from Landlock.

use crate::attempt::Outcome::{Done, Killed};
use crate::attempt::{Outcome, attempt, attempt_handed_down, errno, seccomp_only, whole};
use crate::policies;
use cidian::sys::sandbox::{Policy, Sandbox};
use cidian::sys::{Forker, SealedMap};
use nix::errno::Errno;
use nix::libc::{self, c_long};
use nix::sys::signal::Signal;
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;

const ENDED: Outcome = Killed(Signal::SIGSYS);

/// Makes a system call, past the C library.
fn call(number: c_long, arguments: [c_long; 6]) -> Result<(), Errno> {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: where a call takes an address it gets null, or the kernel refuses it; this is a forked child that
    // ends right after.
    Errno::result(unsafe { libc::syscall(number, a, b, c, d, e, f) }).map(drop)
}

fn calls(forker: &mut Forker, sandbox: &Sandbox, number: c_long, arguments: [c_long; 6]) -> Outcome {
    attempt(forker, sandbox, || call(number, arguments))
}

/// What no process may do: the call for each.
fn forbidden() -> Vec<(&'static str, c_long, [c_long; 6])> {
    let parent = c_long::from(std::process::id());
    let child = c_long::from(libc::SIGCHLD);
    vec![
        // Other processes.
        ("clone", libc::SYS_clone, [child, 0, 0, 0, 0, 0]),
        ("clone3", libc::SYS_clone3, [0; 6]),
        ("execve", libc::SYS_execve, [0; 6]),
        ("execveat", libc::SYS_execveat, [0; 6]),
        ("ptrace", libc::SYS_ptrace, [0; 6]),
        ("process_vm_readv", libc::SYS_process_vm_readv, [parent, 0, 0, 0, 0, 0]),
        ("pidfd_open", libc::SYS_pidfd_open, [parent, 0, 0, 0, 0, 0]),
        ("pidfd_getfd", libc::SYS_pidfd_getfd, [0; 6]),
        ("kill", libc::SYS_kill, [parent, 0, 0, 0, 0, 0]),
        ("tkill", libc::SYS_tkill, [parent, 0, 0, 0, 0, 0]),
        ("tgkill another", libc::SYS_tgkill, [parent, parent, libc::SIGABRT.into(), 0, 0, 0]),
        ("rt_sigqueueinfo", libc::SYS_rt_sigqueueinfo, [parent, 0, 0, 0, 0, 0]),
        ("wait4", libc::SYS_wait4, [-1, 0, 0, 0, 0, 0]),
        ("setpgid", libc::SYS_setpgid, [0; 6]),
        // More rights than it has.
        ("setuid", libc::SYS_setuid, [0; 6]),
        ("setresgid", libc::SYS_setresgid, [0; 6]),
        ("capset", libc::SYS_capset, [0; 6]),
        ("prctl", libc::SYS_prctl, [libc::PR_SET_DUMPABLE.into(), 1, 0, 0, 0, 0]),
        ("prlimit64", libc::SYS_prlimit64, [0; 6]),
        ("unshare", libc::SYS_unshare, [0; 6]),
        ("setns", libc::SYS_setns, [-1, 0, 0, 0, 0, 0]),
        ("chroot", libc::SYS_chroot, [0; 6]),
        ("mount", libc::SYS_mount, [0; 6]),
        ("umount2", libc::SYS_umount2, [0; 6]),
        ("pivot_root", libc::SYS_pivot_root, [0; 6]),
        // The kernel's own affairs, and its youngest and largest parts.
        ("bpf", libc::SYS_bpf, [0; 6]),
        ("io_uring_setup", libc::SYS_io_uring_setup, [0; 6]),
        ("userfaultfd", libc::SYS_userfaultfd, [0; 6]),
        ("perf_event_open", libc::SYS_perf_event_open, [0; 6]),
        ("keyctl", libc::SYS_keyctl, [0; 6]),
        ("add_key", libc::SYS_add_key, [0; 6]),
        ("init_module", libc::SYS_init_module, [0; 6]),
        ("kexec_load", libc::SYS_kexec_load, [0; 6]),
        ("reboot", libc::SYS_reboot, [0; 6]),
        ("settimeofday", libc::SYS_settimeofday, [0; 6]),
        ("syslog", libc::SYS_syslog, [0; 6]),
        ("seccomp", libc::SYS_seccomp, [0; 6]),
        ("landlock_create_ruleset", libc::SYS_landlock_create_ruleset, [0; 6]),
        ("open_by_handle_at", libc::SYS_open_by_handle_at, [0; 6]),
        // Serving.
        ("listen", libc::SYS_listen, [-1, 0, 0, 0, 0, 0]),
        ("accept4", libc::SYS_accept4, [-1, 0, 0, 0, 0, 0]),
        // What is allowed with other arguments.
        ("fcntl F_SETOWN", libc::SYS_fcntl, [2, libc::F_SETOWN.into(), parent, 0, 0, 0]),
        ("fcntl F_SETLEASE", libc::SYS_fcntl, [2, libc::F_SETLEASE.into(), 0, 0, 0, 0]),
        ("ioctl TIOCSTI", libc::SYS_ioctl, [2, c_long::try_from(libc::TIOCSTI).expect("small"), 0, 0, 0, 0]),
        ("socketpair", libc::SYS_socketpair, [libc::AF_TIPC.into(), 1, 0, 0, 0, 0]),
        // Options that hand the kernel a program, or open other parts of it.
        (
            "SO_ATTACH_FILTER",
            libc::SYS_setsockopt,
            [2, libc::SOL_SOCKET.into(), libc::SO_ATTACH_FILTER.into(), 0, 0, 0],
        ),
        ("SO_ATTACH_BPF", libc::SYS_setsockopt, [2, libc::SOL_SOCKET.into(), libc::SO_ATTACH_BPF.into(), 0, 0, 0]),
        ("SO_LOCK_FILTER", libc::SYS_setsockopt, [2, libc::SOL_SOCKET.into(), libc::SO_LOCK_FILTER.into(), 0, 0, 0]),
        ("SO_MARK", libc::SYS_setsockopt, [2, libc::SOL_SOCKET.into(), libc::SO_MARK.into(), 0, 0, 0]),
        ("TCP_ULP", libc::SYS_setsockopt, [2, libc::IPPROTO_TCP.into(), libc::TCP_ULP.into(), 0, 0, 0]),
        ("TCP_REPAIR", libc::SYS_setsockopt, [2, libc::IPPROTO_TCP.into(), libc::TCP_REPAIR.into(), 0, 0, 0]),
        ("TCP_CONGESTION", libc::SYS_setsockopt, [2, libc::IPPROTO_TCP.into(), libc::TCP_CONGESTION.into(), 0, 0, 0]),
        ("IP_ADD_MEMBERSHIP", libc::SYS_setsockopt, [2, libc::SOL_IP.into(), libc::IP_ADD_MEMBERSHIP.into(), 0, 0, 0]),
        // No call at all.
        ("number 10000", 10_000, [0; 6]),
        ("number -1", -1, [0; 6]),
    ]
}

pub fn no_session_may_make_these(forker: &mut Forker) {
    let forbidden = forbidden();
    for (kind, policy) in policies::all() {
        let sandbox = seccomp_only(policy);
        for (what, number, arguments) in &forbidden {
            assert_eq!(calls(forker, &sandbox, *number, *arguments), ENDED, "{kind}: {what}");
        }
    }
    // What would map the pages behind its own slot of the shared memory.
    for (kind, policy) in policies::all().into_iter().filter(|(kind, _)| *kind != "loader" && *kind != "probe") {
        let refused = Outcome::Refused(Errno::ENOMEM);
        let arguments = [0, 4_096, 1 << 20, libc::MREMAP_MAYMOVE.into(), 0, 0];
        if !kind.contains("writer") {
            assert_eq!(calls(forker, &seccomp_only(policy), libc::SYS_mremap, arguments), refused, "{kind}");
        }
    }
    // Name servers are asked over datagrams with options of their own.
    for (kind, policy) in policies::all().into_iter().filter(|(kind, _)| *kind != "by name") {
        let arguments = [2, libc::SOL_IP.into(), libc::IP_RECVERR.into(), 0, 0, 0];
        assert_eq!(calls(forker, &seccomp_only(policy), libc::SYS_setsockopt, arguments), ENDED, "{kind}");
    }
    // The loader may make a memory file, a session may not.
    for (kind, policy) in policies::all().into_iter().filter(|(kind, _)| *kind != "loader") {
        assert_eq!(calls(forker, &seccomp_only(policy), libc::SYS_memfd_create, [0; 6]), ENDED, "{kind}");
    }
}

fn socket(forker: &mut Forker, policy: Policy, family: i32, kind: i32) -> Outcome {
    let arguments = [family.into(), (kind | libc::SOCK_CLOEXEC).into(), 0, 0, 0, 0];
    calls(forker, &seccomp_only(policy), libc::SYS_socket, arguments)
}

pub fn sockets_are_the_database_s_only(forker: &mut Forker) {
    let (sqlite, socket_path) = (policies::sqlite(Path::new("/tmp")), Path::new("/tmp/s"));
    for (family, kind) in [
        (libc::AF_PACKET, libc::SOCK_RAW),
        (libc::AF_INET, libc::SOCK_RAW),
        (libc::AF_INET6, libc::SOCK_RAW),
        (libc::AF_VSOCK, libc::SOCK_STREAM),
        (libc::AF_ALG, libc::SOCK_SEQPACKET),
        (libc::AF_BLUETOOTH, libc::SOCK_STREAM),
    ] {
        for (name, policy) in policies::all() {
            assert_eq!(socket(forker, policy, family, kind), ENDED, "{name}: {family} {kind}");
        }
    }
    let (unix, four, six) = (libc::AF_UNIX, libc::AF_INET, libc::AF_INET6);
    for (policy, family, kind, outcome) in [
        (sqlite.clone(), unix, libc::SOCK_STREAM, ENDED),
        (sqlite, four, libc::SOCK_STREAM, ENDED),
        (policies::by_socket(socket_path), unix, libc::SOCK_STREAM, Done),
        (policies::by_socket(socket_path), four, libc::SOCK_STREAM, ENDED),
        (policies::by_address(3306), four, libc::SOCK_STREAM, Done),
        (policies::by_address(3306), four, libc::SOCK_DGRAM, ENDED),
        (policies::by_address(3306), six, libc::SOCK_STREAM, ENDED),
        (policies::by_address(3306), unix, libc::SOCK_STREAM, ENDED),
        (policies::by_name(3306), four, libc::SOCK_DGRAM, Done),
        (policies::by_name(3306), unix, libc::SOCK_STREAM, Done),
        (policies::by_name(3306), libc::AF_NETLINK, libc::SOCK_RAW, Done),
    ] {
        assert_eq!(socket(forker, policy, family, kind), outcome, "{family} {kind}");
    }
}

pub fn nothing_becomes_executable(forker: &mut Forker) {
    let (read, write, execute) = (libc::PROT_READ, libc::PROT_WRITE, libc::PROT_EXEC);
    let anonymous = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let map = |protection: i32, flags: i32, fd: i32| [0, 4096, protection.into(), flags.into(), fd.into(), 0];
    let program = File::open("/proc/self/exe").expect("this program");
    let fd = std::os::fd::AsRawFd::as_raw_fd(&program);
    for (kind, policy) in policies::all() {
        let by_name = kind == "by name";
        let sandbox = seccomp_only(policy);
        let mut tries = |number, arguments| {
            let tried = || call(number, arguments);
            crate::attempt::attempt_with(forker, &sandbox, &[program.as_fd()], || {}, tried)
        };
        assert_eq!(tries(libc::SYS_mmap, map(read | write, anonymous, -1)), Done, "{kind}");
        assert_eq!(tries(libc::SYS_mmap, map(read | execute, anonymous, -1)), ENDED, "{kind}");
        assert_eq!(tries(libc::SYS_mmap, map(read | write | execute, anonymous, -1)), ENDED, "{kind}");
        assert_eq!(tries(libc::SYS_mmap, map(read | write | execute, libc::MAP_PRIVATE, fd)), ENDED, "{kind}");
        assert_eq!(tries(libc::SYS_mprotect, [0, 4096, execute.into(), 0, 0, 0]), ENDED, "{kind}");
        // The C library's modules for finding names are libraries.
        let library = tries(libc::SYS_mmap, map(read | execute, libc::MAP_PRIVATE, fd));
        assert_eq!(library, if by_name { Done } else { ENDED }, "{kind}");
    }
}

/// Numbers mean something else there: 32-bit calls, and the "x32" ones of 64-bit processes.
pub fn calls_of_another_machine_end_it(forker: &mut Forker) {
    #[cfg(target_arch = "x86_64")]
    for (kind, policy) in policies::all() {
        let sandbox = seccomp_only(policy);
        assert_eq!(calls(forker, &sandbox, 0x4000_0000 | libc::SYS_getpid, [0; 6]), ENDED, "{kind}");
        let outcome = attempt(forker, &sandbox, || {
            // SAFETY: `getpid` of a 32-bit process, which changes nothing but `eax`.
            unsafe { std::arch::asm!("int 0x80", inout("eax") 20 => _, options(nostack)) };
            Ok(())
        });
        // A kernel without 32-bit calls ends it in its own way.
        assert!(matches!(outcome, Killed(Signal::SIGSYS | Signal::SIGSEGV)), "{kind}: {outcome:?}");
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = forker;
}

/// Nor may one that has inherited its filter from what can fork: neither with the calls that take a key, nor with
/// others.
pub fn no_session_that_inherits_may_make_these(forker: &mut Forker) {
    if !is_handed_down() {
        return;
    }
    let forking = (libc::CLONE_PARENT | libc::SIGCHLD).into();
    let guess = 0x1234_5678_9abc_def0;
    let with_a_guess = [
        ("clone", libc::SYS_clone, [forking, 0, 0, 0, 0, guess]),
        ("clone, a zero", libc::SYS_clone, [forking, 0, 0, 0, 0, 0]),
        ("getppid", libc::SYS_getppid, [0, 0, 0, 0, 0, guess]),
        ("prlimit64", libc::SYS_prlimit64, [0, 0, 0, 0, 0, guess]),
        ("prctl", libc::SYS_prctl, [libc::PR_SET_PDEATHSIG.into(), 0, 0, 0, 0, guess]),
        ("landlock_restrict_self", libc::SYS_landlock_restrict_self, [-1, 0, 0, 0, 0, guess]),
    ];
    let forbidden: Vec<_> = forbidden().into_iter().chain(with_a_guess).collect();
    for (kind, policy) in sessions() {
        let sandbox = whole(policy);
        for (what, number, arguments) in &forbidden {
            let outcome = attempt_handed_down(forker, &sandbox, &[], || call(*number, *arguments));
            // Whose process it is, the inherited filter does not know; Landlock does.
            let expected = if *what == "tgkill another" { Outcome::Refused(Errno::EPERM) } else { ENDED };
            assert_eq!(outcome, expected, "{kind}: {what}");
        }
        let arguments = [0, 4_096, 1 << 20, libc::MREMAP_MAYMOVE.into(), 0, 0];
        let outcome = attempt_handed_down(forker, &sandbox, &[], || call(libc::SYS_mremap, arguments));
        assert_eq!(outcome, Outcome::Refused(Errno::ENOMEM), "{kind}");
        let outcome = attempt_handed_down(forker, &sandbox, &[], || std::process::abort());
        assert_eq!(outcome, Killed(Signal::SIGABRT), "{kind}");
        let sealed = cidian::sys::seal(c"words", b"apple").expect("a memory file");
        let outcome = attempt_handed_down(forker, &sandbox, &[sealed.as_fd()], || work_of_a_session(&sealed));
        assert_eq!(outcome, Done, "{kind}");
    }
}

/// Limits, files and ports are those of one that enters by itself.
pub fn what_is_handed_down_is_all_of_it(forker: &mut Forker) {
    if !is_handed_down() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (inside, outside) = (directory.path().join("cidian.db"), tempfile::NamedTempFile::new().expect("a file"));
    std::fs::write(&inside, b"").expect("a file");
    let sandbox = whole(policies::sqlite(directory.path()));
    assert_eq!(attempt_handed_down(forker, &sandbox, &[], || errno(File::open(&inside))), Done);
    let outcome = attempt_handed_down(forker, &sandbox, &[], || errno(File::open(outside.path())));
    assert_eq!(outcome, Outcome::Refused(Errno::EACCES));
    let outcome = attempt_handed_down(forker, &sandbox, &[], || {
        let many = (0..100).map_while(|_| cidian::sys::duplicate(2).ok()).collect::<Vec<_>>().len();
        if (1..64).contains(&many) { Ok(()) } else { Err(Errno::EMFILE) }
    });
    assert_eq!(outcome, Done);
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = port.local_addr().expect("an address").port();
    let sandbox = whole(policies::by_address(number));
    let connect = |port| errno(std::net::TcpStream::connect(("127.0.0.1", port)));
    assert_eq!(attempt_handed_down(forker, &sandbox, &[], || connect(number)), Done);
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let number = other.local_addr().expect("an address").port();
    let outcome = attempt_handed_down(forker, &sandbox, &[], || connect(number));
    assert_eq!(outcome, Outcome::Refused(Errno::EACCES));
}

/// Whether this machine and this kernel have what it takes.
fn is_handed_down() -> bool {
    let has = whole(policies::by_address(1)).can_be_handed_down();
    if !has {
        println!("not tried: {:?}", crate::attempt::support().lacks());
    }
    has
}

fn work_of_a_session(sealed: &std::os::fd::OwnedFd) -> Result<(), Errno> {
    SealedMap::new(sealed.as_fd())?;
    errno(std::io::Write::write_all(&mut std::io::stderr(), b""))?;
    let mut bytes = vec![0_u8; 20 << 20];
    getrandom::fill(&mut bytes[..64]).map_err(|_| Errno::EIO)?;
    drop(bytes);
    cidian::sys::give_back_memory();
    let (ours, theirs) = cidian::ipc::parent::pair()?;
    cidian::sys::send_with_descriptor(ours.as_fd(), b"x", sealed.as_fd(), nix::sys::socket::MsgFlags::empty())?;
    let mut buffer = [0];
    let flags = nix::sys::socket::MsgFlags::empty();
    let (_, received) = cidian::sys::receive_with_descriptor(theirs.as_fd(), &mut buffer, flags)?;
    cidian::sys::not_taken(ours.as_fd()).ok_or(Errno::EIO)?;
    std::thread::sleep(std::time::Duration::from_millis(1));
    received.map(drop).ok_or(Errno::EIO)
}

pub fn what_a_session_does_is_allowed(forker: &mut Forker) {
    let sealed = cidian::sys::seal(c"words", b"apple").expect("a memory file");
    for (kind, policy) in sessions() {
        let work = || work_of_a_session(&sealed);
        let sandbox = crate::attempt::whole(policy);
        let outcome = crate::attempt::attempt_with(forker, &sandbox, &[sealed.as_fd()], || {}, work);
        assert_eq!(outcome, Done, "{kind}");
    }
}

/// Without the helpers.
fn sessions() -> impl Iterator<Item = (&'static str, Policy)> {
    policies::all().into_iter().filter(|(kind, _)| !["loader", "writer", "writer by address"].contains(kind))
}

pub fn an_abort_is_told_as_one(forker: &mut Forker) {
    for (kind, policy) in policies::all() {
        let outcome = attempt(forker, &seccomp_only(policy), || std::process::abort());
        assert_eq!(outcome, Killed(Signal::SIGABRT), "{kind}");
    }
}

/// Over a server it opens no file: the spool was opened before.
pub fn the_writer_uses_its_spool_and_opens_nothing(forker: &mut Forker) {
    use std::os::unix::fs::FileExt;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let opened = file.as_file();
    let sandbox = crate::attempt::whole(policies::writer_by_address(3306));
    let mut attempt = |what: &dyn Fn() -> Result<(), Errno>| {
        crate::attempt::attempt_with(forker, &sandbox, &[opened.as_fd()], || {}, what)
    };
    let uses = || {
        errno(opened.write_all_at(b"record", 16))?;
        errno(opened.sync_data())?;
        errno(opened.read_exact_at(&mut [0; 22], 0))?;
        errno(opened.set_len(0))?;
        errno(opened.metadata())
    };
    assert_eq!(attempt(&uses), Done);
    assert_eq!(attempt(&|| errno(File::open(file.path()))), ENDED);
    assert_eq!(attempt(&|| errno(std::fs::remove_file(file.path()))), ENDED);
}

pub fn names_are_read_only_even_without_landlock(forker: &mut Forker) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let sandbox = seccomp_only(policies::by_name(3306));
    assert_eq!(attempt(forker, &sandbox, || errno(File::open(file.path()))), Done);
    assert_eq!(attempt(forker, &sandbox, || errno(File::options().append(true).open(file.path()))), ENDED);
    assert_eq!(attempt(forker, &sandbox, || errno(std::fs::remove_file(file.path()))), ENDED);
    // A server by its address: not even that.
    let sandbox = seccomp_only(policies::by_address(3306));
    assert_eq!(attempt(forker, &sandbox, || errno(File::open(file.path()))), ENDED);
}
