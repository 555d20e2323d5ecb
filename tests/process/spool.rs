//! Lookups go on while the database is away: when it is back, those acknowledged meanwhile are in the history exactly
//! once and in order, whatever was killed in between.

use nix::sys::signal::Signal;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, processes, send_signal, wait_for, wait_until};

/// A daemon's setup over a server that no other test uses, with its schema.
pub fn private(options: &str) -> (MariaDb, Setup) {
    let server = MariaDb::start();
    server.create_database("dict");
    let setup = Setup::new(Store::Url(server.tcp_url("dict"))).options(options);
    assert!(setup.run(&["init-db"]).status.success());
    (server, setup)
}

/// `word00000` and so on, so that a doubled or a lost row can't hide.
pub fn words(count: usize) -> String {
    (0..count).map(|n| format!("word{n:05}\tx\n")).collect()
}

/// The spool in the status.
pub fn spool(daemon: &Daemon) -> serde_json::Value {
    daemon.status()["spool"].clone()
}

/// Waits until everything is delivered.
pub fn wait_delivered(daemon: &Daemon) {
    wait_for("the spool to be delivered", Duration::from_secs(60), || {
        let spool = spool(daemon);
        (spool["bytes"] == 0 && spool["outage_seconds"].is_null()).then_some(())
    });
    assert_eq!(spool(daemon)["records"], 0);
}

/// Looks words up by their numbers, in one go; all must be acknowledged.
fn look_up(client: &mut Connection, name: &str, numbers: std::ops::Range<usize>) {
    let requests: Vec<String> = numbers.clone().map(|n| format!("Q {name} word{n:05}")).collect();
    for (n, reply) in numbers.zip(client.ask_all(&requests)) {
        assert_eq!(reply, [format!("OK word{n:05}\tx")], "{name}");
    }
}

/// The numbers of the words in the history, oldest first.
fn numbers(client: &mut Connection, name: &str) -> Vec<usize> {
    let history = client.history(name);
    history.iter().rev().map(|word| word[4..].parse().expect("a number")).collect()
}

#[test]
fn looking_up_goes_on_while_the_database_is_away() {
    let (mut server, setup) = private("");
    let daemon = setup.words(words(300)).start();
    let mut ann = daemon.connect_as("ann");
    let mut bob = daemon.connect_as("bob");
    look_up(&mut ann, "ann", 0..10);
    assert_eq!(daemon.path("state/spool").metadata().expect("a spool").len(), 0, "nobody needs it yet");
    server.kill();
    look_up(&mut ann, "ann", 10..200);
    look_up(&mut bob, "bob", 0..100);
    for n in 200..220 {
        assert_eq!(ann.ask_line(&format!("Q ann word{n:05}")), format!("OK word{n:05}\tx"), "one at a time");
    }
    // What needs no record goes on, too.
    assert_eq!(ann.refused("Q ann nosuchword"), "notfound");
    assert_eq!(ann.ask_line("D ann word00000"), "OK word00000\tx");
    assert_eq!(ann.ask("S ann word0000").len(), 11);
    assert_eq!(bob.refused("Q ann word00000"), "denied", "only under one's own name");
    let found = spool(&daemon);
    assert_eq!(found["records"], 310, "{found}");
    assert_eq!(found["limit_bytes"], 64 << 20);
    assert!(found["bytes"].as_u64() > Some(310 * 40) && found["outage_seconds"].is_u64(), "{found}");
    assert!(found["oldest_seconds"].is_u64(), "{found}");
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains("310 lookups wait for the database") && text.contains("no database for"), "{text}");
    let mode = daemon.path("state/spool").metadata().expect("a spool").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    daemon.wait_log("lookups are kept in the spool until it is back");
    server.restart();
    wait_delivered(&daemon);
    assert_eq!(numbers(&mut ann, "ann"), (0..220).collect::<Vec<_>>());
    assert_eq!(numbers(&mut bob, "bob"), (0..100).collect::<Vec<_>>());
    daemon.wait_log("310 lookups were delivered, 0 of deleted accounts dropped");
    assert_eq!(daemon.path("state/spool").metadata().expect("a spool").len(), 0);
    look_up(&mut ann, "ann", 220..300);
    ann.ok("C ann");
    assert_eq!(numbers(&mut ann, "ann"), [0; 0], "nothing comes back");
    assert_eq!(server.sql("SELECT COUNT(*) FROM dict.hist"), "100\n");
    // An outage is logged when it begins and when it ends, not for every lookup.
    assert_eq!(daemon.log().matches("cannot use the database").count(), 1, "{}", daemon.log());
    assert!(!daemon.log().contains("crashed"), "{}", daemon.log());
}

