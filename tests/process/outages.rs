//! The database goes away and comes back; the daemon and its connections stay.

use crate::spool::wait_delivered;
use nix::sys::signal::Signal;
use std::time::{Duration, Instant};
use support::mariadb::MariaDb;
use support::{Connection, Daemon, PASSWD, Store, code, shared_mariadb, wait_for};

/// A daemon over a server that no other test uses.
fn private() -> (MariaDb, Daemon) {
    let (server, setup) = crate::spool::private("");
    (server, setup.start())
}

/// One lookup that may be refused for now; whether it was done.
fn tried(client: &mut Connection, request: &str) -> bool {
    let reply = client.ask_line(request);
    assert!(reply.starts_with("OK ") || code(&reply) == Some("unavailable"), "{reply}");
    reply.starts_with("OK ")
}

/// Each acknowledged lookup is in the history exactly once, each refused one not at all.
#[test]
fn a_server_restarted_between_two_queries() {
    let (mut server, daemon) = private();
    let mut ann = daemon.connect_as("ann");
    let mut other = daemon.connect();
    other.login("ann");
    let mut done = Vec::new();
    for word in ["apple", "zoo", "pear"] {
        assert!(tried(&mut ann, &format!("Q ann {word}")));
        assert!(tried(&mut other, "Q ann bank"));
        done.extend([word, "bank"]);
        server.restart();
        for client in [&mut ann, &mut other] {
            wait_for("a lookup after the restart", Duration::from_secs(10), || {
                tried(client, "Q ann ice cream").then_some(())
            });
            done.push("ice cream");
        }
    }
    wait_delivered(&daemon);
    let mut history = ann.history("ann");
    history.reverse();
    assert_eq!(history, done);
    assert_eq!(daemon.children().len(), 2, "both connections lived through it");
}

/// What `wait_timeout` or an administrator does to an idle connection.
#[test]
fn a_connection_killed_by_the_server() {
    let daemon = Daemon::over(Store::MariaDb);
    let mut ann = daemon.connect_as("ann");
    for round in 1..=5 {
        assert!(ann.ask_line("Q ann zoo").starts_with("OK zoo\t"));
        let kill = "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE id <> CONNECTION_ID() \
                    AND db = DATABASE()";
        let kills = daemon.sql(kill);
        assert_eq!(kills.len(), 2, "the child has one connection of its own, and the writer: {kills:?}");
        shared_mariadb().sql(&kills.concat());
        wait_for("a lookup on a new connection", Duration::from_secs(10), || {
            tried(&mut ann, "Q ann apple").then_some(())
        });
        wait_delivered(&daemon);
        assert_eq!(ann.history("ann").len(), 2 * round);
    }
}

#[test]
fn while_the_database_is_away() {
    let (mut server, daemon) = private();
    let mut ann = daemon.connect_as("ann");
    assert!(tried(&mut ann, "Q ann zoo"));
    server.kill();
    let mut new = daemon.connect();
    let login = format!("L ann {PASSWD}");
    let requests = [
        "R bob secret",
        &login,
        "T ann x",
        "H ann",
        "H ann all",
        "C ann",
        "P ann new passwd",
        "G ann add zoo",
        "G ann import zoo",
        "G ann remove zoo",
        "G ann grade 3 zoo",
        "G ann list",
        "G ann due 2026-11-23T05:32:10Z",
        "G ann count 2026-11-23T05:32:10Z",
        &format!("X ann {PASSWD}"),
    ];
    for request in requests {
        // A client that is logged in already, or a new one.
        let client = if request.starts_with(['R', 'L', 'T']) { &mut new } else { &mut ann };
        let begin = Instant::now();
        assert_eq!(client.refused(request), "unavailable", "{request}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{request} takes {:?}", begin.elapsed());
    }
    // They do not count as failed logins, and what needs no database is answered.
    for _ in 0..6 {
        assert_eq!(new.refused(&login), "unavailable");
    }
    assert_eq!(new.ask("I").len(), 5);
    ann.send("Q ann apple\nI\nQ ann pear\n");
    assert!(ann.line().starts_with("OK apple\t"));
    assert_eq!(ann.reply_to("I").len(), 5);
    assert!(ann.line().starts_with("OK pear\t"));
    daemon.replace_words("zoo new\napple new\n");
    daemon.signal(Signal::SIGHUP);
    daemon.wait_log("generation 2");
    assert!(daemon.log().contains(" WARN: "), "and it is logged");
    server.restart();
    wait_delivered(&daemon);
    assert!(tried(&mut ann, "Q ann apple"));
    assert_eq!(ann.history("ann"), ["apple", "pear", "apple", "zoo"], "in order, and nothing was cleared");
    new.login("ann");
    new.ok("R bob secret");
}
