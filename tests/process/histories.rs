//! Long histories: complete and in order, in bounded memory, and no other client waits for a slow reader.

use nix::sys::socket::{setsockopt, sockopt};
use support::{Connection, Daemon, PATIENCE, Setup, Store, code, on_both_stores, processes, wait_for, wait_until};

on_both_stores!(
    a_long_history_is_whole,
    a_slow_reader_of_a_long_history,
    cleared_while_it_is_shown,
    the_oldest_go_beyond_the_limit,
    what_is_too_much_at_start_goes,
);

/// An account with a number of lookups of `word1`, `word2` and so on, and a session of its.
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
             '2020-01-01' + INTERVAL seq SECOND, seq FROM ({}) AS numbers, user \
             WHERE user.name = '{name}' AND seq BETWEEN 1 AND {lookups}",
            numbers()
        )
    };
    daemon.sql(&rows);
    client
}

/// A select of the numbers from 0 to 999,999, in SQL that MariaDB and MySQL understand.
fn numbers() -> String {
    let digits = (0..10).map(|digit| format!("SELECT {digit} AS n")).collect::<Vec<_>>().join(" UNION ALL ");
    let places = ["a", "b", "c", "d", "e", "f"];
    let sum: Vec<String> =
        places.iter().enumerate().map(|(at, place)| format!("{place}.n * {}", 10_u32.pow(at as u32))).collect();
    let tables: Vec<String> = places.iter().map(|place| format!("({digits}) AS {place}")).collect();
    format!("SELECT {} AS seq FROM {}", sum.join(" + "), tables.join(", "))
}

/// Keeps the system from taking much that the client has not read.
fn take_little(client: &Connection) {
    setsockopt(client.tcp(), sockopt::RcvBuf, &(64 * 1_024)).expect("SO_RCVBUF");
}

/// The words of the lines that follow, as many as the first line announces.
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
    // Clearing all this at once may take the database longer than a session waits, on a busy machine: then it is asked
    // again.
    wait_for("the history to be cleared", PATIENCE, || {
        let reply = other.ask_line("C bob");
        assert!(reply == "OK" || code(&reply) == Some("unavailable"), "{reply}");
        (reply == "OK").then_some(())
    });
    let mut lines = 0;
    while let Ok(Some(line)) = bob.try_line() {
        assert!(line.starts_with("bob\tword"), "{line}");
        lines += 1;
    }
    assert!(lines < 300_000, "{lines}");
    daemon.wait_log("lookups of a long history are no longer available");
    assert_eq!(other.history("bob").len(), 0);
}

/// How many lookups are in the database of an account, straight from there.
fn rows(daemon: &Daemon, name: &str) -> u64 {
    let count = daemon.sql(&format!("SELECT count(*) FROM hist WHERE name = '{name}'"));
    count[0].parse().expect("a number")
}

/// The newest stay, whatever comes meanwhile, and other accounts have nothing to do with it.
fn the_oldest_go_beyond_the_limit(store: Store) {
    const LIMIT: usize = 700;
    let daemon = Setup::new(store).options(&format!("--history-limit {LIMIT}")).start();
    let mut bob = with_history(&daemon, "bob", 600);
    let mut ann = with_history(&daemon, "ann", 9_000);
    let mut carol = with_history(&daemon, "carol", 700);
    for number in 1..=50 {
        for (client, name) in [(&mut ann, "ann"), (&mut bob, "bob"), (&mut carol, "carol")] {
            assert_eq!(client.ask_line(&format!("Q {name} apple")), "OK apple\tn. 苹果", "{number}");
        }
    }
    wait_until("the oldest to be gone", || rows(&daemon, "ann") == LIMIT as u64 && rows(&daemon, "carol") == 700);
    let history = ann.history("ann");
    assert!(history[..50].iter().all(|word| word == "apple"));
    let older: Vec<String> = (0..650).map(|n| format!("word{}", 9_000 - n)).collect();
    assert_eq!(history[50..], older);
    assert_eq!((rows(&daemon, "bob"), bob.history("bob").last().map(String::as_str)), (650, Some("word1")));
    assert_eq!(carol.history("carol").last().map(String::as_str), Some("word51"));
    // A history that was cleared grows again up to the limit, and nothing of it goes before.
    ann.ok("C ann");
    for _ in 0..10 {
        ann.send("Q ann apple\n".repeat(70));
        (0..70).for_each(|_| assert_eq!(ann.line(), "OK apple\tn. 苹果"));
    }
    assert_eq!(ann.history("ann").len(), LIMIT);
    let status = daemon.status();
    let trimmed = 9_050 - LIMIT as u64 + 50;
    assert_eq!((&status["history_limit"], &status["history_trimmed"]), (&LIMIT.into(), &trimmed.into()), "{status}");
    let text = String::from_utf8(daemon.tool(&["status"]).stdout).expect("UTF-8");
    assert!(text.contains("at most 700 lookups of an account, 8,400 older ones deleted"), "{text}");
    let metrics = String::from_utf8(daemon.tool(&["metrics"]).stdout).expect("UTF-8");
    for line in ["\ncidian_history_limit 700\n", "\ncidian_history_trimmed_total 8400\n"] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

/// No lookup is needed for it: a limit that was lowered, or histories from elsewhere.
fn what_is_too_much_at_start_goes(store: Store) {
    let mut daemon = Setup::new(store).options("--history-limit 20").start();
    for name in ["ann", "bob", "carol"] {
        daemon.connect().register(name);
    }
    daemon.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    let number = |name: &str| daemon.sql(&format!("SELECT id FROM user WHERE name = '{name}'"))[0].clone();
    for (name, count) in [("ann", 100), ("bob", 20), ("carol", 21)] {
        let id = number(name);
        let values = (0..count).map(|n| format!("({id}, '{name}', 'w{n}', '2020-01-01 00:00:00.{n:06}', 1)"));
        let values = values.collect::<Vec<_>>().join(", ");
        daemon.sql(&format!("INSERT INTO hist (user_id, name, word, time, origin) VALUES {values}"));
    }
    daemon.start();
    wait_until("what is too much to be gone", || ["ann", "carol"].iter().all(|name| rows(&daemon, name) == 20));
    assert_eq!(rows(&daemon, "bob"), 20);
    assert_eq!(daemon.sql("SELECT min(time) FROM hist WHERE name = 'ann'"), ["2020-01-01 00:00:00.000080"]);
}
