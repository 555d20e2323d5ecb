//! What `/proc` shows of a process: its children, descriptors, state and time.

use nix::errno::Errno;
use nix::libc;
use std::collections::BTreeSet;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

fn read(pid: u32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default()
}

/// The children of a process, zombies among them.
pub fn children(pid: u32) -> Vec<u32> {
    read(pid, &format!("task/{pid}/children")).split_whitespace().map(|pid| pid.parse().expect("a pid")).collect()
}

/// The state's letter, `Z` for a zombie; `None` if there is no such process.
pub fn state(pid: u32) -> Option<char> {
    read(pid, "stat").rsplit_once(") ").and_then(|(_, rest)| rest.chars().next())
}

/// Whether a process exists and is not only waiting to be reaped.
pub fn lives(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

/// The CPU time of a process, user and system, in ticks of a hundredth of a second.
pub fn cpu_ticks(pid: u32) -> u64 {
    let stat = read(pid, "stat");
    let fields = stat.rsplit_once(") ").expect("the process is there").1;
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}

/// A process's parent, its CPU time and that of its ended children in ticks, and whether it waits for a disk.
pub fn work(pid: u32) -> Option<(u32, u64, bool)> {
    let stat = read(pid, "stat");
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks, fields.first() == Some(&"D")))
}

/// How long ago a process was forked, to a hundredth of a second.
pub fn age(pid: u32) -> Option<Duration> {
    let stat = read(pid, "stat");
    let forked: u64 = stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let uptime: f64 = uptime.split(' ').next()?.parse().ok()?;
    Some(Duration::from_secs_f64(uptime).saturating_sub(Duration::from_millis(forked * 10)))
}

/// How many bytes a process of ours has read so far, from whatever it reads.
pub fn bytes_read(pid: u32) -> u64 {
    let io = read(pid, "io");
    let bytes = io.lines().find_map(|line| line.strip_prefix("rchar: ")).expect("a process that may be looked at");
    bytes.parse().expect("a number")
}

/// What the open descriptors lead to, such as `socket:[1234]`.
pub fn descriptors(pid: u32) -> Vec<PathBuf> {
    let directory = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten();
    directory.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok()).collect()
}

/// The inodes of the open sockets.
pub fn sockets(pid: u32) -> BTreeSet<u64> {
    let inode = |path: &PathBuf| path.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok();
    descriptors(pid).iter().filter_map(inode).collect()
}

/// A descriptor of the test's own for the one open socket of a process that is not among `known`; `None` if there is
/// no such socket.
///
/// # Errors
/// As pidfd_getfd(2): `EPERM` for a process that may not be inspected; only root may inspect a confined one.
pub fn duplicate_socket(pid: u32, known: &BTreeSet<u64>) -> nix::Result<Option<OwnedFd>> {
    let inode =
        |path: PathBuf| -> Option<u64> { path.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok() };
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let mut new = entries.filter(|entry| {
        std::fs::read_link(entry.path()).ok().and_then(inode).is_some_and(|inode| !known.contains(&inode))
    });
    let number = new.next().and_then(|entry| entry.file_name().to_str()?.parse::<libc::c_int>().ok());
    let Some(number) = number else { return Ok(None) };
    assert!(new.next().is_none(), "there is one new socket");
    // SAFETY: the call takes numbers; nothing else owns the descriptor that it returns.
    let process = unsafe {
        let descriptor = Errno::result(libc::syscall(libc::SYS_pidfd_open, pid, 0))?;
        OwnedFd::from_raw_fd(libc::c_int::try_from(descriptor).expect("a descriptor"))
    };
    // SAFETY: as above.
    unsafe {
        let descriptor = Errno::result(libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), number, 0))?;
        Ok(Some(OwnedFd::from_raw_fd(libc::c_int::try_from(descriptor).expect("a descriptor"))))
    }
}

/// The inodes of all sockets that listen on a TCP port of IPv4.
pub fn listening_inodes(port: u16) -> BTreeSet<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("/proc/net/tcp");
    let of_line = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let listens = fields.get(3) == Some(&"0A") && fields.get(1)?.ends_with(&format!(":{port:04X}"));
        if listens { fields.get(9)?.parse().ok() } else { None }
    };
    table.lines().filter_map(of_line).collect()
}

/// The inode of the daemon's end of a connection over 127.0.0.1.
pub fn server_end(port: u16, client: u16) -> Option<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("/proc/net/tcp");
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let ours = fields.get(1)?.ends_with(&format!(":{port:04X}"));
        let theirs = fields.get(2)?.ends_with(&format!(":{client:04X}"));
        if ours && theirs { fields.get(9)?.parse().ok() } else { None }
    })
}

/// A line of `/proc/PID/status`, such as `SigBlk`; without its name.
pub fn status(pid: u32, key: &str) -> Option<String> {
    let status = read(pid, "status");
    status.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim().to_owned()))
}

/// The title that `ps` shows.
pub fn title(pid: u32) -> String {
    read(pid, "cmdline").trim_end_matches('\0').replace('\0', " ")
}

/// The inodes of the words that a process has mapped.
pub fn mapped_words(pid: u32) -> BTreeSet<String> {
    let maps = read(pid, "maps");
    let words = maps.lines().filter(|line| line.contains("cidian-words"));
    words.filter_map(|line| line.split_whitespace().nth(4).map(str::to_owned)).collect()
}

/// A figure of `/proc/PID/smaps_rollup`, such as `Private_Dirty`, in KiB.
pub fn memory(pid: u32, key: &str) -> u64 {
    let rollup = read(pid, "smaps_rollup");
    let figure = rollup.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.trim().strip_suffix(" kB"));
    figure.expect("the process is there").parse().expect("a number")
}

/// How often a text lies in the memory that a process can write to; `None` if this user may not look. The process is
/// stopped meanwhile, and goes on afterwards.
pub fn in_memory(pid: u32, text: &str) -> Option<usize> {
    use std::os::unix::fs::FileExt;
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    super::send_signal(pid, nix::sys::signal::Signal::SIGSTOP);
    super::wait_until("the process to stop", || state(pid) == Some('T'));
    let mut found = 0;
    for line in read(pid, "maps").lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().expect("a range"), fields.next().expect("rights"));
        if !rights.starts_with("rw") {
            continue;
        }
        let (begin, end) = range.split_once('-').expect("two addresses");
        let [begin, end] = [begin, end].map(|text| u64::from_str_radix(text, 16).expect("an address"));
        let mut bytes = vec![0; usize::try_from(end - begin).expect("a size")];
        // What can't be read (a device's memory) contains nothing of ours.
        if memory.read_exact_at(&mut bytes, begin).is_ok() {
            found += String::from_utf8_lossy(&bytes).matches(text).count();
        }
    }
    super::send_signal(pid, nix::sys::signal::Signal::SIGCONT);
    Some(found)
}
