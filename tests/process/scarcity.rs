//! When the system is out of processes or descriptors: clients are refused with a line, and the daemon neither ends nor
//! spins.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use support::{Connection, Daemon, PASSWD, PATIENCE, Setup, Store, code, processes, wait_for, wait_until};

/// Sets the soft limit of descriptors of a running process.
fn limit_descriptors(pid: u32, limit: u64) {
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &pid.to_string(), &format!("--nofile={limit}:")]);
    assert!(prlimit.status().expect("prlimit (package util-linux) runs").success());
}

/// The descriptor number that the next open would give.
fn next_descriptor(pid: u32) -> u64 {
    (0..).find(|number| std::fs::symlink_metadata(format!("/proc/{pid}/fd/{number}")).is_err()).expect("a free number")
}

/// Limits the address space of a running process to what it has and `more`; or no longer.
fn limit_memory(pid: u32, more: Option<u64>) {
    let pages = std::fs::read_to_string(format!("/proc/{pid}/statm")).expect("the process is there");
    let pages: u64 = pages.split(' ').next().and_then(|pages| pages.parse().ok()).expect("a number of pages");
    let limit = more.map_or_else(|| "unlimited".to_owned(), |more| (pages * 4_096 + more).to_string());
    let mut prlimit = Command::new("prlimit");
    prlimit.args(["--pid", &pid.to_string(), &format!("--as={limit}:")]);
    assert!(prlimit.status().expect("prlimit (package util-linux) runs").success());
}

/// The processes that one daemon may have: a control group of its own for root, whom limits of processes do not hold;
/// the limit of its user's processes for others.
struct ProcessTable {
    group: Option<PathBuf>,
    processes: Mutex<Vec<u32>>,
}

impl ProcessTable {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let group = nix::unistd::geteuid().is_root().then(|| {
            let root =
                ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map(PathBuf::from).into_iter().find(|root| root.is_dir());
            let group = root.expect("control groups").join(format!("cidian-test-{}-{number}", std::process::id()));
            std::fs::create_dir(&group).expect("root makes a control group");
            group
        });
        Self { group, processes: Mutex::default() }
    }

    /// From now on it holds what a process forks.
    fn holds(&self, pid: u32) {
        self.processes.lock().expect("a list").push(pid);
        if let Some(group) = &self.group {
            std::fs::write(group.join("cgroup.procs"), pid.to_string()).expect("the daemon joins the group");
        }
    }

    fn set_full(&self, full: bool) {
        match &self.group {
            Some(group) => {
                let limit = if full { "1" } else { "max" };
                std::fs::write(group.join("pids.max"), limit).expect("the group is limited");
            }
            None => {
                let limit = if full { "0:" } else { "60000:" };
                for pid in &*self.processes.lock().expect("a list") {
                    let mut prlimit = Command::new("prlimit");
                    prlimit.args(["--pid", &pid.to_string(), &format!("--nproc={limit}")]);
                    assert!(prlimit.status().expect("prlimit (package util-linux) runs").success());
                }
            }
        }
    }
}

impl Drop for ProcessTable {
    fn drop(&mut self) {
        if let Some(group) = &self.group {
            // Its processes end with the daemon, but perhaps a moment later.
            let begin = std::time::Instant::now();
            while std::fs::remove_dir(group).is_err() && begin.elapsed() < PATIENCE {
                std::thread::yield_now();
            }
        }
    }
}

fn is_refused(mut client: Connection) {
    let line = client.line();
    assert_eq!(code(&line), Some("busy"), "{line}");
    assert!(client.at_eof());
}

fn served(client: &mut Connection) {
    assert_eq!(client.ask("I").len(), 5);
}

/// A daemon some of whose system calls fail: those that `calls` and `when` name, as strace's `inject` has them.
fn failing(calls: &str, error: &str, when: &str, options: &str) -> Daemon {
    let inject = format!("inject={calls}:error={error}:when={when}");
    let trace = format!("trace={calls}");
    let strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject];
    Setup::new(Store::Sqlite).options(options).wrapper(&strace).start()
}

