//! Children: forked, reaped, killed; which descriptors they hold and which they don't.

use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt};
use std::collections::BTreeSet;
use support::{
    Connection, Daemon, PASSWD, PATIENCE, Setup, Store, WORDS, on_both_stores, processes, send_signal, wait_for,
    wait_until,
};

on_both_stores!(an_idle_child_holds_no_database, one_child_killed_others_untouched);

#[test]
fn a_thousand_clients_leave_no_zombie_and_no_descriptor() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.connect().ask("I");
    daemon.wait_children(0);
    let before = processes::descriptors(daemon.pid()).len();
    for batch in 0..50 {
        let mut clients: Vec<Connection> = (0..20).map(|_| daemon.connect()).collect();
        for (at, client) in clients.iter_mut().enumerate() {
            // Some send `E`, some something else, some nothing at all.
            match (batch + at) % 3 {
                0 => client.ok("E"),
                1 => drop(client.ask("I")),
                _ => {}
            }
        }
    }
    wait_until("all children to be reaped", || daemon.children().is_empty());
    wait_until("all descriptors to be closed", || processes::descriptors(daemon.pid()).len() == before);
    daemon.signal(Signal::SIGUSR1);
    let figures = daemon.wait_log("counters: ");
    assert!(figures.contains("clients=0 forks=1001 reaped=1001 refused=0 "), "{figures}");
}

/// One SIGCHLD may stand for many children.
#[test]
fn three_hundred_children_killed_at_once_are_all_reaped() {
    let daemon = Daemon::over(Store::Sqlite);
    let mut clients: Vec<Connection> = (0..300).map(|_| daemon.connect()).collect();
    let children = daemon.wait_children(300);
    let mut kill = std::process::Command::new("kill");
    assert!(kill.arg("-KILL").args(children.iter().map(u32::to_string)).status().expect("kill runs").success());
    for client in &mut clients {
        // Killed with nothing unread: an orderly end.
        assert!(client.at_eof());
    }
    daemon.wait_children(0);
    daemon.wait_log_times("was killed", 300);
    assert_eq!(daemon.connect().ask("I").len(), 5);
    daemon.signal(Signal::SIGUSR1);
    let figures = daemon.wait_log("counters: ");
    assert!(figures.contains(" forks=301 "), "{figures}");
}

fn one_child_killed_others_untouched(store: Store) {
    let daemon = Daemon::over(store);
    let mut others: Vec<(Connection, String)> = (0..4)
        .map(|at| {
            let name = format!("user{at}");
            let mut client = daemon.connect_as(&name);
            client.ask(&format!("Q {name} apple"));
            (client, name)
        })
        .collect();
    let (mut victim, child) = daemon.connect_with_child();
    victim.login("user0");
    victim.ask("Q user0 zoo");
    send_signal(child, Signal::SIGKILL);
    assert!(victim.at_eof());
    wait_until("the killed child to be reaped", || !daemon.children().contains(&child));
    daemon.wait_log(&format!("child {child} was killed"));
    for (client, name) in &mut others {
        assert_eq!(client.ask(&format!("Q {name} pear"))[0].split('\t').next(), Some("OK pear"));
        let kept: &[&str] = if name == "user0" { &["pear", "zoo", "apple"] } else { &["pear", "apple"] };
        assert_eq!(client.history(name), kept, "what was acknowledged to the killed child's client is kept");
    }
    assert_eq!(daemon.connect().ask("I").len(), 5, "and new clients are served");
}

/// A crash is reported as a crash.
#[test]
fn a_crashed_child_is_told_from_a_killed_one() {
    let daemon = Daemon::over(Store::Sqlite);
    let (mut client, child) = daemon.connect_with_child();
    send_signal(child, Signal::SIGABRT);
    assert!(client.at_eof());
    let line = daemon.wait_log(&format!("child {child} crashed (SIGABRT)"));
    assert!(line.contains(" ERROR: "), "{line}");
    assert_eq!(daemon.connect().ask("I").len(), 5);
}

