//! `words load` that does not come to its end leaves the old content.

use crate::common::{Daemon, PATIENCE, Setup, Store, on_both_stores, wait_for};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

on_both_stores!(a_killed_load_changes_nothing, loads_in_a_row);

const MANY: usize = 100_000;

fn generated(count: usize, what: &str) -> String {
    (0..count).map(|n| format!("word{n:06}\t{what} 第 {n} 条的解释，不长也不短\n")).collect()
}

/// Whether a load that is under way has written a part of its rows, and not yet made them everybody's.
fn in_the_middle(daemon: &Daemon, store: &Store) -> bool {
    match store {
        // The transaction has outgrown SQLite's cache, and spills into the log.
        Store::Sqlite => {
            let log = std::fs::metadata(daemon.path("state/cidian.db-wal"));
            log.is_ok_and(|log| log.len() > 1 << 20)
        }
        // What nobody else should see yet.
        _ => {
            let dirty = "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SELECT COUNT(*) FROM words";
            daemon.sql(dirty)[0].parse::<usize>().expect("a number") > 1_000
        }
    }
}

fn a_killed_load_changes_nothing(store: Store) {
    let daemon = Setup::new(store.clone()).options("--lookup database").no_words().start();
    std::fs::write(daemon.path("old"), "# title: Old\napple\told\nzoo\told\n").expect("a file");
    std::fs::write(daemon.path("many"), format!("# title: New\napple\tnew\n{}", generated(MANY, "新")))
        .expect("a file");
    assert!(daemon.tool(&["words", "load", "old"]).status.success());
    if store == Store::Sqlite {
        // The log is empty: what it grows by is of the load.
        daemon.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    let mut ann = daemon.connect_as("ann");
    for round in 1..=2 {
        let mut command = daemon.tool_command(&["words", "load", "many"]);
        let mut load = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cidiand runs");
        wait_for("the load to be in the middle", PATIENCE, || {
            if in_the_middle(&daemon, &store) {
                return Some(());
            }
            assert!(load.try_wait().expect("it is ours").is_none(), "the load is over before it was seen at work");
            None
        });
        // Its readers see nothing of it while it goes on.
        assert_eq!(ann.ask("S ann word"), ["OK 0"]);
        load.kill().expect("it is ours");
        let status = load.wait().expect("it is ours");
        assert_eq!(status.signal(), Some(9), "it was killed before it was done");
        assert_eq!(daemon.sql("SELECT word FROM words ORDER BY word"), ["apple", "zoo"], "round {round}");
        assert_eq!(ann.ask("I")[2..4], ["title\tOld", "headwords\t2"]);
        assert_eq!(ann.ask_line("Q ann apple"), "OK apple\told");
        if store == Store::Sqlite {
            daemon.sql("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }
    // And nothing of it stands in the way of the next.
    let output = daemon.tool(&["words", "load", "many"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(ann.ask("I")[2..4], ["title\tNew".to_owned(), format!("headwords\t{}", MANY + 1)]);
    assert_eq!(ann.ask_line("Q ann apple"), "OK apple\tnew");
}

/// Twenty thousand entries, several times: each load replaces the one before, whole.
fn loads_in_a_row(store: Store) {
    let daemon = Setup::new(store).options("--lookup database").no_words().start();
    let mut ann = daemon.connect_as("ann");
    for (round, count) in [20_000, 300, 20_000].into_iter().enumerate() {
        std::fs::write(daemon.path("words"), generated(count, &format!("第{round}次"))).expect("a file");
        let output = daemon.tool(&["words", "load", "words"]);
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(&format!("{count} headwords")), "{said}");
        assert_eq!(daemon.sql("SELECT COUNT(*) FROM words"), [count.to_string()]);
        let wrong = format!("SELECT COUNT(*) FROM words WHERE interpret NOT LIKE '第{round}次%'");
        assert_eq!(daemon.sql(&wrong), ["0"]);
        assert_eq!(ann.ask("I")[3], format!("headwords\t{count}"));
        let last = count - 1;
        assert_eq!(
            ann.ask_line(&format!("Q ann WORD{last:06}")),
            format!("OK word{last:06}\t第{round}次 第 {last} 条的解释，不长也不短")
        );
    }
}