/// Connects until a client is served again.
fn served_again(daemon: &Daemon) -> Connection {
    wait_for("clients to be served again", PATIENCE, || {
        let mut client = daemon.connect();
        client.try_send("I\n").ok()?;
        if client.try_line().ok()?? != "OK 4" {
            return None;
        }
        (0..4).for_each(|_| drop(client.line()));
        Some(client)
    })
}

/// Waits until a process has slept ten times more, and returns how much CPU that took. One that spins uses CPU and
/// hardly ever sleeps.
fn rests_ten_times(pid: u32) {
    let sleeps = || -> u64 {
        let text = processes::status(pid, "voluntary_ctxt_switches").expect("a number of context switches");
        text.parse().expect("a number")
    };
    let (asleep, ticks) = (sleeps(), processes::cpu_ticks(pid));
    wait_until("the daemon to have rested ten times", || sleeps() >= asleep + 10);
    let used = processes::cpu_ticks(pid) - ticks;
    assert!(used <= 10, "{used} ticks of a hundredth of a second for ten looks");
}

/// A fork that fails affects that client only.
#[test]
fn without_processes_clients_are_refused() {
    for error in ["EAGAIN", "ENOMEM"] {
        for options in ["", "--fork-server"] {
            forks_fail(error, options);
        }
    }
}

fn forks_fail(error: &str, options: &str) {
    // Of each process the first four forks work, and the next four don't: the loader, the probe, the writer and the
    // first client's child; or the fork server, which then forks the children.
    let daemon = failing("clone,clone3,?fork", error, "5..8", options);
    let served_first = if daemon.forks_children() == daemon.pid() { 1 } else { 4 };
    let mut first: Vec<Connection> = (0..served_first).map(|_| daemon.connect()).collect();
    first.iter_mut().for_each(served);
    for _ in 0..4 {
        is_refused(daemon.connect());
    }
    first.iter_mut().for_each(served);
    let mut afterwards = daemon.connect();
    served(&mut afterwards);
    assert_eq!(daemon.children().len(), served_first + 1);
    let log = daemon.log();
    assert_eq!(log.matches(&format!("cannot fork a child: {error}")).count(), 1, "said once, not once a client");
    assert_eq!(daemon.status()["refused_by"]["scarcity"], 4);
}

/// What accept(2) returns when the system, not this process, has nothing left: no client can be refused. They wait.
#[test]
fn without_files_or_memory_in_the_system_clients_wait() {
    for error in ["ENFILE", "ENOMEM", "ENOBUFS"] {
        // Each look is two accepts, the second with the spare descriptor; so these are twelve rests of 100 ms.
        let daemon = failing("accept4", error, "2..25", "");
        let mut first = daemon.connect();
        served(&mut first);
        let mut waiting: Vec<Connection> = (0..5).map(|_| daemon.connect()).collect();
        daemon.wait_log("cannot accept clients");
        let ticks = processes::cpu_ticks(daemon.pid());
        served(&mut first);
        assert_eq!(daemon.children().len(), 1, "{error}: it is not over yet");
        waiting.iter_mut().for_each(served);
        let used = processes::cpu_ticks(daemon.pid()) - ticks;
        assert!(used <= 30, "{error}: {used} ticks of a hundredth of a second");
        let log = daemon.log();
        assert_eq!(log.matches("cannot accept clients").count(), 1, "said once");
        assert!(log.contains("accepting clients again"));
    }
}

