//! The embedded store after a crash: whichever parts of its files have survived, the contents are consistent, and
//! acknowledged lookups are there as far as the disk has kept them. (Killing the daemon under load is in
//! `exactly_once`.)

use crate::spool::{spool, wait_delivered, words};
use nix::sys::signal::Signal;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use support::{Connection, Daemon, PASSWD, Setup, Store};

fn look_up(client: &mut Connection, numbers: std::ops::Range<usize>) {
    for n in numbers {
        assert_eq!(client.ask_line(&format!("Q ann word{n:05}")), format!("OK word{n:05}\tx"));
    }
}

/// Copies what is in a state directory, as `cp` does; a socket is left out.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a new directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

/// What is in the database, if it is one: the numbers of the words, in the order of their times.
fn words_in(database: &Path) -> Vec<usize> {
    let database = rusqlite::Connection::open(database).expect("the database");
    let sound: String =
        database.query_row("PRAGMA integrity_check", (), |row| row.get(0)).expect("what is wrong with it");
    assert_eq!(sound, "ok");
    let mut select = database.prepare("SELECT word FROM hist ORDER BY time, origin").expect("a statement");
    let words = select.query_map((), |row| row.get::<_, String>(0)).expect("rows");
    words.map(|word| word.expect("a word")[4..].parse().expect("a number")).collect()
}

/// A log that ends anywhere, or in garbage: each lookup is there whole or not at all, and no lookup before one that is
/// there is missing.
#[test]
fn a_torn_write_ahead_log() {
    let mut daemon = Setup::new(Store::Sqlite).words(words(120)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, 0..120);
    daemon.signal(Signal::SIGKILL);
    daemon.wait_exit();
    let state = daemon.path("state");
    let whole = std::fs::read(state.join("cidian.db-wal")).expect("a log");
    assert_eq!(words_in_copy(&daemon, "whole", &whole), (0..120).collect::<Vec<_>>(), "all was flushed");
    let mut most = 0;
    for step in 0..=16 {
        let cut = whole.len() * step / 16;
        let kept = words_in_copy(&daemon, &format!("cut{step}"), &whole[..cut]);
        assert_eq!(kept, (0..kept.len()).collect::<Vec<_>>());
        assert!(kept.len() >= most, "a longer log has more");
        most = kept.len();
        // The same, with what was written last turned into something else.
        let mut torn = whole[..cut].to_vec();
        let garbage = torn.len().saturating_sub(3_000);
        torn[garbage..].fill(0xA5);
        let torn = words_in_copy(&daemon, &format!("torn{step}"), &torn);
        assert!(torn.len() <= kept.len() && torn == (0..torn.len()).collect::<Vec<_>>());
    }
    // The daemon takes up what is left.
    std::fs::write(state.join("cidian.db-wal"), &whole[..whole.len() - 1_000]).expect("a shorter log");
    daemon.start();
    let mut ann = daemon.connect();
    ann.login("ann");
    let kept = ann.history("ann").len();
    assert!((1..120).contains(&kept), "{kept}");
    look_up(&mut ann, 0..5);
    assert_eq!(ann.history("ann").len(), kept + 5);
}

/// What a copy of the state directory holds, made after the crash, with this write-ahead log.
fn words_in_copy(daemon: &Daemon, name: &str, log: &[u8]) -> Vec<usize> {
    let copied = daemon.path(name);
    copy(&daemon.path("state"), &copied);
    // Made anew by the first process that opens the database after a crash of the machine.
    std::fs::remove_file(copied.join("cidian.db-shm")).expect("the index of the log");
    std::fs::write(copied.join("cidian.db-wal"), log).expect("a log");
    words_in(&copied.join("cidian.db"))
}

/// Copied while the daemon runs without lookups, with lookups in the spool.
#[test]
fn a_copied_state_directory_restores() {
    let daemon = Setup::new(Store::Sqlite).words(words(60)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, 0..40);
    let other = rusqlite::Connection::open(daemon.path("state/cidian.db")).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("its lock");
    look_up(&mut ann, 40..60);
    assert_eq!(spool(&daemon)["records"], 20);
    let restored = Setup::new(Store::Sqlite).words(words(60));
    copy(&daemon.path("state"), &restored.path("state"));
    other.execute_batch("ROLLBACK").expect("the lock is given back");
    let restored = restored.start();
    for daemon in [&daemon, &restored] {
        wait_delivered(daemon);
        let mut ann = daemon.connect();
        ann.ok(&format!("L ann {PASSWD}"));
        let mut history = ann.history("ann");
        history.reverse();
        assert_eq!(history, (0..60).map(|n| format!("word{n:05}")).collect::<Vec<_>>());
    }
}

/// Under load there is SQLite's own way to copy; what was acknowledged before it begins is in the copy.
#[test]
fn a_backup_under_load() {
    let daemon = Setup::new(Store::Sqlite).words(words(20_000)).start();
    let mut ann = daemon.connect_as("ann");
    look_up(&mut ann, 0..10);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            let mut at = 10;
            while !over.load(Ordering::Relaxed) && at < 20_000 {
                look_up(&mut ann, at..at + 1);
                at += 1;
            }
            at
        });
        let database = rusqlite::Connection::open(daemon.path("state/cidian.db")).expect("the database");
        for round in 0..5 {
            let before: u32 = database.query_row("SELECT COUNT(*) FROM hist", (), |row| row.get(0)).expect("a number");
            let backup = daemon.path(&format!("backup{round}.db"));
            database.execute("VACUUM INTO ?", (backup.to_str().expect("a path"),)).expect("a backup");
            let kept = words_in(&backup);
            assert!(kept.len() >= before as usize && kept == (0..kept.len()).collect::<Vec<_>>());
        }
        over.store(true, Ordering::Relaxed);
        assert!(load.join().expect("lookups go on") > 10);
    });
}