#[test]
fn no_child_holds_the_listener_or_another_clients_socket() {
    let daemon = Daemon::over(Store::Sqlite);
    let listening = processes::listening_inodes(daemon.port());
    assert_eq!(listening.len(), 1);
    assert!(listening.is_subset(&processes::sockets(daemon.pid())), "the parent holds the listener");
    let clients: Vec<(Connection, u32)> = (0..8).map(|_| daemon.connect_with_child()).collect();
    let server_end = |client: &Connection| {
        let port = client.tcp().local_addr().expect("an address").port();
        processes::server_end(daemon.port(), port).expect("the daemon's end of the connection")
    };
    let ends: Vec<u64> = clients.iter().map(|(client, _)| server_end(client)).collect();
    let all: BTreeSet<u64> = ends.iter().copied().collect();
    assert_eq!(all.len(), 8);
    for ((_, child), end) in clients.iter().zip(&ends) {
        let held = processes::sockets(*child);
        assert!(held.is_disjoint(&listening), "child {child} holds the listener");
        assert_eq!(held.intersection(&all).collect::<Vec<_>>(), [end], "child {child} holds its client's socket alone");
        // Its standard streams, its client, and one way each to ask its parent and the writer.
        let descriptors = processes::descriptors(*child);
        assert!(descriptors.len() <= 6, "{descriptors:?}");
    }
    assert!(processes::sockets(daemon.pid()).is_disjoint(&all), "the parent holds no client's socket");
}

#[test]
fn a_childs_signals_are_as_a_program_expects_them() {
    let daemon = Daemon::over(Store::Sqlite);
    let (_client, child) = daemon.connect_with_child();
    let number = |pid, key: &str| u64::from_str_radix(&processes::status(pid, key).expect(key), 16).expect("hex");
    let bit = |signal: Signal| 1_u64 << (signal as u32 - 1);
    wait_until("the idle child to block no signal", || number(child, "SigBlk") == 0);
    // Signals 32 and 33 are the C library's own, and ignored in whatever posix_spawn(3) starts. What this test's own
    // starter ignores is inherited by every program, too.
    let not_ours = 0b11 << 31 | number(std::process::id(), "SigIgn") & !bit(Signal::SIGPIPE);
    assert_eq!(number(child, "SigIgn") & !not_ours, bit(Signal::SIGPIPE), "nothing but SIGPIPE is ignored");
    let caught = number(child, "SigCgt");
    for signal in [Signal::SIGCHLD, Signal::SIGUSR1] {
        assert_eq!(caught & bit(signal), 0, "the parent's handler of {signal} is not the child's");
    }
    assert_eq!(number(daemon.pid(), "SigIgn") & !not_ours, bit(Signal::SIGPIPE));
}

#[test]
fn the_process_title_shows_client_user_and_state() {
    let daemon = Daemon::over(Store::Sqlite);
    let (mut client, child) = daemon.connect_with_child();
    let address = client.tcp().local_addr().expect("an address");
    let shows = |what: String| {
        wait_until(&format!("the title {what:?}"), || processes::title(child) == what);
    };
    shows(format!("cidiand: client {address} user -: awaiting login"));
    client.register("用户");
    client.login("用户");
    shows(format!("cidiand: client {address} user 用户: idle"));
    client.ok("O");
    shows(format!("cidiand: client {address} user -: awaiting login"));
    assert!(!processes::title(daemon.pid()).contains("client"), "the parent's own title stays");
}

/// `ps e` shows the environment that a process was started with, for as long as it is not overwritten.
#[test]
fn the_environment_with_the_databases_url_does_not_show() {
    let setup = Setup::new(Store::Sqlite);
    let url = format!("sqlite:{}", setup.path("other.db").display());
    let daemon = setup.environment("CIDIAN_SECRET_OF_OURS", url).start();
    let (_client, child) = daemon.connect_with_child();
    for pid in [daemon.pid(), child] {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).expect("/proc");
        let text = String::from_utf8_lossy(&environment);
        assert!(!text.contains("CIDIAN_SECRET_OF_OURS") && !text.contains("other.db"), "{text}");
    }
}

