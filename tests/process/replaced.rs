//! The embedded database's files are replaced or removed while a daemon runs: an operator who restores a backup and
//! forgets to stop it, a disk that is not mounted, a slip of `rm`. No acknowledged lookup is lost.

use crate::spool::{spool, wait_delivered, words};
use nix::sys::signal::Signal;
use std::fs;
use std::time::Duration;
use support::{Connection, Daemon, PASSWD, Setup, Store, code, wait_for};

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

/// Everything is removed, the spool with it: the daemon goes on with what it has open until there is a directory again.
#[test]
fn the_directory_is_removed_and_made_again() {
    let (daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    let copy = daemon.path("copy.db");
    fs::rename(copy_of(&daemon), &copy).expect("a copy");
    let state = daemon.path("state");
    fs::remove_dir_all(&state).expect("the directory can be removed");
    look_up(&mut ann, 5..15);
    daemon.wait_log("the spool was removed with its directory");
    // As an operator restores it.
    fs::create_dir(&state).expect("a directory");
    fs::rename(copy, state.join("cidian.db")).expect("the copy takes its place");
    // A session of before looks words up as ever, and reads its history; the rest is done by another one.
    wait_for("the spool to be delivered", Duration::from_secs(60), || {
        let mut another = daemon.connect();
        (another.ask_line(&format!("L ann {PASSWD}")) == "OK" && numbers(&mut another).len() == 15).then_some(())
    });
    look_up(&mut ann, 15..20);
    assert_eq!(numbers(&mut ann).len(), 20, "the writer reads for a session that may not open the new files");
    assert_eq!(ann.refused("C ann"), "unavailable");
    assert_eq!(code(&ann.line()), Some("bye"));
    assert!(ann.at_eof());
    assert_eq!(after_a_restart(daemon), (0..20).collect::<Vec<_>>());
}

/// A file of no bytes where a database was is damage, to the daemon and to every tool; it stays what it is.
#[test]
fn an_empty_file_is_no_new_database() {
    let (mut daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    let (database, whole) = (daemon.path("state/cidian.db"), daemon.path("state/whole.db"));
    fs::rename(&database, &whole).expect("the database can be moved");
    fs::File::create(&database).expect("an empty file");
    for tool in [&["--check"][..], &["user", "list"], &["init-db"], &[]] {
        let refused = daemon.tool(tool);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(78) && said.contains("is empty, but a database was here"), "{said}");
        assert_eq!(fs::metadata(&database).expect("the file").len(), 0);
    }
    fs::rename(whole, &database).expect("the database can be moved");
    daemon.start();
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann), (0..5).collect::<Vec<_>>());
}

/// Lookups that wait in the spool, and a daemon that was killed with them.
fn killed_with_lookups_in_the_spool(daemon: &mut Daemon, ann: &mut Connection, away: &std::path::Path) {
    fs::create_dir(away).expect("a directory");
    for name in ["cidian.db", "cidian.db-wal", "cidian.db-shm"] {
        fs::rename(daemon.path("state").join(name), away.join(name)).expect("the database can be moved");
    }
    look_up(ann, 5..10);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
}

fn bring_back(daemon: &Daemon, away: &std::path::Path) {
    for name in ["cidian.db", "cidian.db-wal", "cidian.db-shm"] {
        let _ = fs::remove_file(daemon.path("state").join(name));
    }
    for entry in fs::read_dir(away).expect("the directory") {
        let entry = entry.expect("an entry");
        fs::rename(entry.path(), daemon.path("state").join(entry.file_name())).expect("the database can be moved");
    }
}

