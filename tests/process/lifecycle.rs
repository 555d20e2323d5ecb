//! The daemon's life: ready, draining, ending; and what it reports to the service manager and the operator meanwhile.

use nix::sys::signal::Signal;
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};
use support::{
    Connection, Daemon, PATIENCE, Setup, Store, WORDS, code, on_both_stores, processes, wait_for, wait_until,
};

on_both_stores!(stopping_keeps_what_was_acknowledged);

fn says_bye(client: &mut Connection) {
    let line = client.line();
    assert_eq!(code(&line), Some("bye"), "{line}");
    assert!(client.at_eof());
}

/// Stops accepting, every client gets `bye`, the exit status is 0.
fn drains(signal: Signal) {
    let mut daemon = Daemon::over(Store::Sqlite);
    let mut user = daemon.connect_as("ann");
    let mut clients: Vec<Connection> = (0..10).map(|_| daemon.connect()).collect();
    let mut half = daemon.connect();
    half.send("R bob secret\nR eve sec");
    assert_eq!(half.line(), "OK");
    let children = daemon.wait_children(12);
    let begin = Instant::now();
    daemon.signal(signal);
    clients.iter_mut().chain([&mut user, &mut half]).for_each(says_bye);
    drop((clients, user, half));
    assert_eq!(daemon.wait_exit().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(5), "nothing held it: {:?}", begin.elapsed());
    assert!(children.iter().all(|&child| processes::state(child).is_none()), "every child was reaped");
    assert!(TcpStream::connect(("127.0.0.1", daemon.port())).is_err());
    assert!(daemon.log().contains(": server stopping"));
    // The state is whole, and half a request was not carried out.
    daemon.start();
    let mut again = daemon.connect();
    again.login("ann");
    assert_eq!(again.refused("R bob secret"), "exists");
    again.ok("R eve sec");
}

#[test]
fn term_drains() {
    drains(Signal::SIGTERM);
}

#[test]
fn int_drains() {
    drains(Signal::SIGINT);
}

/// What was read is finished, `bye` comes after it, and what got no reply was not carried out.
fn stopping_keeps_what_was_acknowledged(store: Store) {
    let mut daemon = Daemon::over(store);
    daemon.connect().register("ann");
    let mut ann = daemon.connect();
    ann.login("ann");
    let mut idle = daemon.connect();
    idle.ask("I");
    let words = ["apple", "zoo", "pear"];
    // A first batch arrives whole before the signal; behind it the client goes on sending for ever.
    let mut writer = ann.tcp().try_clone().expect("another handle");
    let mut acknowledged = 0;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for at in 0.. {
                if std::io::Write::write_all(&mut writer, format!("Q ann {}\n", words[at % 3]).as_bytes()).is_err() {
                    return;
                }
            }
        });
        for _ in 0..500 {
            assert!(ann.line().starts_with("OK "));
        }
        acknowledged += 500;
        daemon.signal(Signal::SIGTERM);
        loop {
            let line = ann.line();
            if code(&line) == Some("bye") {
                break;
            }
            assert!(line.starts_with(&format!("OK {}\t", words[acknowledged % 3])), "{line}");
            acknowledged += 1;
        }
        assert!(ann.at_eof());
        let _ = ann.tcp().shutdown(std::net::Shutdown::Both);
    });
    says_bye(&mut idle);
    drop(idle);
    assert_eq!(daemon.wait_exit().code(), Some(0));
    daemon.start();
    let mut again = daemon.connect();
    again.login("ann");
    let expected: Vec<&str> = (0..acknowledged).rev().map(|at| words[at % 3]).collect();
    assert!(again.history("ann") == expected, "exactly the {acknowledged} lookups that were acknowledged");
}

/// A daemon with a child that can't finish: its client reads nothing.
fn with_a_stuck_child() -> (Daemon, Connection, u32) {
    let long = "长".repeat(300_000);
    let daemon = Setup::new(Store::Sqlite).words(format!("{WORDS}zzz\t{long}\n")).start();
    daemon.connect().register("ann");
    daemon.wait_children(0);
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    ann.send("Q ann zzz\n".repeat(20));
    wait_until("the child to wait for its client", || {
        processes::title(child).ends_with(": busy")
            && processes::status(child, "State").is_some_and(|s| s.starts_with('S'))
    });
    (daemon, ann, child)
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (mut daemon, _ann, child) = with_a_stuck_child();
    daemon.signal(Signal::SIGTERM);
    daemon.wait_log("stopping: ");
    assert!(processes::lives(daemon.pid()) && processes::lives(child), "one signal waits for the child");
    let begin = Instant::now();
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait_exit().code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    wait_until("the child to be gone", || !processes::lives(child));
}

#[test]
fn what_is_left_after_ten_seconds_is_ended() {
    let (mut daemon, _ann, child) = with_a_stuck_child();
    let begin = Instant::now();
    daemon.signal(Signal::SIGINT);
    assert_eq!(daemon.wait_exit().code(), Some(0));
    let elapsed = begin.elapsed();
    assert!(elapsed >= Duration::from_secs(10) && elapsed < Duration::from_secs(15), "{elapsed:?}");
    assert!(processes::state(child).is_none(), "ended and reaped");
}

