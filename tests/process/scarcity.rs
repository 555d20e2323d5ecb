//! When the system gives no process and no descriptor: clients are told, and the daemon neither ends nor spins.

use crate::common::{Connection, Daemon, PATIENCE, Setup, Store, code, processes, wait_for, wait_until};
use std::process::Command;

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

fn served(client: &mut Connection) {
    assert_eq!(client.ask("I").len(), 5);
}

/// Lesson C20: EAGAIN from fork is that client's trouble and nobody else's.
#[test]
fn without_processes_clients_are_refused() {
    // The loader, the probe, the writer and the first client's child are forked; the next four are not.
    let inject = "inject=clone,clone3,?fork:error=EAGAIN:when=5..8";
    let trace = ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=clone,clone3,?fork", "-e", inject];
    let daemon = Setup::new(Store::Sqlite).wrapper(&trace).start();
    let mut first = daemon.connect();
    served(&mut first);
    for _ in 0..4 {
        let mut refused = daemon.connect();
        let line = refused.line();
        assert_eq!(code(&line), Some("busy"), "{line}");
        assert!(refused.at_eof());
    }
    served(&mut first);
    let mut afterwards = daemon.connect();
    served(&mut afterwards);
    assert_eq!(daemon.children().len(), 2);
    let log = daemon.log();
    assert_eq!(log.matches("no process for a client: EAGAIN").count(), 1, "said once, not once a client");
}

/// Lesson D8: with one descriptor put by, clients are told that there is none.
#[test]
fn without_descriptors_clients_are_told() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut first = daemon.connect();
    served(&mut first);
    let open = processes::descriptors(daemon.pid()).len();
    limit_descriptors(daemon.pid(), next_descriptor(daemon.pid()));
    for _ in 0..5 {
        let mut refused = daemon.connect();
        let line = refused.line();
        assert_eq!(code(&line), Some("busy"), "{line}");
        assert!(refused.at_eof());
    }
    served(&mut first);
    limit_descriptors(daemon.pid(), 1024);
    let mut afterwards = wait_for("clients to be accepted again", PATIENCE, || {
        let mut client = daemon.connect();
        client.try_send("I\n").ok()?;
        (client.try_line().ok()?? == "OK 4").then_some(client)
    });
    (0..4).for_each(|_| drop(afterwards.line()));
    afterwards.ok("E");
    drop(afterwards);
    wait_until("the number of descriptors to be what it was", || processes::descriptors(daemon.pid()).len() == open);
}

/// Lesson D8, and vsftpd's: when not even that helps, clients wait, and the daemon does not spin.
#[test]
fn without_any_descriptor_the_daemon_rests() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut first = daemon.connect();
    served(&mut first);
    limit_descriptors(daemon.pid(), 3);
    let mut waiting: Vec<Connection> = (0..5).map(|_| daemon.connect()).collect();
    daemon.wait_log("clients can't be accepted");
    // It wakes, sees that there is none, and sleeps again. One that spins uses CPU and hardly ever sleeps.
    let sleeps = || -> u64 {
        let text = processes::status(daemon.pid(), "voluntary_ctxt_switches").expect("a number of context switches");
        text.parse().expect("a number")
    };
    let (asleep, ticks) = (sleeps(), processes::cpu_ticks(daemon.pid()));
    wait_until("the daemon to have rested ten times", || sleeps() >= asleep + 10);
    let used = processes::cpu_ticks(daemon.pid()) - ticks;
    assert!(used <= 10, "{used} ticks of a hundredth of a second for ten looks");
    assert_eq!(daemon.log().matches("clients can't be accepted").count(), 1, "said once");
    served(&mut first);
    limit_descriptors(daemon.pid(), 1024);
    waiting.iter_mut().for_each(served);
    daemon.wait_log("clients are accepted again");
}
