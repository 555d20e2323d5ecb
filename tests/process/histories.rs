//! Long histories: whole and in order, in bounded memory, and nobody else waits for a slow reader.

use crate::common::{Connection, Daemon, Setup, Store, on_both_stores, processes, wait_until};
use nix::sys::socket::{setsockopt, sockopt};

on_both_stores!(a_long_history_is_whole, a_slow_reader_of_a_long_history, cleared_while_it_is_shown);

/// An account with so many lookups of `word1`, `word2` and so on, and a session of its.
fn with_history(daemon: &Daemon, name: &str, lookups: u32) -> Connection {
    let client = daemon.connect_as(name);
    let rows = if daemon.database_url().starts_with("sqlite:") {
        format!(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {lookups}) \
             INSERT INTO hist (user_id, name, word, time, origin) SELECT user.id, user.name, 'word' || n, \
             datetime('2020-01-01', n || ' seconds') || '.000000', n FROM number, user WHERE user.name = '{name}'"
        )
    } else {
        format!(
            "INSERT INTO hist (user_id, name, word, time, origin) SELECT user.id, user.name, CONCAT('word', seq), \
             '2020-01-01' + INTERVAL seq SECOND, seq FROM seq_1_to_{lookups}, user WHERE user.name = '{name}'"
        )
    };
    daemon.sql(&rows);
    client
}

/// Keeps the system from taking much that the client has not read.
fn take_little(client: &Connection) {
    setsockopt(client.tcp(), sockopt::RcvBuf, &(64 * 1_024)).expect("SO_RCVBUF");
}

/// The words of the lines that follow, as many as the first line says.
fn read_history(client: &mut Connection) -> Vec<String> {
    let count: usize = client.line().strip_prefix("OK ").expect("OK and a number").parse().expect("a number");
    (0..count).map(|_| client.line().split('\t').nth(1).expect("name, word, time").to_owned()).collect()
}

fn expected(lookups: u32) -> Vec<String> {
    (1..=lookups).rev().map(|n| format!("word{n}")).collect()
}

fn a_long_history_is_whole(store: Store) {
    let daemon = Daemon::over(store);
    // On both sides of a page, and of what is collected before the reply begins.
    for (name, lookups) in [("ann", 999), ("bob", 1_000), ("cat", 1_001), ("dan", 60_000)] {
        let mut client = with_history(&daemon, name, lookups);
        client.send(format!("H {name} all\nQ {name} zoo\nH {name} 1\nH {name} all\n"));
        assert_eq!(read_history(&mut client), expected(lookups), "{name}");
        assert!(client.line().starts_with("OK zoo\t"));
        assert_eq!(read_history(&mut client), ["zoo"]);
        let with_zoo = read_history(&mut client);
        assert!(with_zoo[0] == "zoo" && with_zoo[1..] == expected(lookups), "{name}");
    }
}

fn a_slow_reader_of_a_long_history(store: Store) {
    let daemon = Setup::new(store).options("--database-connections 2").start();
    let lookups = 300_000;
    with_history(&daemon, "ann", lookups);
    daemon.wait_children(0);
    let (mut ann, child) = daemon.connect_with_child();
    ann.login("ann");
    take_little(&ann);
    ann.send("H ann all\n");
    wait_until("the child to wait for its client", || {
        let leased = daemon.status()["database_connections"]["leased"].clone();
        processes::title(child).ends_with("busy") && processes::state(child) == Some('S') && leased == 0
    });
    // The text is 12 MiB.
    let memory = processes::memory(child, "Private_Dirty");
    assert!(memory < 6 * 1_024, "{memory} KiB");
    // Others have the connection, also another session that looks words up for this very account.
    let mut other = daemon.connect();
    other.login("ann");
    for _ in 0..10 {
        assert!(other.ask_line("Q ann zoo").starts_with("OK zoo\t"));
    }
    let mut bob = daemon.connect_as("bob");
    assert_eq!(bob.history("bob").len(), 0);
    assert!(read_history(&mut ann) == expected(lookups), "what came meanwhile is not among them");
    assert_eq!(ann.ask("H ann 1")[1].split('\t').nth(1), Some("zoo"));
}

fn cleared_while_it_is_shown(store: Store) {
    let daemon = Daemon::over(store);
    let mut ann = with_history(&daemon, "ann", 10_000);
    let mut other = daemon.connect();
    other.login("ann");
    // What was collected before the first line is shown as it was.
    ann.send("H ann all\n");
    let first = ann.line();
    other.ok("C ann");
    assert_eq!(first, "OK 10000");
    assert!((0..10_000).all(|_| ann.line().starts_with("ann\tword")));
    assert_eq!(ann.history("ann").len(), 0);
    // Of a longer one, the rest is gone: the reply can't be made whole, and does not look as if it were.
    let mut bob = with_history(&daemon, "bob", 300_000);
    let mut other = daemon.connect();
    other.login("bob");
    take_little(&bob);
    bob.send("H bob all\nI\n");
    assert_eq!(bob.line(), "OK 300000");
    other.ok("C bob");
    let mut lines = 0;
    while let Ok(Some(line)) = bob.try_line() {
        assert!(line.starts_with("bob\tword"), "{line}");
        lines += 1;
    }
    assert!(lines < 300_000, "{lines}");
    daemon.wait_log("lookups of a long history can't be shown any more");
    assert_eq!(other.history("bob").len(), 0);
}