#[test]
fn delivered_after_daemon_and_machine_were_gone() {
    let (mut server, setup) = private("");
    let mut daemon = setup.words(words(100)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, "ann", 0..5);
    server.kill();
    look_up(&mut ann, "ann", 5..60);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    // A write that the crash has cut off, of a record that was not acknowledged.
    let path = daemon.path("state/spool");
    let mut bytes = std::fs::read(&path).expect("a spool");
    assert_eq!(&bytes[..16], b"cidian spool 02\n");
    let half = bytes[49..69].to_vec();
    bytes.extend_from_slice(&half);
    std::fs::write(&path, &bytes).expect("the spool can be written");
    server.restart();
    daemon.start();
    daemon.wait_log("the spool ends with 20 bytes of an incomplete record");
    daemon.wait_log("55 lookups that are in the spool");
    wait_delivered(&daemon);
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann, "ann"), (0..60).collect::<Vec<_>>());
    // Stopped in good order while the database is away, it is the same.
    server.kill();
    look_up(&mut ann, "ann", 60..100);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait_exit().code(), Some(0));
    server.restart();
    daemon.start();
    wait_delivered(&daemon);
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann, "ann"), (0..100).collect::<Vec<_>>());
}

/// Killed again and again while records go into the spool, and while they are delivered.
#[test]
fn killed_writers_in_an_outage_lose_and_double_nothing() {
    const ROUNDS: usize = 6;
    let (mut server, setup) = private("");
    let daemon = setup.words(words(ROUNDS * 40)).start();
    let mut clients = [daemon.connect_as("user0"), daemon.connect_as("user1")];
    server.kill();
    for round in 0..ROUNDS {
        let writer = daemon.writer();
        for (n, client) in clients.iter_mut().enumerate() {
            let requests: String =
                (round * 40..(round + 1) * 40).map(|word| format!("Q user{n} word{word:05}\n")).collect();
            client.send(requests);
        }
        send_signal(writer, Signal::SIGKILL);
        for client in &mut clients {
            for word in round * 40..(round + 1) * 40 {
                assert_eq!(client.line(), format!("OK word{word:05}\tx"));
            }
        }
        wait_until("another writer", || daemon.writer() != writer);
    }
    server.restart();
    for _ in 0..3 {
        send_signal(daemon.writer(), Signal::SIGKILL);
    }
    wait_delivered(&daemon);
    for (n, client) in clients.iter_mut().enumerate() {
        assert_eq!(numbers(client, &format!("user{n}")), (0..ROUNDS * 40).collect::<Vec<_>>());
    }
}

/// What became of accounts while their lookups waited.
#[test]
fn accounts_deleted_and_locked_meanwhile() {
    let (mut server, setup) = private("");
    let mut daemon = setup.words(words(30)).start();
    let names = ["ann", "bob", "cat", "dan"];
    let mut clients: Vec<Connection> = names.iter().map(|name| daemon.connect_as(name)).collect();
    look_up(&mut clients[3], "dan", 0..10);
    server.kill();
    for (client, name) in clients.iter_mut().zip(names) {
        look_up(client, name, 10..30);
    }
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    server.restart();
    // The operator's tools need no daemon.
    for arguments in [&["user", "delete", "bob", "--yes"][..], &["user", "lock", "cat"]] {
        let output = daemon.tool(arguments);
        assert!(output.status.success(), "{output:?}");
    }
    // As if it were another database: the same number, another name.
    server.sql("UPDATE dict.user SET name = 'eve' WHERE name = 'dan'");
    daemon.start();
    wait_delivered(&daemon);
    daemon.wait_log("40 lookups were delivered, 40 of deleted accounts dropped");
    let mut bob = daemon.connect_as("bob");
    assert_eq!(bob.history("bob"), [""; 0], "a new account of that name");
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann, "ann"), (10..30).collect::<Vec<_>>());
    assert!(daemon.tool(&["user", "unlock", "cat"]).status.success());
    let mut cat = daemon.connect();
    cat.login("cat");
    assert_eq!(numbers(&mut cat, "cat"), (10..30).collect::<Vec<_>>(), "locked, and nothing of it lost");
    assert_eq!(server.sql("SELECT COUNT(*) FROM dict.hist WHERE name = 'dan'"), "10\n");
}

#[test]
fn a_full_spool_refuses_and_keeps_what_it_has() {
    let word = |n: usize| format!("{n:05}{}", "词".repeat(120));
    let text: String = (0..400).map(|n| format!("{}\tx\n", word(n))).collect();
    let (mut server, setup) = private("--spool-limit 1");
    let daemon = setup.words(text).start();
    let mut ann = daemon.connect_as("ann");
    server.kill();
    let mut kept = Vec::new();
    let mut refused = 0;
    while refused < 400 {
        let requests: Vec<String> = (0..400).map(|n| format!("Q ann {}", word(n))).collect();
        for (n, reply) in ann.ask_all(&requests).iter().enumerate() {
            match code(&reply[0]) {
                None => kept.push(word(n)),
                Some(code) => {
                    assert_eq!(code, "unavailable", "{reply:?}");
                    refused += 1;
                }
            }
        }
        assert!(kept.len() < 4_000, "there is no end to it");
    }
    let size = daemon.path("state/spool").metadata().expect("a spool").len();
    assert!(size <= 1 << 20 && size > 900 << 10, "{size}");
    daemon.wait_log("refusing lookups until there is space");
    server.restart();
    wait_delivered(&daemon);
    let mut history = ann.history("ann");
    history.reverse();
    assert!(history == kept, "{} in the history, {} acknowledged", history.len(), kept.len());
    assert!(ann.ask_line(&format!("Q ann {}", word(0))).starts_with("OK "));
}