#[test]
fn usr1_logs_one_line_of_figures() {
    let daemon = Setup::new(Store::Sqlite).options("--max-clients 2").start();
    let mut clients: Vec<Connection> = (0..2).map(|_| daemon.connect_with_child().0).collect();
    assert_eq!(code(&daemon.connect().line()), Some("busy"));
    daemon.signal(Signal::SIGUSR1);
    let line = daemon.wait_log("counters: ");
    assert!(line.contains("clients=2 forks=2 reaped=0 refused=1 words=6 generation=1"), "{line}");
    clients[0].ok("E");
    drop(clients.remove(0));
    daemon.wait_children(1);
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("generation 2");
    daemon.signal(Signal::SIGUSR1);
    daemon.wait_log("clients=1 forks=2 reaped=1 refused=1 words=6 generation=2");
    assert_eq!(daemon.log().matches("counters: ").count(), 2, "one line for one signal");
}

/// The signals that mean nothing to it end nothing: SIGPIPE is ignored.
#[test]
fn sigpipe_is_ignored() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.signal(Signal::SIGPIPE);
    daemon.signal(Signal::SIGUSR1);
    daemon.wait_log("counters: ");
    assert_eq!(daemon.connect().ask("I").len(), 5);
}

/// What whoever starts it ignores or blocks is not ignored or blocked in the daemon: a program that ignores SIGCHLD would
/// otherwise leave it with children that it never notices to end.
#[test]
fn ignored_and_blocked_signals_are_not_inherited() {
    let ignored = "--ignore-signal=CHLD,TERM,HUP,USR1";
    let mut daemon =
        Setup::new(Store::Sqlite).wrapper(&["env", ignored, "--block-signal=CHLD,TERM,HUP,USR1,ALRM"]).start();
    let (client, child) = daemon.connect_with_child();
    drop(client);
    wait_until("the child to be reaped", || processes::state(child).is_none());
    daemon.signal(Signal::SIGUSR1);
    daemon.wait_log("clients=0 forks=1 reaped=1");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("generation 2");
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait_exit().code(), Some(0));
}

#[test]
fn the_service_manager_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let told = || {
        let mut bytes = [0; 4096];
        let size = manager.recv(&mut bytes).expect("a message in time");
        String::from_utf8(bytes[..size].to_vec()).expect("text")
    };
    let socket = path.to_str().expect("a path");
    let mut daemon = Setup::new(Store::Sqlite).environment("NOTIFY_SOCKET", socket).start();
    let ready = told();
    assert!(ready.lines().any(|line| line == "READY=1"), "{ready}");
    assert!(ready.lines().any(|line| line.starts_with("STATUS=0 clients, 6 headwords")), "{ready}");
    let (mut client, child) = daemon.connect_with_child();
    wait_for("the status to show the client", PATIENCE, || told().contains("STATUS=1 clients").then_some(()));
    // Only the daemon speaks: no child has a socket for it. (That the variable is gone from a child's environment
    // can't be seen from here: /proc/PID/environ shows the memory that it was in when the daemon started.)
    assert_eq!(processes::sockets(child).len(), 3, "its client, its parent and the writer");
    daemon.signal(Signal::SIGTERM);
    wait_for("STOPPING=1", PATIENCE, || told().lines().any(|line| line == "STOPPING=1").then_some(()));
    says_bye(&mut client);
    drop(client);
    assert_eq!(daemon.wait_exit().code(), Some(0));
}

/// A service manager that has gone is not a reason to end.
#[test]
fn a_service_manager_that_does_not_answer_is_no_failure() {
    let daemon = Setup::new(Store::Sqlite).environment("NOTIFY_SOCKET", "/nonexistent/notify").start();
    assert_eq!(daemon.connect().ask("I").len(), 5);
    assert!(daemon.log().contains("service manager"), "it is told, though");
}

/// sd-daemon(3): priorities where standard error is the journal.
#[test]
fn log_lines_carry_priorities_under_systemd() {
    let daemon = Setup::new(Store::Sqlite).environment("JOURNAL_STREAM", "8:1234").start();
    daemon.replace_words("");
    daemon.signal(Signal::SIGHUP);
    let refused = daemon.wait_log("reload failed: ");
    assert!(refused.starts_with("<3>reload failed: "), "{refused}");
    let (_client, child) = daemon.connect_with_child();
    support::send_signal(child, Signal::SIGKILL);
    assert!(daemon.wait_log("was killed").starts_with("<4>client "));
    let log = daemon.log();
    assert!(log.lines().any(|line| line.starts_with("<6>ready: ")), "{log}");
    assert!(log.lines().all(|line| line.starts_with('<')), "{log}");
    let plain = Daemon::over(Store::Sqlite);
    assert!(plain.log().lines().all(|line| !line.starts_with('<')));
}
