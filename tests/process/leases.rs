//! Leases of database connections: however many clients there are, the number of connections stays within its limit,
//! and every client gets its turn.

use mysql::prelude::Queryable;
use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{Connection, Daemon, PASSWD, Setup, Store, code, on_both_stores, processes, send_signal};
use support::{shared_mariadb, wait_until};

on_both_stores!(
    an_idle_holder_gives_way,
    a_killed_holder_takes_no_lease_along,
    a_slow_reader_holds_nothing,
    while_all_connections_are_stuck,
);

fn leased(daemon: &Daemon) -> u64 {
    daemon.status()["database_connections"]["leased"].as_u64().expect("a number")
}

/// A daemon with one connection for the writer and `others` for everybody else.
fn daemon(store: Store, others: usize) -> Daemon {
    Setup::new(store).options(&format!("--database-connections {}", others + 1)).start()
}

/// Fifty clients at once on three connections, by the server's own count.
#[test]
fn more_clients_than_connections() {
    const CLIENTS: usize = 50;
    const LIMIT: usize = 3;
    let server = shared_mariadb();
    server.create_database("leases");
    server.sql("CREATE USER leases@localhost; GRANT ALL ON leases.* TO leases@localhost");
    let url = format!("mysql://leases@localhost/leases?socket={}", server.socket().display());
    let setup = Setup::new(Store::Url(url)).options(&format!("--database-connections {LIMIT}"));
    assert!(setup.run(&["init-db"]).status.success());
    let daemon = setup.start();
    let done = AtomicBool::new(false);
    let most = std::thread::scope(|scope| {
        let counter = scope.spawn(|| {
            let mut watcher =
                mysql::Conn::new(mysql::Opts::from_url(&server.url("mysql")).expect("a URL")).expect("a connection");
            let count = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'leases'";
            let mut most = 0;
            while !done.load(Ordering::Relaxed) {
                let now: usize = watcher.query_first(count).expect("an answer").expect("a row");
                most = most.max(now);
            }
            most
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let daemon = &daemon;
                scope.spawn(move || {
                    let name = format!("user{n}");
                    let mut client = daemon.connect_as(&name);
                    for round in 1..=10 {
                        assert!(client.ask_line(&format!("Q {name} apple")).starts_with("OK apple\t"));
                        assert_eq!(client.history(&name).len(), round);
                        if round % 5 == n % 5 {
                            // Another connection of the same account, and one that leaves without a word.
                            let mut other = daemon.connect();
                            other.login(&name);
                            other.send(format!("H {name}\n"));
                        }
                    }
                    client.ok(&format!("C {name}"));
                    assert_eq!(client.history(&name).len(), 0);
                })
            })
            .collect();
        let outcomes: Vec<_> = clients.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::Relaxed);
        assert!(outcomes.iter().all(Result::is_ok), "everybody is served");
        counter.join().expect("a count")
    });
    // A connection that is closed at both ends is listed until the server's thread has had time to leave.
    assert!((2..=4 * LIMIT).contains(&most), "{most} connections at once");
    let status = daemon.status();
    assert_eq!(status["database_connections"]["limit"], LIMIT);
    assert_eq!(status["database_connections"]["waiting"], 0, "{status}");
    assert_eq!(status["database_errors"], 0, "{status}");
}

fn an_idle_holder_gives_way(store: Store) {
    let daemon = daemon(store, 1);
    let mut clients: Vec<(Connection, String)> = (0..3)
        .map(|n| {
            let name = format!("user{n}");
            (daemon.connect_as(&name), name)
        })
        .collect();
    for _ in 0..10 {
        for (client, name) in &mut clients {
            // The child that asked last still has its connection, and would keep it for 5 s.
            assert_eq!(client.history(name).len(), 0);
            assert_eq!(leased(&daemon), 1);
        }
    }
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains("1 leased to children (at most 2, one is the writer's)"), "{text}");
    wait_until("the last one to close its connection when it has been idle", || leased(&daemon) == 0);
    // Two want it at the same time, and more than once in a batch.
    std::thread::scope(|scope| {
        for (client, name) in &mut clients {
            scope.spawn(move || {
                let requests: Vec<String> = (0..50).map(|_| format!("H {name}")).collect();
                assert!(client.ask_all(&requests).iter().all(|reply| reply == &["OK 0"]));
            });
        }
    });
}

