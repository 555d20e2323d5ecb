//! Hostile clients: what they can make a child hold, and that no child outlives its client.

use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt};
use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};
use support::{Connection, Daemon, PASSWD, Setup, Store, WORDS, processes, send_signal, wait_for, wait_until};

/// Closes with a reset instead of an orderly end.
fn reset(client: Connection) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    setsockopt(client.tcp(), sockopt::Linger, &linger).expect("SO_LINGER");
}

/// Whether a child has replies that are not read: asleep, and not for input.
fn is_blocked(child: u32) -> bool {
    processes::title(child).ends_with("busy") && processes::state(child) == Some('S')
}

/// How often in a row nothing may have moved until the buffers count as full: a child that sleeps for a moment, because
/// it is not its turn on a busy machine, has room still.
const STILL: u32 = 100;

/// Sends until neither side's buffers take more; how much that was.
fn send_until_full(client: &Connection, bytes: &[u8], child: u32) -> usize {
    client.tcp().set_nonblocking(true).expect("a flag");
    let mut sent = 0;
    let (mut before, mut still) = (None, 0);
    wait_until("the buffers to be full", || {
        loop {
            match client.tcp().write(bytes) {
                Ok(size) => sent += size,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("the daemon reads no more: {error}"),
            }
        }
        let now = Some((sent, processes::work(child)));
        still = if is_blocked(child) && now == before { still + 1 } else { 0 };
        before = now;
        still >= STILL
    });
    sent
}

/// The least work to ask for, and the most replies for it: the child holds one bunch of replies and waits. It is ended
/// after 60 s without progress, and uses no CPU meanwhile.
#[test]
fn a_million_tiny_requests_without_reading() {
    let daemon = Setup::new(Store::Sqlite).options("--idle-timeout 0 --login-grace 0").start();
    let floods = ["\n", "O\n", "I\n", "R\n", "\u{7}\u{8}\n"].map(|request| {
        let (client, child) = daemon.connect_with_child();
        let before = processes::memory(child, "Private_Dirty");
        let requests = request.repeat(1_000_000);
        let sent = send_until_full(&client, requests.as_bytes(), child);
        let grown = processes::memory(child, "Private_Dirty").saturating_sub(before);
        println!("{request:?}: {sent} bytes taken, the child holds {grown} KiB more than idle");
        assert!(grown < 512, "{request:?}: {grown} KiB");
        (client, child, processes::cpu_ticks(child))
    });
    let begin = Instant::now();
    let mut last = [0; 5];
    wait_for("the children to give up", Duration::from_secs(100), || {
        for ((_, child, ticks), last) in floods.iter().zip(&mut last) {
            // It may end at any time, also between two looks.
            if let Some((_, now, _)) = processes::work(*child) {
                *last = now - ticks;
            }
        }
        daemon.children().is_empty().then_some(())
    });
    let elapsed = begin.elapsed();
    println!("ended after {elapsed:?}; ticks of 10 ms meanwhile: {last:?}");
    assert!(elapsed >= Duration::from_secs(55), "{elapsed:?}");
    assert!(last.iter().all(|&ticks| ticks <= 5), "{last:?}");
    daemon.wait_log_times(": replies not read", 5);
    assert_eq!(daemon.connect().ask("I").len(), 5);
}

/// The same for a client that is logged in: 64 KiB and one long interpretation are held, however many were asked for.
#[test]
fn long_replies_are_held_one_at_a_time() {
    let long = "长".repeat(300_000);
    let daemon = Setup::new(Store::Sqlite).words(format!("{WORDS}zzz\t{long}\n")).start();
    daemon.connect().register("ann");
    daemon.wait_children(0);
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    ann.ask("Q ann apple");
    let before = processes::memory(child, "Private_Dirty");
    send_until_full(&ann, "Q ann zzz\n".repeat(10_000).as_bytes(), child);
    let grown = processes::memory(child, "Private_Dirty").saturating_sub(before);
    println!("with replies of 879 KiB the child holds {grown} KiB more");
    assert!(grown < 4 * 900, "{grown} KiB");
    reset(ann);
    daemon.wait_children(0);
}

/// All that was asked for before the end of the client's stream is answered, also what has to wait for its turn.
#[test]
fn half_closed_clients_get_all_replies_in_the_queue_to_hash() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.connect().register("ann");
    let mut clients: Vec<Connection> = (0..20).map(|_| daemon.connect()).collect();
    for client in &mut clients {
        client.send(format!("L ann {PASSWD}\nQ ann apple\nL ann wrong\nH ann 1\nE"));
        client.finish_sending();
    }
    for client in &mut clients {
        let lines = client.lines_to_end();
        assert_eq!(lines.len(), 5, "{lines:?}");
        assert_eq!((&*lines[0], &*lines[3]), ("OK", "OK 1"));
    }
    daemon.wait_children(0);
}