/// A full table of processes, as the kernel has it: no fork works, not a client's and not the loader's. Everything else
/// does, and no CPU is used for it.
#[test]
fn with_a_full_table_of_processes_only_new_ones_are_refused() {
    let table = ProcessTable::new();
    let daemon = Setup::new(Store::Sqlite).start();
    table.holds(daemon.pid());
    table.holds(daemon.forks_children());
    let mut ann = daemon.connect_as("ann");
    assert_eq!(daemon.children().len(), 1);
    table.set_full(true);
    let ticks = processes::cpu_ticks(daemon.pid());
    for _ in 0..50 {
        is_refused(daemon.connect());
    }
    daemon.replace_words("newer\tn. 更新的\n");
    let output = daemon.tool(&["reload"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(71), "{said}");
    assert!(said.contains("cannot fork a loader: EAGAIN") && said.contains("keeping the old words"), "{said}");
    daemon.signal(nix::sys::signal::Signal::SIGHUP);
    daemon.wait_log_times("reload failed: cannot fork a loader", 2);
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    ann.login("ann");
    assert_eq!(code(&ann.ask_line("Q ann newer")), Some("notfound"));
    let used = processes::cpu_ticks(daemon.pid()) - ticks;
    assert!(used <= 20, "{used} ticks of a hundredth of a second");
    assert_eq!(daemon.log().matches("cannot fork a child").count(), 1, "said once");
    table.set_full(false);
    let mut bob = served_again(&daemon);
    bob.register("bob");
    let output = daemon.tool(&["reload"]);
    assert!(output.status.success(), "{output:?}");
    bob.login("bob");
    assert_eq!(bob.ask_line("Q bob newer"), "OK newer\tn. 更新的");
    assert_eq!(ann.history("ann"), ["apple"]);
}

/// With one descriptor put by, clients are refused with a line.
#[test]
fn without_descriptors_clients_are_told() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut first = daemon.connect();
    served(&mut first);
    let port = first.tcp().local_addr().expect("an address").port();
    let theirs = processes::server_end(daemon.port(), port).expect("the daemon's end");
    wait_until("the parent to have left the client to its child", || {
        !processes::sockets(daemon.pid()).contains(&theirs)
    });
    let open = processes::descriptors(daemon.pid()).len();
    limit_descriptors(daemon.pid(), next_descriptor(daemon.pid()));
    for _ in 0..5 {
        is_refused(daemon.connect());
    }
    served(&mut first);
    limit_descriptors(daemon.pid(), 1024);
    let mut afterwards = served_again(&daemon);
    afterwards.ok("E");
    drop(afterwards);
    wait_until("the number of descriptors to be what it was", || processes::descriptors(daemon.pid()).len() == open);
}

/// When not even that helps, clients wait, and the daemon does not spin.
#[test]
fn without_any_descriptor_the_daemon_rests() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut first = daemon.connect();
    served(&mut first);
    limit_descriptors(daemon.pid(), 3);
    let mut waiting: Vec<Connection> = (0..5).map(|_| daemon.connect()).collect();
    daemon.wait_log("cannot accept clients");
    // Nor does a client of the control socket keep it awake.
    let mut asking = daemon.tool_command(&["status"]).stdout(Stdio::null()).spawn().expect("cidiand runs");
    // It wakes, gets no descriptor, and sleeps again.
    rests_ten_times(daemon.pid());
    assert_eq!(first.refused("L ann guess"), "unavailable", "it could not be checked, so it is no failed login");
    assert_eq!(daemon.log().matches("cannot accept clients").count(), 1, "said once");
    served(&mut first);
    limit_descriptors(daemon.pid(), 1024);
    waiting.iter_mut().for_each(served);
    daemon.wait_log("accepting clients again");
    assert!(asking.wait().expect("its exit status").success(), "the operator is answered afterwards");
}

/// A child without memory fails its client's request, not its client; a loader without memory leaves the old words.
#[test]
fn without_memory_requests_fail_and_work_later() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.connect().register("ann");
    daemon.wait_children(0);
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    limit_memory(child, Some(8 << 20));
    assert_eq!(ann.refused(&format!("L ann {PASSWD}")), "unavailable");
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    limit_memory(child, None);
    ann.login("ann");

    let many: String = (0..300_000).map(|n| format!("word{n:06}\tn. 生成的第 {n} 个词条\n")).collect();
    daemon.replace_words(many);
    limit_memory(daemon.pid(), Some(8 << 20));
    let output = daemon.tool(&["reload"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(71), "{said}");
    assert!(said.contains("keeping the old words"), "{said}");
    served(&mut daemon.connect());
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tn. 苹果");
    limit_memory(daemon.pid(), None);
    let output = daemon.tool(&["reload"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(ann.ask("I")[3], "headwords\t300000");
}