fn a_killed_holder_takes_no_lease_along(store: Store) {
    let daemon = daemon(store, 2);
    daemon.connect().register("ann");
    for _ in 0..10 {
        let (mut holder, child) = daemon.connect_with_child();
        holder.login("ann");
        let (mut waits, waiting) = daemon.connect_with_child();
        waits.login("ann");
        send_signal(child, Signal::SIGKILL);
        assert!(holder.at_eof());
        assert_eq!(waits.history("ann").len(), 0);
        send_signal(waiting, Signal::SIGKILL);
        assert!(waits.at_eof());
    }
    wait_until("the leases to be free", || leased(&daemon) == 0);
}

/// A client that does not read holds no connection meanwhile.
fn a_slow_reader_holds_nothing(store: Store) {
    let daemon = daemon(store, 1);
    let (mut ann, child) = daemon.connect_with_child();
    ann.register("ann");
    ann.login("ann");
    let lookups: Vec<String> = (0..1_000).map(|_| "Q ann ice cream".to_owned()).collect();
    assert_eq!(ann.ask_all(&lookups).len(), 1_000);
    // More than socket buffers hold.
    ann.send("H ann 1000\n".repeat(400));
    wait_until("the child to wait for its client", || {
        processes::title(child).ends_with("busy") && processes::state(child) == Some('S') && leased(&daemon) == 0
    });
    let mut bob = daemon.connect_as("bob");
    assert_eq!(bob.history("bob").len(), 0);
    for _ in 0..400 {
        assert_eq!(ann.reply_to("H ann 1000").len(), 1_001);
    }
}

fn while_all_connections_are_stuck(store: Store) {
    let daemon = daemon(store, 1);
    let mut bob = daemon.connect_as("bob");
    let (mut ann, child) = daemon.connect_with_child();
    ann.register("ann");
    ann.login("ann");
    // Ann's child holds the only lease, and can't give it up.
    assert_eq!(leased(&daemon), 1);
    send_signal(child, Signal::SIGSTOP);
    wait_until("the child to be stopped", || processes::state(child) == Some('T'));
    let begin = Instant::now();
    bob.send("H bob all\n");
    let mut new = daemon.connect();
    new.send(format!("L bob {PASSWD}\n"));
    let mut gone = daemon.connect();
    gone.send(format!("L bob {PASSWD}\n").repeat(20));
    let address = gone.tcp().local_addr().expect("an address");
    wait_until("three to wait", || daemon.status()["database_connections"]["waiting"] == 3);
    // A client that has gone for good (and not only shut down its side) does not wait any more.
    setsockopt(gone.tcp(), sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).expect("SO_LINGER");
    drop(gone);
    wait_until("two to wait", || daemon.status()["database_connections"]["waiting"] == 2);
    daemon.wait_log(&format!("client {address} user -: 1 request in"));
    let log = daemon.log();
    assert_eq!(log.lines().filter(|line| line.contains(&format!("client {address}"))).count(), 1, "{log}");
    let mut reader = daemon.connect();
    assert_eq!(reader.ask("I").len(), 5);
    for client in [&mut bob, &mut new] {
        assert_eq!(code(&client.line()), Some("unavailable"));
    }
    assert!(begin.elapsed() >= Duration::from_secs(5), "it was waited for");
    daemon.wait_log("no database connection: all are in use");
    assert!(bob.ask_line("Q bob apple").starts_with("OK apple\t"), "the writer has its own");
    send_signal(child, Signal::SIGCONT);
    assert_eq!(bob.history("bob"), ["apple"]);
    new.login("bob");
    assert_eq!(ann.history("ann").len(), 0);
}
