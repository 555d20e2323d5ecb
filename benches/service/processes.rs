//! Processes of the bench, and what `/proc` shows of them. Each process ends when the value that represents it is
//! dropped; if the bench itself is killed, the kernel ends it. No process is ended here that was not started here.

use crate::Result;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// A running server and the children that it has forked.
#[derive(Debug)]
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts a program; `prepare` adds arguments, environment and where its output goes.
    pub fn start(program: &Path, prepare: impl FnOnce(&mut Command)) -> Result<Self> {
        Self::start_as(&[], program, prepare)
    }

    /// The same, as another user, given in options of setpriv(1).
    pub fn start_as(user: &[&str], program: &Path, prepare: impl FnOnce(&mut Command)) -> Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(user).args(["--pdeathsig", "KILL"]).arg(program);
        prepare(&mut command);
        let child = command.spawn().map_err(|error| format!("setpriv {} can't be run: {error}", program.display()))?;
        Ok(Self { child })
    }

    /// Its process number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard output, if that is a pipe; once.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether it has not ended by itself.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Before the parent: as long as that lives, nobody else can have its children's numbers.
        if self.lives() {
            for pid in children(self.pid()) {
                let _ = kill(raw(pid), Signal::SIGKILL);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap_or(i32::MAX))
}

/// The children of a process, zombies among them.
pub fn children(pid: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// A figure of `/proc/PID/smaps_rollup`, such as `Private_Dirty`, in KiB.
pub fn memory(pid: u32, key: &str) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let figure =
        rollup.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')?.trim().strip_suffix(" kB"))?;
    figure.parse().ok()
}

/// CPU time that was spent so far: by the bench itself, by a server with its children, by a database.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// The bench: the load generator, and the threads that drive the database for comparison.
    pub load: Duration,
    /// The server, its children, and those that have ended and were waited for.
    pub server: Duration,
    /// The database server.
    pub database: Duration,
}

/// Reads the CPU time of what is measured.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    /// The server's parent process; of several servers each one's.
    pub server: Vec<u32>,
    /// The database server, if there is one; of a cluster each member.
    pub database: Vec<u32>,
}

impl Meter {
    /// What was spent until now.
    pub fn read(&self) -> Result<Spent> {
        let ours = getrusage(UsageWho::RUSAGE_SELF)?;
        let time = |value: nix::sys::time::TimeVal| {
            Duration::from_micros(u64::try_from(value.tv_sec() * 1_000_000 + value.tv_usec()).unwrap_or(0))
        };
        let tick = Duration::from_secs(1) / u32::try_from(sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100))?;
        let tree = |pid: u32| {
            let ticks: u64 = children(pid).into_iter().chain([pid]).map(ticks).sum();
            tick * u32::try_from(ticks).unwrap_or(u32::MAX)
        };
        Ok(Spent {
            load: time(ours.user_time()) + time(ours.system_time()),
            server: self.server.iter().copied().map(tree).sum(),
            database: self.database.iter().copied().map(tree).sum(),
        })
    }
}

/// CPU time of a process alone, without its children.
pub fn own_time(pid: u32) -> Result<Duration> {
    let tick = Duration::from_secs(1) / u32::try_from(sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100))?;
    Ok(tick * u32::try_from(ticks_in(pid, 2))?)
}

/// User and system time of a process and of the children that it has waited for.
fn ticks(pid: u32) -> u64 {
    ticks_in(pid, 4)
}

fn ticks_in(pid: u32, fields_wanted: usize) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').skip(11).take(fields_wanted).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
