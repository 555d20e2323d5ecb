//! The embedded database's files are replaced or removed while a daemon runs: an operator who restores a backup and
//! forgets to stop it, a disk that is not mounted, a slip of `rm`. Nothing that is acknowledged is lost.

use crate::common::{Connection, Daemon, Setup, Store, wait_for};
use crate::spool::{spool, wait_delivered, words};
use nix::sys::signal::Signal;
use std::fs;
use std::time::Duration;

/// Looks words up by their numbers; all must be acknowledged.
fn look_up(client: &mut Connection, numbers: std::ops::Range<usize>) {
    for n in numbers {
        assert_eq!(client.ask_line(&format!("Q ann word{n:05}")), format!("OK word{n:05}\tx"));
    }
}

/// The history's numbers, oldest first, as the daemon that is started anew has them.
fn after_a_restart(mut daemon: Daemon) -> Vec<usize> {
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    daemon.start();
    wait_delivered(&daemon);
    let mut ann = daemon.connect();
    ann.login("ann");
    numbers(&mut ann)
}

fn numbers(client: &mut Connection) -> Vec<usize> {
    client.history("ann").iter().rev().map(|word| word[4..].parse().expect("a number")).collect()
}

fn daemon() -> (Daemon, Connection) {
    let daemon = Setup::new(Store::Sqlite).words(words(100)).start();
    let ann = daemon.connect_as("ann");
    (daemon, ann)
}

fn copy_of(daemon: &Daemon) -> std::path::PathBuf {
    let copy = daemon.path("state/copy.db");
    let database = rusqlite::Connection::open(daemon.path("state/cidian.db")).expect("the database");
    database.execute("VACUUM INTO ?", (copy.to_str().expect("a path"),)).expect("a copy");
    copy
}

fn remove(daemon: &Daemon, names: &[&str]) {
    for name in names {
        fs::remove_file(daemon.path("state").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// The restore of docs/operating.md, without the step that stops the daemon.
#[test]
fn a_copy_takes_the_place_of_the_database() {
    let (daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    assert_eq!(numbers(&mut ann).len(), 5, "the session has the database open, too");
    let copy = copy_of(&daemon);
    look_up(&mut ann, 5..8);
    remove(&daemon, &["cidian.db-wal", "cidian.db-shm"]);
    fs::rename(copy, daemon.path("state/cidian.db")).expect("the copy takes its place");
    look_up(&mut ann, 10..20);
    let mut another = daemon.connect();
    another.login("ann");
    look_up(&mut another, 20..30);
    // What came after the copy was taken went with the database that was replaced: that is what a restore does.
    let expected: Vec<usize> = (0..5).chain(10..30).collect();
    assert_eq!(numbers(&mut ann), expected);
    assert_eq!(numbers(&mut another), expected);
    assert_eq!(daemon.log().matches("the database file was replaced").count(), 1, "{}", daemon.log());
    drop((ann, another));
    assert_eq!(after_a_restart(daemon), expected);
}

/// Only what SQLite keeps beside the database is removed: what was committed there is not lost, either.
#[test]
fn the_log_is_removed() {
    let (daemon, mut ann) = daemon();
    look_up(&mut ann, 0..10);
    assert_eq!(numbers(&mut ann).len(), 10);
    remove(&daemon, &["cidian.db-wal", "cidian.db-shm"]);
    look_up(&mut ann, 10..20);
    assert_eq!(numbers(&mut ann), (0..20).collect::<Vec<_>>());
    remove(&daemon, &["cidian.db-wal"]);
    look_up(&mut ann, 20..30);
    drop(ann);
    assert_eq!(after_a_restart(daemon), (0..30).collect::<Vec<_>>());
}

/// Where nothing is, it is an outage.
#[test]
fn the_files_are_removed_and_come_back() {
    let (daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    let copy = copy_of(&daemon);
    remove(&daemon, &["cidian.db", "cidian.db-wal", "cidian.db-shm"]);
    look_up(&mut ann, 5..15);
    assert_eq!(ann.refused("H ann"), "unavailable");
    assert_eq!(spool(&daemon)["records"], 10);
    assert_eq!(daemon.log().matches("lookups are kept in the spool").count(), 1, "{}", daemon.log());
    fs::rename(copy, daemon.path("state/cidian.db")).expect("the copy takes its place");
    wait_delivered(&daemon);
    assert_eq!(numbers(&mut ann), (0..15).collect::<Vec<_>>());
    look_up(&mut ann, 15..20);
    drop(ann);
    assert_eq!(after_a_restart(daemon), (0..20).collect::<Vec<_>>());
}

/// A state directory on a disk that goes and comes back.
#[test]
fn the_directory_is_moved_away_and_comes_back() {
    let (daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    let (state, away) = (daemon.path("state"), daemon.path("away"));
    fs::rename(&state, &away).expect("the directory can be moved");
    look_up(&mut ann, 5..15);
    fs::rename(&away, &state).expect("the directory can be moved");
    wait_for("the spool to be delivered", Duration::from_secs(60), || {
        (fs::metadata(state.join("spool")).expect("a spool").len() == 0).then_some(())
    });
    look_up(&mut ann, 15..20);
    drop(ann);
    assert_eq!(after_a_restart(daemon), (0..20).collect::<Vec<_>>());
}