/// The spools that wait for their database.
fn waiting(daemon: &Daemon) -> Vec<String> {
    let entries = fs::read_dir(daemon.path("state")).expect("the directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    names.filter(|name| name.starts_with("spool.of-")).collect()
}

/// One start on another database: a disk that is not mounted, a slip in the URL.
#[test]
fn one_start_on_another_database_empties_no_spool() {
    let (mut daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    let away = daemon.path("away");
    killed_with_lookups_in_the_spool(&mut daemon, &mut ann, &away);
    daemon.start();
    let log = daemon.log();
    assert!(
        log.contains("WARN: ") && log.contains("the spool (") && log.contains("belongs to another database"),
        "{log}"
    );
    assert!(log.contains("creating a new one"), "{log}");
    assert_eq!(waiting(&daemon).len(), 1);
    // Another ann, of the new database, with lookups of her own.
    let mut other = daemon.connect_as("ann");
    look_up(&mut other, 20..25);
    assert_eq!(numbers(&mut other), (20..25).collect::<Vec<_>>());
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    bring_back(&daemon, &away);
    daemon.start();
    wait_delivered(&daemon);
    assert_eq!(waiting(&daemon), [""; 0]);
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann), (0..10).collect::<Vec<_>>());
}

/// A backup that is older than the account: the same database, but without the account whose lookups are in the spool.
#[test]
fn a_spool_of_strangers_is_not_emptied() {
    let mut daemon = Setup::new(Store::Sqlite).words(words(100)).start();
    let backup = daemon.path("backup.db");
    fs::rename(copy_of(&daemon), &backup).expect("a backup");
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, 0..5);
    let away = daemon.path("away");
    killed_with_lookups_in_the_spool(&mut daemon, &mut ann, &away);
    fs::copy(&backup, daemon.path("state/cidian.db")).expect("the backup takes its place");
    for _ in 0..2 {
        daemon.start();
        let line = daemon.wait_log("knows none of the accounts whose lookups are in the spool");
        assert!(line.contains("WARN: "), "{line}");
        wait_delivered(&daemon);
        assert_eq!(waiting(&daemon).len(), 1);
        daemon.signal(Signal::SIGTERM);
        assert!(daemon.wait_exit().success());
    }
    bring_back(&daemon, &away);
    daemon.start();
    wait_delivered(&daemon);
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann), (0..10).collect::<Vec<_>>());
    assert_eq!(waiting(&daemon), [""; 0]);
}

/// A database without a write-ahead log, as SQLite copies one: it gets one while the daemon runs, whatever is asked
/// first.
#[test]
fn a_copy_without_a_log_gets_one() {
    let (daemon, mut ann) = daemon();
    look_up(&mut ann, 0..5);
    let copy = copy_of(&daemon);
    assert_eq!(log_version(&copy), 1, "the test shows nothing otherwise");
    remove(&daemon, &["cidian.db-wal", "cidian.db-shm"]);
    fs::rename(copy, daemon.path("state/cidian.db")).expect("the copy takes its place");
    // Nothing that the writer is asked: it has to be woken.
    let mut bob = daemon.connect();
    assert_eq!(bob.ask_line(&format!("R bob {PASSWD}")), "OK");
    assert_eq!(log_version(&daemon.path("state/cidian.db")), 2);
    assert_eq!(numbers(&mut ann), (0..5).collect::<Vec<_>>());
}

/// The journal mode in the header of a database: 1 for a rollback journal, 2 for a write-ahead log.
fn log_version(database: &std::path::Path) -> u8 {
    fs::read(database).expect("the database")[18]
}

/// A daemon that has stopped leaves everything in one file.
#[test]
fn the_database_s_file_is_whole_when_the_daemon_has_stopped() {
    let (mut daemon, mut ann) = daemon();
    look_up(&mut ann, 0..20);
    assert_eq!(numbers(&mut ann).len(), 20);
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.wait_exit().success());
    for (name, size) in [("cidian.db-wal", Some(0)), ("cidian.db-shm", None)] {
        let beside = daemon.path("state").join(name);
        if let (Ok(found), Some(size)) = (fs::metadata(&beside), size) {
            assert_eq!(found.len(), size, "{name}");
        }
        let _ = fs::remove_file(beside);
    }
    daemon.start();
    let mut ann = daemon.connect();
    ann.login("ann");
    assert_eq!(numbers(&mut ann), (0..20).collect::<Vec<_>>());
}
