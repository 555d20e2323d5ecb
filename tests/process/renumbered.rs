//! A server's database is dropped and made again, restored, or its accounts get other numbers than before, under a
//! running daemon or while the database is away: no lookup goes to another account, and those that wait find their
//! owner.

use crate::spool::{private, spool, wait_delivered, words};
use nix::sys::signal::Signal;
use std::fs;
use std::time::Duration;
use support::mariadb::MariaDb;
use support::{Connection, Daemon, wait_for};

fn look_up(client: &mut Connection, name: &str, numbers: std::ops::Range<usize>) {
    for n in numbers {
        assert_eq!(client.ask_line(&format!("Q {name} word{n:05}")), format!("OK word{n:05}\tx"));
    }
}

fn numbers(client: &mut Connection, name: &str) -> Vec<usize> {
    client.history(name).iter().rev().map(|word| word[4..].parse().expect("a number")).collect()
}

fn again(daemon: &Daemon, name: &str) -> Connection {
    let mut client = daemon.connect();
    client.login(name);
    client
}

/// All tables of a database get another one: what a restore does, and its undoing.
fn move_tables(server: &MariaDb, from: &str, to: &str) {
    server.sql(&format!("DROP DATABASE IF EXISTS {to}; CREATE DATABASE {to}"));
    let tables = ["user", "hist", "token", "dict_key", "star", "review", "words", "meta"];
    let moves = tables.map(|table| format!("{from}.{table} TO {to}.{table}"));
    server.sql(&format!("RENAME TABLE {}", moves.join(", ")));
}

#[test]
fn a_database_that_is_dropped_and_made_again() {
    let (server, setup) = private("");
    let daemon = setup.words(words(100)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, "ann", 0..5);
    // Away: lookups wait for it.
    move_tables(&server, "dict", "saved");
    look_up(&mut ann, "ann", 5..10);
    assert_eq!(spool(&daemon)["records"], 5);
    // Another one in its place.
    assert!(daemon.tool(&["init-db"]).status.success());
    daemon.wait_log("the database was replaced by another one");
    wait_delivered(&daemon);
    assert!(daemon.log().contains("belongs to another database"), "{}", daemon.log());
    let mut other = daemon.connect_as("ann");
    look_up(&mut other, "ann", 20..25);
    assert_eq!(ann.refused("Q ann word00001"), "denied", "a login is to an account, not to a name or a number");
    assert_eq!(ann.refused("H ann"), "denied");
    assert_eq!(numbers(&mut other, "ann"), (20..25).collect::<Vec<_>>());
    // And back.
    move_tables(&server, "dict", "other");
    move_tables(&server, "saved", "dict");
    wait_for("the spool of before to be taken up", Duration::from_secs(60), || {
        // Only a lookup brings it to light; that it is denied is an answer, too.
        (other.refused("Q ann word00001") == "denied").then_some(())
    });
    wait_for("all to be delivered", Duration::from_secs(60), || {
        (server.sql("SELECT COUNT(*) FROM dict.hist") == "10\n").then_some(())
    });
    assert_eq!(numbers(&mut again(&daemon, "ann"), "ann"), (0..10).collect::<Vec<_>>());
    assert_eq!(server.sql("SELECT COUNT(*) FROM other.hist"), "5\n");
}

/// Every account gets another number, greater by `by`; and bob gets this one.
fn renumber(server: &MariaDb, by: u32, bob: u32) {
    server.sql(&format!(
        "USE dict; SET SESSION foreign_key_checks = 0; \
         UPDATE user SET id = id + {by} ORDER BY id DESC; UPDATE hist SET user_id = user_id + {by}; \
         UPDATE user SET id = {bob} WHERE name = 'bob'; UPDATE hist SET user_id = {bob} WHERE name = 'bob'"
    ));
}

#[test]
fn accounts_with_other_numbers() {
    let (mut server, setup) = private("");
    let mut daemon = setup.words(words(100)).start();
    let mut ann = daemon.connect_as("ann");
    let mut bob = daemon.connect_as("bob");
    assert_eq!(server.sql("SELECT id, name FROM dict.user ORDER BY id"), "1\tann\n2\tbob\n");
    look_up(&mut ann, "ann", 0..5);
    look_up(&mut bob, "bob", 50..55);
    // The number that ann had is bob's.
    renumber(&server, 100, 1);
    // A session of before reads and writes nothing of bob's.
    assert_eq!(ann.refused("Q ann word00009"), "denied");
    for request in ["H ann", "C ann", "K ann", "P ann another"] {
        assert_eq!(ann.refused(request), "denied", "{request}");
    }
    let (mut ann, mut bob) = (again(&daemon, "ann"), again(&daemon, "bob"));
    assert_eq!(numbers(&mut bob, "bob"), (50..55).collect::<Vec<_>>());
    // What waits in the spool while that happens finds its owner.
    server.kill();
    look_up(&mut ann, "ann", 5..10);
    look_up(&mut bob, "bob", 55..60);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    server.restart();
    renumber(&server, 100, 101);
    daemon.start();
    wait_delivered(&daemon);
    daemon.wait_log("10 lookups were delivered, 0 of deleted accounts dropped");
    assert_eq!(numbers(&mut again(&daemon, "ann"), "ann"), (0..10).collect::<Vec<_>>());
    assert_eq!(numbers(&mut again(&daemon, "bob"), "bob"), (50..60).collect::<Vec<_>>());
}

/// The spool's own file is removed, and replaced, in an outage.
#[test]
fn a_spool_that_is_removed_or_replaced() {
    let (mut server, setup) = private("");
    let mut daemon = setup.words(words(100)).start();
    let mut ann = daemon.connect_as("ann");
    server.kill();
    look_up(&mut ann, "ann", 0..5);
    let path = daemon.path("state/spool");
    fs::remove_file(&path).expect("the spool can be removed");
    look_up(&mut ann, "ann", 5..10);
    daemon.wait_log("its contents were restored");
    look_up(&mut ann, "ann", 10..15);
    fs::copy(&path, daemon.path("state/copy")).expect("a copy");
    look_up(&mut ann, "ann", 15..20);
    fs::rename(daemon.path("state/copy"), &path).expect("the copy takes its place");
    look_up(&mut ann, "ann", 20..25);
    daemon.wait_log_times("its contents were restored", 2);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    server.restart();
    daemon.start();
    wait_delivered(&daemon);
    assert_eq!(numbers(&mut again(&daemon, "ann"), "ann"), (0..25).collect::<Vec<_>>());
}