/// One line in the log for each, and no warning.
fn ends_quietly(daemon: &Daemon, client: Connection, child: u32, when: &str) {
    let address = client.tcp().local_addr().expect("an address");
    reset(client);
    wait_until(&format!("the child to be gone that was {when}"), || !daemon.children().contains(&child));
    daemon.wait_log(&format!("client {address} "));
    let log = daemon.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(&format!("client {address}"))).collect();
    assert_eq!(lines.len(), 1, "{when}: {lines:?}");
    assert!(lines[0].contains(" INFO: ") && lines[0].ends_with(": connection lost"), "{when}: {lines:?}");
}

#[test]
fn a_reset_in_any_state_ends_the_child_quietly() {
    let daemon = Setup::new(Store::Sqlite).options("--exempt-source 127.0.0.1").start();
    let mut ann = daemon.connect_as("ann");
    let requests: Vec<String> = (0..3_000).map(|_| "Q ann apple".to_owned()).collect();
    ann.ask_all(&requests);
    let (client, child) = daemon.connect_with_child();
    ends_quietly(&daemon, client, child, "awaiting a login");
    let (mut client, child) = daemon.connect_with_child();
    client.login("ann");
    ends_quietly(&daemon, client, child, "idle");
    let (mut client, child) = daemon.connect_with_child();
    client.send("Q ann app");
    ends_quietly(&daemon, client, child, "in the middle of a line");
    let (mut client, child) = daemon.connect_with_child();
    client.login("ann");
    client.send("H ann all\n".repeat(100));
    assert_eq!(client.line(), "OK 3000");
    wait_until("its child to be blocked", || is_blocked(child));
    ends_quietly(&daemon, client, child, "in the middle of a history");

    // Every child that hashes, or may hash next, is stopped: the next one has to wait. Each has an account of its
    // own: those of one wait for a connection to the database before they wait for a turn to hash.
    let mut hashing: Vec<(Connection, u32)> = (0..20).map(|_| daemon.connect_with_child()).collect();
    for (number, (client, _)) in hashing.iter_mut().enumerate() {
        client.register(&format!("bob{number}"));
    }
    for (number, (client, _)) in hashing.iter_mut().enumerate() {
        client.send(format!("L bob{number} {PASSWD}\n").repeat(20));
    }
    let processors = std::thread::available_parallelism().expect("a number of processors").get();
    let at_it = || hashing.iter().filter(|(_, child)| processes::title(*child).ends_with("hashing")).count();
    wait_until("more to hash than can at once", || at_it() > processors);
    hashing.iter().for_each(|(_, child)| send_signal(*child, Signal::SIGSTOP));
    let stopped = || hashing.iter().all(|(_, child)| processes::state(*child) == Some('T'));
    wait_until("them to be stopped", stopped);
    let (mut client, child) = daemon.connect_with_child();
    client.send(format!("L ann {PASSWD}\n").repeat(50));
    wait_until("the child to wait for its turn", || {
        processes::title(child).ends_with("hashing") && processes::state(child) == Some('S')
    });
    ends_quietly(&daemon, client, child, "waiting for its turn to hash");
    hashing.iter().for_each(|(_, child)| send_signal(*child, Signal::SIGCONT));
    for (client, child) in hashing.drain(1..) {
        ends_quietly(&daemon, client, child, "hashing, or waiting to");
    }
    let (mut client, _) = hashing.remove(0);
    (0..20).for_each(|_| assert_eq!(client.line(), "OK", "whoever stays gets the turns of the others"));
    let log = daemon.log();
    assert!(!log.contains(" WARN: ") && !log.contains(" ERROR: "));
}

/// No client sends a byte, half of them leave with a reset.
#[test]
fn a_flood_of_connects_that_close_at_once_leaves_nothing() {
    let daemon = Daemon::over(Store::Sqlite);
    daemon.connect().ask("I");
    daemon.wait_children(0);
    let open = processes::descriptors(daemon.pid()).len();
    // Pages of the scoreboard that sessions had are used again: they are as many as sessions lived at once.
    let before = processes::memory(daemon.pid(), "Anonymous");
    for at in 0..2_000 {
        let client = daemon.connect();
        if at % 2 == 0 {
            reset(client);
        }
    }
    daemon.connect().ask("I");
    daemon.wait_children(0);
    wait_until("all descriptors to be closed", || processes::descriptors(daemon.pid()).len() == open);
    daemon.signal(Signal::SIGUSR1);
    let figures = daemon.wait_log("counters: ");
    // A client that was reset before it was accepted may be lost there.
    let figure = |name: &str| -> u64 {
        let (_, rest) = figures.split_once(name).expect("a figure");
        rest.split(' ').next().and_then(|number| number.trim().parse().ok()).expect("a number")
    };
    assert!(figures.contains("clients=0 ") && figures.contains(" refused=0 "), "{figures}");
    assert_eq!(figure("forks="), figure("reaped="), "{figures}");
    assert!((1_002..=2_002).contains(&figure("forks=")), "{figures}");
    let after = processes::memory(daemon.pid(), "Anonymous");
    assert!(after < before + 512, "{before} KiB before, {after} KiB after");
    assert!(!daemon.log().contains(" WARN: ") && !daemon.log().contains(" ERROR: "));
}