/// A client that leaves in the middle of a reply is not logged as a failure.
#[test]
fn a_reset_during_a_long_reply_ends_the_child_quietly() {
    let long = "长".repeat(300_000);
    let daemon = Setup::new(Store::Sqlite).words(format!("{WORDS}zzz\t{long}\n")).start();
    daemon.connect().register("ann");
    daemon.wait_children(0);
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    ann.send("Q ann zzz\n".repeat(20));
    assert!(ann.line().starts_with("OK zzz\t"), "it has begun to reply");
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(ann.tcp(), sockopt::Linger, &linger).expect("SO_LINGER");
    drop(ann);
    wait_until("the child to be gone", || !daemon.children().contains(&child));
    daemon.wait_log("user ann: ");
    let log = daemon.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("user ann: ")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains(" INFO: ") && lines[0].ends_with(": connection lost"), "{lines:?}");
    assert!(!log.contains("ERROR") && !log.contains("WARN"));
}

/// PR_SET_PDEATHSIG: the last line of defence against orphans.
#[test]
fn when_the_parent_is_killed_its_children_end() {
    let mut daemon = Daemon::over(Store::Sqlite);
    let mut clients: Vec<Connection> = (0..20).map(|_| daemon.connect()).collect();
    let mut busy = daemon.connect_as("ann");
    let children = daemon.wait_children(21);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    for client in &mut clients {
        assert!(client.at_eof());
    }
    assert!(busy.at_eof());
    wait_for("every child to be gone", PATIENCE, || {
        children.iter().all(|&child| !processes::lives(child)).then_some(())
    });
}

/// A question that the end of the daemon leaves open is no shortage in it.
#[test]
fn when_the_parent_is_killed_its_children_complain_of_nothing() {
    let mut daemon = Daemon::over(Store::Sqlite);
    let mut clients: Vec<Connection> = (0..20).map(|_| daemon.connect()).collect();
    let children = daemon.wait_children(20);
    let before: Vec<usize> = children.iter().map(|&child| processes::descriptors(child).len()).collect();
    daemon.signal(Signal::SIGSTOP);
    for (number, client) in clients.iter_mut().enumerate() {
        client.send(format!("R ann{number} {PASSWD}\n"));
    }
    wait_until("every child to have asked the parent", || {
        children.iter().zip(&before).all(|(&child, &before)| processes::descriptors(child).len() > before)
    });
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    wait_until("every child to be gone", || children.iter().all(|&child| !processes::lives(child)));
    let log = daemon.log();
    assert!(!log.contains("client 127.0.0.1:"), "{log}");
}

fn an_idle_child_holds_no_database(store: Store) {
    let daemon = Daemon::over(store);
    let (mut client, child) = daemon.connect_with_child();
    let before: BTreeSet<_> = processes::descriptors(child).into_iter().collect();
    client.register("ann");
    client.login("ann");
    client.ask("Q ann apple");
    let during: BTreeSet<_> = processes::descriptors(child).into_iter().collect();
    assert!(during.len() > before.len() && during.is_superset(&before), "a connection of its own: {during:?}");
    wait_until("the idle child to close its database connection", || {
        processes::descriptors(child).into_iter().collect::<BTreeSet<_>>() == before
    });
    assert_eq!(client.ask_line("Q ann zoo"), "OK zoo\tn. 动物园", "it connects again when it needs to");
    assert_eq!(client.history("ann"), ["zoo", "apple"]);
}

/// The code is in sealed memory where the kernel can have it in huge pages there, and in the program's file elsewhere. Nothing that
/// runs can be written to, in the parent or in a child.
#[test]
fn code_in_huge_pages() {
    let daemon = Setup::new(Store::Sqlite).environment("RUST_LOG", "debug").start();
    let (mut client, child) = daemon.connect_with_child();
    let moved = daemon.log().contains(" KiB of the program are in huge pages");
    assert!(moved || daemon.log().contains("the program's code stays where it is: "), "{}", daemon.log());
    for pid in [daemon.pid(), daemon.writer(), child] {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process is there");
        let parts: Vec<&str> = maps.lines().filter(|line| line.contains("memfd:cidian-code")).collect();
        assert_eq!(moved, parts.iter().any(|part| part.contains(" r-xp ")), "{maps}");
        assert!(maps.lines().all(|line| !line.contains(" rwx")), "{maps}");
        assert!(parts.iter().all(|part| part.contains(" r-xp ") || part.contains(" r--p ")), "{maps}");
        assert!(!processes::descriptors(pid).iter().any(|path| path.to_string_lossy().contains("cidian-code")));
    }
    assert_eq!(client.ask("I").len(), 5);
}