#[test]
fn without_a_spool_lookups_are_refused() {
    let (mut server, setup) = private("--spool-limit 0");
    let daemon = setup.start();
    let mut ann = daemon.connect_as("ann");
    server.kill();
    assert_eq!(ann.refused("Q ann apple"), "unavailable");
    assert_eq!(ann.refused("Q ann nosuchword"), "notfound");
    server.restart();
    wait_for("a lookup after the outage", Duration::from_secs(60), || {
        ann.ask_line("Q ann zoo").starts_with("OK zoo").then_some(())
    });
    assert_eq!(ann.history("ann"), ["zoo"]);
    assert_eq!(daemon.path("state/spool").metadata().expect("a spool").len(), 0);
}

/// A server that takes connections, and then sends nothing: no process waits for it for long, or spins.
#[test]
fn a_server_that_is_silent() {
    let (server, setup) = private("");
    let daemon = setup.words(words(60)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, "ann", 0..10);
    let mut new = daemon.connect();
    send_signal(server.pid(), Signal::SIGSTOP);
    look_up(&mut ann, "ann", 10..30);
    let login = format!("L ann {PASSWD}");
    for request in [&login, "R bob secret", "H ann", "K ann", &format!("P ann {PASSWD}2")] {
        let client = if request.starts_with(['L', 'R']) { &mut new } else { &mut ann };
        let begin = Instant::now();
        assert_eq!(client.refused(request), "unavailable");
        // Two seconds are promised; a busy machine gets some more.
        assert!(begin.elapsed() < Duration::from_secs(6), "{request} takes {:?}", begin.elapsed());
    }
    let processes: Vec<u32> = [daemon.pid(), daemon.writer()].into_iter().chain(daemon.children()).collect();
    let ticks = || processes.iter().map(|&pid| processes::cpu_ticks(pid)).sum::<u64>();
    let before = (ticks(), spool(&daemon)["outage_seconds"].as_u64().expect("an outage"));
    wait_until("the outage to last", || spool(&daemon)["outage_seconds"].as_u64() >= Some(before.1 + 3));
    assert!(ticks() - before.0 < 100, "{} hundredths of a second in three", ticks() - before.0);
    look_up(&mut ann, "ann", 30..60);
    send_signal(server.pid(), Signal::SIGCONT);
    wait_delivered(&daemon);
    assert_eq!(numbers(&mut ann, "ann"), (0..60).collect::<Vec<_>>());
    assert_eq!(server.sql("SELECT COUNT(*) FROM dict.hist"), "60\n");
}

/// The embedded database, while another program writes to it for longer than any statement waits.
#[test]
fn an_embedded_database_that_is_locked() {
    let daemon = Setup::new(Store::Sqlite).words(words(40)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, "ann", 0..10);
    let other = rusqlite::Connection::open(daemon.path("state/cidian.db")).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("its lock");
    look_up(&mut ann, "ann", 10..40);
    assert_eq!(spool(&daemon)["records"], 30);
    // What would be cleared before it is there is not.
    assert_eq!(ann.refused("C ann"), "unavailable");
    assert_eq!(numbers(&mut ann, "ann"), (0..10).collect::<Vec<_>>(), "readers go on");
    other.execute_batch("ROLLBACK").expect("the lock is given back");
    wait_delivered(&daemon);
    assert_eq!(numbers(&mut ann, "ann"), (0..40).collect::<Vec<_>>());
    ann.ok("C ann");
    assert_eq!(ann.history("ann"), [""; 0]);
}

/// A private server shares its state directory with others, and leaves the spool to the daemon.
#[test]
fn a_second_daemon_and_a_foreign_file() {
    let daemon = Daemon::over(Store::Sqlite);
    let state = daemon.path("state").display().to_string();
    let second = Setup::new(Store::Sqlite).environment("STATE_DIRECTORY", state);
    assert_eq!(second.run(&[]).status.code(), Some(71));
    let setup = Setup::new(Store::Sqlite);
    std::fs::create_dir(setup.path("state")).expect("the directory can be written");
    std::fs::write(setup.path("state/spool"), "my notes, longer than a header").expect("the directory can be written");
    let output = setup.run(&[]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(71) && log.contains("is not a spool"), "{output:?}");
    assert_eq!(std::fs::read(setup.path("state/spool")).expect("the file"), b"my notes, longer than a header");
}
